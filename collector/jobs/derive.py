"""Findings from facts: days, months, room and charges. Pure arithmetic between two reads and a write.

Only days whose facts changed are worked out again; `everything` works out all of them and changes nothing where
nothing changed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Event
from typing import Final
from uuid import UUID

import structlog

from collector.domain.periods import DAY, HOUR, Month, Window, last_days, midnight, month_of
from collector.domain.room.headroom import LimitRevision
from collector.domain.room.rollup import (
    Lifetime,
    RoomPeriod,
    StoredHour,
    UsageDay,
    UsageSums,
    added,
    peak_share,
    room_period,
    usage_days,
)
from collector.jobs.charges import MoneyRules, derive_charges, derive_months, learn_shares, read_estate
from collector.jobs.context import NoProgress
from collector.ports import Progress
from collector.store.engine import Engine, retrying
from collector.store.lease import lease
from collector.store.reads import rollup
from collector.store.reads.collection import Pruned, pruned
from collector.store.writes.dirty import DirtyDay, clear_days
from collector.store.writes.findings import (
    drop_stale_periods,
    record_room_periods,
    record_usage_days,
    record_usage_months,
)

log = structlog.get_logger(__name__)

STEP: Final = "derive"
ROLLING_DAYS: Final = (1, 7, 30, 90)
_LONGEST: Final = max(ROLLING_DAYS)
_DAYS_AT_ONCE: Final = 31
_ACCOUNTS_AT_ONCE: Final = 20
_QUICK_DAYS: Final = 7
_SLOW_EVERY: Final = timedelta(hours=1)

DeploymentKey = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Derived:
    """How much was worked out."""

    days: int
    months: int
    periods: int
    charges: int

    def __str__(self) -> str:
        return f"derived {self.days} deployment-days, {self.months} months, {self.periods} room periods, {self.charges} charges"


def derive(
    engine: Engine,
    rules: MoneyRules,
    now: datetime,
    *,
    everything: bool = False,
    wait: bool = True,
    progress: Progress | None = None,
    stopping: Event | None = None,
) -> Derived:
    """Bring every finding up to its facts, under the lease of deriving.

    Asked to stop, it ends between two accounts; what was marked stays marked and is worked out next time.
    """
    shown, stop = progress or NoProgress(), stopping or Event()
    with lease(engine, STEP, wait=wait, on_wait=_tell, stop=stop) as ours:
        relearned = learn_shares(engine, rules, now, everything=everything)
        with engine.connect() as connection:
            dirty = rollup.dirty_days(connection)
            lifetimes = rollup.lifetimes(connection)
            wanted = set(rollup.all_days(connection) if everything else _touched(dirty, now))
            wanted = _with_hours(wanted | _held_days(lifetimes, now) | relearned, pruned(connection))
            estate = read_estate(connection, rules, lifetimes)
        shown.start("working out", len(wanted))
        days, charges = 0, 0
        for account, span in _spans(wanted):
            if stop.is_set():
                shown.done()
                return Derived(days, 0, 0, charges)
            ours.confirm()
            hours = _hours(engine, account, Window(span.start - HOUR, span.end))
            days += _store_days(engine, account, hours, span, lifetimes, now)
            charges += derive_charges(engine, estate, account, span, hours, now)
            shown.advance(span.length // DAY)
        touched = {(account, month_of(day)) for account, day in wanted}
        months = _months(engine, touched)
        derive_months(engine, touched)
        periods = _periods(engine, lifetimes, {month for _, month in touched}, now)
        # The marks go last: killed before this, everything is worked out once more.
        retrying(engine, lambda connection: clear_days(connection, dirty))
        shown.done()
        return Derived(days, months, periods, charges)


def _tell(holder: object) -> None:
    log.info("waiting: another process derives", holder=str(holder))


def _touched(dirty: Iterable[DirtyDay], now: datetime) -> set[tuple[UUID, date]]:
    """Changed days, and the days after them: the first minute of a day is judged by the one before it."""
    found = {(one.account_key, one.day) for one in dirty}
    return found | {(account, day + DAY) for account, day in found if day < now.date()}


def _held_days(lifetimes: Mapping[DeploymentKey, Lifetime], now: datetime) -> set[tuple[UUID, date]]:
    """Today and yesterday of every account that is there: units and hosting are paid for without any use."""
    alive = {
        account
        for (account, _), one in lifetimes.items()
        if one.deleted_at is None or now - one.deleted_at < DAY
    }
    return {(account, day) for account in alive for day in (now.date(), (now - DAY).date())}


def _with_hours(wanted: Iterable[tuple[UUID, date]], gone: Pruned) -> set[tuple[UUID, date]]:
    """Days whose hours were dropped by age are facts by now: without hours their charges would be worked out as none."""
    return {(account, day) for account, day in wanted if gone.hours is None or midnight(day) >= gone.hours}


def _spans(wanted: Iterable[tuple[UUID, date]]) -> list[tuple[UUID, Window]]:
    """Changed days as runs of whole days for each account, so that a run is read at once."""
    by_account: dict[UUID, list[date]] = {}
    for account, day in wanted:
        by_account.setdefault(account, []).append(day)
    found: list[tuple[UUID, Window]] = []
    for account, days in by_account.items():
        run: list[date] = []
        for day in sorted(set(days)):
            if run and (day - run[-1] > DAY or len(run) == _DAYS_AT_ONCE):
                found.append((account, Window(midnight(run[0]), midnight(run[-1]) + DAY)))
                run = []
            run.append(day)
        found.append((account, Window(midnight(run[0]), midnight(run[-1]) + DAY)))
    return found


Hours = dict[str, dict[date, list[StoredHour]]]


def _hours(engine: Engine, account: UUID, span: Window) -> Hours:
    """The account's stored hours by deployment and day."""
    found: Hours = {}
    with engine.connect() as connection:
        for deployment, hours in rollup.hours(connection, account, span):
            for hour in hours:
                found.setdefault(deployment, {}).setdefault(hour.hour.date(), []).append(hour)
    return found


def _store_days(
    engine: Engine,
    account: UUID,
    hours: Hours,
    span: Window,
    lifetimes: Mapping[DeploymentKey, Lifetime],
    now: datetime,
) -> int:
    found: list[UsageDay] = []
    for deployment, days in hours.items():
        # A day whose minutes were dropped by age is a fact by now: its percentiles could not be had again.
        wanted = [
            Window(midnight(day), midnight(day) + DAY)
            for day, members in days.items()
            if midnight(day) >= span.start and not any(map(_pruned, members))
        ]
        members = [hour for day in days.values() for hour in day]
        found += usage_days(members, lifetimes.get((account, deployment), Lifetime()), wanted, now)
    retrying(engine, lambda connection: record_usage_days(connection, found))
    return len(found)


def _pruned(hour: StoredHour) -> bool:
    return hour.minutes_covered > 0 and hour.minutes is None


def _months(engine: Engine, touched: Iterable[tuple[UUID, Month]]) -> int:
    """Usage of changed account-months, from their days."""
    accounts: dict[Month, list[UUID]] = {}
    for account, month in touched:
        accounts.setdefault(month, []).append(account)
    count = 0
    for month, members in sorted(accounts.items()):
        for at in range(0, len(members), _ACCOUNTS_AT_ONCE):
            count += _month(engine, month, members[at : at + _ACCOUNTS_AT_ONCE])
    return count


def _month(engine: Engine, month: Month, accounts: Sequence[UUID]) -> int:
    with engine.connect() as connection:
        days = rollup.usage_days(connection, month.first_day, month.shifted(1).first_day, accounts)
    by_deployment: dict[DeploymentKey, list[UsageSums]] = {}
    for day in days:
        by_deployment.setdefault((day.account_key, day.deployment), []).append(day.sums)
    found = {key: added(parts) for key, parts in by_deployment.items()}
    retrying(engine, lambda connection: record_usage_months(connection, month.first_day, found))
    return len(found)


def _periods(
    engine: Engine, lifetimes: Mapping[DeploymentKey, Lifetime], changed: Iterable[Month], now: datetime
) -> int:
    """Rolling periods of all deployments, and the calendar months that changed; each from months and edge days.

    The long periods move slowly and cost most: they are worked out again once an hour.
    """
    today = now.date()
    with engine.connect() as connection:
        stamp = rollup.computed_at(connection, f"{_LONGEST}d")
    slow = stamp is None or now - stamp >= _SLOW_EVERY
    wanted = {f"{count}d": last_days(today, count) for count in ROLLING_DAYS if slow or count <= _QUICK_DAYS}
    wanted |= {str(month): month.window for month in changed if slow or month == month_of(now)}
    accounts = sorted({account for account, _ in lifetimes})
    count = 0
    for at in range(0, len(accounts), _ACCOUNTS_AT_ONCE):
        count += _periods_of(engine, accounts[at : at + _ACCOUNTS_AT_ONCE], lifetimes, wanted, now)
    retrying(engine, lambda connection: drop_stale_periods(connection, wanted, now))
    return count


def _periods_of(
    engine: Engine,
    accounts: Sequence[UUID],
    lifetimes: Mapping[DeploymentKey, Lifetime],
    wanted: Mapping[str, Window],
    now: datetime,
) -> int:
    first, today = min(window.start for window in wanted.values()).date(), now.date()
    whole = {name: _whole_months(window, today) for name, window in wanted.items()}
    edges = {
        day
        for name, window in wanted.items()
        for day in _days(window, today)
        if day.replace(day=1) not in whole[name]
    }
    with engine.connect() as connection:
        months = rollup.usage_months(
            connection, {month for held in whole.values() for month in held}, accounts
        )
        days = rollup.usage_days(connection, first, today + DAY, accounts, with_histograms=edges)
    by_deployment: dict[DeploymentKey, dict[date, UsageSums]] = {}
    for day in days:
        by_deployment.setdefault((day.account_key, day.deployment), {})[day.day] = day.sums
    found: list[RoomPeriod] = []
    for key, sums in by_deployment.items():
        limit = _limit_at(lifetimes.get(key), now)
        shares = {day: peak_share(one, limit) for day, one in sums.items()}
        for name, window in wanted.items():
            inside = [day for day in sums if window.start.date() <= day < window.end.date()]
            if inside:
                trend = [
                    shares.get((window.start + step * DAY).date()) for step in range(window.length // DAY)
                ]
                parts = _parts(key, whole[name], inside, sums, months)
                found.append(room_period(key, name, window, parts, limit, trend))
    retrying(engine, lambda connection: record_room_periods(connection, found, now))
    return len(found)


def _parts(
    key: DeploymentKey,
    whole: Collection[date],
    inside: Sequence[date],
    days: Mapping[date, UsageSums],
    months: Mapping[date, Mapping[DeploymentKey, UsageSums]],
) -> list[UsageSums]:
    """Whole months where the window holds them, and the days at its edges, oldest first."""
    parts = {day: days[day] for day in inside if day.replace(day=1) not in whole}
    parts |= {month: months[month][key] for month in whole if key in months.get(month, {})}
    return [parts[first] for first in sorted(parts)]


def _whole_months(window: Window, today: date) -> set[date]:
    """The first days of the months of which the window holds every day that there is."""
    month = month_of(window.start)
    found: set[date] = set()
    while month.window.start < window.end:
        held = (
            month.window.end <= window.end
            or month.first_day <= today < min(window.end, month.window.end).date()
        )
        if month.window.start >= window.start and held:
            found.add(month.first_day)
        month = month.shifted(1)
    return found


def _days(window: Window, today: date) -> list[date]:
    last = min(window.end.date(), today + DAY)
    return [window.start.date() + step * DAY for step in range((last - window.start.date()).days)]


def _limit_at(lifetime: Lifetime | None, now: datetime) -> LimitRevision | None:
    known = [limit for limit in (lifetime.limits if lifetime else ()) if limit.starts_at <= now]
    return known[-1] if known else None
