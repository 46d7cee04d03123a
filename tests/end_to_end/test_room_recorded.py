"""Usages and models that Azure really sent, stored on both engines and read as lines, places and answers."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collector.answers import room as answers_room
from collector.domain.advice.fit import FitQuestion
from collector.domain.periods import last_days
from collector.domain.types import Account, Deployment, Subscription
from collector.jobs.charges import MoneyRules
from collector.sources import open_sources
from collector.store import schema, writes
from collector.store.engine import Engine, open_engine
from collector.store.reads.posture import posture_rows
from collector.store.reads.quality import quality_rows, use_rows
from collector.store.reads.seats_lines import room_estate
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


def test_fit_answers_from_recorded_models_and_quota(stored: Engine) -> None:
    with stored.connect() as connection:
        asked = answers_room.Asked(connection, NOW, MoneyRules())
        found = answers_room.fit(asked, FitQuestion("gpt-4.1", 50_000))
        estate = room_estate(connection, NOW)
    free = {line.usage_name: line.use.free for line in estate.lines}

    assert {"GlobalStandard", "DataZoneStandard"} <= {one["sku"] for one in found["places"]}
    for one in found["places"]:
        assert one["fits"] == (max(0, int(free[one["usage_name"]])) >= one["units"]), one


def test_a_deployment_without_any_usage_is_unknown_not_idle_room(stored: Engine) -> None:
    with stored.connect() as connection:
        estate = room_estate(connection, NOW)
        advised = answers_room.advice(answers_room.Asked(connection, NOW, MoneyRules()))
        nothing = (
            quality_rows(connection, last_days(NOW.date(), 7)),
            use_rows(connection, last_days((NOW - timedelta(days=1)).date(), 30)),
        )
        [account] = posture_rows(connection)

    assert {None} == {seat.peak_tpm for seat in estate.seats} | {seat.used_share for seat in estate.seats}
    assert [] == advised["recommendations"]
    assert ([], []) == nothing
    assert (3, None) == (len(account.deployments), account.public_network_access)
