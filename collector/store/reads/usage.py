"""Hours as they are stored, in bulk, for the steps that work figures out of them."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, func, or_, select

from collector.domain.periods import DAY, Window, days, midnight
from collector.domain.types import ApiUse, QualityHour, UsageHour
from collector.domain.usage.families import MODELS, DeploymentDay, FamilyTotals
from collector.store import tables
from collector.store.expressions import epoch, epoch_day
from collector.store.reads import collection
from collector.store.writes.dirty import DirtyDay

_EPOCH: Final = date(1970, 1, 1)
_BATCH: Final = 20_000


def usage_hours(
    connection: Connection, window: Window, account_keys: Collection[UUID] | None = None
) -> Iterator[UsageHour]:
    """All hours of the window, by account, deployment and hour."""
    table = tables.usage_hour
    asked = _of(select(table), window, account_keys).execution_options(yield_per=_BATCH)
    for row in connection.execute(asked):
        *plain, by_version, minutes = tuple(row)
        parts = None if by_version is None else tuple(by_version)
        yield UsageHour(*plain, by_version=parts, minutes=minutes)


def quality_hours(
    connection: Connection, window: Window, account_keys: Collection[UUID] | None = None
) -> tuple[QualityHour, ...]:
    table = tables.quality_hour
    asked = select(table).where(table.c.hour >= window.start, table.c.hour < window.end)
    if account_keys is not None:
        asked = asked.where(table.c.account_key.in_(list(account_keys)))
    return tuple(QualityHour(*row) for row in connection.execute(asked.order_by(*table.primary_key)))


def api_uses(connection: Connection, first: date, last: date) -> tuple[ApiUse, ...]:
    """Requests by api-version and operation on the days `first`..`last`."""
    table = tables.api_use_day
    asked = select(table).where(table.c.day.between(first, last)).order_by(*table.primary_key)
    return tuple(ApiUse(*row) for row in connection.execute(asked))


def day_families(
    connection: Connection, account_keys: Collection[UUID], window: Window
) -> dict[DeploymentDay, tuple[str, FamilyTotals]]:
    """For the days that the window touches, what is stored of them outside it: the family, and both totals.

    Where the stored hours of a day disagree on the family, the one is named that the totals speak against, so
    that the day is read again.
    """
    table = tables.usage_hour
    day = epoch_day(table.c.hour).label("day")
    touched = list(days(window))
    start, end = midnight(touched[0]), midnight(touched[-1]) + DAY
    asked = (
        select(
            table.c.account_key,
            table.c.deployment,
            day,
            table.c.family,
            func.sum(table.c.requests),
            func.sum(table.c.other_family_requests),
        )
        .where(
            table.c.account_key.in_(list(account_keys)),
            table.c.hour >= start,
            table.c.hour < end,
            or_(table.c.hour < window.start, table.c.hour >= window.end),
        )
        .group_by(table.c.account_key, table.c.deployment, day, table.c.family)
    )
    found: dict[DeploymentDay, dict[str, FamilyTotals]] = {}
    for key, name, number, family, own, other in connection.execute(asked):
        own, other = int(own), int(other)
        totals = FamilyTotals(own, other) if family == MODELS else FamilyTotals(other, own)
        found.setdefault((key, name, _day(number)), {})[family] = totals
    return {key: _agreed(by_family) for key, by_family in found.items()}


def _agreed(by_family: dict[str, FamilyTotals]) -> tuple[str, FamilyTotals]:
    total = sum(by_family.values(), FamilyTotals())
    return next((family for family in sorted(by_family) if family != total.filled), total.filled), total


def watermarks(connection: Connection, job: str) -> dict[str, datetime | None]:
    """How far each scope of a job is known."""
    return {scope: mark.through for (_, scope), mark in collection.watermarks(connection, job).items()}


def dirty_days(connection: Connection, limit: int | None = None) -> tuple[DirtyDay, ...]:
    """Account-days whose facts changed since they were worked out, newest first: today is looked at most."""
    table = tables.dirty_day
    asked = select(table).order_by(table.c.day.desc(), table.c.account_key).limit(limit)
    return tuple(DirtyDay(*row) for row in connection.execute(asked))


def known_days(connection: Connection) -> tuple[date, date] | None:
    """The first and last day that any hour is stored of."""
    table = tables.usage_hour
    first, last = connection.execute(
        select(func.min(epoch(table.c.hour)), func.max(epoch(table.c.hour)))
    ).one()
    return None if first is None else (_day(first // 86_400), _day(last // 86_400))


def _of(asked: Select[Any], window: Window, account_keys: Collection[UUID] | None) -> Select[Any]:
    table = tables.usage_hour
    asked = asked.where(table.c.hour >= window.start, table.c.hour < window.end)
    if account_keys is not None:
        asked = asked.where(table.c.account_key.in_(list(account_keys)))
    return asked.order_by(table.c.account_key, table.c.deployment, table.c.hour)


def _day(days_since_1970: int) -> date:
    return _EPOCH + timedelta(days=int(days_since_1970))
