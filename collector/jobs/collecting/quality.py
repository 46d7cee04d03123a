"""Which api-versions are used, by the day, and how well deployments answer, by the hour."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from collector.domain.types import Account, ApiUse, MetricGroup, MetricSeries, NeedsHuman, TryLater
from collector.domain.usage import metric_groups
from collector.domain.usage.api_use import api_use
from collector.domain.usage.quality import quality_hours
from collector.jobs.collecting.usage_plan import ACCOUNTS_PER_CALL
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.ports import MetricQuestion
from collector.store import writes
from collector.store.engine import Connection
from collector.store.reads import inventory, usage

API_USE: Final = "api_use"
QUALITY: Final = "quality"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A coarse question: its groups and grain, how long a window one call may ask for, how much is read again."""

    groups: Sequence[MetricGroup]
    grain: timedelta
    longest: timedelta
    again: timedelta
    decode: Callable[[Window, Sequence[MetricSeries]], Sequence[Any]]
    record: Callable[..., Any]


def collect_api_use(context: Context, *, span: Window | None = None) -> RunResult:
    """Requests by api-version, operation and tier; today and yesterday are always read again."""
    kind = _Kind((metric_groups.API_USE,), DAY, 31 * DAY, DAY, api_use, _record_api_use)
    return run_job(context, API_USE, lambda tally: _collect(tally, kind, span))


def collect_quality(context: Context, *, span: Window | None = None) -> RunResult:
    """Latency, availability and content filter; the last three hours are always read again."""
    kind = _Kind(metric_groups.QUALITY, HOUR, 30 * DAY, 3 * HOUR, quality_hours, writes.record_quality)
    return run_job(context, QUALITY, lambda tally: _collect(tally, kind, span))


def _record_api_use(
    connection: Connection, rows: Sequence[ApiUse], keys: Sequence[UUID], window: Window, *, at: datetime
) -> None:
    """The tiers of older days part their charges anew; today and yesterday are worked out in every cycle."""
    writes.record_api_use(connection, rows, keys, window, at=at)
    until = min(window.end, midnight(at.date()) - DAY)
    if window.start < until:
        writes.mark_window(connection, keys, Window(window.start, until), charges_only=True)


def _collect(tally: Tally, kind: _Kind, span: Window | None) -> None:
    context = tally.context
    now, limits = context.clock(), context.limits
    # A first run reads hours only as far back as minutes: how well a deployment answered ages fast.
    back = (
        limits.backfill_days if kind.grain == DAY else min(limits.backfill_days, limits.minute_backfill_days)
    )
    with context.engine.connect() as connection:
        accounts = inventory.living_accounts(connection, limits.subscriptions)
        published = {key: names for key, (names, _) in inventory.published_metrics(connection).items()}
        through = usage.watermarks(connection, tally.job)
    alike: dict[tuple[str, str, datetime], list[Account]] = {}
    for account in accounts:
        if account.key in published:
            known = through.get(account.arm_id.lower())
            start = _floor(span.start, kind) if span else _start(known, now, kind, back)
            alike.setdefault((account.subscription_id, account.location, start), []).append(account)
    end = min(span.end, now) if span else now
    work = [
        (members[at : at + ACCOUNTS_PER_CALL], window)
        for (_, _, start), members in alike.items()
        for window in _windows(start, end, kind)
        for at in range(0, len(members), ACCOUNTS_PER_CALL)
    ]
    context.progress.start(tally.job, len(work))
    lost: set[UUID] = set()
    for members, window in work:
        if context.stopping.is_set():
            return
        alive = [account for account in members if account.key not in lost]
        lost |= _read(tally, kind, alive, window, published, window.start if span else None)
        context.progress.advance(note=window.start.date().isoformat())


def _read(
    tally: Tally,
    kind: _Kind,
    accounts: Sequence[Account],
    window: Window,
    published: Mapping[UUID, frozenset[str]],
    since: datetime | None,
) -> set[UUID]:
    """One window of accounts of one place, stored for those that answered every group; gives back the others."""
    context = tally.context
    failed: dict[UUID, BaseException | str] = {}
    series: list[MetricSeries] = []
    for group in kind.groups:
        alike: dict[MetricGroup, list[Account]] = {}
        for account in accounts:
            if account.key not in failed and (
                narrowed := metric_groups.narrowed(group, published[account.key])
            ):
                alike.setdefault(narrowed, []).append(account)
        for narrowed, members in alike.items():
            series.extend(_ask(context, members, narrowed, window, kind.grain, failed))
    for account in accounts:
        if account.key in failed:
            tally.fail(account.arm_id.lower(), failed[account.key])
    whole = [account for account in accounts if account.key not in failed]
    rows = kind.decode(window, [one for one in series if one.account_key not in failed])
    keys, now = [account.key for account in whole], context.clock()
    writes.retrying(context.engine, lambda connection: kind.record(connection, rows, keys, window, at=now))
    tally.known_through({account.arm_id.lower(): min(window.end, now) for account in whole}, since)
    tally.rows += len(rows)
    tally.windows += 1
    return set(failed)


def _ask(
    context: Context,
    members: Sequence[Account],
    group: MetricGroup,
    window: Window,
    grain: timedelta,
    failed: dict[UUID, BaseException | str],
) -> Iterable[MetricSeries]:
    minutes = int(grain / timedelta(minutes=1))
    question = MetricQuestion(
        members[0].subscription_id, members[0].location, tuple(members), group, window, minutes
    )
    found: list[MetricSeries] = []
    answered: set[UUID] = set()
    try:
        for answer in context.sources.metrics.read(question):
            answered.update(answer.accounts)
            failed.update(answer.failed)
            found.extend(answer.series)
    except (TryLater, NeedsHuman) as error:
        failed.update({account.key: error for account in members if account.key not in answered})
        return found
    for account in members:
        if account.key not in answered and account.key not in failed:
            failed[account.key] = f"{group.name}: the answer did not mention this account"
    return found


def _start(known: datetime | None, now: datetime, kind: _Kind, backfill_days: int) -> datetime:
    """Where a reading begins: before what is known, since the newest of it was partial when it was read."""
    oldest = midnight((now - timedelta(days=backfill_days)).date())
    return _floor(oldest if known is None else max(oldest, min(known, now) - kind.again), kind)


def _floor(instant: datetime, kind: _Kind) -> datetime:
    return floor_hour(instant) if kind.grain == HOUR else midnight(instant.date())


def _windows(start: datetime, end: datetime, kind: _Kind) -> list[Window]:
    """Whole grains from the start to the one that holds the end."""
    found: list[Window] = []
    while start < end:
        stop = min(start + kind.longest, start + -(-(end - start) // kind.grain) * kind.grain)
        found.append(Window(start, stop))
        start = stop
    return found
