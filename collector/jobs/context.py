"""What every job is given, and the record that each of them leaves."""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import uuid4

import structlog

from collector.domain.endings.callers import CallerDetail
from collector.domain.types import NeedsHuman, TryLater
from collector.ports import Clock, Progress, Sources
from collector.store import writes
from collector.store.engine import Connection, Engine
from collector.store.errors import StoreError
from collector.store.reads.collection import watermarks

log = structlog.get_logger(__name__)

Outcome = Literal["ok", "partial", "failed"]
_SHOWN_FAILURES: Final = 20
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_Ended = tuple[Outcome, str | None]


class NoProgress:
    """Where nobody watches."""

    def start(self, what: str, total: int | None) -> None: ...

    def advance(self, steps: int = 1, note: str = "") -> None: ...

    def done(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How far back, how often again and how wide a collection reads; days, minutes, hours as named.

    `points_per_answer` bounds the memory of one metrics answer: its series × grains.
    """

    backfill_days: int = 90
    minute_backfill_days: int = 30
    trailing_minutes: int = 60
    nightly_hours: int = 48
    threads: int = 8
    points_per_answer: int = 700_000
    subscriptions: tuple[str, ...] = ()
    currency: str | None = None
    bill_days: int = 35
    workspaces: tuple[str, ...] = ()
    caller_detail: CallerDetail = "count"


def _nothing() -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """The store, Azure, the clock and the way to tell; `stopping` is set when the process is asked to end.

    `confirm` raises `LeaseLost` where the lease that the work is done under is no longer ours.
    """

    engine: Engine
    sources: Sources
    clock: Clock
    limits: Limits = Limits()
    progress: Progress = field(default_factory=NoProgress)
    stopping: threading.Event = field(default_factory=threading.Event)
    confirm: Callable[[], None] = _nothing


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a job ended: ok, partial (some scopes failed, or it was stopped) or failed (nothing was read)."""

    job: str
    status: Outcome
    rows: int
    windows: int
    failures: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.status == "ok"


@dataclass(slots=True)
class Tally:
    """What a job did so far. `fail` notes a scope and lets the others go on."""

    context: Context
    job: str
    rows: int = 0
    windows: int = 0
    scopes_done: set[str] = field(default_factory=set[str])
    failures: dict[str, str] = field(default_factory=dict[str, str])
    failed_before: set[str] = field(default_factory=set[str])

    def succeed(self, scope: str, rows: int = 0, windows: int = 1) -> None:
        """The scope is known as of now; its facts are committed."""
        self.known_through({scope: self.context.clock()})
        self.rows += rows
        self.windows += windows

    def known_through(self, scopes: Mapping[str, datetime], since: datetime | None = None) -> None:
        """Move watermarks, in a transaction of their own; the facts they speak of are committed.

        A watermark never goes back: reading an old span again does not make the newest unknown. Nor does it jump:
        a reading that begins at `since`, after what is known, leaves the time between them to be read.
        """
        now = self.context.clock()

        def move(connection: Connection) -> None:
            marks = watermarks(connection, self.job)
            before = {scope: mark.through for (_, scope), mark in marks.items()}
            newest = {
                scope: min(now, max(through, before.get(scope) or through))
                for scope, through in scopes.items()
                if since is None or since <= (before.get(scope) or _NEVER)
            }
            writes.advance_watermarks(connection, self.job, newest, at=now)

        writes.retrying(self.context.engine, move)
        self.scopes_done.update(scopes)

    def fail(self, scope: str, error: BaseException | str) -> None:
        reason = str(error)
        self.failures[scope] = reason
        remedy = error.grant if isinstance(error, NeedsHuman) else None
        log.warning("scope failed", job=self.job, scope=scope, error=reason)
        now = self.context.clock()
        writes.retrying(
            self.context.engine,
            lambda connection: writes.fail_watermark(connection, self.job, scope, reason, remedy, at=now),
        )

    def forgive(self, scope: str) -> None:
        """A part that failed before and works again is no longer a worry of its own."""
        if scope in self.failed_before - self.failures.keys() - self.scopes_done:
            writes.retrying(
                self.context.engine, lambda connection: writes.forget_scope(connection, self.job, scope)
            )

    @property
    def status(self) -> Outcome:
        if not self.failures:
            return "partial" if self.context.stopping.is_set() else "ok"
        return "partial" if self.scopes_done else "failed"

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """A part of the work that may fail alone: what Azure or a missing right broke is noted, not raised.

        What the store cannot do ends the job: no other part could be stored either.
        """
        try:
            yield
        except StoreError:
            raise
        except (TryLater, NeedsHuman) as error:
            self.fail(name, error)
        else:
            self.forgive(name)


def run_job(context: Context, job: str, step: Callable[[Tally], None]) -> RunResult:
    """One job with its row in `run`. A fault of ours fails this job alone; what the store refuses is raised."""
    before = context.sources.calls.counts()
    run_id = str(uuid4())

    def begin(connection: Connection) -> set[str]:
        writes.close_abandoned_runs(connection, job, at=context.clock())
        writes.start_run(
            connection, run_id, job, at=context.clock(), holder=f"{socket.gethostname()} pid {os.getpid()}"
        )
        marks = watermarks(connection, job)
        return {scope for (_, scope), mark in marks.items() if mark.status != "ok"}

    tally = Tally(context, job, failed_before=writes.retrying(context.engine, begin))
    ended: _Ended = ("failed", "ended by an error")
    try:
        ended = _take(tally, step)
    except BaseException as raised:
        ended = ("failed", f"{type(raised).__name__}: {raised}")
        raise
    finally:
        context.progress.done()
        after = context.sources.calls.counts()
        writes.retrying(
            context.engine,
            lambda connection: writes.finish_run(
                connection,
                run_id,
                at=context.clock(),
                status=ended[0],
                calls=after.calls - before.calls,
                throttles=after.throttles - before.throttles,
                rows=tally.rows,
                windows=tally.windows,
                error=ended[1],
            ),
        )
    log.info(
        "job ended",
        job=job,
        status=ended[0],
        rows=tally.rows,
        windows=tally.windows,
        failed=len(tally.failures),
    )
    return RunResult(job, ended[0], tally.rows, tally.windows, _told(tally.failures))


def _take(tally: Tally, step: Callable[[Tally], None]) -> _Ended:
    try:
        step(tally)
    except StoreError:
        raise
    except Exception as error:
        # The top of a job: the next job must still run.
        log.exception("job failed", job=tally.job)
        tally.failures[tally.job] = f"{type(error).__name__}: {error}"
    return tally.status, "; ".join(_told(tally.failures)[:_SHOWN_FAILURES]) or None


def _told(failures: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{scope}: {why}" for scope, why in failures.items())
