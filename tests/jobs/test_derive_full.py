"""Days until full are worked out with the other findings, anew when their days change, and are what the domain says."""

import math
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, select, update

from collector.domain.room.fullness import NoDate, UntilFull, time_until_full
from collector.jobs.derive_full import derive_until_full
from collector.reports.fullness import daily_allocated, daily_shares
from collector.store import tables, writes
from collector.store.engine import open_engine, retrying
from collector.store.reads.quotas import quota_rows
from collector.store.reads.until_full import deployments_until_full, lines_until_full
from tests.dashboard.seed import NOW, SUBSCRIPTIONS, Account, Deployment, Seed
from tests.store.worlds import a_quota_line

EAST = Account("east", 0, "eastus2")
LINE = (SUBSCRIPTIONS[0][0], "eastus2", "OpenAI.GlobalStandard.gpt-5")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    seed = Seed(days=60)
    seed.subscriptions()
    seed.account(EAST)
    seed.deployment(
        EAST, Deployment("Tight", "gpt-5", "1", "GlobalStandard", 90_000, "1", "2", 0.9), hours=False
    )
    for day, current in enumerate(_grown(84)):
        seed.quota(0, "eastus2", LINE[2], 1_000, current)
        seed.rows["quota_reading"][-1]["read_at"] = NOW - timedelta(days=83 - day)
    opened = open_engine(database_url)
    seed.write(opened)
    yield opened
    opened.dispose()


def _grown(days: int) -> list[int]:
    """A hundredth more each day, give or take."""
    noise = np.random.default_rng(1).normal(0, 0.03, days)
    return [round(400 * math.exp(0.01 * day + noise[day])) for day in range(days)]


def test_what_is_stored_is_what_the_days_say(engine: Engine) -> None:
    room = tables.room_period
    with engine.connect() as connection:
        course = select(room.c.trend, room.c.ends_at).where(room.c.period == "90d")
        trend, ends_at = connection.execute(course).one()
        [line] = quota_rows(connection)
        deployments, lines = deployments_until_full(connection), lines_until_full(connection)

    assert {(EAST.key, "tight"): time_until_full(daily_shares(trend, ends_at, NOW), 1.0)} == deployments
    expected = time_until_full(daily_allocated(line.history, NOW.date()), float(line.limit))
    assert {LINE: expected} == lines
    assert isinstance(expected, UntilFull)


def test_nothing_is_played_out_again_while_the_days_are_the_same(engine: Engine) -> None:
    assert 0 == derive_until_full(engine, NOW + timedelta(hours=3))
    assert 0 < derive_until_full(engine, NOW + timedelta(days=1))


def test_a_line_that_is_gone_has_no_date_any_more(engine: Engine) -> None:
    at = NOW + timedelta(hours=1)
    retrying(
        engine, lambda on: writes.record_quotas(on, LINE[0], "eastus2", [a_quota_line(1_000, 950)], at=at)
    )
    derive_until_full(engine, at)

    with engine.connect() as connection:
        assert LINE not in lines_until_full(connection)
        assert 1 == len(deployments_until_full(connection))


def test_a_line_that_does_not_move_says_why_it_has_no_date(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(tables.quota_reading.update().values(current=700))
    derive_until_full(engine, NOW)

    with engine.connect() as connection:
        assert NoDate("it did not change") == lines_until_full(connection)[LINE]


@pytest.mark.parametrize(("tpm", "reason"), [(None, "the limit is unknown"), (0, "the limit is 0")])
def test_without_a_limit_to_reach_the_reason_is_the_limit_and_not_the_days(
    engine: Engine, tpm: int | None, reason: str
) -> None:
    room = tables.room_period
    with engine.begin() as connection:
        connection.execute(
            update(room).values(limit_tpm=tpm, limit_rpm=None, ptu_max=None, trend=[None] * 90)
        )
    derive_until_full(engine, NOW)
    with engine.connect() as connection:
        assert {(EAST.key, "tight"): NoDate(reason)} == deployments_until_full(connection)
