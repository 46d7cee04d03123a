"""Quota lines: as last read, with the readings that changed them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, tuple_
from sqlalchemy.sql.expression import ColumnElement, FromClause

from collector.store import tables
from collector.store.reads.scope import EVERYTHING, Filters, places


@dataclass(frozen=True, slots=True)
class QuotaReading:
    read_at: datetime
    limit: Decimal
    current: Decimal


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """A quota line as last read, and every reading that changed it, oldest first."""

    subscription_id: str
    location: str
    usage_name: str
    label: str
    unit: str | None
    per_unit: Decimal | None
    limit: Decimal
    current: Decimal
    last_read_at: datetime
    history: tuple[QuotaReading, ...]

    @property
    def free(self) -> Decimal:
        return self.limit - self.current


def quota_rows(
    connection: Connection, filters: Filters = EVERYTHING, since: datetime | None = None
) -> list[QuotaRow]:
    """Every quota line that still exists, fullest first, with its readings since an instant and the one in force then."""
    reading = tables.quota_reading
    asked = select(*(reading.c[name] for name in _READING)).where(*_quota_filter(connection, filters))
    if since is not None:
        asked = asked.where(or_(reading.c.last_read_at >= since, _is_newest(reading)))
    lines: dict[tuple[str, str, str], list[_Reading]] = defaultdict(list)
    for row in connection.execute(asked.order_by(*reading.primary_key.columns)):
        one = _Reading(*row)
        lines[one.subscription_id, one.location, one.usage_name].append(one)
    found = [_quota_row(readings) for readings in lines.values() if readings[-1].gone_at is None]
    return sorted(found, key=lambda row: (-_share(row), row.subscription_id, row.location, row.usage_name))


def _quota_filter(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """Quota belongs to a subscription in a location: an account or tag narrows to where its accounts lie."""
    reading = tables.quota_reading
    conditions: list[ColumnElement[bool]] = []
    if filters.subscriptions:
        conditions.append(reading.c.subscription_id.in_(filters.subscriptions))
    if filters.locations:
        conditions.append(reading.c.location.in_(filters.locations))
    if filters.accounts:
        where = {(place.subscription_id, place.location) for place in places(connection, filters).values()}
        conditions.append(
            or_(
                *(
                    and_(reading.c.subscription_id == subscription, reading.c.location == location)
                    for subscription, location in sorted(where)
                )
            )
            if where
            else reading.c.location.in_([])
        )
    return conditions


class _Reading(NamedTuple):
    subscription_id: str
    location: str
    usage_name: str
    read_at: datetime
    label: str
    limit: Decimal
    current: Decimal
    unit: str | None
    per_unit: Decimal | None
    last_read_at: datetime
    gone_at: datetime | None


_READING = _Reading._fields


def _is_newest(reading: FromClause) -> ColumnElement[bool]:
    """Each line's last reading, found for all lines at once: line by line, a year of readings is looked through."""
    line = [reading.c[name] for name in ("subscription_id", "location", "usage_name")]
    other = tables.quota_reading.alias("other")
    theirs = [other.c[one.name] for one in line]
    return tuple_(*line, reading.c.read_at).in_(select(*theirs, func.max(other.c.read_at)).group_by(*theirs))


def _quota_row(readings: list[_Reading]) -> QuotaRow:
    last = readings[-1]
    return QuotaRow(
        *last[:3],
        label=last.label,
        unit=last.unit,
        per_unit=last.per_unit,
        limit=last.limit,
        current=last.current,
        last_read_at=last.last_read_at,
        history=tuple(QuotaReading(one.read_at, one.limit, one.current) for one in readings),
    )


def _share(row: QuotaRow) -> Decimal:
    return row.current / row.limit if row.limit else Decimal(1 if row.current else 0)
