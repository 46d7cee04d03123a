"""A period's cost taken apart: what moved it, what a unit came to, and how its prices were found."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.domain.money.anomalies import CostPart
from collector.domain.periods import Window
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads.cost import (
    Dimension,
    _columns,
    _during,
    _labeller,
    _names,
    _table,
)  # the same tables and names
from collector.store.reads.scope import EVERYTHING, Filters, places, within

Pair = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class UsedRow:
    """What a deployment used of one kind over the period, and what it cost."""

    account_key: UUID
    account: str
    subscription_id: str
    deployment: str
    name: str
    model: str
    sku: str
    location: str
    team: str | None
    kind: str
    currency: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class SureRow:
    """How much of a dimension's cost was priced by which step, on which basis."""

    key: str | None
    currency: str
    step: str | None
    basis: str
    cost: Decimal


def cost_parts(
    connection: Connection, period: Window, filters: Filters = EVERYTHING
) -> dict[str, list[CostPart]]:
    """By currency: every model, SKU, kind and tier with its quantity and cost, to be held beside another period's."""
    table = _table(period)
    alike = (table.c.model, table.c.sku, table.c.kind, table.c.tier, table.c.unit)
    asked = (
        select(table.c.currency, *alike, money_sum(table.c.quantity), money_sum(table.c.cost))
        .where(table.c.cost.is_not(None), *_during(table, period), *within(connection, filters, table))
        .group_by(table.c.currency, *alike)
    )
    found: dict[str, list[CostPart]] = defaultdict(list)
    for currency, model, sku, kind, tier, unit, quantity, cost in connection.execute(asked):
        found[currency].append(CostPart(f"{model} {sku} {kind} {tier}", unit, quantity, cost))
    return dict(found)


def used_rows(connection: Connection, period: Window, filters: Filters = EVERYTHING) -> list[UsedRow]:
    """Priced use of every deployment by kind."""
    table = _table(period)
    names = ("account_key", "deployment", "model", "sku", "location", "team", "kind", "currency")
    alike = [table.c[name] for name in names]
    asked = (
        select(*alike, money_sum(table.c.quantity).label("quantity"), money_sum(table.c.cost).label("cost"))
        .where(table.c.cost.is_not(None), *_during(table, period), *within(connection, filters, table))
        .group_by(*alike)
    )
    known, named = places(connection), _names(connection)
    return [
        UsedRow(
            account=known[row.account_key].arm_id,
            subscription_id=known[row.account_key].subscription_id,
            name=named[row.account_key, row.deployment],
            **row._mapping,
        )
        for row in connection.execute(asked)
        if row.account_key in known
    ]


def served_requests(connection: Connection, period: Window, filters: Filters = EVERYTHING) -> dict[Pair, int]:
    """Requests of each deployment that were answered, over whole months or days."""
    whole = period.start.day == 1 and period.end.day == 1
    table = tables.usage_month if whole else tables.usage_day
    day = table.c.month if whole else table.c.day
    asked = (
        select(table.c.account_key, table.c.deployment, func.sum(table.c.requests - table.c.throttled))
        .where(day >= period.start.date(), day < period.end.date(), *within(connection, filters, table))
        .group_by(table.c.account_key, table.c.deployment)
    )
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(asked)}


def how_priced(
    connection: Connection, dimension: Dimension, period: Window, filters: Filters = EVERYTHING
) -> list[SureRow]:
    """Every value of a dimension by how its prices were found and on which basis."""
    table = _table(period)
    by = _columns(table, dimension)
    alike = [*by, table.c.currency, table.c.step, table.c.basis]
    asked = (
        select(*alike, money_sum(table.c.cost))
        .where(table.c.cost.is_not(None), *_during(table, period), *within(connection, filters, table))
        .group_by(*alike)
    )
    label = _labeller(connection, dimension)
    return [SureRow(label(*row[: len(by)]), *row[len(by) :]) for row in connection.execute(asked)]
