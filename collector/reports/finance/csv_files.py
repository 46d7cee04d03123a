"""The month's rows as CSV, one for each kind of use, with every figure whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from collector.reports.finance.figures import FinanceReport, FinanceRow
from collector.reports.finance.table_types import neutral

_FIELDS: Final = tuple(field.name for field in fields(FinanceRow) if field.name != "invoiced")
COLUMNS: Final = (*_FIELDS, "invoices", "cost", "state")


def write_csv(report: FinanceReport, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(report, report.rows))


def _cells(report: FinanceReport, rows: Iterable[FinanceRow]) -> Iterable[list[str]]:
    for row in rows:
        told = [getattr(row, name) for name in _FIELDS]
        yield [_text(value) for value in (*told, _invoices(row), row.amount(report.basis), report.state)]


def _invoices(row: FinanceRow) -> str:
    """The numbers of all invoices that the row stands on; FOCUS has an amount for each."""
    return " ".join(sorted({one.invoice for one in row.invoiced if one.invoice}))


def _text(value: object) -> str:
    """Numbers in full and plain; a text that a spreadsheet would take for a formula is made harmless."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else neutral(str(value))
