"""How much of a period is known: by what was read, and by when the deployments were there.

Whether a minute was there to be read is told by the inventory and not by what was read of it: a day that nobody read
left no row. It is worked out when it is asked, so a gap that is filled or a deployment found deleted mends it.
"""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_

from collector.domain.periods import Window
from collector.domain.room.coverage import minutes_there, share_known
from collector.store import tables
from collector.store.reads.inventory import existences
from collector.store.reads.scope import EVERYTHING, Filters, Pair, within


def period_coverage(
    connection: Connection, period: Window, now: datetime, filters: Filters = EVERYTHING
) -> float | None:
    """The share of the deployments' minutes in the period that is known, by the minute or by the hour."""
    counted = _minutes(connection, period, now, filters).values()
    return share_known(sum(known for known, _ in counted), sum(existed for _, existed in counted))


def account_coverage(connection: Connection, period: Window, now: datetime) -> dict[UUID, float]:
    """The same for each account that held a deployment in the period."""
    sums: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for (account, _), (known, existed) in _minutes(connection, period, now).items():
        sums[account][0] += known
        sums[account][1] += existed
    shares = {account: share_known(known, existed) for account, (known, existed) in sums.items()}
    return {account: share for account, share in shares.items() if share is not None}


def _minutes(
    connection: Connection, period: Window, now: datetime, filters: Filters = EVERYTHING
) -> dict[Pair, tuple[int, int]]:
    """Known minutes, and those there were, of each deployment that was there in the period or is known in it."""
    known = _known(connection, period, filters)
    there = existences(connection, *_there(period), *_narrowed(connection, filters))
    return {
        key: (minutes, minutes_there(period, one, now, minutes))
        for key, one in there.items()
        for minutes in (known.get(key, 0),)
    }


def _known(connection: Connection, period: Window, filters: Filters) -> dict[Pair, int]:
    whole = period.start.day == 1 and period.end.day == 1
    table = tables.usage_month if whole else tables.usage_day
    day = table.c.month if whole else table.c.day
    asked = (
        select(table.c.account_key, table.c.deployment, func.sum(table.c.minutes_known))
        .where(day >= period.start.date(), day < period.end.date(), *within(connection, filters, table))
        .group_by(table.c.account_key, table.c.deployment)
    )
    return {(account, name): int(minutes) for account, name, minutes in connection.execute(asked)}


def _there(period: Window) -> list[ColumnElement[bool]]:
    deleted_at = tables.deployment.c.deleted_at
    return [or_(deleted_at.is_(None), deleted_at > period.start)]


def _narrowed(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """A deployment is of every model that it ever served."""
    table, revision = tables.deployment, tables.deployment_revision
    conditions = within(connection, filters, table)
    if filters.models:
        served = select(revision.c.account_key, revision.c.deployment).where(
            revision.c.model.in_(filters.models)
        )
        conditions.append(tuple_(table.c.account_key, table.c.deployment).in_(served))
    return conditions
