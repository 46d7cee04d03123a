"""What the rules of alerts read beside what screens read already: one statement a question, for the whole estate."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, Connection, and_, func, or_, select
from sqlalchemy import cast as sql_cast

from collector.domain.endings.catalog_events import CatalogEvent
from collector.domain.periods import Window
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads.cost import TOKEN_KINDS
from collector.store.reads.scope import Pair

_AT_ONCE = 400
"""Keys in one statement: far below what either engine takes."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """A deployment's hours since an instant, summed; peaks are those of its busiest hour."""

    account_key: UUID
    deployment: str
    requests: int
    throttled: int
    peak_tpm: int | None
    peak_rpm: int | None
    ptu_max: float | None


@dataclass(frozen=True, slots=True)
class HotHour:
    """An hour whose own peak stands at the limit in force now, with its minutes where they are kept."""

    account_key: UUID
    deployment: str
    minutes: bytes


@dataclass(frozen=True, slots=True)
class OperationRow:
    account_key: UUID
    deployment: str
    operation: str
    requests: int
    last_seen: date


@dataclass(frozen=True, slots=True)
class OfferedQuota:
    """Which quota line a model version of a SKU draws from, in one location."""

    location: str
    model: str
    version: str
    sku: str
    fine_tuned: bool
    usage_name: str


def last_used(connection: Connection, since: date) -> dict[Pair, date]:
    """The last day with a request, of those that had any since a day."""
    table = tables.usage_day
    asked = (
        select(table.c.account_key, table.c.deployment, func.max(table.c.day))
        .where(table.c.day >= since, table.c.requests > 0)
        .group_by(table.c.account_key, table.c.deployment)
    )
    return {(key, name): day for key, name, day in connection.execute(asked)}


def catalog_moves(connection: Connection, since: datetime) -> list[tuple[datetime, CatalogEvent]]:
    """Dates that moved since an instant, newest first."""
    table = tables.catalog_event
    asked = (
        select(table)
        .where(table.c.seen_at >= since, table.c.change.contains(":date_"))
        .order_by(table.c.seen_at.desc(), table.c.change.desc())
    )
    found: list[tuple[datetime, CatalogEvent]] = []
    for row in connection.execute(asked):
        field, _, kind = row.change.partition(":")
        event = CatalogEvent(
            cast("Any", kind),
            cast("Any", field),
            row.format,
            row.model,
            row.version,
            row.location,
            row.sku or None,
            row.fine_tuned,
            row.before,
            row.after,
        )
        found.append((row.seen_at, event))
    return found


def operations(connection: Connection, window: Window) -> list[OperationRow]:
    """Requests by operation in the window, whatever their api-version."""
    table = tables.api_use_day
    asked = (
        select(
            table.c.account_key,
            table.c.deployment,
            table.c.operation,
            func.sum(table.c.requests),
            func.max(table.c.day),
        )
        .where(table.c.day >= window.start.date(), table.c.day < window.end.date(), table.c.requests > 0)
        .group_by(table.c.account_key, table.c.deployment, table.c.operation)
    )
    return [OperationRow(*row[:3], int(row[3]), row[4]) for row in connection.execute(asked)]


def day_rows(connection: Connection, since: datetime) -> dict[Pair, DayRow]:
    """Summed by the database: a thousand deployments are a thousand rows, not their hours."""
    table = tables.usage_hour
    asked = (
        select(
            table.c.account_key,
            table.c.deployment,
            func.sum(table.c.requests),
            func.sum(table.c.throttled),
            func.max(table.c.peak_tpm),
            func.max(table.c.peak_rpm),
            func.max(table.c.ptu_max),
        )
        .where(table.c.hour >= since)
        .group_by(table.c.account_key, table.c.deployment)
    )
    return {
        (row[0], row[1]): DayRow(row[0], row[1], int(row[2]), int(row[3]), *row[4:])
        for row in connection.execute(asked)
    }


def hot_hours(connection: Connection, since: datetime, share: float, saturated: float) -> list[HotHour]:
    """Only these have to be opened: in every other hour no minute reached the share of a limit."""
    hour, revision = tables.usage_hour, tables.deployment_revision
    joined = hour.join(
        revision,
        and_(
            revision.c.account_key == hour.c.account_key,
            revision.c.deployment == hour.c.deployment,
            revision.c.ends_at.is_(None),
        ),
    )
    asked = (
        select(hour.c.account_key, hour.c.deployment, hour.c.minutes)
        .select_from(joined)
        .where(
            hour.c.hour >= since,
            hour.c.minutes.is_not(None),
            or_(
                hour.c.peak_tpm >= revision.c.limit_tpm * share,
                hour.c.peak_rpm >= revision.c.limit_rpm * share,
                hour.c.ptu_max >= saturated,
            ),
        )
    )
    return [HotHour(*row) for row in connection.execute(asked)]


def ptu_means(connection: Connection, period: str) -> dict[Pair, float]:
    """Mean utilisation in percent over a rolling period, where any was published."""
    table = tables.room_period
    asked = select(table.c.account_key, table.c.deployment, table.c.ptu_mean).where(
        table.c.period == period, table.c.ptu_mean.is_not(None)
    )
    return {(key, name): mean for key, name, mean in connection.execute(asked)}


def revisions_in_force(connection: Connection) -> dict[Pair, tuple[int | None, int | None, int | None]]:
    """Capacity, TPM and RPM limit of every deployment as it is now."""
    table = tables.deployment_revision
    asked = select(
        table.c.account_key, table.c.deployment, table.c.capacity, table.c.limit_tpm, table.c.limit_rpm
    ).where(table.c.ends_at.is_(None))
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in connection.execute(asked)}


def offered_quotas(connection: Connection, models: Iterable[str]) -> list[OfferedQuota]:
    table = tables.catalog_model
    wanted = sorted({model.casefold() for model in models})
    found: list[OfferedQuota] = []
    for at in range(0, len(wanted), _AT_ONCE):
        asked = select(
            table.c.location,
            table.c.model,
            table.c.version,
            table.c.sku,
            table.c.fine_tuned,
            table.c.usage_name,
        ).where(
            func.lower(table.c.model).in_(wanted[at : at + _AT_ONCE]),
            table.c.usage_name.is_not(None),
            table.c.gone_at.is_(None),
        )
        found += [OfferedQuota(*row) for row in connection.execute(asked)]
    return found


def steps_used(connection: Connection, since: date) -> frozenset[str]:
    """The steps of the price ladder that charges since a day rest on."""
    table = tables.charge_day
    asked = select(table.c.step).where(table.c.day >= since, table.c.step.is_not(None)).distinct()
    return frozenset(connection.scalars(asked))


def run_errors(
    connection: Connection, jobs: Collection[str], since: datetime
) -> dict[str, list[tuple[str, str]]]:
    """Status and error of the finished runs of each job, newest first."""
    table = tables.run
    asked = (
        select(table.c.job, table.c.status, table.c.error)
        .where(table.c.job.in_(list(jobs)), table.c.started_at >= since, table.c.finished_at.is_not(None))
        .order_by(table.c.started_at.desc(), table.c.run_id)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for job, status, error in connection.execute(asked):
        found.setdefault(job, []).append((status, error or ""))
    return found


def costs_of_kind(
    connection: Connection, kind: str, first: date, until: date
) -> dict[Pair, tuple[tuple[str, Decimal], ...]]:
    """What one kind of charge cost each deployment, by currency, over days up to, not including, `until`."""
    table = tables.charge_day
    asked = (
        select(table.c.account_key, table.c.deployment, table.c.currency, money_sum(table.c.cost))
        .where(table.c.day >= first, table.c.day < until, table.c.kind == kind, table.c.cost.is_not(None))
        .group_by(table.c.account_key, table.c.deployment, table.c.currency)
    )
    found: dict[Pair, tuple[tuple[str, Decimal], ...]] = {}
    for key, name, currency, cost in connection.execute(asked):
        found[key, name] = (*found.get((key, name), ()), (currency, cost))
    return found


def account_costs(
    connection: Connection, days: Collection[date]
) -> dict[tuple[UUID, str], dict[date, Decimal]]:
    """Cost of these days by account and currency; a day without a charge is missing."""
    table = tables.charge_day
    asked = (
        select(table.c.account_key, table.c.currency, table.c.day, money_sum(table.c.cost))
        .where(table.c.day.in_(sorted(days)), table.c.cost.is_not(None))
        .group_by(table.c.account_key, table.c.currency, table.c.day)
    )
    found: dict[tuple[UUID, str], dict[date, Decimal]] = {}
    for key, currency, day, cost in connection.execute(asked):
        found.setdefault((key, currency), {})[day] = cost
    return found


def largest_charges(
    connection: Connection, account_key: UUID, currency: str, day: date, *, limit: int = 3
) -> list[tuple[str, str, Decimal]]:
    """Deployment, kind and cost of an account's largest charges of a day."""
    table = tables.charge_day
    asked = (
        select(table.c.deployment, table.c.kind, money_sum(table.c.cost))
        .where(
            table.c.account_key == account_key,
            table.c.day == day,
            table.c.currency == currency,
            table.c.cost.is_not(None),
        )
        .group_by(table.c.deployment, table.c.kind)
    )
    found = [(name, kind, cost) for name, kind, cost in connection.execute(asked)]
    return sorted(found, key=lambda one: -one[2])[:limit]


def tokens_since(connection: Connection, first: date) -> int:
    """All tokens charged or unpriced since a day, other publishers' models included."""
    table = tables.charge_day
    asked = select(func.sum(sql_cast(table.c.quantity, BigInteger))).where(
        table.c.day >= first, table.c.kind.in_(TOKEN_KINDS)
    )
    return int(connection.scalar(asked) or 0)
