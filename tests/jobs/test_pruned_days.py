"""What was dropped by age is not worked out again as if it had never been: its days and charges are facts by then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.domain.periods import DAY, Window, midnight
from collector.jobs.collect import collect
from collector.jobs.derive import derive
from collector.store import tables, writes
from collector.store.engine import database_path, retrying
from collector.store.errors import LeaseHeld, LeaseLost
from collector.store.lease import lease
from collector.store.prune import Retention, prune
from collector.store.reads.charges import payers
from tests.end_to_end.stage import Stage, a_stage, everything_stored

KEPT = ("usage_day", "usage_month", "charge_day", "charge_month")


def worked_out(stage: Stage) -> None:
    for job in ("inventory", "models", "metrics", "prices"):
        stage.collect(job)
    stage.derive()


def found(stage: Stage, before: Any) -> dict[str, list[Mapping[str, Any]]]:
    stored = everything_stored(stage.engine)
    return {
        name: [row for row in stored[name] if (row.get("day") or row.get("month")) < before.date()]
        for name in KEPT
    }


@pytest.mark.parametrize("everything", [False, True], ids=["a late price", "derive --all"])
@pytest.mark.parametrize(
    ("retention", "kept"),
    [
        (Retention(minute_days=1, hour_days=400), ("usage_day", "usage_month")),
        (Retention(minute_days=1, hour_days=1), KEPT),
    ],
    ids=["minutes", "hours"],
)
def test_pruned_days_keep_their_charges_and_histograms(
    sqlite_database: str, retention: Retention, kept: tuple[str, ...], everything: bool
) -> None:
    with a_stage(sqlite_database) as stage:
        worked_out(stage)
        later = stage.now + timedelta(days=40)
        before = found(stage, later)
        prune(stage.engine, retention, later)

        def mark(connection: Any) -> None:
            window = Window(midnight((stage.now - 5 * DAY).date()), midnight(stage.now.date()) + DAY)
            writes.mark_window(connection, list(payers(connection)), window)

        retrying(stage.engine, mark)
        derive(stage.engine, stage.rules, later, everything=everything)

        after = found(stage, midnight((later - DAY).date()).replace(day=1))
        with stage.engine.connect() as connection:
            left = connection.scalar(select(func.count()).select_from(tables.dirty_day))
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    assert min(map(len, before.values())) > 0
    assert 0 == left


def test_a_longer_retention_does_not_bring_days_back_that_lost_their_hours(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        worked_out(stage)
        later = stage.now + timedelta(days=40)
        before = found(stage, later)
        for hour_days in (1, 400):
            prune(stage.engine, Retention(minute_days=1, hour_days=hour_days), later)
        derive(stage.engine, stage.rules, later, everything=True)

        assert before == found(stage, midnight((later - DAY).date()).replace(day=1))


def test_a_collector_that_lost_its_lease_stops_before_the_next_window(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        path = database_path(stage.engine)
        path.with_name(f"{path.name}.collect.lock").unlink()

        class Losing:
            """Whoever watches sees the lock file go while the work is under way."""

            def start(self, what: str, total: int | None) -> None:
                path.with_name(f"{path.name}.collect.lock").unlink(missing_ok=True)

            def advance(self, steps: int = 1, note: str = "") -> None: ...

            def done(self) -> None: ...

        with pytest.raises(LeaseLost):
            collect(replace(stage.context, progress=Losing()), only="metrics")
        with stage.engine.connect() as connection:
            assert 0 == connection.scalar(select(func.count()).select_from(tables.usage_hour))


def test_a_waiter_ends_when_it_is_asked_to(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage, lease(stage.engine, "derive"):
        stopping = Event()
        stopping.set()

        with pytest.raises(LeaseHeld):
            derive(stage.engine, stage.rules, stage.now, stopping=stopping)
