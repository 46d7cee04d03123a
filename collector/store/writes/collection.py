"""What the jobs did and how far each scope is known. Facts commit first; the watermark in a later transaction."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, update

from collector.domain.periods import Window
from collector.store import tables
from collector.store.writes.bulk import delete_rows, upsert

_UNFINISHED = "ended without a word: the process was killed or the machine went down"


def start_run(connection: Connection, run_id: str, job: str, *, at: datetime, holder: str) -> None:
    """Note that a job began; what a killed process leaves is closed by `close_abandoned_runs`."""
    row = (run_id, job, at, None, "running", 0, 0, 0, 0, None, holder)
    upsert(connection, tables.run, [row])


def finish_run(
    connection: Connection,
    run_id: str,
    *,
    at: datetime,
    status: str,
    calls: int = 0,
    throttles: int = 0,
    rows: int = 0,
    windows: int = 0,
    error: str | None = None,
) -> None:
    """How the job ended: ok, partial or failed; `error` names the scopes that failed and why."""
    table = tables.run
    counts = {"calls": calls, "throttles": throttles, "rows": rows, "windows": windows}
    connection.execute(
        update(table)
        .where(table.c.run_id == run_id)
        .values(finished_at=at, status=status, error=error, **counts)
    )


def close_abandoned_runs(connection: Connection, job: str, *, at: datetime) -> None:
    """Mark as failed what a killed process left running; to be called while holding the job's lease."""
    run = tables.run
    connection.execute(
        update(run)
        .where(run.c.job == job, run.c.status == "running")
        .values(status="failed", finished_at=at, error=_UNFINISHED)
    )


def advance_watermarks(
    connection: Connection, job: str, through: Mapping[str, datetime | None], *, at: datetime
) -> None:
    """Each scope is known through its instant; to be called after the transaction of its facts has committed."""
    upsert(
        connection,
        tables.watermark,
        ((job, scope, instant, "ok", None, None, at, at) for scope, instant in through.items()),
    )


def fail_watermark(
    connection: Connection, job: str, scope: str, error: str, remedy: str | None = None, *, at: datetime
) -> None:
    """The scope could not be read: what was known of it stays known, and the reason stands beside it."""
    columns = ("job", "scope", "status", "error", "remedy", "attempted_at")
    upsert(connection, tables.watermark, [(job, scope, "failed", error, remedy, at)], columns)


def forget_scope(connection: Connection, job: str, scope: str) -> None:
    """A scope that no longer exists is no longer late."""
    delete_rows(connection, tables.watermark, ("job", "scope"), [(job, scope)])


def record_gap(
    connection: Connection, job: str, scope: str, window: Window, why: str, *, at: datetime
) -> None:
    """A span that can no longer be read: shown, never filled with guesses."""
    row = (job, scope, window.start, window.end, why, at)
    upsert(connection, tables.gap, [row], unless_changed=("seen_at",))


def close_gap(connection: Connection, job: str, scope: str, starts_at: datetime) -> None:
    """A backfill read the span after all."""
    delete_rows(connection, tables.gap, ("job", "scope", "starts_at"), [(job, scope, starts_at)])
