"""What a collection of usage reads: accounts that need the same windows, cut so that an answer fits into memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from collector.domain.periods import DAY, HOUR, Plan, PlannedWindow, Window, midnight, plan_span, plan_windows
from collector.domain.types import Account
from collector.jobs.context import Context, Limits
from collector.store import writes
from collector.store.engine import Connection

log = structlog.get_logger(__name__)

JOB: Final = "metrics"
ACCOUNTS_PER_CALL: Final = 50
GRAIN_MINUTES: Final = {"PT1M": 1, "PT1H": 60}
# Azure has been seen to cut long timespans at one minute without a word; a week is well inside.
_MINUTE_DAYS_A_CALL: Final = 7
_HOUR_DAYS_A_CALL: Final = 30
_SERIES_PER_DEPLOYMENT: Final = 6
# After a stop the nights that were missed are made up for: values rise for two days.
_LONG_STOP: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Batch:
    """Accounts of one subscription and location that need the same windows, oldest first.

    `again` are windows asked for beside the plan: they may begin after what is known.
    """

    accounts: tuple[Account, ...]
    windows: tuple[PlannedWindow, ...]
    again: bool = False


def believed(
    through: Mapping[str, datetime | None], last_run: datetime | None, now: datetime
) -> dict[str, datetime | None]:
    """Watermarks without those from the future: a clock that ran ahead and was set right has left them.

    What they hide begins at the last run of this clock's time; two days before it are read again with it.
    """
    wrong = {scope: mark for scope, mark in through.items() if mark is not None and mark > now}
    if wrong:
        log.warning("the clock went back", now=now.isoformat(), known_through=max(wrong.values()).isoformat())
    return dict(through) | dict.fromkeys(wrong, (last_run or now) - 2 * DAY)


def batches(
    context: Context,
    accounts: Iterable[Account],
    through: Mapping[str, datetime | None],
    deployments: Mapping[UUID, int],
    *,
    nightly: bool,
    span: Window | None,
) -> list[Batch]:
    """Everything to read; what Azure has forgotten is recorded as a gap."""
    now, points = context.clock(), context.limits.points_per_answer
    alike: dict[tuple[str, str, datetime | None], list[Account]] = {}
    for account in accounts:
        known = None if span else through.get(account.arm_id.lower())
        alike.setdefault((account.subscription_id, account.location, known), []).append(account)
    found: list[Batch] = []
    for (_, _, known), members in alike.items():
        plan = _plan(context.limits, known, now, nightly=nightly, span=span)
        if plan.gap:
            _record_gap(context, members, plan.gap, now)
        found.extend(
            Batch(tuple(chunk), _cut(plan.windows, chunk, deployments, points), again=span is not None)
            for chunk in _chunks(members, deployments, points)
        )
    return found


def again(
    context: Context, days: Mapping[tuple[UUID, datetime], Account], deployments: Mapping[UUID, int]
) -> list[Batch]:
    """Days to be read once more, by account and midnight."""
    now, points = context.clock(), context.limits.points_per_answer
    found: list[Batch] = []
    for (_, start), account in days.items():
        plan = plan_span(Window(start, min(start + DAY, now)), now)
        found.append(Batch((account,), _cut(plan.windows, [account], deployments, points), again=True))
    return found


def _plan(
    limits: Limits, known: datetime | None, now: datetime, *, nightly: bool, span: Window | None
) -> Plan:
    if span:
        return plan_span(span, now, window_days=_MINUTE_DAYS_A_CALL)
    return plan_windows(
        known,
        now,
        nightly=nightly or (known is not None and now - known >= _LONG_STOP),
        backfill_days=limits.backfill_days,
        minute_backfill_days=limits.minute_backfill_days,
        trailing_minutes=limits.trailing_minutes,
        night_trailing_hours=limits.nightly_hours,
        minute_window_days=_MINUTE_DAYS_A_CALL,
        hour_window_days=_HOUR_DAYS_A_CALL,
    )


def _record_gap(context: Context, accounts: Iterable[Account], gap: Window, now: datetime) -> None:
    scopes = [account.arm_id.lower() for account in accounts]

    def record(connection: Connection) -> None:
        for scope in scopes:
            writes.record_gap(connection, JOB, scope, gap, "older than Azure keeps metrics", at=now)

    writes.retrying(context.engine, record)


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
        hours = max(1, points // (series * (60 // GRAIN_MINUTES[planned.grain])))
        start = planned.window.start
        while start < planned.window.end:
            longest = start + hours * HOUR
            # Whole days know their own request totals, by which the metric family is chosen.
            whole_days = midnight(longest.date())
            end = min(whole_days if whole_days > start else longest, planned.window.end)
            found.append(PlannedWindow(Window(start, end), planned.grain))
            start = end
    return tuple(found)
