"""How much room is left: the limits of the period's own end, unknown where nothing says, one deployment by the minute."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection

from collector.domain.periods import last_days
from collector.reports.fullness import daily_allocated
from collector.store.engine import open_engine
from collector.store.reads import room
from collector.store.reads.close_up import deployment_hours, limit_steps
from collector.store.reads.coverage import period_coverage
from collector.store.reads.evidence import deployment_evidence
from collector.store.reads.glance import Glance, room_glances
from collector.store.reads.quotas import quota_rows
from collector.store.reads.scope import Filters
from collector.store.reads.seats_lines import Spelling
from collector.store.reads.until_full import lines_until_full
from tests.dashboard.seed import NOW, SUBSCRIPTIONS, Account, Deployment, Seed

EAST = Account("east", 0, "eastus2", {"env": "prod"})
TIGHT = Deployment("Tight", "gpt-5", "1", "GlobalStandard", 100_000, "1", "2", 0.95)
CALM = Deployment("calm", "gpt-5", "1", "GlobalStandard", 100_000, "1", "2", 0.25)
BATCH = Deployment("batch", "gpt-4.1", "1", "GlobalBatch", None, "1", "2", 0.5)


def a_seed() -> Seed:
    found = Seed(days=35)
    found.subscriptions()
    found.account(EAST)
    for what in (TIGHT, CALM, BATCH):
        found.deployment(EAST, what)
        found.offer(EAST, what)
    found.quota(0, "eastus2", "OpenAI.GlobalStandard.gpt-5", 1_000, 400, grew=300)
    found.quota(1, "westeurope", "OpenAI.Standard.gone", 10, 1)
    return found


@pytest.fixture(scope="module")
def store_url(shared_url: str) -> str:
    return a_seed().fill(shared_url)


def test_the_nearest_to_its_limit_comes_first_and_the_unknown_last(store: Connection) -> None:
    rows = room.room_rows(store, "7d")

    assert ["Tight", "calm", "batch"] == [row.deployment for row in rows]
    assert [100_000 - (rows[0].peak_tpm or 0), None] == [rows[0].headroom_tpm, rows[2].headroom_tpm]
    assert None is rows[2].used_share


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param(Filters(), id="everything"),
        pytest.param(Filters(models=("gpt-5",)), id="a model"),
        pytest.param(Filters(locations=("eastus2",)), id="a location"),
    ],
)
def test_a_glance_is_the_row_of_room_in_its_place(store: Connection, filters: Filters) -> None:
    rows, found = room.room_rows(store, "7d", filters), room_glances(store, "7d", filters)

    assert (
        [Glance(row.deployment, row.used_share, row.requests, row.throttled) for row in rows] == found != []
    )


def test_asked_for_now_alone_a_quota_line_is_its_last_reading(store: Connection) -> None:
    whole, now = quota_rows(store), quota_rows(store, since=NOW + timedelta(days=1))

    assert any(len(line.history) > 1 for line in whole)
    assert [replace(line, history=line.history[-1:]) for line in whole] == now


def test_a_deployments_quota_line_is_the_one_that_the_models_list_names(store: Connection) -> None:
    rows = room.room_rows(store, "7d")

    assert ["OpenAI.GlobalStandard.gpt-5", "OpenAI.GlobalBatch.gpt-4.1"] == [
        rows[0].quota_line,
        rows[2].quota_line,
    ]


def test_last_months_room_is_that_of_last_months_revision(database_url: str) -> None:
    seed = a_seed()
    resized = NOW - timedelta(days=3)
    old = next(row for row in seed.rows["deployment_revision"] if row["deployment"] == "tight")
    old["ends_at"] = resized
    seed.rows["deployment_revision"].append(
        {**old, "starts_at": resized, "ends_at": None, "sku": "DataZoneStandard", "capacity": 999}
    )
    engine = open_engine(database_url)
    seed.write(engine)
    with engine.connect() as connection:
        now = room.room_rows(connection, "7d")[0]
        before = room.room_rows(connection, "2026-10")[0]
    engine.dispose()

    assert ("DataZoneStandard", 999) == (now.sku, now.capacity)
    assert ("GlobalStandard", 100) == (before.sku, before.capacity)


def test_a_period_that_was_not_worked_out_has_no_rows(store: Connection) -> None:
    assert [] == room.room_rows(store, "2025-01")


def test_every_recorded_model_finds_its_recorded_line(recorded: Path) -> None:
    folder = recorded / "azure" / "examples"
    models = json.loads((folder / "arm-models-list-eastus2.json").read_text())["value"]
    told = json.loads((folder / "arm-usages-list-eastus2.json").read_text())["value"]
    lines = {("s", "eastus2", line["name"]["value"]) for line in told}
    named = {sku["usageName"] for one in models for sku in one["model"]["skus"]}
    assert len(named) >= 190
    spelling = Spelling(lines)
    assert {("s", "eastus2", name) for name in named} == {spelling.of("s", "eastus2", name) for name in named}
    assert {spelling.of("s", "eastus2", name.swapcase()) for name in named} <= lines
    assert ("s", "eastus2", "OpenAI.Standard.gpt-9") == spelling.of("s", "eastus2", "OpenAI.Standard.gpt-9")


def test_room_is_filtered_by_tag_and_model(store: Connection) -> None:
    assert {"batch"} == {row.deployment for row in room.room_rows(store, "7d", Filters(models=("gpt-4.1",)))}
    assert 3 == len(room.room_rows(store, "7d", Filters(tags=("env=prod",))))
    assert [] == room.room_rows(store, "7d", Filters(tags=("env=test",)))


def test_a_quota_line_is_its_latest_reading_with_its_history(store: Connection) -> None:
    line = quota_rows(store, Filters(subscriptions=(SUBSCRIPTIONS[0][0],)))[0]

    assert (Decimal(1000), Decimal(400), Decimal(600)) == (line.limit, line.current, line.free)
    assert ("tokens_per_minute", Decimal(1000)) == (line.unit, line.per_unit)
    assert [100, 200, 300, 400] == [int(reading.current) for reading in line.history]


def test_quota_lines_narrow_to_where_the_chosen_accounts_lie(store: Connection) -> None:
    found = quota_rows(store, Filters(accounts=(EAST.arm_id,)))

    assert ["OpenAI.GlobalStandard.gpt-5"] == [line.usage_name for line in found]


def test_a_stored_reading_stands_until_the_next(store: Connection) -> None:
    line = quota_rows(store)[0]
    daily = daily_allocated(line.history, NOW.date())

    assert 61 == len(daily)
    assert {100.0, 200.0, 300.0, 400.0} == set(daily)
    assert {"westeurope", "eastus2"} == {location for _, location, _ in lines_until_full(store)}


def test_readings_since_an_instant_begin_with_the_one_in_force_then(store: Connection) -> None:
    since = NOW - timedelta(days=30)
    for whole, part in zip(quota_rows(store), quota_rows(store, since=since), strict=True):
        assert (
            daily_allocated(whole.history, NOW.date())[-30:]
            == daily_allocated(part.history, NOW.date())[-30:]
        )
        assert replace(whole, history=()) == replace(part, history=())


def test_minutes_of_a_deployment_hold_its_peak(store: Connection) -> None:
    week = last_days(NOW.date(), 7)
    row = room.room_rows(store, "7d")[0]
    seen = deployment_evidence(store, EAST.key, "tight", week)
    by_hour = deployment_hours(store, EAST.key, "tight", week)

    assert row.peak_tpm == int(seen.block.tokens.max())
    assert [*seen.hours] == [hour.hour for hour in by_hour]
    assert [int(value) for value in seen.block.tokens.max(axis=1)] == [hour.peak_tpm for hour in by_hour]
    assert row.requests == sum(hour.requests for hour in by_hour)


def test_the_limits_of_a_deployment_come_oldest_first(store: Connection) -> None:
    assert [(100_000, 602)] == [
        (step.limit_tpm, step.limit_rpm) for step in limit_steps(store, EAST.key, "tight")
    ]


def test_coverage_is_known_minutes_over_minutes_that_existed(database_url: str) -> None:
    seed = a_seed()
    for day in seed.rows["usage_day"]:
        day["minutes_known"] //= 2
    engine = open_engine(database_url)
    seed.write(engine)
    with engine.connect() as connection:
        found = period_coverage(connection, last_days(NOW.date(), 7), NOW)
        nothing = period_coverage(connection, last_days(NOW.date() - timedelta(days=300), 7), NOW)
    engine.dispose()

    assert pytest.approx(0.5, abs=0.001) == found
    assert None is nothing
