"""How far each scope is known, what the jobs did, and what can no longer be known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select, tuple_

from collector.domain.periods import Window
from collector.store import tables

PRUNE: Final = "prune"


@dataclass(frozen=True, slots=True)
class Watermark:
    """`through` None: nothing of the scope is known yet. `status` is how the last attempt ended."""

    job: str
    scope: str
    through: datetime | None
    status: str
    error: str | None
    remedy: str | None
    attempted_at: datetime
    succeeded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    run_id: str
    job: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    calls: int
    throttles: int
    rows: int
    windows: int
    error: str | None
    holder: str


@dataclass(frozen=True, slots=True)
class Gap:
    job: str
    scope: str
    window: Window
    why: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Pruned:
    """Before these instants minutes, and hours, were dropped by age; None: nothing was yet.

    A day before `minutes` must not be rolled up from its hours again: its percentiles would be lost.
    """

    minutes: datetime | None
    hours: datetime | None


def watermarks(connection: Connection, job: str | None = None) -> dict[tuple[str, str], Watermark]:
    """By job and scope."""
    table = tables.watermark
    asked = select(table).order_by(table.c.job, table.c.scope)
    if job is not None:
        asked = asked.where(table.c.job == job)
    return {(row.job, row.scope): Watermark(*row) for row in connection.execute(asked)}


def runs(connection: Connection, since: datetime, job: str | None = None) -> tuple[Run, ...]:
    """Runs that started at or after `since`, newest first."""
    table = tables.run
    asked = select(table).where(table.c.started_at >= since)
    if job is not None:
        asked = asked.where(table.c.job == job)
    return tuple(
        Run(*row)
        for row in connection.execute(asked.order_by(table.c.started_at.desc(), table.c.run_id.desc()))
    )


def last_runs(connection: Connection) -> dict[str, Run]:
    """The newest run of each job."""
    table = tables.run
    newest = select(table.c.job, func.max(table.c.started_at)).group_by(table.c.job)
    asked = select(table).where(tuple_(table.c.job, table.c.started_at).in_(newest)).order_by(table.c.run_id)
    return {row.job: Run(*row) for row in connection.execute(asked)}


def workers(connection: Connection, since: datetime) -> int:
    """How many processes began a run at or after an instant."""
    run = tables.run
    return (
        connection.scalar(select(func.count(run.c.holder.distinct())).where(run.c.started_at >= since)) or 0
    )


def last_success_before(connection: Connection, job: str, instant: datetime) -> datetime | None:
    """When the newest run of a job began that had begun by an instant and was not lost."""
    run = tables.run
    return connection.scalar(
        select(func.max(run.c.started_at)).where(
            run.c.job == job, run.c.started_at <= instant, run.c.status.in_(("ok", "partial"))
        )
    )


def gaps(connection: Connection) -> tuple[Gap, ...]:
    table = tables.gap
    return tuple(
        Gap(row.job, row.scope, Window(row.starts_at, row.ends_at), row.why, row.seen_at)
        for row in connection.execute(select(table).order_by(table.c.starts_at, table.c.job, table.c.scope))
    )


def pruned(connection: Connection) -> Pruned:
    through = {scope: mark.through for (_, scope), mark in watermarks(connection, PRUNE).items()}
    return Pruned(through.get("minutes"), through.get("hours"))
