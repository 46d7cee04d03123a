"""Api-versions that clients name: how much, since when, and whether they move on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.domain.periods import Window
from collector.store import tables
from collector.store.reads.scope import EVERYTHING, Filters, Pair, within

A_WEEK: Final = timedelta(days=7)
"""Who calls at the beginning of what is looked at, weekends aside, has called before."""


@dataclass(frozen=True, slots=True)
class ApiUseRow:
    """Requests that named one api-version, on one deployment, within the window."""

    account_key: UUID
    account: str
    account_name: str
    key: str
    deployment: str
    api_version: str
    requests: int
    last_seen: date
    operations: tuple[str, ...]
    share: Decimal
    """Of all requests of the deployment in the window."""
    first_seen: date | None
    """None: longer ago than twice the window."""
    requests_before: int
    """In the window of the same length before."""
    share_before: Decimal | None
    """None where the deployment was not called then."""


@dataclass(frozen=True, slots=True)
class ApiWeek:
    """Requests of a week, which begins on a Monday, that named one api-version."""

    week: date
    api_version: str
    requests: int


def api_use_rows(connection: Connection, window: Window, filters: Filters = EVERYTHING) -> list[ApiUseRow]:
    """Api-versions heard on each deployment in the window, most requests first."""
    heard: dict[Pair, dict[str, list[_Heard]]] = defaultdict(lambda: defaultdict(list))
    for account_key, deployment, version, one in _heard(connection, window, filters):
        heard[account_key, deployment][version].append(one)
    named = _named(connection)
    rows = [
        row
        for pair, versions in heard.items()
        for row in _of_deployment(_place(named, *pair), versions, _since(window))
    ]
    return sorted(rows, key=lambda row: (-row.requests, row.account, row.key, row.api_version))


def api_weeks(connection: Connection, since: date, filters: Filters = EVERYTHING) -> list[ApiWeek]:
    """Requests by week and api-version over all that the filters leave, oldest first."""
    use = tables.api_use_day
    asked = (
        select(use.c.day, use.c.api_version, func.sum(use.c.requests))
        .where(use.c.day >= since, use.c.requests > 0, *within(connection, filters, use))
        .group_by(use.c.day, use.c.api_version)
    )
    weeks: dict[tuple[date, str], int] = defaultdict(int)
    for day, version, requests in connection.execute(asked):
        weeks[day - timedelta(days=day.weekday()), version] += int(requests)
    return [ApiWeek(*key, requests) for key, requests in sorted(weeks.items())]


@dataclass(frozen=True, slots=True)
class _Heard:
    operation: str
    now: int
    before: int
    first: date
    last: date


def _since(window: Window) -> date:
    """Twice the window: what came before it is what a trend is told from."""
    return (window.start - (window.end - window.start)).date()


def _heard(
    connection: Connection, window: Window, filters: Filters
) -> Iterator[tuple[UUID, str, str, _Heard]]:
    """Two statements, each over its own days: one over both sorts twice as long as the two together."""
    use, start = tables.api_use_day, window.start.date()
    key = (use.c.account_key, use.c.deployment, use.c.api_version)
    spans = (func.sum(use.c.requests), func.min(use.c.day), func.max(use.c.day))
    narrowed = (use.c.requests > 0, *within(connection, filters, use))
    now = (
        select(*key, use.c.operation, *spans)
        .where(use.c.day >= start, use.c.day < window.end.date(), *narrowed)
        .group_by(*key, use.c.operation)
    )
    for account_key, deployment, version, operation, requests, first, last in connection.execute(now):
        yield account_key, deployment, version, _Heard(operation, int(requests), 0, first, last)
    before = (
        select(*key, *spans).where(use.c.day >= _since(window), use.c.day < start, *narrowed).group_by(*key)
    )
    for account_key, deployment, version, requests, first, last in connection.execute(before):
        yield account_key, deployment, version, _Heard("", 0, int(requests), first, last)


def _of_deployment(
    place: tuple[UUID, str, str, str, str], versions: Mapping[str, Sequence[_Heard]], since: date
) -> Iterator[ApiUseRow]:
    """Versions that were called before the window only are part of what came before, and have no row."""
    now = sum(one.now for parts in versions.values() for one in parts)
    before = sum(one.before for parts in versions.values() for one in parts)
    for version, parts in versions.items():
        mine, then = sum(one.now for one in parts), sum(one.before for one in parts)
        if not mine:
            continue
        first = min(one.first for one in parts)
        yield ApiUseRow(
            *place,
            api_version=version,
            requests=mine,
            last_seen=max(one.last for one in parts),
            operations=tuple(sorted({one.operation for one in parts if one.now})),
            share=Decimal(mine) / now,
            first_seen=first if first >= since + A_WEEK else None,
            requests_before=then,
            share_before=Decimal(then) / before if before else None,
        )


def _named(connection: Connection) -> dict[Pair, tuple[str, str, str]]:
    account, deployment = tables.account, tables.deployment
    asked = select(
        deployment.c.account_key, deployment.c.deployment, deployment.c.name, account.c.arm_id, account.c.name
    ).join_from(deployment, account, account.c.account_key == deployment.c.account_key)
    return {(row[0], row[1]): (row[3], row[4], row[2]) for row in connection.execute(asked)}


def _place(
    named: dict[Pair, tuple[str, str, str]], account_key: UUID, deployment: str
) -> tuple[UUID, str, str, str, str]:
    arm_id, account_name, name = named.get((account_key, deployment), (str(account_key), "", deployment))
    return account_key, arm_id, account_name, deployment, name
