"""Where a question about cost is added up: in the sums of everything alike, or in single charges where it must be.

A period is taken as whole months and the days at its edges, so that a year costs little more than a month.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, func, select

from collector.domain.periods import Month, Window, month_of
from collector.domain.types import location_key
from collector.store import tables
from collector.store.expressions import money_sum, tokens_sum
from collector.store.reads.scope import Filters, within

Dimension = Literal[
    "model", "deployment", "account", "subscription", "team", "sku", "kind", "tier", "location", "step"
]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
SINGLE: tuple[Dimension, ...] = ("account", "deployment")
"""What only single charges tell apart."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Days from `first` up to, not including, `until`, in the one table that answers for them."""

    table: Table
    first: date
    until: date
    conditions: tuple[ColumnElement[bool], ...]

    @property
    def when(self) -> Column[date]:
        return self.table.c.month if "month" in self.table.c else self.table.c.day

    @property
    def is_summed(self) -> bool:
        return self.table in (tables.cost_day, tables.cost_month)

    def where(self, *, priced: bool = True) -> tuple[ColumnElement[bool], ...]:
        cost = self.table.c.cost
        known = () if self.is_summed else (cost.is_not(None) if priced else cost.is_(None),)
        return (*known, self.when >= self.first, self.when < self.until, *self.conditions)

    def sums(self, *alike: Any, amounts: Iterable[Any]) -> Select[*tuple[Any, ...]]:
        """The question for amounts of everything alike."""
        return select(*alike, *amounts).where(*self.where()).group_by(*alike)

    def amounts(self, *, bounds: bool = True) -> list[Any]:
        """Cost with its bounds, which are two exact sums more, and tokens."""
        table = self.table
        found = [money_sum(table.c.cost).label("cost")]
        if bounds:
            found += [
                money_sum(func.coalesce(table.c[name], table.c.cost)).label(name) for name in ("low", "high")
            ]
        return [*found, func.sum(table.c.tokens).label("tokens") if self.is_summed else tokens_sum(table)]

    def columns(self, dimension: Dimension | None) -> list[Column[Any]]:
        table = self.table
        if dimension is None:
            return []
        if dimension == "subscription" and self.is_summed:
            return [table.c.subscription_id]
        if dimension in ("account", "subscription"):
            return [table.c.account_key]
        if dimension == "deployment":
            return [table.c.account_key, table.c.deployment]
        return [table.c[dimension]]


def pieces(
    connection: Connection, period: Window, filters: Filters, dimension: Dimension | None = None
) -> list[Piece]:
    """The period as whole months and edge days, oldest first."""
    months, edges = _parted(connection, period)
    summed = is_summed(filters, dimension)
    found = [(tables.cost_month if summed else tables.charge_month, span) for span in months]
    found += [(tables.cost_day if summed else tables.charge_day, span) for span in edges]
    return sorted(
        (Piece(table, *span, _narrowed(connection, filters, table)) for table, span in found),
        key=lambda piece: piece.first,
    )


def days(
    connection: Connection, period: Window, filters: Filters, dimension: Dimension | None = None
) -> Piece:
    """The period day by day."""
    table = tables.cost_day if is_summed(filters, dimension) else tables.charge_day
    return Piece(table, period.start.date(), _end(period), _narrowed(connection, filters, table))


def is_summed(filters: Filters, dimension: Dimension | None = None) -> bool:
    """Whether the sums know what is asked: they hold neither accounts nor deployments, nor today's tags."""
    return dimension not in SINGLE and not (filters.accounts or filters.deployments or filters.tags)


def _narrowed(connection: Connection, filters: Filters, table: Table) -> tuple[ColumnElement[bool], ...]:
    if table not in (tables.cost_day, tables.cost_month):
        return tuple(within(connection, filters, table))
    wanted: list[tuple[ColumnElement[Any], Iterable[str]]] = [
        (table.c.model, filters.models),
        (table.c.sku, filters.skus),
        (table.c.kind, filters.kinds),
        (table.c.team, filters.teams),
        (table.c.subscription_id, filters.subscriptions),
        (table.c.location, [location_key(name) for name in filters.locations]),
    ]
    return tuple(column.in_(list(values)) for column, values in wanted if values)


_Span = tuple[date, date]


def _parted(connection: Connection, period: Window) -> tuple[list[_Span], list[_Span]]:
    """Whole months as one span, and the days before and after them."""
    first, until = period.start.date(), _end(period)
    start = month_of(period.start)
    if start.first_day < first:
        start = start.shifted(1)
    end = _first_not_whole(connection, until)
    if start.first_day >= end.first_day:
        return [], [(first, until)]
    edges = [(first, start.first_day), (end.first_day, until)]
    return [(start.first_day, end.first_day)], [span for span in edges if span[0] < span[1]]


def _first_not_whole(connection: Connection, until: date) -> Month:
    """The month in which the period ends; the one after it where nothing is charged from the period's end on."""
    month = Month(until.year, until.month)
    if until == month.first_day:
        return month
    last = connection.scalar(select(func.max(tables.charge_day.c.day)))
    return month if last is not None and last >= until else month.shifted(1)


def _end(period: Window) -> date:
    """The day after the last that the period touches, an end within a day included."""
    return (period.end - timedelta(microseconds=1)).date() + timedelta(days=1)
