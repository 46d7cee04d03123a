"""SQL that the two engines spell differently."""

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Float, FromClause, case, cast, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from collector.store.tables import Money


class money_sum(FunctionElement[Any]):  # noqa: N801 # reads as the SQL function that it is
    """The exact sum of a `Money` column; null where there is nothing to add."""

    name = "money_sum"
    type = Money()
    inherit_cache = True


class money_rank(FunctionElement[Any]):  # noqa: N801 # reads as the SQL function that it is
    """An amount as a float, to order and compare by; never to show or to add."""

    name = "money_rank"
    type = Float()
    inherit_cache = True


class epoch(FunctionElement[Any]):  # noqa: N801 # reads as the SQL function that it is
    """The seconds since 1970 of an `Instant` column."""

    name = "epoch"
    type = BigInteger()
    inherit_cache = True


class epoch_day(FunctionElement[Any]):  # noqa: N801 # reads as the SQL function that it is
    """The UTC days since 1970-01-01 of an `Instant` column, to group by."""

    name = "epoch_day"
    type = BigInteger()
    inherit_cache = True


EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])
"""Wide enough for any sum of ours; were it ever not, an error is better than a rounded total."""


def plus(one: Decimal, other: Decimal) -> Decimal:
    """The exact sum: Python's own context keeps 28 digits, which a sum of hourly prices may exceed."""
    return EXACT.add(one, other)


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


def tokens_sum(charges: FromClause) -> Any:
    """The tokens among the quantities of charges."""
    counted = case((charges.c.kind.in_(TOKEN_KINDS), cast(charges.c.quantity, BigInteger)), else_=0)
    return cast(func.sum(counted), BigInteger).label("tokens")


def _clauses(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(money_sum, "sqlite")
def _(element: money_sum, compiler: Any, **options: Any) -> str:
    # SQLite gathers a group's amounts by itself and calls Python once a group, not once a row.
    return f"money_total(group_concat({_clauses(element, compiler, **options)}))"


@compiles(money_sum, "postgresql")
def _(element: money_sum, compiler: Any, **options: Any) -> str:
    return f"sum({_clauses(element, compiler, **options)})"


@compiles(money_rank, "sqlite")
def _(element: money_rank, compiler: Any, **options: Any) -> str:
    return f"cast({_clauses(element, compiler, **options)} as real)"


@compiles(money_rank, "postgresql")
def _(element: money_rank, compiler: Any, **options: Any) -> str:
    return f"cast({_clauses(element, compiler, **options)} as double precision)"


@compiles(epoch, "sqlite")
def _(element: epoch, compiler: Any, **options: Any) -> str:
    return _clauses(element, compiler, **options)


@compiles(epoch, "postgresql")
def _(element: epoch, compiler: Any, **options: Any) -> str:
    return f"cast(extract(epoch from {_clauses(element, compiler, **options)}) as bigint)"


@compiles(epoch_day, "sqlite")
def _(element: epoch_day, compiler: Any, **options: Any) -> str:
    return f"({_clauses(element, compiler, **options)} / 86400)"


@compiles(epoch_day, "postgresql")
def _(element: epoch_day, compiler: Any, **options: Any) -> str:
    return f"(cast(extract(epoch from {_clauses(element, compiler, **options)}) as bigint) / 86400)"


def count_known(room: FromClause, name: str) -> ColumnElement[int | None]:
    """A count of a deployment's room; null where not one minute of the period is known, since 0 would be a guess."""
    count = room.c[name]
    return case((or_(room.c.coverage > 0, count > 0), count), else_=None).label(name)
