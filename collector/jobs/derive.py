"""Findings from facts: days, months, room and charges. Pure arithmetic between two reads and a write.

Only days whose facts changed are worked out again; `everything` works out all of them and changes nothing where
nothing changed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from threading import Event
from typing import Final
from uuid import UUID

import structlog

from collector.domain.periods import DAY, HOUR, Month, Window, midnight, month_of
from collector.domain.room.rollup import Lifetime, StoredHour, UsageDay, usage_days
from collector.jobs.charges import Estate, MoneyRules, derive_charges, derive_months, read_estate
from collector.jobs.context import NoProgress
from collector.jobs.derive_full import derive_until_full
from collector.jobs.derive_periods import roll_up_months, roll_up_periods
from collector.jobs.take_up import take_up
from collector.ports import Progress
from collector.store.engine import Engine, retrying
from collector.store.lease import Lease, lease
from collector.store.reads import rollup
from collector.store.reads.collection import Pruned, pruned
from collector.store.writes.dirty import DirtyDay, clear_days
from collector.store.writes.findings import record_usage_days

log = structlog.get_logger(__name__)

STEP: Final = "derive"
_DAYS_AT_ONCE: Final = 31
_DEPLOYMENT_DAYS: Final = 10_000
_ACCOUNTS_TOGETHER: Final = 500

DeploymentKey = tuple[UUID, str]
AccountDay = tuple[UUID, date]


@dataclass(frozen=True, slots=True)
class Derived:
    """How much was worked out, and which changed rules made charges be worked out again."""

    days: int
    months: int
    periods: int
    charges: int
    why: tuple[str, ...] = ()

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
        why = take_up(engine, rules, now, everything=everything)
        with engine.connect() as connection:
            dirty = rollup.dirty_days(connection)
            lifetimes = rollup.lifetimes(connection)
            known = set(rollup.all_days(connection)) if everything else None
            used, charged = _wanted(dirty, lifetimes, known, pruned(connection), now)
            estate = read_estate(connection, rules, lifetimes)
            charged |= _with_hours(estate.sharers(charged), pruned(connection))
        shown.start("working out", len(used) + len(charged))
        work = _Work(engine, estate, now, ours, stop, shown)
        days, charges = work.days(used), work.charges(charged, dirty)
        months, periods = 0, 0
        if not stop.is_set():
            months = roll_up_months(engine, _months_of(used))
            periods = roll_up_periods(engine, lifetimes, {month for _, month in _months_of(used)}, now)
            derive_until_full(engine, now)
            # The marks go last: killed before this, everything is worked out once more.
            _forget(engine, dirty)
        shown.done()
        return Derived(days, months, periods, charges, why)


@dataclass(frozen=True, slots=True)
class _Work:
    """A derivation going on, which looks before each of its parts whether it still may."""

    engine: Engine
    estate: Estate
    now: datetime
    ours: Lease
    stop: Event
    shown: Progress

    def may(self) -> bool:
        if self.stop.is_set():
            return False
        self.ours.confirm()
        return True

    def days(self, used: Iterable[AccountDay]) -> int:
        """Usage, a run of an account's days at a time."""
        count = 0
        for account, span in _spans(used, _DAYS_AT_ONCE):
            if not self.may():
                break
            hours = _hours(self.engine, account, self.estate.deployments.get(account, ()), span)
            count += _store_days(self.engine, account, hours, span, self.estate.lifetimes, self.now)
            self.shown.advance(span.length // DAY)
        return count

    def charges(self, charged: Iterable[AccountDay], dirty: Collection[DirtyDay]) -> int:
        """Charges by month, the newest first. Days of which charges alone wait are done with their month, so that a
        stop or a kill costs one month at most.
        """
        count = 0
        for month, members in _newest_first(charged):
            for accounts, span in _together(members, len(self.estate.lifetimes)):
                if not self.may():
                    return count
                count += derive_charges(self.engine, self.estate, accounts, span, self.now)
                self.shown.advance(len(accounts) * (span.length // DAY))
            derive_months(self.engine, _months_of(members))
            _forget(self.engine, [one for one in dirty if not one.usage and month_of(one.day) == month])
        return count


def _newest_first(charged: Iterable[AccountDay]) -> list[tuple[Month, set[AccountDay]]]:
    found: dict[Month, set[AccountDay]] = {}
    for account, day in charged:
        found.setdefault(month_of(day), set()).add((account, day))
    return sorted(found.items(), key=itemgetter(0), reverse=True)


def _forget(engine: Engine, worked_out: Collection[DirtyDay]) -> None:
    retrying(engine, lambda connection: clear_days(connection, worked_out))


def _tell(holder: object) -> None:
    log.info("waiting: another process derives", holder=str(holder))


def _wanted(
    dirty: Iterable[DirtyDay],
    lifetimes: Mapping[DeploymentKey, Lifetime],
    known: set[AccountDay] | None,
    gone: Pruned,
    now: datetime,
) -> tuple[set[AccountDay], set[AccountDay]]:
    """Account-days whose usage is worked out again, and those whose charges are: a price changes charges alone."""
    held = _held_days(lifetimes, now)
    used = held | (_touched(dirty, now) if known is None else known)
    charged = used | {(one.account_key, one.day) for one in dirty}
    return _with_hours(used, gone), _with_hours(charged, gone)


def _touched(dirty: Iterable[DirtyDay], now: datetime) -> set[AccountDay]:
    """Days of changed usage, and the days after them: the first minute of a day is judged by the one before it."""
    found = {(one.account_key, one.day) for one in dirty if one.usage}
    return found | {(account, day + DAY) for account, day in found if day < now.date()}


def _months_of(account_days: Iterable[AccountDay]) -> set[tuple[UUID, Month]]:
    return {(account, month_of(day)) for account, day in account_days}


def _held_days(lifetimes: Mapping[DeploymentKey, Lifetime], now: datetime) -> set[AccountDay]:
    """Today and yesterday of every account that is there: units and hosting are paid for without any use."""
    alive = {
        account
        for (account, _), one in lifetimes.items()
        if one.deleted_at is None or now - one.deleted_at < DAY
    }
    return {(account, day) for account in alive for day in (now.date(), (now - DAY).date())}


def _with_hours(wanted: Iterable[AccountDay], gone: Pruned) -> set[AccountDay]:
    """Days whose hours were dropped by age are facts by now: without hours their charges would be worked out as none."""
    return {(account, day) for account, day in wanted if gone.hours is None or midnight(day) >= gone.hours}


def _spans(wanted: Iterable[AccountDay], at_once: int) -> list[tuple[UUID, Window]]:
    """Days as runs of whole days for each account, so that a run is read at once.

    Runs end at every so many days of the calendar, so that those of different accounts are of the same days.
    """
    by_account: dict[UUID, list[date]] = {}
    for account, day in wanted:
        by_account.setdefault(account, []).append(day)
    found: list[tuple[UUID, Window]] = []
    for account, days in by_account.items():
        run: list[date] = []
        for day in sorted(set(days)):
            if run and (day - run[-1] > DAY or day.toordinal() % at_once == 0):
                found.append((account, Window(midnight(run[0]), midnight(run[-1]) + DAY)))
                run = []
            run.append(day)
        found.append((account, Window(midnight(run[0]), midnight(run[-1]) + DAY)))
    return found


def _together(wanted: Iterable[AccountDay], deployments: int) -> Iterator[tuple[list[UUID], Window]]:
    """Accounts of the same days, as many as memory bears: the sums of a day are then worked out once for all of them."""
    at_once = max(1, min(_DAYS_AT_ONCE, _DEPLOYMENT_DAYS // max(1, deployments)))
    by_span: dict[Window, list[UUID]] = {}
    for account, span in _spans(wanted, at_once):
        by_span.setdefault(span, []).append(account)
    for span, accounts in sorted(by_span.items()):
        for at in range(0, len(accounts), _ACCOUNTS_TOGETHER):
            yield sorted(accounts[at : at + _ACCOUNTS_TOGETHER]), span


Hours = dict[str, dict[date, list[StoredHour]]]


def _hours(engine: Engine, account: UUID, deployments: Collection[str], span: Window) -> Hours:
    """The account's stored hours by deployment and day, with the hour before them."""
    found: Hours = {}
    with engine.connect() as connection:
        wider = Window(span.start - HOUR, span.end)
        for deployment, hours in rollup.hours(connection, account, deployments, wider):
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
