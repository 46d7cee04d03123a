"""Every change between two good readings is an event with what stood before; a failed read is none."""

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.endings.catalog_events import CatalogEvent, catalog_events, own_move
from collector.domain.endings.ending_types import Deployed
from collector.domain.endings.offers import Offer
from tests.domain.arm_offers import offers_of

OFFER = Offer(
    "gpt-4.1",
    "2025-04-14",
    "Standard",
    "eastus2",
    lifecycle_status="GenerallyAvailable",
    inference_retires_on=date(2026, 10, 14),
    sku_deprecation_on=date(2026, 10, 14),
)


def changes(before: list[Offer], after: list[Offer]) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(event.change, event.sku, event.before, event.after) for event in catalog_events(before, after)]


def test_dates_move_both_ways() -> None:
    later = replace(OFFER, inference_retires_on=date(2027, 4, 14))
    assert [("inference:date_moved_later", None, "2026-10-14", "2027-04-14")] == changes([OFFER], [later])
    assert [("inference:date_moved_earlier", None, "2027-04-14", "2026-10-14")] == changes([later], [OFFER])


def test_a_placeholder_that_becomes_a_date_is_a_date_named() -> None:
    none_yet = replace(OFFER, sku_deprecation_on=date(2099, 12, 31))
    assert [("sku:date_named", "Standard", None, "2026-10-14")] == changes([none_yet], [OFFER])
    assert [("sku:date_withdrawn", "Standard", "2026-10-14", None)] == changes([OFFER], [none_yet])


def test_a_status_change_speaks_in_customer_words_and_two_words_for_one_stage_are_no_change() -> None:
    assert [("status:status_changed", None, "ga", "deprecated")] == changes(
        [OFFER], [replace(OFFER, lifecycle_status="Deprecating")]
    )
    assert [] == changes([OFFER], [replace(OFFER, lifecycle_status="Stable")])


def test_skus_and_locations_come_and_go() -> None:
    batch = replace(OFFER, sku="GlobalBatch")
    assert [("offer:sku_added", "GlobalBatch", None, "2026-10-14")] == changes([OFFER], [OFFER, batch])
    assert [("offer:sku_removed", "GlobalBatch", "2026-10-14", None)] == changes([OFFER, batch], [OFFER])
    assert [("offer:location_added", None, None, "GlobalBatch, Standard")] == changes([], [OFFER, batch])
    assert [("offer:location_removed", None, "Standard", None)] == changes([OFFER], [])


def test_a_failed_read_tells_of_no_change() -> None:
    assert () == catalog_events([OFFER], None)
    assert () == catalog_events(None, [OFFER])


def test_a_deployment_hears_of_the_move_of_its_own_date() -> None:
    twin = replace(OFFER, fine_tuned=True)
    batch = replace(OFFER, sku="GlobalBatch")
    later = date(2027, 4, 14)
    events = catalog_events(
        [OFFER, twin, batch],
        [replace(row, sku_deprecation_on=later, inference_retires_on=later) for row in (OFFER, twin, batch)],
    )
    mine = Deployed("gpt-4.1", "2025-04-14", "Standard", "eastus2")
    assert ("sku", "Standard", False) == _told(own_move(mine, events))
    tuned = Deployed("ft", "1", "Standard", "eastus2", None, True, "gpt-4.1", "2025-04-14")
    assert ("sku", "Standard", True) == _told(own_move(tuned, events))
    other_sku = Deployed("gpt-4.1", "2025-04-14", "DataZoneStandard", "eastus2")
    assert ("inference", None, False) == _told(own_move(other_sku, events))
    assert own_move(Deployed("gpt-4.1", "2025-04-14", "Standard", "westeurope"), events) is None


def _told(event: CatalogEvent | None) -> tuple[str, str | None, bool] | None:
    return None if event is None else (event.field, event.sku, event.fine_tuned)


def test_recorded_june_to_august(recorded: Path) -> None:
    folder = recorded / "azure/catalog_history"
    june, july, august = (
        offers_of(folder / f"models_eastus2_2026-{day}.json", "eastus2")
        for day in ("06-03", "07-10", "08-22")
    )
    summer = catalog_events(july, august)
    assert (
        CatalogEvent(
            "date_moved_later",
            "inference",
            "OpenAI",
            "gpt-4.1",
            "2025-04-14",
            "eastus2",
            None,
            False,
            "2026-10-14",
            "2027-04-14",
        )
        in summer
    )
    assert ("status_changed", "deprecated", "legacy") in {
        (event.kind, event.before, event.after) for event in summer if event.model == "gpt-4.1"
    }
    spring = Counter(event.kind for event in catalog_events(june, july))
    assert spring["location_removed"] > 5, "retired models leave the list"
    assert spring["status_changed"] > 0
    moved = [event for event in catalog_events(june, july) if event.kind == "date_moved_earlier"]
    assert {("gpt-realtime-mini", "2025-10-06")} == {
        (event.model, event.version) for event in moved if event.model.startswith("gpt-realtime")
    }


DAYS = st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)) | st.just(date(2099, 12, 31))
OFFERS = st.lists(
    st.builds(
        Offer,
        model=st.sampled_from(["gpt-4o", "o3"]),
        version=st.sampled_from(["1", "2"]),
        sku=st.sampled_from(["Standard", "GlobalBatch"]),
        location=st.just("eastus2"),
        fine_tuned=st.booleans(),
        lifecycle_status=st.sampled_from([None, "Preview", "Legacy"]),
        inference_retires_on=DAYS,
        sku_deprecation_on=DAYS,
    ),
    max_size=6,
)


@given(OFFERS)
def test_nothing_changes_between_a_list_and_itself(offers: list[Offer]) -> None:
    assert () == catalog_events(offers, offers)


@given(OFFERS, OFFERS)
def test_every_change_has_its_mirror_on_the_way_back(before: list[Offer], after: list[Offer]) -> None:
    there = Counter((event.field, event.before, event.after) for event in catalog_events(before, after))
    back = Counter((event.field, event.after, event.before) for event in catalog_events(after, before))
    assert there == back


@given(OFFERS, OFFERS)
def test_each_event_of_a_reading_has_a_key_of_its_own(before: list[Offer], after: list[Offer]) -> None:
    keys = [
        (event.format, event.model, event.version, event.sku, event.fine_tuned, event.location, event.change)
        for event in catalog_events(before, after)
    ]
    assert len(keys) == len(set(keys))
