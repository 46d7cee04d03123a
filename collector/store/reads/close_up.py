"""One deployment close up: its hours, and the limits that it had."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, case, func, or_, select
from sqlalchemy.sql.expression import ColumnElement

from collector.domain.periods import Window, floor_hour
from collector.store import tables


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


def _hours_of(account_key: UUID, deployment: str, window: Window) -> list[ColumnElement[bool]]:
    usage = tables.usage_hour
    return [
        usage.c.account_key == account_key,
        usage.c.deployment == deployment,
        usage.c.hour >= floor_hour(window.start),
        usage.c.hour < window.end,
    ]
