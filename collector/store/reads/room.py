"""How much room deployments had left in a period."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.sql.expression import ColumnElement, FromClause

from collector.store import tables
from collector.store.expressions import count_known
from collector.store.reads.scope import EVERYTHING, Filters, within


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A deployment's room over a period, with what it was at the period's end; None is unknown.

    One of which no minute is known stands here with `coverage` 0 and its counts None.

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
    requests: int | None
    throttled: int | None
    throttled_at_limit: int | None
    throttled_below_limit: int | None
    throttled_unclassified: int | None
    throttled_minutes: int | None
    spilled: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    ptu_mean: float | None
    ptu_max: float | None
    coverage: float | None
    minute_coverage: float | None
    trend: object
    computed_at: datetime
    quota_line: str | None


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
    own = [count_known(room, name) if name in _COUNTS else room.c[name] for name in _OF_THE_PERIOD]
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


_FIELDS = tuple(RoomRow.__dataclass_fields__)
_OF_THE_PERIOD = _FIELDS[_FIELDS.index("starts_at") : _FIELDS.index("quota_line")]
_COUNTS = {
    *("requests", "throttled", "throttled_at_limit", "throttled_below_limit", "throttled_unclassified"),
    *("throttled_minutes", "spilled"),
}


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
