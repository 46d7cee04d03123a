"""What a table of the report is made of, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, TypeVar

_Row = TypeVar("_Row")
Kind = Literal["text", "money", "price", "count", "percent", "date"]
Cell = str | Decimal | int | float | date | datetime | None
UNALLOCATED: Final = "Unallocated"
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: Kind = "text"
    width: int = 14


@dataclass(frozen=True, slots=True)
class FinanceTable:
    """Rows of one subject; `note` says what it is and what it leaves out. `has_totals`: its money adds up."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    has_totals: bool = False


def table_of(
    name: str,
    items: Iterable[_Row],
    columns: Sequence[tuple[Column, Callable[[_Row], Cell]]],
    note: str = "",
    *,
    has_totals: bool = False,
) -> FinanceTable:
    """A row for each item, its cells beside their titles."""
    rows = tuple(tuple(cell(one) for _, cell in columns) for one in items)
    return FinanceTable(name, tuple(column for column, _ in columns), rows, note, has_totals)


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: names are other people's words."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text
