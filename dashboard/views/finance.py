"""The finance screen: the report's own tables, and tiles that say where the month stands."""

from dataclasses import dataclass
from typing import Final

from collector.domain.money.forecast import MonthForecast
from collector.domain.money.reconciliation import Status
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import FinanceTable
from collector.reports.finance.tables import basis_words, finance_tables, total_lines
from dashboard import formats
from dashboard.tables import Column, Kind, Table, table
from dashboard.views import Tile
from dashboard.words import finance as words
from dashboard.words import period_name

_KINDS: Final[dict[str, Kind]] = {
    "money": "money",
    "price": "number",
    "count": "number",
    "percent": "percent",
    "date": "day",
    "text": "text",
}


@dataclass(frozen=True, slots=True)
class FinanceView:
    """Tables in reading order, only those with rows."""

    line: str
    is_closed: bool
    tiles: tuple[Tile, ...]
    tables: tuple[tuple[str, Table], ...]
    notes: tuple[str, ...]
    notices: int


def finance_view(report: FinanceReport) -> FinanceView:
    shown = [one for one in finance_tables(report) if one.rows and one.name in words.TABLES]
    order = list(words.TABLES)
    shown.sort(key=lambda one: order.index(one.name))
    return FinanceView(
        line=basis_words(report).replace(str(report.month), period_name(str(report.month)), 1),
        is_closed=report.state == "closed",
        tiles=tuple(_tiles(report)),
        tables=tuple((words.TABLES[one.name], as_table(one)) for one in shown),
        notes=report.notes,
        notices=len(report.bill_notices),
    )


def as_table(one: FinanceTable) -> Table:
    """The report's table as the screen's: same rows, each cell under its column's own key."""
    columns = [Column(column.title, column.title, _KINDS[column.kind]) for column in one.columns]
    rows = [dict(zip((column.key for column in columns), cells, strict=True)) for cells in one.rows]
    return table(f"finance-{one.name.lower().replace(' ', '-')}", columns, rows)


def _tiles(report: FinanceReport) -> list[Tile]:
    found: list[Tile] = []
    for currency, line in total_lines(report):
        cost = formats.money(line.basis_amount, currency)
        found.append(Tile(f"Cost, {currency}", cost, words.COST_HELP))
        if line.billed is not None:
            found.append(Tile("Bill", formats.money(line.billed, currency), words.BILL_HELP))
        found.append(Tile("Estimate", formats.money(line.estimate, currency), words.ESTIMATE_HELP))
    statuses = [row.line.status for row in report.reconciliations if row.line.status is not Status.NOT_CLOSED]
    if statuses:
        agreed = sum(status is Status.RECONCILED for status in statuses)
        found.append(Tile("Reconciled", f"{agreed} of {len(statuses)}", words.STATUS_HELP))
    return found + _forecasts(report)


def _forecasts(report: FinanceReport) -> list[Tile]:
    """An interval, never a bare number."""
    return [
        Tile(
            f"Month's end, {one.currency}",
            formats.money_range(one.forecast.low, one.forecast.high, one.currency),
            words.forecast_help(
                formats.money(one.forecast.total, one.currency), formats.percent(one.forecast.error, 1)
            ),
        )
        for one in report.outlook
        if isinstance(one.forecast, MonthForecast)
    ]
