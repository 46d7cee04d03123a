"""Usage: minutes where Azure still has them, hours where it is asked for an older time.

Plan by watermark, fetch in threads, write in one place, then move the watermark: a crash between any two of these
loses nothing, since the same window is planned again and an hour is replaced whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from collector.domain.periods import PlannedWindow, Window, midnight
from collector.domain.types import Account
from collector.domain.usage.families import DeploymentDay, FamilyTotals
from collector.domain.usage.hours import DeploymentKey, Existence, Reading, Usage, usage_hours
from collector.jobs.collecting import usage_plan
from collector.jobs.collecting.usage_fetch import Fetched, Fetcher
from collector.jobs.collecting.usage_plan import GRAIN_MINUTES, JOB, Batch
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.jobs.parallel import Stream, in_parallel
from collector.store import writes
from collector.store.reads import inventory, usage
from collector.store.reads.collection import last_success_before

log = structlog.get_logger(__name__)

DEFINITIONS_LAST: Final = timedelta(days=1)


def collect_usage(context: Context, *, nightly: bool = False, span: Window | None = None) -> RunResult:
    """Bring every account's hours up to now, or read a span again; `nightly` reads the longer trailing window."""
    return run_job(context, JOB, lambda tally: _collect(tally, nightly=nightly, span=span))


def _collect(tally: Tally, *, nightly: bool, span: Window | None) -> None:
    context, now = tally.context, tally.context.clock()
    with context.engine.connect() as connection:
        accounts = inventory.living_accounts(connection, context.limits.subscriptions)
        known = inventory.existences(connection)
        provisioned = inventory.provisioned_accounts(connection)
        through = usage_plan.believed(
            usage.watermarks(connection, JOB), last_success_before(connection, JOB, now), now
        )
    published = _published(tally, accounts)
    accounts = [account for account in accounts if account.key in published]
    deployments = _deployments_of(known)
    fetcher = Fetcher(context.sources.metrics, context.clock, published, provisioned)
    crew = _Crew(context, fetcher, known)
    days = crew.work(
        tally, usage_plan.batches(context, accounts, through, deployments, nightly=nightly, span=span)
    )
    if days and not context.stopping.is_set():
        # A day's other family was fuller after all: its earlier hours are read again with the right one.
        crew.work(tally, usage_plan.again(context, days, deployments))


def _published(tally: Tally, accounts: Sequence[Account]) -> dict[UUID, frozenset[str]]:
    """The metric names of each account, asked for once a day; an old list serves while a new one fails."""
    context = tally.context
    now = context.clock()
    with context.engine.connect() as connection:
        stored = inventory.published_metrics(connection)
    fresh = {key: names for key, (names, read_at) in stored.items() if now - read_at < DEFINITIONS_LAST}
    wanted = [account for account in accounts if account.key not in fresh]
    read: dict[UUID, frozenset[str]] = {}
    for account, answer in in_parallel(context, wanted, context.sources.metrics.published):
        if not isinstance(answer, BaseException):
            read[account.key] = frozenset(name.casefold() for name in answer)
        elif account.key in stored:
            fresh[account.key] = stored[account.key][0]
        else:
            tally.fail(account.arm_id.lower(), answer)
    if read:
        writes.retrying(
            context.engine, lambda connection: writes.record_published_metrics(connection, read, at=now)
        )
    return fresh | read


@dataclass(frozen=True, slots=True)
class _Crew:
    """Threads that fetch, one hand that writes."""

    context: Context
    fetcher: Fetcher
    known: Mapping[DeploymentKey, Existence]

    def work(self, tally: Tally, batches: Sequence[Batch]) -> dict[tuple[UUID, datetime], Account]:
        """Fetch and store every window; gives back the days to be read again because their family changed."""
        context = self.context
        context.progress.start("usage", sum(len(batch.windows) for batch in batches))
        again: dict[tuple[UUID, datetime], Account] = {}
        threads, stopping = context.limits.threads, context.stopping
        with Stream(batches, self._windows, threads=threads, stopping=stopping) as answers:
            for fetched in answers:
                again.update(self._store(tally, fetched))
                context.progress.advance(note=fetched.planned.window.start.date().isoformat())
        return again

    def _windows(self, batch: Batch) -> Iterator[Fetched]:
        """The batch's windows in order; an account that fails in one is left out of the later ones."""
        accounts = batch.accounts
        for planned in batch.windows:
            if not accounts or self.context.stopping.is_set():
                return
            fetched = self._careful(batch, planned, accounts)
            yield fetched
            accounts = fetched.accounts

    def _careful(self, batch: Batch, planned: PlannedWindow, accounts: tuple[Account, ...]) -> Fetched:
        try:
            return self.fetcher.fetch(batch, planned, accounts)
        except Exception as error:
            # The top of a thread: a fault of ours with one batch does not stop the others.
            log.exception("reading usage failed", accounts=[account.name for account in accounts])
            failed = {account.key: f"{type(error).__name__}: {error}" for account in accounts}
            return Fetched(batch, planned, (), (), (), None, failed)

    def _store(self, tally: Tally, fetched: Fetched) -> dict[tuple[UUID, datetime], Account]:
        context, window = self.context, fetched.planned.window
        context.confirm()
        for account in fetched.batch.accounts:
            if account.key in fetched.failed:
                tally.fail(account.arm_id.lower(), fetched.failed[account.key])
        if not fetched.accounts:
            return {}
        keys = [account.key for account in fetched.accounts]
        with context.engine.connect() as connection:
            stored = usage.day_families(connection, keys, window)
        rest = {key: total for key, (_, total) in stored.items()}
        found = self._hours(fetched, rest if fetched.day_totals is None else fetched.day_totals)
        now = context.clock()
        writes.retrying(
            context.engine,
            lambda connection: writes.record_usage_hours(connection, found.hours, self.known.keys(), at=now),
        )
        since = window.start if fetched.batch.again else None
        tally.known_through({account.arm_id.lower(): window.end for account in fetched.accounts}, since)
        tally.rows += len(found.hours)
        tally.windows += 1
        by_key = {account.key: account for account in fetched.accounts}
        return {
            (account, midnight(day)): by_key[account]
            for (account, deployment, day), (family, total) in stored.items()
            if (total.models or total.azure_openai)
            and (now_total := found.totals.get((account, deployment, day)))
            and now_total.filled != family
        }

    def _hours(self, fetched: Fetched, rest: Mapping[DeploymentDay, FamilyTotals]) -> Usage:
        mine = {account.key for account in fetched.accounts}
        reading = Reading(
            fetched.planned.window,
            GRAIN_MINUTES[fetched.planned.grain],
            fetched.series,
            fetched.hourly,
            {key: self.fetcher.published[key] for key in mine},
        )
        return usage_hours(reading, {key: value for key, value in self.known.items() if key[0] in mine}, rest)


def _deployments_of(known: Iterable[DeploymentKey]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for account, _ in known:
        counts[account] = counts.get(account, 0) + 1
    return counts
