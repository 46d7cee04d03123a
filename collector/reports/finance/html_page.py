"""The month as one page for mail: tables with their styles inline, since mail clients drop the rest."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Final

from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import Cell, Column, FinanceTable
from collector.reports.finance.tables import basis_words, finance_tables, total_lines

_SHOWN: Final = 15
_WORDY: Final = 60
"""Columns from this width on hold sentences, which a narrow cell would pile up."""
_FONT: Final = "font-family:Segoe UI,Helvetica,Arial,sans-serif;color:#1b1b1b"
_CELL: Final = "padding:4px 10px 4px 0;border-bottom:1px solid #e1e1e1;font-size:13px;vertical-align:top"
_IN_MAIL: Final = frozenset(
    {"By team", "By model", "Unit costs", "Provisioned units", "Reconciliation", "Reservations"}
    | {"Known from the bill alone", "Unpriced", "Unallocated"}
    | {"Outlook", "Budgets", "Odd days", "Savings", "Restatements"}
)


def finance_html(report: FinanceReport) -> str:
    """A whole document. Long tables end after their largest rows and say so."""
    title = f"Azure OpenAI cost, {report.month.window.start:%B %Y}"
    tables = [table for table in finance_tables(report) if table.name in _IN_MAIL and table.rows]
    notes = [*report.notes, *report.bill_notices, f"Made {report.made_at:%Y-%m-%d %H:%M} UTC."]
    body = "".join(
        [
            f'<h1 style="font-size:22px;margin:0 0 4px">{escape(title)}</h1>',
            f'<p style="margin:0 0 16px;color:#595959;font-size:13px">{escape(basis_words(report))}</p>',
            _totals(report),
            *(_table(table) for table in tables),
            *(f'<p style="font-size:12px;color:#595959;margin:4px 0">{escape(note)}</p>' for note in notes),
        ]
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f'<body style="margin:0;padding:24px;background:#ffffff;{_FONT}">{body}</body></html>\n'
    )


def _totals(report: FinanceReport) -> str:
    columns = (
        Column("Total"),
        *(Column(name, "money") for name in ("Cost", "Estimate", "Low", "High", "Bill")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (currency, line.basis_amount, line.estimate, line.low, line.high, line.billed)
        for currency, line in total_lines(report)
    )
    unread = f"No bill was read of {', '.join(report.unbilled)}." if report.unbilled else ""
    return _table(FinanceTable("Total", columns, rows, unread))


def _table(table: FinanceTable) -> str:
    head = "".join(
        f'<th style="{_CELL};text-align:{_side(column)};border-bottom:2px solid #1f3a5f">{escape(column.title)}</th>'
        for column in table.columns
    )
    rows = "".join(f"<tr>{''.join(map(_cell, row, table.columns))}</tr>" for row in table.rows[:_SHOWN])
    left = len(table.rows) - _SHOWN
    more = f'<p style="font-size:12px;color:#595959">and {left} more in the workbook</p>' if left > 0 else ""
    note = (
        f'<p style="margin:0 0 6px;color:#595959;font-size:12px">{escape(table.note)}</p>'
        if table.note
        else ""
    )
    return (
        f'<h2 style="font-size:16px;margin:22px 0 2px">{escape(table.name)}</h2>{note}'
        f'<table cellpadding="0" cellspacing="0" style="border-collapse:collapse;{_FONT}">'
        f"<tr>{head}</tr>{rows}</table>{more}"
    )


def _side(column: Column) -> str:
    return "left" if column.kind in ("text", "date") else "right"


def _cell(cell: Cell, column: Column) -> str:
    wide = ";min-width:280px" if column.width >= _WORDY else ""
    return f'<td style="{_CELL};text-align:{_side(column)}{wide}">{escape(_shown(cell, column))}</td>'


def _shown(cell: Cell, column: Column) -> str:
    if cell is None:
        return "unknown" if column.kind == "money" else ""
    if isinstance(cell, (datetime, date)):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, str):
        return cell
    digits = {"money": ",.2f", "price": ",.4f", "count": ",.0f", "percent": ".1%"}.get(column.kind, "")
    return format(Decimal(str(cell)), digits)
