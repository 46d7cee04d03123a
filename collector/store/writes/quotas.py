"""Quota lines: a row when something changed, so that the history of a limit is what happened to it."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from collector.domain.room.quotas import unit_of
from collector.domain.types import QuotaLine
from collector.store import tables
from collector.store.writes.bulk import upsert

_TOLD = ("label", "limit", "current", "unit", "per_unit")


def record_quotas(
    connection: Connection,
    subscription_id: str,
    location: str,
    lines: Iterable[QuotaLine],
    *,
    at: datetime,
) -> int:
    """Store a whole reading of one subscription and location; returns how many lines are new or changed.

    The unit is the one that the line's text names, None where it names none.
    An unchanged line only gets its `last_read_at`; a line that is no longer told is gone from `at` on.
    An empty list is Azure's "unknown": the lines stay as they were last read.
    """
    table = tables.quota_reading
    newest = _newest(connection, subscription_id, location)
    rows, changed, told = [], 0, set[str]()
    for line in lines:
        told.add(line.usage_name)
        values = (line.label, line.limit, line.current, *_unit(line.label))
        before = newest.get(line.usage_name)
        same = (
            before is not None
            and before.gone_at is None
            and values == tuple(getattr(before, name) for name in _TOLD)
        )
        read_at = before.read_at if before is not None and same else at
        changed += not same
        rows.append((subscription_id, location, line.usage_name, read_at, *values, at, None))
    for name, before in newest.items() if told else ():
        if name not in told and before.gone_at is None:
            rows.append((*before[:-1], at))
    upsert(connection, table, rows)
    return changed


def _unit(label: str) -> tuple[str | None, Decimal | None]:
    unit = unit_of(label)
    return (None, None) if unit is None else (unit.name, Decimal(unit.per_unit))


def _newest(connection: Connection, subscription_id: str, location: str) -> dict[str, Row[Any]]:
    table = tables.quota_reading
    place = (table.c.subscription_id == subscription_id, table.c.location == location)
    last = select(table.c.usage_name, func.max(table.c.read_at)).where(*place).group_by(table.c.usage_name)
    rows = connection.execute(
        select(table).where(*place, tuple_(table.c.usage_name, table.c.read_at).in_(last))
    )
    return {row.usage_name: row for row in rows}
