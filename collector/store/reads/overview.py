"""How far the store is to be believed: what was collected until when, what failed, what is missing."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, distinct, func, select

from collector.domain.types import account_key
from collector.store import tables
from collector.store.reads.scope import EVERYTHING, Filters, places, within

COST_JOBS = ("metrics", "inventory", "prices")
ROOM_JOBS = ("metrics", "inventory", "quotas")
ENDING_JOBS = ("inventory", "models", "api_use")
OWN_MARKS = ("alert", "prune")
"""Jobs whose marks say what we did last, not how far Azure is known."""


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """How far one scope of one job is known; `through` is None where it never was read."""

    job: str
    scope: str
    through: datetime | None
    status: str
    error: str | None
    remedy: str | None
    attempted_at: datetime
    succeeded_at: datetime | None


@dataclass(frozen=True, slots=True)
class GapRow:
    """A span that could not be read and will not be."""

    job: str
    scope: str
    starts_at: datetime
    ends_at: datetime
    why: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    run_id: str
    job: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    calls: int
    throttles: int
    rows: int
    windows: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Calls:
    calls: int
    throttles: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """`as_of` is the earliest `through` of the scopes used; scopes that were never read have none and are counted.

    `by_job` has the earliest of each job, oldest first.
    """

    as_of: datetime | None
    scopes: int
    never_read: int
    failed: tuple[ScopeRow, ...]
    by_job: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Estate:
    subscriptions: int
    accounts: int
    deployments: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by; pairs are (value, name)."""

    subscriptions: tuple[tuple[str, str], ...]
    accounts: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    models: tuple[str, ...]
    locations: tuple[str, ...]
    months: tuple[date, ...]


def scopes(
    connection: Connection, jobs: Collection[str] = (), filters: Filters = EVERYTHING
) -> list[ScopeRow]:
    """The scopes of the jobs (of all, where none is named) that the filters touch, oldest knowledge first."""
    watermark = tables.watermark
    asked = select(
        watermark.c.job,
        watermark.c.scope,
        watermark.c.through,
        watermark.c.status,
        watermark.c.error,
        watermark.c.remedy,
        watermark.c.attempted_at,
        watermark.c.succeeded_at,
    )
    wanted = watermark.c.job.in_(list(jobs)) if jobs else watermark.c.job.not_in(OWN_MARKS)
    asked = asked.where(wanted)
    touches = _touching(connection, filters)
    rows = [row for row in (ScopeRow(*found) for found in connection.execute(asked)) if touches(row.scope)]
    return sorted(
        rows, key=lambda row: (row.through is not None, row.through or row.attempted_at, row.job, row.scope)
    )


def freshness(connection: Connection, jobs: Collection[str], filters: Filters = EVERYTHING) -> Freshness:
    used = scopes(connection, jobs, filters)
    known = [row.through for row in used if row.through is not None]
    return Freshness(
        as_of=min(known, default=None),
        scopes=len(used),
        never_read=len(used) - len(known),
        failed=tuple(row for row in used if row.status != "ok"),
        by_job=_earliest_by_job(used),
    )


def _earliest_by_job(used: Iterable[ScopeRow]) -> tuple[tuple[str, datetime], ...]:
    found: dict[str, datetime] = {}
    for row in used:
        if row.through is not None:
            found[row.job] = min(row.through, found.get(row.job, row.through))
    return tuple(sorted(found.items(), key=lambda pair: pair[1]))


def gaps(
    connection: Connection, filters: Filters = EVERYTHING, since: datetime | None = None
) -> list[GapRow]:
    """Spans that stay unknown, newest first."""
    gap = tables.gap
    asked = select(gap.c.job, gap.c.scope, gap.c.starts_at, gap.c.ends_at, gap.c.why, gap.c.seen_at)
    if since is not None:
        asked = asked.where(gap.c.ends_at > since)
    rows = [GapRow(*row) for row in connection.execute(asked.order_by(gap.c.starts_at.desc()))]
    touches = _touching(connection, filters)
    return [row for row in rows if touches(row.scope)]


def runs(connection: Connection, limit: int = 50) -> list[RunRow]:
    """The last runs, newest first."""
    run = tables.run
    names = (
        "run_id",
        "job",
        "started_at",
        "finished_at",
        "status",
        "calls",
        "throttles",
        "rows",
        "windows",
        "error",
    )
    asked = (
        select(*(run.c[name] for name in names)).order_by(run.c.started_at.desc(), run.c.run_id).limit(limit)
    )
    return [RunRow(*row) for row in connection.execute(asked)]


def calls(connection: Connection, since: datetime) -> Calls:
    """What the runs begun since an instant asked of Azure."""
    run = tables.run
    asked = select(func.sum(run.c.calls), func.sum(run.c.throttles)).where(run.c.started_at >= since)
    asked_for, throttled = connection.execute(asked).one()
    return Calls(int(asked_for or 0), int(throttled or 0))


def estate(connection: Connection, filters: Filters = EVERYTHING) -> Estate:
    """How many things exist now."""
    account, deployment = tables.account, tables.deployment
    living = select(
        func.count(distinct(account.c.subscription_id)), func.count(distinct(account.c.account_key))
    ).where(account.c.deleted_at.is_(None), *_account_filter(connection, filters))
    subscriptions, accounts = connection.execute(living).one()
    deployments = connection.execute(
        select(func.count())
        .select_from(deployment.join(account, account.c.account_key == deployment.c.account_key))
        .where(deployment.c.deleted_at.is_(None), account.c.deleted_at.is_(None))
        .where(*within(connection, filters, deployment))
    ).scalar_one()
    return Estate(int(subscriptions), int(accounts), int(deployments))


def days_waiting(connection: Connection, before: date) -> int:
    """Days before this one whose facts are collected and not worked out yet; the newest change all the time."""
    waiting = tables.dirty_day
    asked = select(func.count(waiting.c.day.distinct())).where(waiting.c.day < before)
    return int(connection.execute(asked).scalar_one())


def choices(connection: Connection) -> Choices:
    """Everything that a person may filter by, in the order to show it."""
    subscription, revision, charge = tables.subscription, tables.deployment_revision, tables.charge_month
    known = places(connection)
    names = {row.subscription_id: row.name for row in connection.execute(select(subscription))}
    tags = [place.tags for place in known.values()]
    tags += list(connection.scalars(select(tables.deployment.c.tags)))
    models = connection.scalars(select(revision.c.model).distinct()).all()
    months = connection.scalars(select(charge.c.month).distinct()).all()
    return Choices(
        subscriptions=_by_name(
            (key, names.get(key, key)) for key in {place.subscription_id for place in known.values()}
        ),
        accounts=_by_name((place.arm_id, place.name) for place in known.values()),
        tags=tuple(
            sorted({f"{key}={value}" for one in tags for key, value in one.items()}, key=str.casefold)
        ),
        models=tuple(sorted(models, key=str.casefold)),
        locations=tuple(sorted({place.location for place in known.values()})),
        months=tuple(sorted(months, reverse=True)),
    )


def _by_name(pairs: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pairs, key=lambda pair: (pair[1].casefold(), pair[0])))


def _touching(connection: Connection, filters: Filters) -> Callable[[str], bool]:
    """Whether a scope concerns what the filters leave: an account by its id, else a subscription named in it.

    Accounts that were deleted are known to their end and hold nothing back; a scope that names neither an
    account nor a subscription (prices) concerns everybody.
    """
    account, wanted = tables.account, places(connection, filters)
    deleted = set(connection.scalars(select(account.c.account_key).where(account.c.deleted_at.is_not(None))))
    everything = not (filters.subscriptions or filters.accounts or filters.locations)
    subscriptions = {place.subscription_id.casefold() for place in wanted.values()}

    def touches(scope: str) -> bool:
        text = scope.casefold()
        if _ACCOUNT in text:
            key = account_key(text)
            return key not in deleted and (everything or key in wanted)
        named = _SUBSCRIPTION.search(text)
        return everything or named is None or named[0] in subscriptions

    return touches


_ACCOUNT = "/providers/microsoft.cognitiveservices/accounts/"
_SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _account_filter(connection: Connection, filters: Filters) -> list[Any]:
    if filters == EVERYTHING:
        return []
    return [tables.account.c.account_key.in_(list(places(connection, filters)))]
