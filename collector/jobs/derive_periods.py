"""Months and the periods that screens read, rolled up from days: no period is read from minutes twice."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from collector.domain.periods import DAY, Month, Window, last_days, month_of
from collector.domain.room.coverage import minutes_existed
from collector.domain.room.headroom import LimitRevision
from collector.domain.room.rollup import (
    Lifetime,
    RoomPeriod,
    UsageSums,
    added,
    peak_share,
    room_period,
)
from collector.domain.usage.hours import Existence
from collector.store.engine import Engine, retrying
from collector.store.reads import rollup
from collector.store.reads.inventory import existences
from collector.store.writes.findings import drop_stale_periods, record_room_periods, record_usage_months

ROLLING_DAYS: Final = (1, 7, 30, 90)
_LONGEST: Final = max(ROLLING_DAYS)
_ACCOUNTS_AT_ONCE: Final = 20
_QUICK_DAYS: Final = 7
_SLOW_EVERY: Final = timedelta(hours=1)

DeploymentKey = tuple[UUID, str]


def roll_up_months(engine: Engine, touched: Iterable[tuple[UUID, Month]]) -> int:
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


def roll_up_periods(
    engine: Engine, lifetimes: Mapping[DeploymentKey, Lifetime], changed: Iterable[Month], now: datetime
) -> int:
    """Rolling periods of all deployments, and the calendar months that changed; each from months and edge days.

    The long periods move slowly and cost most: they are worked out again once an hour.
    """
    today = now.date()
    with engine.connect() as connection:
        stamp = rollup.computed_at(connection, f"{_LONGEST}d")
        there = existences(connection)
    slow = stamp is None or now - stamp >= _SLOW_EVERY
    wanted = {f"{count}d": last_days(today, count) for count in ROLLING_DAYS if slow or count <= _QUICK_DAYS}
    months = {month_of(now), *changed}
    wanted |= {str(month): month.window for month in months if slow or month == month_of(now)}
    accounts = sorted({account for account, _ in lifetimes})
    count = 0
    for at in range(0, len(accounts), _ACCOUNTS_AT_ONCE):
        count += _periods_of(engine, accounts[at : at + _ACCOUNTS_AT_ONCE], lifetimes, there, wanted, now)
    retrying(engine, lambda connection: drop_stale_periods(connection, wanted, now))
    return count


def _periods_of(
    engine: Engine,
    accounts: Sequence[UUID],
    lifetimes: Mapping[DeploymentKey, Lifetime],
    there: Mapping[DeploymentKey, Existence],
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
    members = set(accounts)
    for key in sorted(by_deployment.keys() | {key for key in lifetimes if key[0] in members}):
        sums = by_deployment.get(key, {})
        limit = _limit_at(lifetimes.get(key), now)
        shares = {day: peak_share(one, limit) for day, one in sums.items()}
        for name, window in wanted.items():
            inside = [day for day in sums if window.start.date() <= day < window.end.date()]
            if inside or _unread(there.get(key), lifetimes.get(key), window, now):
                trend = [
                    shares.get((window.start + step * DAY).date()) for step in range(window.length // DAY)
                ]
                parts = _parts(key, whole[name], inside, sums, months)
                found.append(room_period(key, name, window, parts, limit, trend, there.get(key), now))
    retrying(engine, lambda connection: record_room_periods(connection, found, now))
    return len(found)


def _unread(there: Existence | None, lifetime: Lifetime | None, window: Window, now: datetime) -> bool:
    """Whether a deployment of which no day is known was there: then its room is unknown, and it is not absent."""
    if there is None or lifetime is None:
        return False
    until = lifetime.deleted_at
    if there.since is None:
        return bool(lifetime.limits) and until is None and window.start <= now < window.end
    return minutes_existed(window, there.since, until, now) > 0


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
