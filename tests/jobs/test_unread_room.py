"""A deployment of which no day is known is told as unknown, on every list of room; one that was not there is not told."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from collector.answers import basic
from collector.domain.types import Deployment
from collector.jobs.charges import MoneyRules
from collector.jobs.derive import derive
from collector.store import schema, writes
from collector.store.engine import open_engine
from collector.store.reads.endings import deployed_rows
from collector.store.reads.glance import room_glances
from collector.store.reads.room import room_rows
from collector.store.reads.scope import EVERYTHING
from collector.store.reads.seats_lines import room_estate
from dashboard.views.room import room_view
from tests.store.worlds import ACCOUNT, SUBSCRIPTION, a_deployment, a_model, a_quota_line, later

NOW = later(days=0)
COUNTS = ("requests", "throttled", "throttled_at_limit", "throttled_below_limit", "throttled_unclassified", "spilled")  # fmt: skip
FIGURES = ("peak_tpm", "p99_tpm", "peak_rpm", "headroom_tpm", "headroom_rpm", "binding", "ptu_max")


def told(engine: Engine, period: str) -> dict[str, dict[str, Any]]:
    with engine.connect() as connection:
        found = basic.room(connection, period, EVERYTHING, NOW)
        assert len(found["deployments"]) == len(room_glances(connection, period))
    return {row["deployment"]: row for row in found["deployments"]}


def an_estate(engine: Engine, *deployments: Deployment, at: Any = NOW) -> None:
    with engine.begin() as connection:
        writes.record_inventory(connection, SUBSCRIPTION, [ACCOUNT], {ACCOUNT.key: deployments}, (), at=at)


def test_what_nobody_read_is_unknown_and_what_was_not_there_is_absent(database_url: str) -> None:
    engine = open_engine(database_url)
    schema.upgrade(engine)
    old, gone = a_deployment("Unread"), a_deployment("Gone")
    fresh = a_deployment("Fresh", created_at=NOW - timedelta(minutes=5), modified_at=NOW - timedelta(minutes=5))  # fmt: skip
    an_estate(engine, old, gone, at=NOW - timedelta(days=40))
    an_estate(engine, old, at=NOW - timedelta(days=10))
    an_estate(engine, old, fresh)

    derive(engine, MoneyRules(), NOW)
    again = derive(engine, MoneyRules(), NOW)

    assert ({"Unread"}, {"Unread", "Gone"}) == (set(told(engine, "7d")), set(told(engine, "30d")))
    for period in ("1d", "7d", "30d", "90d", NOW.strftime("%Y-%m")):
        row = told(engine, period)["Unread"]
        assert {None} == {row[name] for name in (*COUNTS, *FIGURES)}, period
        assert (0.0, 0.0, 100_000) == (row["coverage"], row["minute_coverage"], row["limit_tpm"])
    assert again.periods > 0
    with engine.connect() as connection:
        assert {None} == {row.requests_30d for row in deployed_rows(connection, None)}
        [shown] = room_view(room_rows(connection, "7d"), [], {}, {}, NOW.date()).deployments.rows
    assert ("Unread", None, None) == (shown["deployment"], shown["requests"], shown["throttled"])
    engine.dispose()


def test_free_quota_beside_what_nobody_read_is_not_called_stranded(database_url: str) -> None:
    engine = open_engine(database_url)
    schema.upgrade(engine)
    an_estate(engine, a_deployment("Unread"))
    with engine.begin() as connection:
        writes.record_catalog(connection, "eastus2", [a_model()], at=NOW)
        writes.record_quotas(
            connection, SUBSCRIPTION.subscription_id, "eastus2", [a_quota_line(500, 100)], at=NOW
        )
    derive(engine, MoneyRules(), NOW)
    with engine.connect() as connection:
        [line] = room_estate(connection, NOW).lines
    assert (100, 400, 0) == (line.use.visible, line.use.free, line.use.stranded)
    engine.dispose()
