"""Models lists that Azure really sent, of every place and day that were recorded: read by the real client, compared,
and asked for every deployment that they would allow."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from collector.domain.endings.catalog_events import catalog_events
from collector.domain.endings.ending_types import Deployed
from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import Offer, Reading, merged, model_catalog, offer_of
from collector.sources import AzureSources
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION

FOLDERS = ("azure/catalog_history", "azure/recorded", "azure/examples")


def lists(recorded: Path) -> dict[str, list[dict[str, Any]]]:
    """Every list in the folders, whatever its name says of place and day; files of another sort are left."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(path for folder in FOLDERS for path in (recorded / folder).glob("*models*.json")):
        body = json.loads(path.read_text())
        if isinstance(body.get("value"), list) and all("model" in one for one in body["value"]):
            found[path.name] = body["value"]
    return found


@pytest.fixture
def offers(recorded: Path, azure: Loopback, sources: AzureSources) -> dict[str, list[Offer]]:
    read: dict[str, list[Offer]] = {}
    for number, (name, entries) in enumerate(lists(recorded).items()):
        place = f"place{number}"
        azure.on(f"/locations/{place}/models$", Reply({"value": entries}))
        read[name] = [offer_of(one) for one in sources.models.models(SUBSCRIPTION, place)]
    assert len(read) >= 5
    return read


def at_one_place(rows: list[Offer]) -> list[Offer]:
    """As if read in one location: what differs between two places is what could differ between two days."""
    return [Offer(**{**{n: getattr(one, n) for n in one.__slots__}, "location": "here"}) for one in rows]


def test_a_list_read_twice_changes_nothing_whatever_its_order(offers: dict[str, list[Offer]]) -> None:
    for name, rows in offers.items():
        assert () == catalog_events(rows, rows[::-1]), name


def test_between_any_two_lists_each_change_is_told_once_and_undone_on_the_way_back(
    offers: dict[str, list[Offer]],
) -> None:
    for before, after in pairwise(map(at_one_place, offers.values())):
        there, back = catalog_events(before, after), catalog_events(after, before)
        keys = [(e.format, e.model, e.version, e.sku, e.fine_tuned, e.change) for e in there]
        assert len(keys) == len(set(keys))
        assert Counter((e.model, e.version, e.sku, e.field, e.before, e.after) for e in there) == Counter(
            (e.model, e.version, e.sku, e.field, e.after, e.before) for e in back
        )
        assert all(e.before != e.after for e in there if e.field != "offer")


def test_every_deployment_that_a_list_allows_has_an_ending_that_the_list_states(
    offers: dict[str, list[Offer]],
) -> None:
    today = date(2026, 6, 3)
    for name, rows in offers.items():
        place = rows[0].location
        catalog = model_catalog(rows, [Reading(place, datetime(2026, 6, 3, tzinfo=UTC))])
        for one in rows:
            what = Deployed(
                one.model,
                one.version,
                one.sku or "Standard",
                place,
                "OnceCurrentVersionExpired",
                fine_tuned=one.fine_tuned,
                base_model=one.model if one.fine_tuned else None,
                base_version=one.version if one.fine_tuned else None,
            )
            ending = ending_of(what, catalog, today)
            assert ending.ends_on in {None, one.sku_deprecation_on, one.inference_retires_on}, (name, one)
            assert one.lifecycle_status is None or ending.lifecycle != "unknown", (name, one)
            if ending.upgrade is not None and ending.ends_on is not None:
                ahead = (ending.ends_on - (ending.upgrade.starts_on or today)).days
                assert one.upgrade_lead_days == ahead, (name, one)


def test_twins_of_two_kinds_give_one_entry_whichever_comes_first(
    recorded: Path, azure: Loopback, sources: AzureSources
) -> None:
    """On 3 June 2026 gpt-35-turbo 0125 was `Planned` for one kind of account only."""
    entries = lists(recorded)["models_eastus2_2026-06-03.json"]
    told: list[list[Any]] = []
    for place, order in (("one", entries), ("two", entries[::-1])):
        azure.on(f"/locations/{place}/models$", Reply({"value": order}))
        rows = [offer_of(one) for one in sources.models.models(SUBSCRIPTION, place)]
        told.append(sorted(map(str, at_one_place(rows))))
    assert told[0] == told[1]
    planned = {one for one in told[0] if "version='0125', sku='Standard'" in one}
    assert planned
    assert all("deprecation_status='Planned'" in one for one in planned)


def test_of_twins_that_disagree_the_earlier_date_stands(
    recorded: Path, azure: Loopback, sources: AzureSources
) -> None:
    azure.on("/models$", Reply({"value": lists(recorded)["models_eastus2_2026-08-22.json"]}))
    one = next(row for row in sources.models.models(SUBSCRIPTION, "eastus2") if row.sku_retires_at)
    later = type(one)(
        **{**{n: getattr(one, n) for n in one.__slots__}, "sku_retires_at": datetime(2030, 1, 1, tzinfo=UTC)}
    )
    assert one.sku_retires_at == merged(one, later).sku_retires_at == merged(later, one).sku_retires_at
