"""What is dropped by age, so that the store stays as small as its questions allow.

Nothing is dropped before it was worked out: days that still wait for that hold the pruning back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, update

from collector.domain.periods import DAY, Window, days, midnight, month_of
from collector.store import partitions, tables
from collector.store.engine import retrying
from collector.store.reads.collection import PRUNE, pruned
from collector.store.tables import PARTITIONED
from collector.store.writes.collection import advance_watermarks

_LOOK_BACK: Final = timedelta(days=7)

KEPT: Final = {
    "usage_hour": "the packed minutes for `minute_retention_days`, the hour for `hour_retention_days` in whole months",
    "quality_hour": "for `hour_retention_days` in whole months",
    "api_use_day": "for `hour_retention_days` in whole months",
    "api_caller": "until the next reading, and gone with its workspace from the configuration",
    "run": "for `run_retention_days`",
    "gap": "for `hour_retention_days` after its end",
    "dirty_day": "until its day is worked out",
}
"""Per table how long its rows are kept, as the documentation tells; what is not named is kept for good."""


@dataclass(frozen=True, slots=True)
class Retention:
    minute_days: int = 90
    hour_days: int = 400
    run_days: int = 90

    def __post_init__(self) -> None:
        if not 1 <= self.minute_days <= self.hour_days:
            raise ValueError(
                f"minute_retention_days={self.minute_days}, hour_retention_days={self.hour_days}: expected at least one "
                "day of minutes, and hours for at least as long"
            )


@dataclass(frozen=True, slots=True)
class PruneResult:
    """Before these instants minutes and hours are gone, and how many runs went."""

    minutes_before: datetime
    hours_before: datetime
    runs: int


def prune(engine: Engine, retention: Retention, now: datetime) -> PruneResult:
    """Drop what is older than its retention, a day at a time, so that nobody waits long for a lock.

    To be called while holding the lease of pruning. Stopped at any moment, the next call goes on.
    """
    with engine.connect() as connection:
        waiting = connection.scalar(select(func.min(tables.dirty_day.c.day)))
    held = midnight(waiting) if waiting is not None else now
    minutes_before = min(midnight((now - timedelta(days=retention.minute_days)).date()), held)
    hours_before = month_of(min(now - timedelta(days=retention.hour_days), held)).window.start
    _drop_minutes(engine, minutes_before, now)
    _drop_hours(engine, hours_before, now)
    runs = retrying(engine, lambda connection: _drop_records(connection, retention, now))
    _tidy(engine)
    return PruneResult(minutes_before, hours_before, runs)


def _drop_minutes(engine: Engine, before: datetime, now: datetime) -> None:
    table = tables.usage_hour
    with engine.connect() as connection:
        since = pruned(connection).minutes
        oldest = connection.scalar(select(func.min(table.c.hour)))
    # A backfill may have written older hours once more since.
    start = max(oldest, since - _LOOK_BACK) if oldest is not None and since is not None else oldest
    for day in _days(start, before):

        def drop(connection: Connection, day: date = day) -> None:
            old = (*_on(table.c.hour, day), table.c.minutes.is_not(None))
            connection.execute(update(table).where(*old).values(minutes=None))

        retrying(engine, drop)
    retrying(engine, lambda connection: advance_watermarks(connection, PRUNE, {"minutes": before}, at=now))


def _drop_hours(engine: Engine, before: datetime, now: datetime) -> None:
    # Said before it is done, and never taken back by a longer retention: no day that has lost its hours is worked
    # out again without them.
    with engine.connect() as connection:
        gone = max(pruned(connection).hours or before, before)
    retrying(engine, lambda connection: advance_watermarks(connection, PRUNE, {"hours": gone}, at=now))
    for name in PARTITIONED:
        if engine.dialect.name == "postgresql":
            retrying(engine, lambda connection, name=name: partitions.drop_before(connection, name, before))
        else:
            _delete_days(engine, tables.metadata.tables[name], before)
    retrying(
        engine,
        lambda connection: connection.execute(
            delete(tables.api_use_day).where(tables.api_use_day.c.day < before.date())
        ),
    )


def _delete_days(engine: Engine, table: Table, before: datetime) -> None:
    with engine.connect() as connection:
        oldest = connection.scalar(select(func.min(table.c.hour)))
    for day in _days(oldest, before):
        retrying(
            engine,
            lambda connection, day=day: connection.execute(delete(table).where(*_on(table.c.hour, day))),
        )


def _drop_records(connection: Connection, retention: Retention, now: datetime) -> int:
    run, gap = tables.run, tables.gap
    oldest = now - timedelta(days=retention.run_days)
    gone = (run.c.started_at < oldest, run.c.status != "running")
    runs = connection.scalar(select(func.count()).select_from(run).where(*gone)) or 0
    connection.execute(delete(run).where(*gone))
    connection.execute(delete(gap).where(gap.c.ends_at < now - timedelta(days=retention.hour_days)))
    return runs


def _tidy(engine: Engine) -> None:
    """SQLite refreshes the statistics that its query plans rest on; PostgreSQL does so by itself."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql("pragma optimize")


def _days(start: datetime | None, before: datetime) -> Iterator[date]:
    if start is not None and start < before:
        yield from days(Window(start, before))


def _on(column: ColumnElement[datetime], day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= midnight(day), column < midnight(day) + DAY
