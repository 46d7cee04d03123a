"""How much room is left: deployments against their limits, quota lines, and one deployment hour by hour."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, case, func, or_, select, tuple_
from sqlalchemy.sql.expression import ColumnElement, FromClause

from collector.domain.periods import Window, floor_hour
from collector.store import tables
from collector.store.reads.scope import EVERYTHING, Filters, places, within


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A deployment's room over a period, with what it was at the period's end; None is unknown.

    `trend` is what the derivation stored of the period's course, oldest first: its peaks as shares of the limit.
    """

    account_key: UUID
    subscription_id: str
    account: str
    account_name: str
    key: str
    deployment: str
    model: str | None
    version: str | None
    sku: str | None
    capacity: int | None
    location: str
    deleted_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    limit_tpm: int | None
    limit_rpm: int | None
    peak_tpm: int | None
    peak_tpm_at: datetime | None
    p99_tpm: int | None
    p95_tpm: int | None
    p50_tpm: int | None
    peak_rpm: int | None
    peak_rpm_at: datetime | None
    p99_rpm: int | None
    p95_rpm: int | None
    p50_rpm: int | None
    peak_at_least: bool | None
    headroom_tpm: int | None
    headroom_rpm: int | None
    binding: str | None
    used_share: float | None
    minutes_over_80: int | None
    minutes_over_90: int | None
    minutes_over_100: int | None
    requests: int
    throttled: int
    throttled_at_limit: int
    throttled_below_limit: int
    throttled_unclassified: int
    throttled_minutes: int
    spilled: int
    prompt_tokens: int | None
    completion_tokens: int | None
    ptu_mean: float | None
    ptu_max: float | None
    coverage: float | None
    minute_coverage: float | None
    trend: object
    computed_at: datetime
    quota_line: str | None


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


@dataclass(frozen=True, slots=True)
class UsageHourRow:
    """One hour of one deployment; peaks are None where Azure was asked by the hour."""

    hour: datetime
    peak_tpm: int | None
    peak_rpm: int | None
    requests: int
    throttled: int
    spilled: int
    tokens: int | None
    ptu_max: float | None
    minutes_covered: int


@dataclass(frozen=True, slots=True)
class LimitStep:
    """The limits of a deployment from an instant on, and the SKU and capacity they come from."""

    starts_at: datetime
    ends_at: datetime | None
    limit_tpm: int | None
    limit_rpm: int | None
    sku: str
    capacity: int | None
    model: str
    version: str | None


def room_rows(connection: Connection, period: str, filters: Filters = EVERYTHING) -> list[RoomRow]:
    """Deployments by how near they came to their limit in a period (`7d`, `2026-10`), nearest first."""
    room, revision = tables.room_period, tables.deployment_revision.alias("revision")
    account, deployment, catalog = tables.account, tables.deployment, tables.catalog_model
    model = func.coalesce(revision.c.base_model, revision.c.model)
    version = func.coalesce(revision.c.base_version, revision.c.version)
    joined = (
        room.join(account, account.c.account_key == room.c.account_key)
        .join(deployment, _same_deployment(deployment, room))
        .outerjoin(revision, and_(_same_deployment(revision, room), _newest_before(revision, room)))
        .outerjoin(
            catalog,
            and_(
                catalog.c.location == account.c.location,
                catalog.c.format == revision.c.format,
                catalog.c.model == model,
                catalog.c.version == version,
                catalog.c.sku == revision.c.sku,
                catalog.c.fine_tuned == revision.c.base_model.is_not(None),
            ),
        )
    )
    own = [room.c[name] for name in _ROOM_FIELDS]
    asked = select(
        room.c.account_key,
        account.c.subscription_id,
        account.c.arm_id.label("account"),
        account.c.name.label("account_name"),
        room.c.deployment.label("key"),
        deployment.c.name.label("deployment"),
        revision.c.model,
        revision.c.version,
        revision.c.sku,
        revision.c.capacity,
        account.c.location,
        deployment.c.deleted_at,
        *own,
        catalog.c.usage_name.label("quota_line"),
    ).select_from(joined)
    asked = asked.where(
        room.c.period == period, *within(connection, filters, room), *_models(filters, revision)
    )
    rows = [RoomRow(*row) for row in connection.execute(asked)]
    return sorted(
        rows, key=lambda row: (-(-1 if row.used_share is None else row.used_share), row.account, row.key)
    )


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


def deployment_hours(
    connection: Connection, account_key: UUID, deployment: str, window: Window
) -> list[UsageHourRow]:
    """The hours of one deployment, oldest first."""
    usage = tables.usage_hour
    tokens = case(
        (
            or_(usage.c.prompt_tokens.is_not(None), usage.c.completion_tokens.is_not(None)),
            func.coalesce(usage.c.prompt_tokens, 0) + func.coalesce(usage.c.completion_tokens, 0),
        ),
    )
    asked = select(
        usage.c.hour,
        usage.c.peak_tpm,
        usage.c.peak_rpm,
        usage.c.requests,
        usage.c.throttled,
        usage.c.spilled,
        tokens,
        usage.c.ptu_max,
        usage.c.minutes_covered,
    ).where(*_hours_of(account_key, deployment, window))
    return [UsageHourRow(*row) for row in connection.execute(asked.order_by(usage.c.hour))]


def limit_steps(connection: Connection, account_key: UUID, deployment: str) -> list[LimitStep]:
    """Every revision of one deployment, oldest first."""
    revision = tables.deployment_revision
    asked = (
        select(
            revision.c.starts_at,
            revision.c.ends_at,
            revision.c.limit_tpm,
            revision.c.limit_rpm,
            revision.c.sku,
            revision.c.capacity,
            revision.c.model,
            revision.c.version,
        )
        .where(revision.c.account_key == account_key, revision.c.deployment == deployment)
        .order_by(revision.c.starts_at)
    )
    return [LimitStep(*row) for row in connection.execute(asked)]


_ROOM_FIELDS = (
    "starts_at",
    "ends_at",
    "limit_tpm",
    "limit_rpm",
    "peak_tpm",
    "peak_tpm_at",
    "p99_tpm",
    "p95_tpm",
    "p50_tpm",
    "peak_rpm",
    "peak_rpm_at",
    "p99_rpm",
    "p95_rpm",
    "p50_rpm",
    "peak_at_least",
    "headroom_tpm",
    "headroom_rpm",
    "binding",
    "used_share",
    "minutes_over_80",
    "minutes_over_90",
    "minutes_over_100",
    "requests",
    "throttled",
    "throttled_at_limit",
    "throttled_below_limit",
    "throttled_unclassified",
    "throttled_minutes",
    "spilled",
    "prompt_tokens",
    "completion_tokens",
    "ptu_mean",
    "ptu_max",
    "coverage",
    "minute_coverage",
    "trend",
    "computed_at",
)


def _same_deployment(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    return and_(left.c.account_key == right.c.account_key, left.c.deployment == right.c.deployment)


def _newest_before(revision: FromClause, room: FromClause) -> ColumnElement[bool]:
    """Last month's room is that of last month's revision: the newest that began before the period ended."""
    other = tables.deployment_revision.alias("other")
    newest = (
        select(func.max(other.c.starts_at))
        .where(
            other.c.account_key == room.c.account_key,
            other.c.deployment == room.c.deployment,
            other.c.starts_at < room.c.ends_at,
        )
        .scalar_subquery()
    )
    return revision.c.starts_at == newest


def _models(filters: Filters, revision: FromClause) -> list[ColumnElement[bool]]:
    return [revision.c.model.in_(filters.models)] if filters.models else []


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


def _hours_of(account_key: UUID, deployment: str, window: Window) -> list[ColumnElement[bool]]:
    usage = tables.usage_hour
    return [
        usage.c.account_key == account_key,
        usage.c.deployment == deployment,
        usage.c.hour >= floor_hour(window.start),
        usage.c.hour < window.end,
    ]
