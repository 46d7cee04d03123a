"""A table as a screen shows it and as it is downloaded: the same rows, read by people and by programs."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

Kind = Literal[
    "text",
    "money",
    "price",
    "amount",
    "number",
    "count",
    "tokens",
    "percent",
    "share",
    "instant",
    "day",
    "trend",
]
Row = Mapping[str, Any]
_FORMULA_STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `screen` and `download` say where it appears, `help` explains its figure."""

    key: str
    label: str
    kind: Kind = "text"
    help: str | None = None
    width: Literal["small", "medium", "large"] | int | None = None
    screen: bool = True
    download: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by column key; None is unknown and stays empty, it never becomes a zero."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns with anything in them: an empty one only takes room."""
        return tuple(
            column
            for column in self.columns
            if column.screen and any(row.get(column.key) is not None for row in self.rows)
        )


def table(name: str, columns: Iterable[Column], rows: Iterable[Row]) -> Table:
    return Table(name, tuple(columns), tuple(rows))


def to_csv(one: Table) -> str:
    """Exact values under the columns' keys; text that a spreadsheet would run is made text again."""
    wanted = [column for column in one.columns if column.download and column.kind != "trend"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.key for column in wanted])
    writer.writerows([_cell(row.get(column.key)) for column in wanted] for row in one.rows)
    return out.getvalue()


def safe_text(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe in front, as spreadsheets themselves do it."""
    return (
        f"'{value}"
        if value.lstrip(" ").startswith(_FORMULA_STARTERS) or value.startswith(_FORMULA_STARTERS)
        else value
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
