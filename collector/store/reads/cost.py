"""What it costs: charges of a period by deployment, by dimension and by day, and what has no price.

Whole months are read from the months' roll-up, other periods from the days; amounts of different currencies are
never added.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Select,
    Table,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
)

from collector.domain.periods import Window
from collector.domain.types import account_key
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads.scope import EVERYTHING, Filters, places, within

Dimension = Literal[
    "model", "deployment", "account", "subscription", "team", "sku", "kind", "tier", "location", "step"
]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
TOKEN_KINDS = (
    "input",
    "cached_input",
    "cache_write",
    "output",
    "audio_input",
    "audio_output",
    "cached_audio_input",
    "image_input",
    "image_output",
    "cached_image_input",
)
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
    days: int


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
    table = tables.charge_day if by_day else _table(period)
    day = [table.c.day] if by_day else []
    alike = [
        *(
            table.c[name]
            for name in ("account_key", "deployment", "currency", "model", "version", "sku", "location")
        ),
        *(table.c[name] for name in ("kind", "tier", "unit", "unit_price", "basis", "step", "meter_id")),
        table.c.meter_name,
        table.c.team,
        *day,
    ]
    asked = _priced(connection, table, period, filters, *alike, money_sum(table.c.quantity).label("quantity"))
    rows = connection.execute(asked.add_columns(*_amounts(table)).group_by(*alike)).mappings().all()
    named = _names(connection)
    known = places(connection)
    return sorted(
        (
            CostRow(
                day=row.get("day"),
                subscription_id=known[row["account_key"]].subscription_id,
                account=known[row["account_key"]].arm_id,
                deployment=named[row["account_key"], row["deployment"]],
                **{name: row[name] for name in _ROW_FIELDS},
            )
            for row in rows
            if row["account_key"] in known
        ),
        key=lambda row: (row.currency, row.account, row.deployment, row.day or date.min, row.kind, row.tier),
    )


def unpriced(connection: Connection, period: Window, filters: Filters = EVERYTHING) -> list[UnpricedRow]:
    """What was used and has no price, largest quantity first; other publishers' models say so in `why`."""
    table = _table(period)
    why = func.coalesce(table.c.why, literal("no price was found")).label("why")
    alike = [
        *(
            table.c[name]
            for name in ("account_key", "deployment", "model", "version", "sku", "location", "kind")
        ),
        table.c.unit,
    ]
    asked = select(*alike, why, money_sum(table.c.quantity).label("quantity")).where(
        table.c.cost.is_(None), *_during(table, period), *within(connection, filters, table)
    )
    rows = connection.execute(asked.group_by(*alike, why)).mappings().all()
    if not rows:
        return []
    named, known = _names(connection), places(connection)
    return sorted(
        (
            UnpricedRow(
                subscription_id=known[row["account_key"]].subscription_id,
                account=known[row["account_key"]].arm_id,
                deployment=named[row["account_key"], row["deployment"]],
                **{
                    name: row[name]
                    for name in ("model", "version", "sku", "location", "kind", "quantity", "unit", "why")
                },
            )
            for row in rows
            if row["account_key"] in known
        ),
        key=lambda row: (-row.quantity, row.account, row.deployment, row.kind),
    )


def cost_totals(
    connection: Connection, period: Window, filters: Filters = EVERYTHING, *, bounds: bool = True
) -> list[CostTotal]:
    """One sum a currency, largest first, with the number of days that bear a charge.

    Without `bounds`, which are two exact sums more, low and high are the cost.
    """
    table = _table(period)
    amounts = _amounts(table, bounds=bounds)
    asked = _priced(connection, table, period, filters, table.c.currency, *amounts, _tokens(table))
    asked = asked.add_columns(func.count(_date(table).distinct()).label("days")).group_by(table.c.currency)
    rows = connection.execute(asked).mappings()
    totals = [
        CostTotal(**{"low": row["cost"], "high": row["cost"], **row, "tokens": int(row["tokens"] or 0)})
        for row in rows
    ]
    return sorted(totals, key=lambda total: -total.cost)


def cost_by(
    connection: Connection, dimension: Dimension, period: Window, filters: Filters = EVERYTHING
) -> list[CostSlice]:
    """Sums by one dimension, largest first. Accounts and deployments are keyed by their ARM ids."""
    table = _table(period)
    by = _columns(table, dimension)
    asked = _priced(
        connection, table, period, filters, *by, table.c.currency, *_amounts(table), _tokens(table)
    )
    rows = connection.execute(asked.group_by(*by, table.c.currency))
    label = _labeller(connection, dimension)
    merged: dict[tuple[str | None, str], list[Any]] = defaultdict(_nothing)
    for row in rows:
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

    Of many deployments, `only` names those to tell apart (by ARM id); the others are one, keyed `OTHERS`.
    Without `bounds`, which are two exact sums more, low and high are the cost.
    """
    table = tables.charge_day
    by = _columns(table, dimension) if dimension else []
    label = _labeller(connection, dimension) if dimension else lambda *_: None
    if only is not None and dimension == "deployment":
        chosen = tuple_(*by).in_(sorted(_pairs(only)))
        by = [case((chosen, column)).label(column.name) for column in by]
        named = label
        label = lambda key, name: OTHERS if name is None else named(key, name)  # noqa: E731  # wraps the other
    alike = [table.c.day, table.c.currency, *by]
    amounts = _amounts(table, bounds=bounds)
    asked = _priced(connection, table, period, filters, *alike, *amounts, _tokens(table))
    merged: dict[tuple[date, str, str | None], list[Any]] = defaultdict(_nothing)
    for row in connection.execute(asked.group_by(*alike)):
        _add(merged[row.day, row.currency, label(*row[2 : 2 + len(by)])], row)
    found = [DailyCost(day, key, currency, *amounts) for (day, currency, key), amounts in merged.items()]
    return sorted(found, key=lambda part: (part.day, part.currency, part.key or ""))


def cost_months(connection: Connection, filters: Filters = EVERYTHING) -> list[MonthlyCost]:
    """The sum of every month that bears a charge, oldest first."""
    table = tables.charge_month
    asked = (
        select(table.c.month, table.c.currency, money_sum(table.c.cost))
        .where(table.c.cost.is_not(None), *within(connection, filters, table))
        .group_by(table.c.month, table.c.currency)
        .order_by(table.c.month, table.c.currency)
    )
    return [MonthlyCost(*row) for row in connection.execute(asked)]


_ROW_FIELDS = (
    "currency",
    "model",
    "version",
    "sku",
    "location",
    "kind",
    "tier",
    "quantity",
    "unit",
    "unit_price",
    "cost",
    "low",
    "high",
    "basis",
    "step",
    "meter_id",
    "meter_name",
    "team",
)


def _table(period: Window) -> Table:
    """Months where the period is whole months, else days."""
    whole = period.start.day == 1 and period.end.day == 1
    return tables.charge_month if whole else tables.charge_day


def _date(table: Table) -> Column[date]:
    return table.c.month if table is tables.charge_month else table.c.day


def _during(table: Table, period: Window) -> tuple[Any, Any]:
    """The days that the period touches, an end within a day included."""
    day = _date(table)
    last = (period.end - timedelta(microseconds=1)).date()
    return day >= period.start.date(), day <= last


def _priced(
    connection: Connection, table: Table, period: Window, filters: Filters, *columns: Any
) -> Select[*tuple[Any, ...]]:
    return select(*columns).where(
        table.c.cost.is_not(None), *_during(table, period), *within(connection, filters, table)
    )


def _amounts(table: Table, *, bounds: bool = True) -> list[Any]:
    cost = money_sum(table.c.cost).label("cost")
    if not bounds:
        return [cost]
    return [
        cost,
        money_sum(func.coalesce(table.c.low, table.c.cost)).label("low"),
        money_sum(func.coalesce(table.c.high, table.c.cost)).label("high"),
    ]


def _tokens(table: Table) -> Any:
    counted = case((table.c.kind.in_(TOKEN_KINDS), cast(table.c.quantity, BigInteger)), else_=0)
    return func.sum(counted).label("tokens")


def _pairs(arm_ids: Iterable[str]) -> set[tuple[UUID, str]]:
    """Account and deployment of the ids that `cost_by` gives to deployments."""
    parted = (arm_id.partition("/deployments/") for arm_id in arm_ids)
    return {(account_key(account), name.casefold()) for account, _, name in parted}


def _nothing() -> list[Any]:
    return [Decimal(0), Decimal(0), Decimal(0), 0]


def _add(slot: list[Any], row: Any) -> None:
    low, high = (row.low, row.high) if "low" in row._fields else (row.cost, row.cost)
    for place, amount in enumerate((row.cost, low, high, int(row.tokens or 0))):
        slot[place] += amount


def _columns(table: Table, dimension: Dimension) -> list[Column[Any]]:
    if dimension in ("account", "subscription"):
        return [table.c.account_key]
    if dimension == "deployment":
        return [table.c.account_key, table.c.deployment]
    return [table.c[dimension]]


def _labeller(connection: Connection, dimension: Dimension) -> Any:
    """From the values of a group to its key: the charge tables carry no names."""
    if dimension not in ("account", "subscription", "deployment"):
        return lambda value: value
    known = places(connection)
    if dimension == "subscription":
        return lambda key: known[key].subscription_id if key in known else str(key)
    if dimension == "account":
        return lambda key: known[key].arm_id if key in known else str(key)
    named = _names(connection)
    return lambda key, name: f"{known[key].arm_id if key in known else key}/deployments/{named[key, name]}"


class _Names(dict[tuple[UUID, str], str]):
    """ARM's spelling of a deployment's name; of one that the inventory never saw, its key."""

    def __missing__(self, key: tuple[UUID, str]) -> str:
        return key[1]


def _names(connection: Connection) -> _Names:
    deployment = tables.deployment
    asked = select(deployment.c.account_key, deployment.c.deployment, deployment.c.name)
    return _Names({(row.account_key, row.deployment): row.name for row in connection.execute(asked)})
