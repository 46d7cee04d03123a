"""Which api-versions are used, by the day, and how well deployments answer, by the hour."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from collector.domain import metric_groups
from collector.domain.api_use import api_use
from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from collector.domain.quality import quality_hours
from collector.domain.types import Account, MetricGroup, MetricSeries, NeedsHuman, TryLater
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.ports import MetricQuestion
from collector.store import writes
from collector.store.reads import inventory, usage

API_USE: Final = "api_use"
QUALITY: Final = "quality"
_DAYS_A_CALL: Final = 31
_HOURS_A_CALL: Final = 30 * 24

Decode = Callable[[Window, Sequence[MetricSeries]], Sequence[Any]]


def collect_api_use(context: Context, *, span: Window | None = None) -> RunResult:
    """Requests by api-version, operation and tier; today and yesterday are always read again."""

    def step(tally: Tally) -> None:
        _collect(
            tally,
            (metric_groups.API_USE,),
            DAY,
            _DAYS_A_CALL * DAY,
            timedelta(days=1),
            api_use,
            writes.record_api_use,
            span,
        )

    return run_job(context, API_USE, step)


def collect_quality(context: Context, *, span: Window | None = None) -> RunResult:
    """Latency, availability and content filter; the last three hours are always read again."""

    def step(tally: Tally) -> None:
        _collect(
            tally,
            metric_groups.QUALITY,
            HOUR,
            _HOURS_A_CALL * HOUR,
            3 * HOUR,
            quality_hours,
            writes.record_quality,
            span,
        )

    return run_job(context, QUALITY, step)


def _collect(
    tally: Tally,
    groups: Sequence[MetricGroup],
    grain: timedelta,
    longest: timedelta,
    again: timedelta,
    decode: Decode,
    record: Callable[..., Any],
    span: Window | None,
) -> None:
    context = tally.context
    now, limits = context.clock(), context.limits
    # A first run reads hours only as far back as minutes: how well a deployment answered ages fast.
    back_days = (
        limits.backfill_days if grain == DAY else min(limits.backfill_days, limits.minute_backfill_days)
    )
    with context.engine.connect() as connection:
        accounts = inventory.living_accounts(connection, context.limits.subscriptions)
        published = {key: names for key, (names, _) in inventory.published_metrics(connection).items()}
        through = usage.watermarks(connection, tally.job)
    alike: dict[tuple[str, str, datetime], list[Account]] = {}
    for account in accounts:
        if account.key in published:
            known = span.start if span else through.get(account.arm_id.lower())
            start = _start(known, now, grain, again, back_days)
            alike.setdefault((account.subscription_id, account.location, start), []).append(account)
    end = min(span.end, now) if span else now
    work = [
        (members[at : at + 50], window)
        for (_, _, start), members in alike.items()
        for window in _windows(start, end, grain, longest)
        for at in range(0, len(members), 50)
    ]
    context.progress.start(tally.job, len(work))
    lost: set[UUID] = set()
    for members, window in work:
        if context.stopping.is_set():
            return
        alive = [account for account in members if account.key not in lost]
        since = window.start if span else None
        lost |= _read(tally, alive, window, groups, grain, published, decode, record, since)
        context.progress.advance(note=window.start.date().isoformat())


def _read(
    tally: Tally,
    accounts: Sequence[Account],
    window: Window,
    groups: Sequence[MetricGroup],
    grain: timedelta,
    published: Mapping[UUID, frozenset[str]],
    decode: Decode,
    record: Callable[..., Any],
    since: datetime | None,
) -> set[UUID]:
    """One window of accounts of one place, stored for those that answered every group; gives back the others."""
    context = tally.context
    failed: dict[UUID, BaseException | str] = {}
    series: list[MetricSeries] = []
    for group in groups:
        alike: dict[MetricGroup, list[Account]] = {}
        for account in accounts:
            if account.key not in failed and (
                narrowed := metric_groups.narrowed(group, published[account.key])
            ):
                alike.setdefault(narrowed, []).append(account)
        for narrowed, members in alike.items():
            series.extend(_ask(context, members, narrowed, window, grain, failed))
    for account in accounts:
        if account.key in failed:
            tally.fail(account.arm_id.lower(), failed[account.key])
    whole = [account for account in accounts if account.key not in failed]
    rows = decode(window, [one for one in series if one.account_key not in failed])
    now = context.clock()
    writes.retrying(
        context.engine,
        lambda connection: record(connection, rows, [account.key for account in whole], window, at=now),
    )
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


def _start(
    known: datetime | None, now: datetime, grain: timedelta, again: timedelta, backfill_days: int
) -> datetime:
    oldest = midnight((now - timedelta(days=backfill_days)).date())
    wanted = oldest if known is None else max(oldest, min(known, now - again))
    return floor_hour(wanted) if grain == HOUR else midnight(wanted.date())


def _windows(start: datetime, end: datetime, grain: timedelta, longest: timedelta) -> list[Window]:
    """Whole grains from the start to the one that holds the end."""
    found: list[Window] = []
    while start < end:
        stop = min(start + longest, start + -(-(end - start) // grain) * grain)
        found.append(Window(start, stop))
        start = stop
    return found
