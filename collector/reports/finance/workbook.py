"""The month as an Excel workbook: a summary with a chart, then a sheet for each table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import Cell, FinanceTable, neutral
from collector.reports.finance.tables import basis_words, finance_tables, largest, total_lines

_FORMATS: Final[dict[str, str]] = {
    "money": "#,##0.00;[Red]-#,##0.00",
    "price": "#,##0.0000##",
    "count": "#,##0",
    "percent": "0.0%;[Red]-0.0%",
    "date": "yyyy-mm-dd",
    "text": "@",
}
_HEAD: Final = "#1f3a5f"
_TOP: Final = 3
_WRAPPED: Final = 60
_LINE_HEIGHT: Final = 15
_NAMED: Final = 5
"""Columns from this width on wrap their words."""


def write_workbook(report: FinanceReport, path: Path) -> None:
    """Write the whole workbook to `path`. Formulas are never made of other people's words."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {"title": f"Azure OpenAI cost {report.month}", "created": report.made_at.replace(tzinfo=None)}
        )
        styles = _styles(book)
        tables = [table for table in finance_tables(report) if table.rows or table.name in _ALWAYS]
        summary = book.add_worksheet("Summary")
        for table in tables:
            _sheet(book, table, styles)
        notes = book.add_worksheet("Notes")
        _summary(book, summary, report, styles)
        _notes(notes, report, styles)


_ALWAYS: Final = frozenset(
    {"By team", "By model", "By deployment", "Reconciliation", "Unpriced", "Unallocated"}
)


def _styles(book: Any) -> dict[str, Any]:
    styles = {kind: book.add_format({"num_format": code, "valign": "top"}) for kind, code in _FORMATS.items()}
    styles["wrap"] = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    styles["head"] = book.add_format(
        {"bold": True, "font_color": "white", "bg_color": _HEAD, "valign": "vcenter", "text_wrap": True}
    )
    styles["head_right"] = book.add_format(
        {
            "bold": True,
            "font_color": "white",
            "bg_color": _HEAD,
            "valign": "vcenter",
            "text_wrap": True,
            "align": "right",
        }
    )
    styles["title"] = book.add_format({"bold": True, "font_size": 16})
    styles["note"] = book.add_format({"italic": True, "font_color": "#595959"})
    styles["bold"] = book.add_format({"bold": True})
    styles["strong"] = book.add_format({"bold": True, "num_format": _FORMATS["money"], "top": 1})
    return styles


def _sheet(book: Any, table: FinanceTable, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(table.name)
    sheet.write_string(0, 0, table.name, styles["title"])
    sheet.write_string(1, 0, table.note, styles["note"])
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, column.width)
        head = "head" if column.kind in ("text", "date") else "head_right"
        sheet.write_string(_TOP, at, column.title, styles[head])
    for down, row in enumerate(table.rows, _TOP + 1):
        for at, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            _write(sheet, down, at, cell, styles["wrap" if column.width >= _WRAPPED else column.kind])
        _make_room(sheet, down, row, table)
    if not table.rows:
        sheet.write_string(_TOP + 1, 0, "None.", styles["note"])
    _totals(sheet, table, styles)
    sheet.freeze_panes(_TOP + 1, 1)
    if table.rows:
        sheet.autofilter(_TOP, 0, _TOP + len(table.rows), len(table.columns) - 1)
    _print_setup(sheet, len(table.columns) > 6)
    sheet.repeat_rows(_TOP)


def _make_room(sheet: Any, down: int, row: tuple[Cell, ...], table: FinanceTable) -> None:
    """Not every program makes a row as high as the words that are wrapped in it."""
    wrapped = [
        -(-len(cell) // column.width)
        for cell, column in zip(row, table.columns, strict=True)
        if isinstance(cell, str) and column.width >= _WRAPPED
    ]
    if wrapped and max(wrapped) > 1:
        sheet.set_row(down, _LINE_HEIGHT * max(wrapped))


def _totals(sheet: Any, table: FinanceTable, styles: dict[str, Any]) -> None:
    """The sums of money, one row a currency, as formulas that a reader can follow."""
    titles = [column.title for column in table.columns]
    if not table.has_totals or not table.rows or "Currency" not in titles:
        return
    coin, last = titles.index("Currency"), _TOP + len(table.rows)
    currencies = sorted({str(row[coin]) for row in table.rows})
    for down, currency in enumerate(currencies, last + 2):
        sheet.write_string(down, 0, "Total", styles["bold"])
        sheet.write_string(down, coin, currency, styles["bold"])
        for at, column in enumerate(table.columns):
            amounts = [row[at] for row in table.rows if row[coin] == currency and row[at] is not None]
            if column.kind != "money" or not amounts:
                continue
            of = xl_range_abs(_TOP + 1, coin, last, coin)
            formula = f"=SUMIFS({xl_range_abs(_TOP + 1, at, last, at)},{of},{xl_rowcol_to_cell(down, coin)})"
            whole = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
            sheet.write_formula(down, at, formula, styles["strong"], float(whole))


def _print_setup(sheet: Any, wide: bool) -> None:
    sheet.set_paper(9)
    if wide:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P of &N")


def _write(sheet: Any, row: int, column: int, cell: Cell, style: Any) -> None:
    """Numbers stay numbers to be summed; Excel keeps fifteen digits of them. Unknown is an empty cell."""
    if cell is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(cell, str):
        sheet.write_string(row, column, neutral(cell), style)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.replace(tzinfo=None), style)
    elif isinstance(cell, (Decimal, int, float)):
        sheet.write_number(row, column, float(cell), style)
    else:
        sheet.write_datetime(row, column, cell, style)


def _summary(book: Any, sheet: Any, report: FinanceReport, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 6, 15)
    sheet.write_string(0, 0, f"Azure OpenAI cost, {report.month.window.start:%B %Y}", styles["title"])
    sheet.write_string(1, 0, basis_words(report) + ". Months are UTC.", styles["note"])
    sheet.write_string(3, 0, "Total", styles["head"])
    amounts_of = ("Cost", "Estimate", "Low", "High", "Bill", "Month before")
    sheet.write_row(3, 1, amounts_of, styles["head_right"])
    before = report.before
    row = 4
    for currency, line in total_lines(report):
        sheet.write_string(row, 0, currency, styles["bold"])
        amounts = (line.basis_amount, line.estimate, line.low, line.high, line.billed, before.get(currency))
        for at, amount in enumerate(amounts, 1):
            _write(sheet, row, at, amount, styles["strong"])
        row += 1
    row = _facts(sheet, row + 1, report, styles)
    for currency in report.currencies:
        row = _chart(book, sheet, row + 1, report, currency, styles)
    _print_setup(sheet, False)


def _facts(sheet: Any, row: int, report: FinanceReport, styles: dict[str, Any]) -> int:
    statuses: dict[str, int] = {}
    for one in report.reconciliations:
        statuses[one.line.status.value] = statuses.get(one.line.status.value, 0) + 1
    facts = [
        ("Month is", report.state),
        ("Closed", f"{report.closed_at:%Y-%m-%d %H:%M} UTC" if report.closed_at else "not yet"),
        ("Known through", f"{report.as_of:%Y-%m-%d %H:%M} UTC" if report.as_of else "unknown"),
        ("Metrics cover", f"{report.coverage:.2%}" if report.coverage is not None else "unknown"),
        (
            "Reconciliation",
            ", ".join(f"{count} {name}" for name, count in sorted(statuses.items())) or "nothing to compare",
        ),
        ("Bill read", _bill_read(report)),
        ("To be paid", _to_be_paid(report)),
        ("Unused commitment", _unused_commitment(report)),
        ("Restated since", f"{len(report.restatements)} changes" if report.restatements else "no change"),
    ]
    for title, words in facts:
        sheet.write_string(row, 0, title, styles["bold"])
        sheet.write_string(row, 1, words)
        row += 1
    return row


def _bill_read(report: FinanceReport) -> str:
    told = f"not of {_listed(report.unbilled)}: no billed amount holds them" if report.unbilled else ""
    holed = f"not of every day of {_listed(report.holed)}" if report.holed else ""
    return neutral("; ".join(filter(None, (told, holed))) or "of every subscription")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _to_be_paid(report: FinanceReport) -> str:
    """The invoices' sum: what a reservation paid for adds nothing to it, its purchase does."""
    told = ", ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(report.to_be_paid.items()))
    return f"{told}, by the bill as it is invoiced" if told else "not known from a whole bill"


def _unused_commitment(report: FinanceReport) -> str:
    """Beside the totals, one amount a currency."""
    sums: dict[str, Decimal] = {}
    for one in report.reservations:
        sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.unused_cost
    told = ", ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(sums.items()))
    return f"{told}, beside the total" if told else "no reservation is known"


def _chart(
    book: Any, sheet: Any, row: int, report: FinanceReport, currency: str, styles: dict[str, Any]
) -> int:
    rows = [one for one in report.rows if one.currency == currency]
    top = [
        (name, amount)
        for name, amount in largest(rows, lambda one: one.model or "Unallocated", report.basis)
        if amount > 0
    ]
    if not top:
        return row
    sheet.write_string(row, 0, "Largest by model", styles["head"])
    sheet.write_string(row, 1, f"Cost, {currency}", styles["head_right"])
    for down, (name, amount) in enumerate(top, row + 1):
        sheet.write_string(down, 0, neutral(name))
        _write(sheet, down, 1, amount, styles["money"])
    chart = book.add_chart({"type": "bar"})
    last = row + len(top)
    chart.add_series(
        {
            "name": f"Cost by model, {currency}",
            "categories": ["Summary", row + 1, 0, last, 0],
            "values": ["Summary", row + 1, 1, last, 1],
            "fill": {"color": _HEAD},
            "data_labels": {"value": True, "num_format": "#,##0"},
            "gap": 40,
        }
    )
    chart.set_title({"name": f"Cost by model, {currency}", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis(
        {"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#d9d9d9"}}}
    )
    chart.set_size({"width": 520, "height": 60 + 28 * len(top)})
    sheet.insert_chart(row, 3, chart, {"description": f"Bar chart of cost by model in {currency}"})
    return max(last, row + (60 + 28 * len(top)) // 20) + 1


def _notes(sheet: Any, report: FinanceReport, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 110, styles["wrap"])
    sheet.write_string(0, 0, "Notes", styles["title"])
    said = [*report.notes, *report.bill_notices, f"Made {report.made_at:%Y-%m-%d %H:%M} UTC by aoai-monitor."]
    for row, note in enumerate(said, 2):
        sheet.write_string(row, 0, neutral(note), styles["wrap"])
    _print_setup(sheet, False)
