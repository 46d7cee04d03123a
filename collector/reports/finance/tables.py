"""The report as tables: what the workbook shows on its sheets, the mail in its body and the screen for download."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from collector.reports.finance.bill_tables import (
    billed_alone,
    invoices,
    reconciliation,
    reservations,
    restatements,
    unallocated,
)
from collector.reports.finance.figures import BILL, FinanceReport, FinanceRow, Line, lines_by, totals
from collector.reports.finance.outlook_tables import budgets, odd_days, outlook, savings
from collector.reports.finance.price_tables import sources, unpriced
from collector.reports.finance.table_types import UNALLOCATED, Cell, Column, FinanceTable
from collector.reports.finance.unit_tables import provisioned, unit_costs


def basis_words(report: FinanceReport) -> str:
    words = "as billed, allocated to deployments" if report.basis == BILL else "estimated from metrics"
    return f"{report.month}, {report.state}, {words}"


def finance_tables(report: FinanceReport) -> list[FinanceTable]:
    """Every table of the report, in reading order; an empty one says so by having no rows."""
    return [
        _by_team(report),
        _by(report, "By model", ("model", "version"), ("Model", "Version")),
        _by_deployment(report),
        _by(report, "By SKU and direction", ("sku", "kind", "tier"), ("SKU", "Kind", "Tier")),
        unit_costs(report),
        provisioned(report),
        reconciliation(report),
        invoices(report),
        reservations(report),
        billed_alone(report),
        unpriced(report),
        unallocated(report),
        sources(report),
        outlook(report),
        budgets(report),
        odd_days(report),
        savings(report),
        restatements(report),
    ]


_NAMES: Final = frozenset({"Account", "Deployment", "Model", "SKU"})
_MONEY: Final = (
    Column("Currency", "text", 9),
    Column("Cost", "money"),
    Column("Estimate", "money"),
    Column("Low", "money"),
    Column("High", "money"),
    Column("Bill", "money"),
)


def _amounts(line: Line, basis: str) -> tuple[Cell, ...]:
    """What has no price has no estimate: an empty cell, never a zero."""
    cost = line.basis_amount if basis == BILL or line.is_priced else None
    estimated = (line.estimate, line.low, line.high) if line.is_priced else (None, None, None)
    return line.currency, cost, *estimated, line.billed


def _by(report: FinanceReport, name: str, keys: Sequence[str], titles: Sequence[str]) -> FinanceTable:
    columns = tuple(Column(title, "text", 30 if title in _NAMES else 20) for title in titles)
    rows = tuple(
        (*(part or UNALLOCATED for part in line.key), *_amounts(line, report.basis))
        for line in lines_by(report.rows, keys, report.basis)
    )
    return FinanceTable(name, columns + _MONEY, rows, basis_words(report), has_totals=True)


def _by_team(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Team", "text", 26),
        Column("Currency", "text", 9),
        Column("Cost", "money"),
        Column("Of it shared", "money"),
        Column("Tokens", "count", 18),
    )
    rows = tuple(
        (one.team or UNALLOCATED, one.currency, one.cost, one.shared, one.tokens) for one in report.teams
    )
    return FinanceTable(
        "By team",
        columns,
        rows,
        f"{basis_words(report)}. Teams by rule, else by tag; of a closed month as it was.",
        has_totals=True,
    )


def _by_deployment(report: FinanceReport) -> FinanceTable:
    keys = ("subscription", "account", "deployment", "model", "sku", "location", "team")
    titles = ("Subscription", "Account", "Deployment", "Model", "SKU", "Region", "Team")
    return _by(report, "By deployment", keys, titles)


def total_lines(report: FinanceReport) -> list[tuple[str, Line]]:
    return [(line.currency, line) for line in totals(report)]


def largest(
    rows: Iterable[FinanceRow], key: Callable[[FinanceRow], str], basis: str, count: int = 10
) -> list[tuple[str, Decimal]]:
    """The largest of one currency's rows by a key, the rest summed as `others`."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[key(row)] = sums.get(key(row), Decimal(0)) + row.amount(basis)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    rest = sum((amount for _, amount in ranked[count:]), Decimal(0))
    return ranked[:count] + ([("others", rest)] if len(ranked) > count else [])
