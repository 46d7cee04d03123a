"""Usage: minutes where Azure still has them, hours where it is asked for an older time.

Plan by watermark, fetch in threads, write in one place, then move the watermark: a crash between any two of these
loses nothing, since the same window is planned again and an hour is replaced whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import Queue
from threading import Thread
from typing import Final
from uuid import UUID

import structlog

from collector.domain import metric_groups
from collector.domain.families import DeploymentDay, FamilyTotals
from collector.domain.periods import (
    DAY,
    HOUR,
    PlannedWindow,
    Window,
    floor_hour,
    midnight,
    plan_span,
    plan_windows,
)
from collector.domain.types import Account, MetricGroup, MetricSeries, NeedsHuman, TryLater
from collector.domain.usage import DeploymentKey, Existence, Reading, request_totals, usage_hours
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.jobs.parallel import in_parallel
from collector.ports import MetricQuestion
from collector.store import writes
from collector.store.reads import inventory, usage

log = structlog.get_logger(__name__)

JOB: Final = "metrics"
ACCOUNTS_PER_CALL: Final = 50
DEFINITIONS_LAST: Final = timedelta(days=1)
# Azure has been seen to cut long timespans at one minute without a word; a week is well inside.
_MINUTE_DAYS_A_CALL: Final = 7
_HOUR_DAYS_A_CALL: Final = 30
_SERIES_PER_DEPLOYMENT: Final = 6
_GRAINS: Final = {"PT1M": 1, "PT1H": 60}
_MINUTE_GROUPS: Final = (metric_groups.REQUESTS, metric_groups.TOKENS)


def collect_usage(context: Context, *, nightly: bool = False, span: Window | None = None) -> RunResult:
    """Bring every account's hours up to now, or read a span again; `nightly` reads the longer trailing window."""
    return run_job(context, JOB, lambda tally: _collect(tally, nightly=nightly, span=span))


def _collect(tally: Tally, *, nightly: bool, span: Window | None) -> None:
    context = tally.context
    with context.engine.connect() as connection:
        accounts = inventory.living_accounts(connection, context.limits.subscriptions)
        known = inventory.existences(connection)
        provisioned = inventory.provisioned_accounts(connection)
        through = usage.watermarks(connection, JOB)
    published = _published(tally, accounts)
    accounts = [account for account in accounts if account.key in published]
    deployments = _deployments_of(known)
    batches = _batches(tally, accounts, through, deployments, nightly=nightly, span=span)
    crew = _Crew(context, known, published, provisioned, deployments)
    again = crew.work(tally, batches)
    if again and not context.stopping.is_set():
        # A day's other family was fuller after all: its earlier hours are read again with the right one.
        crew.work(tally, again)


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
            tally.fail(account.arm_id, answer)
    if read:
        with writes.writing(context.engine) as connection:
            writes.record_published_metrics(connection, read, at=now)
    return fresh | read


@dataclass(frozen=True, slots=True)
class _Batch:
    """Accounts of one subscription and location that need the same windows, oldest first."""

    accounts: tuple[Account, ...]
    windows: tuple[PlannedWindow, ...]


def _batches(
    tally: Tally,
    accounts: Iterable[Account],
    through: Mapping[str, datetime | None],
    deployments: Mapping[UUID, int],
    *,
    nightly: bool,
    span: Window | None,
) -> list[_Batch]:
    context, limits = tally.context, tally.context.limits
    now = context.clock()
    alike: dict[tuple[str, str, datetime | None], list[Account]] = {}
    for account in accounts:
        known = None if span else through.get(account.arm_id.lower())
        alike.setdefault((account.subscription_id, account.location, known), []).append(account)
    found: list[_Batch] = []
    for (_, _, known), members in alike.items():
        if span:
            plan = plan_span(span, now, window_days=_MINUTE_DAYS_A_CALL)
        else:
            plan = plan_windows(
                known,
                now,
                nightly=nightly,
                backfill_days=limits.backfill_days,
                minute_backfill_days=limits.minute_backfill_days,
                trailing_minutes=limits.trailing_minutes,
                night_trailing_hours=limits.nightly_hours,
                minute_window_days=_MINUTE_DAYS_A_CALL,
                hour_window_days=_HOUR_DAYS_A_CALL,
            )
        if plan.clock_went_back:
            log.warning("the clock went back", now=now.isoformat(), known_through=str(known))
        if plan.gap:
            with writes.writing(context.engine) as connection:
                for account in members:
                    writes.record_gap(
                        connection,
                        JOB,
                        account.arm_id.lower(),
                        plan.gap,
                        "older than Azure keeps metrics",
                        at=now,
                    )
        found.extend(
            _Batch(tuple(chunk), _cut(plan.windows, chunk, deployments, limits.points_per_answer))
            for chunk in _chunks(members, deployments, limits.points_per_answer)
        )
    return found


def _chunks(
    accounts: Sequence[Account], deployments: Mapping[UUID, int], points: int
) -> Iterator[list[Account]]:
    """At most 50 accounts, and no more than answer an hour of minutes within the points that memory allows."""
    chunk: list[Account] = []
    held = 0
    for account in accounts:
        size = max(1, deployments.get(account.key, 1)) * 60 * _SERIES_PER_DEPLOYMENT
        if chunk and (len(chunk) == ACCOUNTS_PER_CALL or held + size > points):
            yield chunk
            chunk, held = [], 0
        chunk.append(account)
        held += size
    if chunk:
        yield chunk


def _cut(
    windows: Iterable[PlannedWindow], chunk: Sequence[Account], deployments: Mapping[UUID, int], points: int
) -> tuple[PlannedWindow, ...]:
    """Windows small enough that an answer fits into memory: whole days where they can be, else whole hours."""
    series = sum(max(1, deployments.get(account.key, 1)) for account in chunk) * _SERIES_PER_DEPLOYMENT
    found: list[PlannedWindow] = []
    for planned in windows:
        hours = max(1, points // (series * (60 // _GRAINS[planned.grain])))
        start = planned.window.start
        while start < planned.window.end:
            longest = start + hours * HOUR
            # Whole days know their own request totals, by which the metric family is chosen.
            whole_days = midnight(longest.date())
            end = min(whole_days if whole_days > start else longest, planned.window.end)
            found.append(PlannedWindow(Window(start, end), planned.grain))
            start = end
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Fetched:
    batch: _Batch
    planned: PlannedWindow
    accounts: tuple[Account, ...]
    series: tuple[MetricSeries, ...]
    hourly: tuple[MetricSeries, ...]
    day_totals: Mapping[DeploymentDay, FamilyTotals] | None
    failed: Mapping[UUID, BaseException | str]


@dataclass(frozen=True, slots=True)
class _Crew:
    """Threads that fetch, one hand that writes."""

    context: Context
    known: Mapping[DeploymentKey, Existence]
    published: Mapping[UUID, frozenset[str]]
    provisioned: frozenset[UUID]
    deployments: Mapping[UUID, int]

    def work(self, tally: Tally, batches: Sequence[_Batch]) -> list[_Batch]:
        """Fetch and store every window; gives back what must be read again because a day's family changed."""
        context = self.context
        context.progress.start("usage", sum(len(batch.windows) for batch in batches))
        waiting: Queue[_Batch | None] = Queue()
        for batch in batches:
            waiting.put(batch)
        # Few answers wait at once: memory stays flat however long the backfill is.
        done: Queue[_Fetched | BaseException | None] = Queue(maxsize=2)
        threads = [
            Thread(target=self._fetch_all, args=(waiting, done), daemon=True)
            for _ in range(self._threads(batches))
        ]
        for thread in threads:
            waiting.put(None)
            thread.start()
        again: dict[tuple[UUID, datetime], Account] = {}
        running = len(threads)
        while running:
            fetched = done.get()
            if fetched is None:
                running -= 1
            elif isinstance(fetched, BaseException):
                raise fetched
            else:
                again.update(self._store(tally, fetched))
                context.progress.advance(note=fetched.planned.window.start.date().isoformat())
        return self._again(again)

    def _threads(self, batches: Sequence[_Batch]) -> int:
        return max(1, min(self.context.limits.threads, len(batches)))

    def _fetch_all(self, waiting: Queue[_Batch | None], done: Queue[_Fetched | BaseException | None]) -> None:
        try:
            while (batch := waiting.get()) is not None and not self.context.stopping.is_set():
                self._fetch_batch(batch, done)
        except BaseException as error:  # noqa: BLE001  # a thread's top: the writer raises it again
            done.put(error)
        finally:
            done.put(None)

    def _fetch_batch(self, batch: _Batch, done: Queue[_Fetched | BaseException | None]) -> None:
        """The batch's windows in order; an account that fails in one is left out of the later ones."""
        accounts = batch.accounts
        for planned in batch.windows:
            if not accounts or self.context.stopping.is_set():
                return
            fetched = self._fetch(batch, planned, accounts)
            done.put(fetched)
            accounts = fetched.accounts

    def _fetch(self, batch: _Batch, planned: PlannedWindow, accounts: tuple[Account, ...]) -> _Fetched:
        failed: dict[UUID, BaseException | str] = {}
        series: list[MetricSeries] = []
        hourly: list[MetricSeries] = []
        grain = _GRAINS[planned.grain]
        for group in self._groups(accounts):
            by_hour = group not in (*_MINUTE_GROUPS, metric_groups.PTU)
            asked = [account for account in accounts if account.key not in failed]
            answered = self._ask(asked, group, planned.window, 60 if by_hour else grain, failed)
            (hourly if by_hour else series).extend(answered)
        totals = self._day_totals(
            planned, [account for account in accounts if account.key not in failed], series, failed
        )
        whole = tuple(account for account in accounts if account.key not in failed)
        keys = {account.key for account in whole}
        return _Fetched(
            batch,
            planned,
            whole,
            tuple(one for one in series if one.account_key in keys),
            tuple(one for one in hourly if one.account_key in keys),
            totals,
            failed,
        )

    def _groups(self, accounts: Sequence[Account]) -> list[MetricGroup]:
        groups = list(_MINUTE_GROUPS)
        if any(account.key in self.provisioned for account in accounts):
            groups.append(metric_groups.PTU)
        return [*groups, *metric_groups.HOURLY]

    def _ask(
        self,
        accounts: Sequence[Account],
        group: MetricGroup,
        window: Window,
        grain: int,
        failed: dict[UUID, BaseException | str],
    ) -> list[MetricSeries]:
        """One group for the accounts that publish any of it, asked once for each set of published names."""
        alike: dict[MetricGroup, list[Account]] = {}
        for account in accounts:
            if group is metric_groups.PTU and account.key not in self.provisioned:
                continue
            if narrowed := metric_groups.narrowed(group, self.published[account.key]):
                alike.setdefault(narrowed, []).append(account)
        found: list[MetricSeries] = []
        for narrowed, members in alike.items():
            found.extend(self._answers(members, narrowed, window, grain, failed))
        return found

    def _answers(
        self,
        members: Sequence[Account],
        group: MetricGroup,
        window: Window,
        grain: int,
        failed: dict[UUID, BaseException | str],
    ) -> Iterator[MetricSeries]:
        question = MetricQuestion(
            members[0].subscription_id,
            members[0].location,
            tuple(members),
            group,
            _whole(window, grain),
            grain,
        )
        answered: set[UUID] = set()
        try:
            for answer in self.context.sources.metrics.read(question):
                answered.update(answer.accounts)
                failed.update(answer.failed)
                yield from answer.series
        except (TryLater, NeedsHuman) as error:
            failed.update({account.key: error for account in members if account.key not in answered})
            return
        for account in members:
            if account.key not in answered and account.key not in failed:
                failed[account.key] = f"{group.name}: the answer did not mention this account"

    def _day_totals(
        self,
        planned: PlannedWindow,
        accounts: Sequence[Account],
        series: Iterable[MetricSeries],
        failed: dict[UUID, BaseException | str],
    ) -> Mapping[DeploymentDay, FamilyTotals] | None:
        """What the rest of a day counts, where a backfill stores the day in parts; None where the store knows it."""
        window = planned.window
        day = Window(midnight(window.start.date()), midnight(window.start.date()) + DAY)
        if planned.grain != "PT1M" or window.end >= day.end or self.context.clock() < day.end:
            return None
        whole = self._ask(accounts, metric_groups.REQUESTS, day, 60, failed)
        totals = request_totals(day, 60, whole)
        for key, inside in request_totals(window, 1, series).items():
            total = totals.get(key, FamilyTotals())
            totals[key] = FamilyTotals(total.models - inside.models, total.azure_openai - inside.azure_openai)
        return totals

    def _store(self, tally: Tally, fetched: _Fetched) -> dict[tuple[UUID, datetime], Account]:
        context, window = self.context, fetched.planned.window
        for account in fetched.batch.accounts:
            if account.key in fetched.failed:
                tally.fail(account.arm_id.lower(), fetched.failed[account.key])
        keys = [account.key for account in fetched.accounts]
        if not keys:
            return {}
        with context.engine.connect() as connection:
            stored = usage.day_families(connection, keys, window)
        rest = (
            fetched.day_totals
            if fetched.day_totals is not None
            else {key: total for key, (_, total) in stored.items()}
        )
        reading = Reading(
            window,
            _GRAINS[fetched.planned.grain],
            fetched.series,
            fetched.hourly,
            {key: self.published[key] for key in keys},
        )
        mine = set(keys)
        found = usage_hours(
            reading, {key: value for key, value in self.known.items() if key[0] in mine}, rest
        )
        now = context.clock()
        writes.retrying(
            context.engine,
            lambda connection: writes.record_usage_hours(connection, found.hours, self.known.keys(), at=now),
        )
        scopes = {account.arm_id.lower(): window.end for account in fetched.accounts}
        tally.known_through(scopes)
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

    def _again(self, days: Mapping[tuple[UUID, datetime], Account]) -> list[_Batch]:
        now = self.context.clock()
        found: list[_Batch] = []
        for (_, start), account in days.items():
            plan = plan_span(Window(start, min(start + DAY, now)), now)
            windows = _cut(plan.windows, [account], self.deployments, self.context.limits.points_per_answer)
            found.append(_Batch((account,), windows))
        return found


def _deployments_of(known: Iterable[DeploymentKey]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for account, _ in known:
        counts[account] = counts.get(account, 0) + 1
    return counts


def _whole(window: Window, grain: int) -> Window:
    """The window with its end moved up to a whole grain: the last hour of a day that is not over."""
    if grain == 1 or window.end == floor_hour(window.end):
        return window
    return replace(window, end=floor_hour(window.end) + HOUR)
