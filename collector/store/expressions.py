"""SQL that the two engines spell differently."""

from typing import Any

from sqlalchemy import BigInteger, Float
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
