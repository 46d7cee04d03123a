"""What the metrics said: hours, api-versions by day, quality by hour. An hour or a day is replaced whole."""

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, select

from collector.domain.periods import Window, days, month_of
from collector.domain.types import ApiUse, QualityHour, UsageHour
from collector.store import partitions, tables
from collector.store.writes.bulk import column_names, delete_rows, upsert
from collector.store.writes.dirty import mark_days
from collector.store.writes.inventory import record_metric_only_deployments


def record_usage_hours(
    connection: Connection,
    hours: Iterable[UsageHour],
    known: Container[tuple[UUID, str]] | None = None,
    *,
    at: datetime,
) -> int:
    """Replace these hours by their newest reading and mark their days; returns the hours sent.

    A deployment that is not among `known` is kept as one that only metrics speak of.
    """
    rows = list(hours)
    _make_months(connection, tables.usage_hour, rows)
    if known is not None:
        names = {(row.account_key, row.deployment): row.name for row in rows}
        unknown = [(key, name) for (key, deployment), name in names.items() if (key, deployment) not in known]
        record_metric_only_deployments(connection, unknown, at=at)
    sent = upsert(connection, tables.usage_hour, map(_values(tables.usage_hour), rows))
    mark_days(connection, ((row.account_key, row.hour.date()) for row in rows))
    return sent


def record_quality(
    connection: Connection,
    hours: Iterable[QualityHour],
    account_keys: Iterable[UUID],
    window: Window,
    *,
    at: datetime,
) -> int:
    """Replace the hours of `window` of the accounts that were read whole."""
    table = tables.quality_hour
    rows = list(hours)
    _make_months(connection, table, rows)
    inside = (table.c.hour >= window.start, table.c.hour < window.end)
    return _replace(connection, table, map(_values(table), rows), account_keys, inside)


def record_api_use(
    connection: Connection,
    uses: Iterable[ApiUse],
    account_keys: Iterable[UUID],
    window: Window,
    *,
    at: datetime,
) -> int:
    """Replace the days that `window` touches of the accounts that were read whole."""
    table = tables.api_use_day
    inside = (table.c.day.in_(list(days(window))),)
    return _replace(connection, table, map(_values(table), uses), account_keys, inside)


def drop_hours(connection: Connection, hours: Iterable[tuple[UUID, str, datetime]]) -> int:
    """Take back usage hours that a fresh reading no longer holds, and mark their days."""
    keys = list(hours)
    mark_days(connection, ((account, hour.date()) for account, _, hour in keys))
    return delete_rows(connection, tables.usage_hour, ("account_key", "deployment", "hour"), keys)


def _replace(
    connection: Connection,
    table: Table,
    rows: Iterable[tuple[Any, ...]],
    account_keys: Iterable[UUID],
    inside: Iterable[ColumnElement[bool]],
) -> int:
    """A line that a fresh reading no longer holds goes; the others are written where they differ."""
    fresh = list(rows)
    key = [column.name for column in table.primary_key]
    stored = select(*(table.c[name] for name in key)).where(
        table.c.account_key.in_(list(account_keys)), *inside
    )
    stale = {tuple(row) for row in connection.execute(stored)} - {row[: len(key)] for row in fresh}
    delete_rows(connection, table, key, stale)
    return upsert(connection, table, fresh)


def _values(table: Table) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*column_names(table))


def _make_months(connection: Connection, table: Table, rows: Sequence[UsageHour | QualityHour]) -> None:
    partitions.ensure_months(connection, {month_of(row.hour) for row in rows}, (table.name,))
