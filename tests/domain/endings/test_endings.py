"""A deployment ends on the date of its own SKU, and nobody is told that it is safe when it is not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.catalog.models import load_models
from collector.domain.endings.ending_types import Deployed, Ending
from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import (
    BundledModel,
    ModelCatalog,
    Offer,
    OwnDeadline,
    Reading,
    lifecycle_of,
    model_catalog,
    offer_of,
    one_per_offer,
)
from collector.domain.types import CatalogModel
from tests.domain.arm_offers import offers_of

TODAY = date(2026, 8, 22)
READ_AT = datetime(2026, 8, 22, 6, tzinfo=UTC)
EASTUS2 = Reading("eastus2", READ_AT)


def an_offer(**changes: Any) -> Offer:
    base = Offer(
        model="gpt-4o",
        version="2024-11-20",
        sku="GlobalStandard",
        location="eastus2",
        lifecycle_status="Legacy",
        inference_retires_on=date(2027, 4, 14),
        sku_deprecation_on=date(2027, 4, 14),
        replacement_model="gpt-5.1",
        replacement_version="2025-11-13",
        auto_upgrade_start=date(2027, 3, 1),
        upgrade_lead_days=7,
    )
    return replace(base, **changes)


def a_deployment(**changes: Any) -> Deployed:
    base = Deployed(
        "gpt-4o", "2024-11-20", "GlobalStandard", "eastus2", upgrade_option="OnceCurrentVersionExpired"
    )
    return replace(base, **changes)


def a_catalog(*offers: Offer, reading: Reading = EASTUS2, **more: Any) -> ModelCatalog:
    return model_catalog(offers, [reading], **more)


def ending(deployed: Deployed, *offers: Offer, today: date = TODAY, **more: Any) -> Ending:
    return ending_of(deployed, a_catalog(*offers, **more), today)


@pytest.mark.parametrize(
    ("arm", "customer"),
    [
        ("Preview", "preview"),
        ("GenerallyAvailable", "ga"),
        ("Stable", "ga"),
        ("Legacy", "legacy"),
        ("Deprecating", "deprecated"),
        ("Deprecated", "retired"),
        ("SomethingNew", "unknown"),
        (None, "unknown"),
    ],
)
def test_arm_words_become_customer_words(arm: str | None, customer: str) -> None:
    assert customer == lifecycle_of(arm)


def test_the_date_of_the_own_sku_wins_over_the_date_of_the_model() -> None:
    standard = an_offer(sku="Standard", sku_deprecation_on=date(2026, 9, 30))
    found = ending(a_deployment(sku="Standard"), standard, an_offer())
    assert (date(2026, 9, 30), "sku", 39) == (found.ends_on, found.ends_on_source, found.days_left)


def test_an_earlier_inference_date_opens_the_alert_and_both_are_named() -> None:
    found = ending(a_deployment(), an_offer(inference_retires_on=date(2026, 12, 1)))
    assert (date(2027, 4, 14), date(2026, 12, 1)) == (found.ends_on, found.inference_retires_on)
    assert date(2026, 12, 1) == found.due_on


def test_a_passed_inference_date_is_retired_whatever_the_status_says() -> None:
    found = ending(
        a_deployment(), an_offer(lifecycle_status="Preview", inference_retires_on=date(2026, 7, 15))
    )
    assert found.lifecycle == "retired"


def test_the_last_day_still_works() -> None:
    offer = an_offer(sku_deprecation_on=TODAY, inference_retires_on=TODAY)
    assert ("legacy", 0) == (
        ending(a_deployment(), offer).lifecycle,
        ending(a_deployment(), offer).days_left,
    )


def test_a_placeholder_of_2099_is_no_date() -> None:
    far = date(2099, 12, 31)
    found = ending(a_deployment(), an_offer(sku_deprecation_on=far, inference_retires_on=far))
    assert (None, None, "no_date", None) == (
        found.ends_on,
        found.ends_on_source,
        found.firmness,
        found.days_left,
    )


@pytest.mark.parametrize(
    ("status", "said", "firmness"),
    [
        ("Deprecating", "Planned", "planned"),
        ("GenerallyAvailable", "Tentative", "tentative"),
        ("Preview", None, "not_sooner_than"),
        ("GenerallyAvailable", None, "listed"),
    ],
)
def test_firmness_says_how_sure_the_date_is(status: str, said: str | None, firmness: str) -> None:
    found = ending(a_deployment(), an_offer(lifecycle_status=status, deprecation_status=said))
    assert firmness == found.firmness


def test_a_fine_tuned_deployment_ends_with_its_twin_and_its_base_is_stated_not_parsed() -> None:
    twin = an_offer(fine_tuned=True, sku_deprecation_on=date(2028, 4, 13), lifecycle_status="Deprecated")
    tuned = a_deployment(
        model="gpt-4o.ft-7f3",
        version="1",
        fine_tuned=True,
        base_model="gpt-4o",
        base_version="2024-11-20",
    )
    found = ending(tuned, an_offer(), twin)
    assert (date(2028, 4, 13), "deprecated", "stops") == (found.ends_on, found.lifecycle, found.on_the_day)
    assert found.due_on == date(2028, 4, 13), "the base's inference date is not the twin's end"


def test_a_fine_tuned_deployment_without_a_twin_takes_the_date_of_its_sku() -> None:
    provisioned = an_offer(sku="ProvisionedManaged")
    tuned = a_deployment(
        model="x", fine_tuned=True, base_model="gpt-4o", base_version="2024-11-20", sku="ProvisionedManaged"
    )
    assert date(2027, 4, 14) == ending(tuned, provisioned).ends_on


@pytest.mark.parametrize(
    ("changes", "on_the_day"),
    [
        ({}, "upgraded"),
        ({"upgrade_option": "OnceNewDefaultVersionAvailable"}, "upgraded"),
        ({"upgrade_option": "NoAutoUpgrade"}, "stops"),
        ({"upgrade_option": None}, "unknown"),
        ({"upgrade_option": "SomethingNew"}, "unknown"),
        ({"sku": "ProvisionedManaged"}, "stops"),
        ({"sku": "GlobalProvisionedManaged"}, "stops"),
        ({"sku": "DataZoneProvisionedManaged"}, "stops"),
        ({"sku": "GlobalBatch"}, "stops"),
        ({"sku": "DataZoneBatch"}, "stops"),
        ({"sku": "DeveloperTier"}, "stops"),
        ({"sku": None}, "unknown"),
    ],
)
def test_what_happens_on_the_day_by_sku_and_option(changes: dict[str, Any], on_the_day: str) -> None:
    deployed = a_deployment(**changes)
    offer = an_offer(sku=deployed.sku or "GlobalStandard")
    assert on_the_day == ending(deployed, offer).on_the_day


def test_no_replacement_named_is_unknown_not_upgraded() -> None:
    found = ending(a_deployment(), an_offer(replacement_model=None, replacement_version=None))
    assert ("unknown", None) == (found.on_the_day, found.upgrade)


@pytest.mark.parametrize(
    ("option", "starts_on"),
    [
        ("OnceNewDefaultVersionAvailable", date(2027, 3, 1)),
        ("OnceCurrentVersionExpired", date(2027, 4, 7)),
    ],
)
def test_the_option_decides_when_the_upgrade_may_start(option: str, starts_on: date) -> None:
    upgrade = ending(a_deployment(upgrade_option=option), an_offer()).upgrade
    assert ("gpt-5.1", "2025-11-13", option, starts_on) == (
        upgrade.to_model,
        upgrade.to_version,
        upgrade.option,
        upgrade.starts_on,
    )


def test_a_replacement_is_looked_for_in_the_same_location_and_sku() -> None:
    target = an_offer(model="gpt-5.1", version="2025-11-13", replacement_model=None)
    assert ending(a_deployment(), an_offer(), target).replacement_offered is True
    assert ending(a_deployment(), an_offer(), replace(target, sku="Standard")).replacement_offered is False
    any_version = BundledModel("gpt-4o", "2024-11-20", "legacy", None, "no_date", replacement_model="gpt-5.1")
    unnamed = an_offer(replacement_model=None, replacement_version=None)
    assert ending(a_deployment(), unnamed, target, bundled=[any_version]).replacement_offered is True
    never_read = Reading("eastus2", None)
    assert ending(a_deployment(), reading=never_read).replacement_offered is None


def test_a_failed_read_is_not_read_since_never_not_in_catalog() -> None:
    failed = Reading("eastus2", READ_AT, failed_at=datetime(2026, 8, 23, 6, tzinfo=UTC))
    assert "not_read" == ending(a_deployment(), reading=failed).standing
    assert "not_read" == ending(a_deployment(location="westeurope")).standing
    assert "not_listed" == ending(a_deployment()).standing
    assert "listed" == ending(a_deployment(), an_offer(), reading=failed).standing


def test_the_bundled_catalog_speaks_only_where_the_own_list_is_silent() -> None:
    bundled = BundledModel("gpt-4o", "2024-11-20", "legacy", date(2027, 5, 1), "listed", source="docs")
    silent = ending(a_deployment(), bundled=[bundled])
    assert (date(2027, 5, 1), "bundled", "docs") == (
        silent.ends_on,
        silent.ends_on_source,
        silent.source_note,
    )
    assert ending(a_deployment(), an_offer(), bundled=[bundled]).ends_on_source == "sku"


def test_the_bundled_catalog_says_nothing_about_other_publishers() -> None:
    bundled = BundledModel("gpt-4o", "2024-11-20", "legacy", date(2027, 5, 1), "listed")
    assert ending(a_deployment(publisher="Mistral AI"), bundled=[bundled]).lifecycle == "unknown"


def test_a_company_deadline_counts_only_where_it_is_earlier() -> None:
    earlier = OwnDeadline("gpt-4o", date(2027, 1, 31), note="platform policy")
    found = ending(a_deployment(), an_offer(), deadlines=[earlier])
    assert (date(2027, 1, 31), "configured", "own", date(2027, 4, 14)) == (
        found.ends_on,
        found.ends_on_source,
        found.firmness,
        found.azure_ends_on,
    )
    later = OwnDeadline("gpt-4o", date(2028, 1, 1))
    assert ending(a_deployment(), an_offer(), deadlines=[later]).ends_on_source == "sku"
    elsewhere = OwnDeadline("gpt-4o", date(2027, 1, 31), location="westeurope")
    assert ending(a_deployment(), an_offer(), deadlines=[elsewhere]).ends_on_source == "sku"


def test_the_twins_of_two_account_kinds_become_one_with_the_earlier_date() -> None:
    early = an_offer(sku_deprecation_on=date(2027, 1, 1))
    assert [early] == one_per_offer([an_offer(), early, an_offer()])


def test_a_fact_of_the_models_list_becomes_an_offer_of_the_same_days() -> None:
    row = CatalogModel(
        location="eastus2",
        format="OpenAI",
        model="gpt-4o",
        version="2024-11-20",
        sku="Standard",
        fine_tuned=True,
        usage_name="OpenAI.Standard.gpt-4o-finetune",
        kinds=frozenset({"OpenAI"}),
        lifecycle_status="Legacy",
        deprecation_status="Planned",
        inference_retires_at=datetime(2027, 4, 14, tzinfo=UTC),
        fine_tune_retires_at=None,
        sku_retires_at=datetime(2028, 4, 13, tzinfo=UTC),
    )
    offer = offer_of(row)
    assert (True, date(2027, 4, 14), date(2028, 4, 13), "Planned") == (
        offer.fine_tuned,
        offer.inference_retires_on,
        offer.sku_deprecation_on,
        offer.deprecation_status,
    )


@pytest.mark.parametrize(
    ("deployed", "expected"),
    [
        pytest.param(
            Deployed("gpt-4o", "2024-08-06", "Standard", "eastus2", "OnceCurrentVersionExpired"),
            ("retired", date(2026, 3, 31)),
            id="standard of 4o 08-06 ended in March while the model lives on",
        ),
        pytest.param(
            Deployed("gpt-4o", "2024-08-06", "GlobalStandard", "eastus2", "OnceCurrentVersionExpired"),
            ("deprecated", date(2027, 4, 14)),
            id="global standard of 4o 08-06 ends later",
        ),
        pytest.param(
            Deployed("ft", "1", "Standard", "eastus2", None, True, "gpt-4o", "2024-08-06"),
            ("deprecated", date(2028, 4, 13)),
            id="its fine-tuned twin ends a year after that",
        ),
        pytest.param(
            Deployed("sora-2", "2025-10-06", "GlobalStandard", "eastus2"),
            ("retired", date(2026, 7, 15)),
            id="a preview past its date is retired though ARM still says Preview",
        ),
    ],
)
def test_recorded_list_of_august(recorded: Path, deployed: Deployed, expected: tuple[str, date]) -> None:
    offers = offers_of(recorded / "azure/catalog_history/models_eastus2_2026-08-22.json", "eastus2")
    found = ending_of(deployed, model_catalog(offers, [EASTUS2]), TODAY)
    assert expected == (found.lifecycle, found.ends_on)


def test_every_recorded_offer_gets_an_ending(recorded: Path) -> None:
    for path, place in [
        ("azure/examples/arm-models-list-eastus2.json", "eastus2"),
        ("azure/recorded/models_eastus_2026-06.json", "eastus"),
        ("azure/recorded/models_westeurope_2026-06.json", "westeurope"),
        ("azure/examples/arm-models-list-southeastasia-filtered.json", "southeastasia"),
    ]:
        offers = offers_of(recorded / path, place)
        catalog = model_catalog(offers, [Reading(place, READ_AT)], load_models().models)
        for offer in offers:
            deployed = Deployed(
                offer.model,
                offer.version,
                offer.sku,
                place,
                "OnceCurrentVersionExpired",
                fine_tuned=offer.fine_tuned,
                base_model=offer.model,
                base_version=offer.version,
                publisher=offer.format,
            )
            found = ending_of(deployed, catalog, TODAY)
            assert found.standing == "listed"
            assert found.lifecycle != "unknown"
            assert found.ends_on is None or found.ends_on.year < 2099
            assert found.on_the_day == "stops" or "Provisioned" not in offer.sku


def test_the_bundled_catalog_reads_and_is_dated() -> None:
    bundled = load_models()
    assert date(2026, 11, 22) == bundled.as_of
    found = ending_of(
        Deployed("gpt-4o", "2024-05-13", "GlobalStandard", "norwayeast", "NoAutoUpgrade"),
        model_catalog([], [], bundled.models),
        date(2026, 11, 22),
    )
    assert ("deprecated", date(2026, 12, 9), 17, "gpt-5.6-sol", "stops", "not_read") == (
        found.lifecycle,
        found.ends_on,
        found.days_left,
        found.replacement,
        found.on_the_day,
        found.standing,
    )
