"""A period's cost taken apart: what moved it, what a unit came to, and how its prices were found."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.domain.money.anomalies import CostPart
from collector.domain.money.unit_costs import UnitCost, UsedAmount, unit_costs
from collector.domain.periods import Window
from collector.store import tables
from collector.store.expressions import money_sum, plus
from collector.store.reads.cost import deployment_names, labeller
from collector.store.reads.cost_sums import Dimension, Piece, pieces
from collector.store.reads.scope import EVERYTHING, Filters, places, within

Pair = tuple[UUID, str]
_HOURLY: Final = frozenset({"ptu_hour", "hosting_hour"})


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
    sums: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for piece in pieces(connection, period, filters):
        alike = [piece.table.c[name] for name in ("currency", "model", "sku", "kind", "tier", "unit")]
        _add(sums, connection, piece.sums(*alike, amounts=_amounts(piece)))
    found: dict[str, list[CostPart]] = defaultdict(list)
    for (currency, model, sku, kind, tier, unit), amounts in sums.items():
        found[currency].append(CostPart(f"{model} {sku} {kind} {tier}", unit, *amounts))
    return dict(found)


def used_rows(connection: Connection, period: Window, filters: Filters = EVERYTHING) -> list[UsedRow]:
    """Priced use of every deployment by kind."""
    names = ("account_key", "deployment", "model", "sku", "location", "team", "kind", "currency")
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for piece in pieces(connection, period, filters, "deployment"):
        _add(sums, connection, piece.sums(*(piece.table.c[name] for name in names), amounts=_amounts(piece)))
    known, named = places(connection), deployment_names(connection)
    found: list[UsedRow] = []
    for told, (quantity, cost) in sums.items():
        row: dict[str, Any] = dict(zip(names, told, strict=True))
        if place := known.get(row["account_key"]):
            name = named[row["account_key"], row["deployment"]]
            whose: dict[str, Any] = {
                "account": place.arm_id,
                "subscription_id": place.subscription_id,
                "name": name,
            }
            found.append(UsedRow(**row, **whose, quantity=quantity, cost=cost))
    return found


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
    label = labeller(connection, dimension)
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)])
    for piece in pieces(connection, period, filters, dimension):
        by, table = piece.columns(dimension), piece.table
        asked = piece.sums(
            *by, table.c.currency, table.c.step, table.c.basis, amounts=[money_sum(table.c.cost)]
        )
        for row in connection.execute(asked):
            currency, step, basis, cost = row[len(by) :]
            slot = sums[label(*row[: len(by)]), currency, step, basis]
            slot[0] = plus(slot[0], cost)
    return [
        SureRow(key, currency, step, basis, cost) for (key, currency, step, basis), [cost] in sums.items()
    ]


def _amounts(piece: Piece) -> list[Any]:
    return [money_sum(piece.table.c.quantity), money_sum(piece.table.c.cost)]


def _add(sums: dict[tuple[Any, ...], list[Decimal]], connection: Connection, asked: Any) -> None:
    for *alike, quantity, cost in map(tuple, connection.execute(asked)):
        sums[tuple(alike)] = list(map(plus, sums[tuple(alike)], (quantity, cost)))


def unit_costs_of(rows: Iterable[UsedRow], requests: Mapping[Pair, int], dimension: str) -> list[UnitCost]:
    """Unit costs by one dimension; provisioned units and hosting aside, which cost the same whatever they serve."""
    by_use = [row for row in rows if row.kind not in _HOURLY]
    amounts = [
        UsedAmount(_key_of(row, dimension), row.currency, row.kind, row.quantity, row.cost) for row in by_use
    ]
    return unit_costs(amounts, _requests(by_use, requests, dimension))


def _key_of(row: UsedRow, dimension: str) -> str:
    if dimension == "deployment":
        return f"{row.account}/deployments/{row.name}"
    return str(getattr(row, dimension) or "")


def _requests(rows: Iterable[UsedRow], counts: Mapping[Pair, int], dimension: str) -> dict[str, int]:
    """Answered requests by the dimension; where a deployment stands under two keys, nobody knows whose they were."""
    keys: dict[Pair, set[str]] = defaultdict(set)
    for row in rows:
        keys[row.account_key, row.deployment].add(_key_of(row, dimension))
    found: dict[str, int] = defaultdict(int)
    torn = {key for own in keys.values() if len(own) > 1 for key in own}
    for deployment, own in keys.items():
        for key in own - torn:
            found[key] += counts.get(deployment, 0)
    return dict(found)
