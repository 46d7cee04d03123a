"""What it costs: charges of a period by deployment, by dimension and by day, and what has no price.

Sums come from the day's and the month's roll-up where that tells apart what is asked; amounts of different
currencies are never added.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, literal, select, tuple_

from collector.domain.periods import Window
from collector.domain.types import account_key
from collector.store import tables
from collector.store.expressions import EXACT, TOKEN_KINDS, money_sum, plus
from collector.store.reads.cost_sums import DIMENSIONS, Dimension, Piece, days, pieces
from collector.store.reads.scope import EVERYTHING, Filters, places

__all__ = ["DIMENSIONS", "TOKEN_KINDS", "Dimension"]

OTHERS = "others"
"""The key of what was not told apart; no ARM id reads so."""

OUT_OF_SCOPE = "out of scope"
"""How `why` begins where another publisher's model is not ours to price."""


@dataclass(frozen=True, slots=True)
class CostRow:
    """A deployment's charge of one kind, under one price; `day` is None where the row sums the period."""

    currency: str
    subscription_id: str
    account: str
    deployment: str
    model: str
    version: str
    sku: str
    location: str
    day: date | None
    kind: str
    tier: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    cost: Decimal
    low: Decimal
    high: Decimal
    basis: str
    step: str | None
    meter_id: str | None
    meter_name: str | None
    team: str | None


@dataclass(frozen=True, slots=True)
class UnpricedRow:
    """A quantity that has no price, and why."""

    subscription_id: str
    account: str
    deployment: str
    model: str
    version: str
    sku: str
    location: str
    kind: str
    quantity: Decimal
    unit: str
    why: str

    @property
    def out_of_scope(self) -> bool:
        return self.why.startswith(OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class CostTotal:
    """`low` and `high` bound the cost; they equal it where the metrics tell all."""

    currency: str
    cost: Decimal
    low: Decimal
    high: Decimal
    tokens: int


@dataclass(frozen=True, slots=True)
class CostSlice:
    """One value of a dimension; `key` is None where a charge has none (no team, no step)."""

    key: str | None
    currency: str
    cost: Decimal
    low: Decimal
    high: Decimal
    tokens: int


@dataclass(frozen=True, slots=True)
class DailyCost:
    """A day's sum, of one value of a dimension where one was asked for."""

    day: date
    key: str | None
    currency: str
    cost: Decimal
    low: Decimal
    high: Decimal
    tokens: int


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    month: date
    currency: str
    cost: Decimal


def cost_rows(
    connection: Connection, period: Window, filters: Filters = EVERYTHING, *, by_day: bool = False
) -> list[CostRow]:
    """Every priced charge of the period, apart by price, so that quantity × unit price is the cost."""
    asked = (
        [days(connection, period, filters, "deployment")]
        if by_day
        else pieces(connection, period, filters, "deployment")
    )
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for piece in asked:
        alike = [piece.table.c[name] for name in _ALIKE] + ([piece.when] if by_day else [])
        amounts = [*piece.amounts(), money_sum(piece.table.c.quantity)]
        for row in connection.execute(piece.sums(*alike, amounts=amounts)):
            slot = sums[tuple(row[: len(alike)])]
            for place, amount in enumerate((row.cost, row.low, row.high, row[-1])):
                slot[place] = plus(slot[place], amount)
    named, known = deployment_names(connection), places(connection)
    rows: list[CostRow] = []
    for (key, deployment, *told), (cost, low, high, quantity) in sums.items():
        if key not in known:
            continue
        fields: dict[str, Any] = dict(zip((*_ALIKE[2:], "day"), (*told, None), strict=False))
        rows.append(
            CostRow(
                subscription_id=known[key].subscription_id,
                account=known[key].arm_id,
                deployment=named[key, deployment],
                quantity=quantity,
                cost=cost,
                low=low,
                high=high,
                **fields,
            )
        )
    return sorted(
        rows,
        key=lambda row: (row.currency, row.account, row.deployment, row.day or date.min, row.kind, row.tier),
    )


def unpriced(connection: Connection, period: Window, filters: Filters = EVERYTHING) -> list[UnpricedRow]:
    """What was used and has no price, largest quantity first; other publishers' models say so in `why`."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for piece in pieces(connection, period, filters, "deployment"):
        table = piece.table
        why = func.coalesce(table.c.why, literal("no price was found"))
        alike = [*(table.c[name] for name in ("account_key", "deployment", *_UNPRICED)), why]
        asked = select(*alike, money_sum(table.c.quantity)).where(*piece.where(priced=False))
        for *key, quantity in connection.execute(asked.group_by(*alike)):
            sums[tuple(key)] = plus(sums[tuple(key)], quantity)
    if not sums:
        return []
    named, known = deployment_names(connection), places(connection)
    rows = [
        UnpricedRow(
            subscription_id=known[key].subscription_id,
            account=known[key].arm_id,
            deployment=named[key, deployment],
            quantity=quantity,
            why=why,
            **dict(zip(_UNPRICED, told, strict=True)),
        )
        for (key, deployment, *told, why), quantity in sums.items()
        if key in known
    ]
    return sorted(rows, key=lambda row: (-row.quantity, row.account, row.deployment, row.kind))


def cost_totals(
    connection: Connection, period: Window, filters: Filters = EVERYTHING, *, bounds: bool = True
) -> list[CostTotal]:
    """One sum a currency, largest first; without `bounds`, low and high are the cost."""
    sums: dict[str, list[Any]] = defaultdict(_nothing)
    for piece in pieces(connection, period, filters):
        currency = piece.table.c.currency
        for row in connection.execute(piece.sums(currency, amounts=piece.amounts(bounds=bounds))):
            _add(sums[row.currency], row)
    totals = [CostTotal(currency, *amounts) for currency, amounts in sums.items()]
    return sorted(totals, key=lambda total: -total.cost)


def cost_by(
    connection: Connection, dimension: Dimension, period: Window, filters: Filters = EVERYTHING
) -> list[CostSlice]:
    """Sums by one dimension, largest first. Accounts and deployments are keyed by their ARM ids."""
    label = labeller(connection, dimension)
    merged: dict[tuple[str | None, str], list[Any]] = defaultdict(_nothing)
    for piece in pieces(connection, period, filters, dimension):
        by = piece.columns(dimension)
        for row in connection.execute(piece.sums(*by, piece.table.c.currency, amounts=piece.amounts())):
            _add(merged[label(*row[: len(by)]), row.currency], row)
    slices = [CostSlice(key, currency, *amounts) for (key, currency), amounts in merged.items()]
    return sorted(slices, key=lambda part: (part.currency, -part.cost, part.key or ""))


def cost_daily(
    connection: Connection,
    period: Window,
    filters: Filters = EVERYTHING,
    dimension: Dimension | None = None,
    *,
    only: Collection[str] | None = None,
    bounds: bool = True,
) -> list[DailyCost]:
    """Cost per day and currency, stacked by a dimension where one is named; oldest first.

    Of many deployments, `only` names those to tell apart (by ARM id); the others are one, keyed `OTHERS`: what is
    left of each day's whole. Without `bounds`, low and high are the cost.
    """
    piece = days(connection, period, filters, dimension)
    if only is None or dimension != "deployment":
        return _daily(connection, piece, dimension, bounds=bounds)
    chosen = tuple_(*piece.columns("deployment")).in_(sorted(_pairs(only)))
    piece = replace(piece, conditions=(*piece.conditions, chosen))
    apart = _daily(connection, piece, dimension, bounds=bounds) if only else []
    whole = _daily(connection, days(connection, period, filters), None, bounds=bounds)
    return sorted([*apart, *_left(whole, apart)], key=_by_day)


def cost_months(connection: Connection, filters: Filters = EVERYTHING) -> list[MonthlyCost]:
    """The sum of every month that bears a charge, oldest first."""
    forever = Window(_EARLIEST, _LATEST)
    found: list[MonthlyCost] = []
    for piece in pieces(connection, forever, filters):
        alike = (piece.when, piece.table.c.currency)
        asked = piece.sums(*alike, amounts=[money_sum(piece.table.c.cost)])
        found += [MonthlyCost(*row) for row in connection.execute(asked.order_by(*alike))]
    return found


_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_ALIKE = (
    "account_key",
    "deployment",
    "currency",
    "model",
    "version",
    "sku",
    "location",
    "kind",
    "tier",
    "unit",
    "unit_price",
    "basis",
    "step",
    "meter_id",
    "meter_name",
    "team",
)
_UNPRICED = ("model", "version", "sku", "location", "kind", "unit")


def _daily(
    connection: Connection, piece: Piece, dimension: Dimension | None, *, bounds: bool
) -> list[DailyCost]:
    by = piece.columns(dimension)
    label = labeller(connection, dimension) if dimension else lambda *_: None
    alike = [piece.when, piece.table.c.currency, *by]
    asked = piece.sums(*alike, amounts=piece.amounts(bounds=bounds))
    merged: dict[tuple[date, str, str | None], list[Any]] = defaultdict(_nothing)
    for row in connection.execute(asked):
        _add(merged[row.day, row.currency, label(*row[2 : 2 + len(by)])], row)
    found = [DailyCost(day, key, currency, *amounts) for (day, currency, key), amounts in merged.items()]
    return sorted(found, key=_by_day)


def _left(whole: Iterable[DailyCost], apart: Iterable[DailyCost]) -> list[DailyCost]:
    """What is left of each day when its largest are taken away; nothing where nothing is."""
    sums: dict[tuple[date, str], list[Any]] = {
        (one.day, one.currency): [one.cost, one.low, one.high, one.tokens] for one in whole
    }
    for one in apart:
        slot = sums[one.day, one.currency]
        slot[:3] = map(EXACT.subtract, slot[:3], (one.cost, one.low, one.high))
        slot[3] -= one.tokens
    return [DailyCost(day, OTHERS, currency, *left) for (day, currency), left in sums.items() if any(left)]


def _by_day(part: DailyCost) -> tuple[date, str, str]:
    return (part.day, part.currency, part.key or "")


def _pairs(arm_ids: Iterable[str]) -> set[tuple[UUID, str]]:
    """Account and deployment of the ids that `cost_by` gives to deployments."""
    parted = (arm_id.partition("/deployments/") for arm_id in arm_ids)
    return {(account_key(account), name.casefold()) for account, _, name in parted}


def _nothing() -> list[Any]:
    return [Decimal(0), Decimal(0), Decimal(0), 0]


def _add(slot: list[Any], row: Any) -> None:
    low, high = (row.low, row.high) if "low" in row._fields else (row.cost, row.cost)
    slot[:3] = map(plus, slot[:3], (row.cost, low, high))
    slot[3] += int(row.tokens or 0)


def labeller(connection: Connection, dimension: Dimension) -> Any:
    """From the values of a group to its key: charges carry no names, and sums an empty text for none."""
    if dimension not in ("account", "subscription", "deployment"):
        return lambda value: value or None if dimension in ("team", "step") else value
    known = places(connection)
    if dimension == "subscription":
        return lambda key: (
            key if isinstance(key, str) else known[key].subscription_id if key in known else str(key)
        )
    if dimension == "account":
        return lambda key: known[key].arm_id if key in known else str(key)
    named = deployment_names(connection)
    return lambda key, name: f"{known[key].arm_id if key in known else key}/deployments/{named[key, name]}"


class _Names(dict[tuple[UUID, str], str]):
    """ARM's spelling of a deployment's name; of one that the inventory never saw, its key."""

    def __missing__(self, key: tuple[UUID, str]) -> str:
        return key[1]


def deployment_names(connection: Connection) -> _Names:
    deployment = tables.deployment
    asked = select(deployment.c.account_key, deployment.c.deployment, deployment.c.name)
    return _Names({(row.account_key, row.deployment): row.name for row in connection.execute(asked)})
