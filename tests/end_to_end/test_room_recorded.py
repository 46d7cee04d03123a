"""Usages and models that Azure really sent, stored on both engines and read as lines, places and answers."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collector.answers import fit as answers_fit
from collector.answers import room as answers_room
from collector.answers.asked import Asked
from collector.domain.advice.fit import FitQuestion, fits
from collector.domain.periods import last_days
from collector.domain.types import Account, Deployment, Subscription
from collector.jobs.charges import MoneyRules
from collector.sources import open_sources
from collector.store import schema, writes
from collector.store.engine import Engine, open_engine
from collector.store.reads.posture import posture_rows
from collector.store.reads.quality import quality_rows, use_rows
from collector.store.reads.seats_lines import RoomEstate, room_estate
from tests.end_to_end.stage import NOW
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION, an_account

QUIRKS = {
    "OpenAI.GlobalStandard.gpt4.1": ("gpt-4.1", "2025-04-14", "GlobalStandard"),
    "OpenAI.DataZoneStandard.gpt-4o": ("gpt-4o", "2024-11-20", "DataZoneStandard"),
    "OpenAI.Standard.text-embedding-3-large": ("text-embedding-3-large", "1", "Standard"),
}


@pytest.fixture
def stored(database_url: str, recorded: Path) -> Iterator[Engine]:
    """A subscription in eastus2 whose models and usages are the recorded ones, with a deployment on each quirky line."""
    engine = open_engine(database_url)
    schema.upgrade(engine)
    with Loopback() as azure, open_sources(azure.settings()) as sources:
        azure.on("/models$", Reply(said(recorded, "arm-models-list-eastus2.json")))
        azure.on("/usages$", Reply(said(recorded, "arm-usages-list-eastus2.json")))
        models = sources.models.models(SUBSCRIPTION, "eastus2")
        quotas = sources.quotas.quotas(SUBSCRIPTION, "eastus2")
    account: Account = an_account()
    deployed = [
        Deployment(account.key, f"on-{place}", "OpenAI", *what, capacity=10 * (place + 1))
        for place, what in enumerate(QUIRKS.values())
    ]
    subscription = Subscription(SUBSCRIPTION, "prod", None, "Enabled", {})
    with engine.begin() as connection:
        writes.record_inventory(connection, subscription, [account], {account.key: deployed}, (), at=NOW)
        writes.record_catalog(connection, "eastus2", models, at=NOW)
        writes.record_quotas(connection, SUBSCRIPTION, "eastus2", quotas, at=NOW)
    yield engine
    engine.dispose()


def said(recorded: Path, name: str) -> Any:
    return json.loads((recorded / "azure" / "examples" / name).read_text())


def test_every_recorded_line_is_read_with_its_unit_and_who_holds_it(stored: Engine, recorded: Path) -> None:
    told = {one["name"]["value"]: one for one in said(recorded, "arm-usages-list-eastus2.json")["value"]}
    with stored.connect() as connection:
        estate = room_estate(connection, NOW)
    lines = {line.usage_name: line.use for line in estate.lines}

    assert told.keys() == lines.keys()
    for name, use in lines.items():
        limit, current = (Decimal(str(told[name][key])) for key in ("limit", "currentValue"))
        assert (limit, current, limit - current) == (use.limit, use.allocated, use.free), name
        assert current - use.visible == use.unexplained
    held = {name: int(lines[name].visible) for name in QUIRKS}
    assert dict(zip(QUIRKS, (10, 20, 30), strict=True)) == held
    assert all(
        lines[name].unit is not None and lines[name].unit.name == "tokens_per_minute" for name in QUIRKS
    )


@pytest.mark.parametrize(("model", "has_ended"), [("gpt-4.1", True), ("gpt-5.1", False)])
def test_fit_answers_from_recorded_models_and_quota(stored: Engine, model: str, has_ended: bool) -> None:
    with stored.connect() as connection:
        asked = Asked(connection, NOW, MoneyRules())
        found = answers_fit.fit(asked, FitQuestion(model, 50_000))
        estate = room_estate(connection, NOW)
    free = {line.usage_name: line.use.free for line in estate.lines}

    assert {"GlobalStandard", "DataZoneStandard"} <= {one["sku"] for one in found["places"]}
    assert has_ended == any(one["ended"] for one in found["places"])
    for one in found["places"]:
        ended = one["ends_on"] is not None and one["ends_on"] < NOW.date().isoformat()
        assert ended == one["ended"]
        assert one["fits"] == (not ended and max(0, int(free[one["usage_name"]])) >= one["units"]), one


def test_a_place_that_was_left_fits_until_the_accounts_of_its_location_are_used_up(
    stored: Engine, recorded: Path
) -> None:
    usages = said(recorded, "arm-usages-list-eastus2.json")["value"]
    full = [
        one | {"currentValue": one["limit"]} if one["name"]["value"] == "AccountCount" else one
        for one in usages
    ]
    subscription = Subscription(SUBSCRIPTION, "prod", None, "Enabled", {})
    answers: list[Any] = []
    with Loopback() as azure, open_sources(azure.settings()) as sources, stored.begin() as connection:
        for step, told in enumerate((usages, usages, full)):
            azure.on("/usages$", Reply({"value": told}))
            quotas = sources.quotas.quotas(SUBSCRIPTION, "eastus2")
            at = NOW + timedelta(hours=step)
            writes.record_quotas(connection, SUBSCRIPTION, "eastus2", quotas, at=at)
            if step:
                writes.record_inventory(connection, subscription, [], {}, (), at=at)
            found = answers_fit.fit(Asked(connection, at, MoneyRules()), FitQuestion("gpt-5.1", 50_000))
            [one] = [one for one in found["places"] if one["sku"] == "GlobalStandard"]
            answers.append((one["needs_account"], one["accounts_free"], one["fits"]))

    assert [(False, 59, True), (True, 59, True), (True, 0, False)] == answers


def test_a_deployment_without_any_usage_is_unknown_not_idle_room(stored: Engine) -> None:
    with stored.connect() as connection:
        estate = room_estate(connection, NOW)
        advised = answers_room.advice(Asked(connection, NOW, MoneyRules()))
        nothing = (
            quality_rows(connection, last_days(NOW.date(), 7)),
            use_rows(connection, last_days((NOW - timedelta(days=1)).date(), 30)),
        )
        [account] = posture_rows(connection)

    assert {None} == {seat.peak_tpm for seat in estate.seats} | {seat.used_share for seat in estate.seats}
    assert [] == advised["recommendations"]
    assert ([], []) == nothing
    assert (3, None) == (len(account.deployments), account.public_network_access)


USAGES = ("arm-usages-list-eastus2.json", "arm-usages-list-canadacentral.json")
MODELS = {
    "eastus2": "examples/arm-models-list-eastus2.json",
    "southeastasia": "examples/arm-models-list-southeastasia-filtered.json",
    "spec": "examples/arm-models-list-spec.json",
    "eastus": "recorded/models_eastus_2026-06.json",
    "westeurope": "recorded/models_westeurope_2026-06.json",
    "june": "catalog_history/models_eastus2_2026-06-03.json",
    "july": "catalog_history/models_eastus2_2026-07-10.json",
    "august": "catalog_history/models_eastus2_2026-08-22.json",
}


@pytest.mark.parametrize("usages", USAGES)
@pytest.mark.parametrize("models", MODELS.values(), ids=MODELS)
def test_every_recorded_model_beside_every_recorded_usage_is_a_place_that_tells_what_is_known(
    recorded: Path, sqlite_database: str, models: str, usages: str
) -> None:
    """Whatever a region lists: each SKU is one place, with the free quota of exactly its line or with none told."""
    entries, lines = (body(recorded / "azure" / name) for name in (models, f"examples/{usages}"))
    estate = read_estate(sqlite_database, entries, lines)
    told = {one["name"]["value"].casefold(): one for one in lines["value"]}
    offered = {
        (one["model"]["name"], one["model"]["version"], sku["name"], sku["usageName"].casefold())
        for one in entries["value"]
        for sku in one["model"].get("skus") or []
        if not sku["usageName"].casefold().endswith("-finetune")
    }
    places = estate.places({one["model"]["name"].casefold() for one in entries["value"]})

    assert offered == {(one.model, one.version, one.sku, one.usage_name.casefold()) for one in places}
    for place in places:
        line = told.get(place.usage_name.casefold())
        free = (
            None
            if line is None
            else max(0, int(Decimal(str(line["limit"])) - Decimal(str(line["currentValue"]))))
        )
        assert free == place.free_units, place
        assert place.room <= (free or 0)


def test_an_empty_usages_list_is_unknown_quota_and_no_limit_of_0(
    recorded: Path, sqlite_database: str
) -> None:
    models = body(recorded / "azure" / MODELS["eastus2"])
    estate = read_estate(sqlite_database, models, {"value": []})
    found = fits(
        FitQuestion("gpt-4.1", 50_000), [one for one in estate.places({"gpt-4.1"}) if one.tpm_per_unit]
    )

    assert {(None, None, False)} == {(one.place.free_units, one.short, one.fits) for one in found}
    assert found


def test_an_empty_list_after_a_full_one_leaves_the_lines_as_they_were_read(
    recorded: Path, sqlite_database: str
) -> None:
    models, lines = (body(recorded / "azure" / name) for name in (MODELS["eastus2"], f"examples/{USAGES[0]}"))
    before = read_estate(sqlite_database, models, lines)
    after = read_estate(sqlite_database, models, {"value": []}, later=timedelta(hours=1))
    less = read_estate(sqlite_database, models, {"value": lines["value"][:50]}, later=timedelta(hours=2))

    assert before.lines == after.lines
    assert 50 == len(less.lines)


ODD = {
    "numbers as text": ({"value": "OpenAI.Standard.a", "localizedValue": "Tokens Per Minute (thousands) - a"}, "7", "10.0", (7, 10)),
    "floats": ({"value": "OpenAI.Standard.a", "localizedValue": "Tokens Per Minute (thousands) - a"}, 7.0, 5000.0, (7, 5000)),
    "a limit of 0": ({"value": "AIServices.GlobalStandard.a", "localizedValue": "Tokens Per Minute (thousands) - a"}, 0, 0, (0, 0)),
    "allocated above the limit": ({"value": "OpenAI.GlobalProvisionedManaged", "localizedValue": "Global Provisioned Managed Throughput Unit"}, 400, 100, (400, 100)),
    "a text that names no unit": ({"value": "H100_80G.GlobalManagedCompute.global", "localizedValue": "H100_80G GPU Count"}, 1, 64, (1, 64)),
    "no text": ({"value": "OpenAI.Standard.a"}, 1, 2, (1, 2)),
    "no limit": ({"value": "OpenAI.Standard.a", "localizedValue": "Tokens"}, 1, None, None),
    "no number": ({"value": "OpenAI.Standard.a", "localizedValue": "Tokens"}, None, 1, None),
    "no name": (None, 1, 2, None),
}  # fmt: skip


@pytest.mark.parametrize(("name", "current", "limit", "kept"), ODD.values(), ids=ODD)
def test_an_odd_line_is_kept_with_its_numbers_or_left_out_and_takes_no_other_with_it(
    sqlite_database: str, name: Any, current: Any, limit: Any, kept: tuple[int, int] | None
) -> None:
    odd = {"name": name, "currentValue": current, "limit": limit, "unit": "Count", "scopeId": "global"}
    plain = {
        "name": {"value": "AccountCount", "localizedValue": "Maximum Resources per Region"},
        "currentValue": 1,
        "limit": 200,
    }
    estate = read_estate(sqlite_database, {"value": []}, {"value": [odd, plain]})
    found = {line.usage_name: (line.use.allocated, line.use.limit) for line in estate.lines}

    assert (1, 200) == found.pop("AccountCount")
    assert ([] if kept is None else [kept]) == list(found.values())


def body(path: Path) -> Any:
    found = json.loads(path.read_text())
    return found["responses"]["200"]["body"] if "responses" in found else found


def read_estate(url: str, models: Any, usages: Any, later: timedelta = timedelta(0)) -> RoomEstate:
    """One account in eastus2 of which Azure says so, through the real clients into a store."""
    engine = open_engine(url)
    schema.upgrade(engine)
    with Loopback() as azure, open_sources(azure.settings()) as sources:
        azure.on("/models$", Reply(models))
        azure.on("/usages$", Reply(usages))
        listed = sources.models.models(SUBSCRIPTION, "eastus2")
        lines = sources.quotas.quotas(SUBSCRIPTION, "eastus2")
    account, subscription = an_account(), Subscription(SUBSCRIPTION, "prod", None, "Enabled", {})
    with engine.begin() as connection:
        writes.record_inventory(connection, subscription, [account], {account.key: []}, (), at=NOW + later)
        writes.record_catalog(connection, "eastus2", listed, at=NOW + later)
        writes.record_quotas(connection, SUBSCRIPTION, "eastus2", lines, at=NOW + later)
        found = room_estate(connection, NOW + later)
    engine.dispose()
    return found
