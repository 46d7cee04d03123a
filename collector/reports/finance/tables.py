"""The report as tables: what the workbook shows on its sheets, the mail in its body and the screen for download."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.reports.finance.bill_tables import billed_alone, reconciliation, reservations, unallocated
from collector.reports.finance.figures import BILL, FinanceReport, FinanceRow, Line, lines_by, totals
from collector.reports.finance.table_types import UNALLOCATED, Cell, Column, FinanceTable


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
        _unit_costs(report),
        _provisioned(report),
        reconciliation(report),
        reservations(report),
        billed_alone(report),
        _unpriced(report),
        unallocated(report),
        _sources(report),
        _outlook(report),
        _budgets(report),
        _odd_days(report),
        _savings(report),
        _restatements(report),
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


def _unit_costs(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Model", "text", 26),
        Column("Currency", "text", 9),
        Column("Cost", "money"),
        Column("Tokens", "count", 18),
        Column("Requests", "count"),
        Column("Per 1M input", "price"),
        Column("Per 1M cached", "price"),
        Column("Per 1M output", "price"),
        Column("Per 1M blended", "price"),
        Column("Per request", "price"),
    )
    rows = tuple(
        (
            one.key,
            one.currency,
            one.cost,
            one.tokens,
            one.requests,
            one.per_million_input,
            one.per_million_cached,
            one.per_million_output,
            one.per_million,
            one.per_request,
        )
        for one in report.unit_costs
    )
    return FinanceTable(
        "Unit costs", columns, rows, "What is paid by the token; provisioned units have their own table."
    )


def _provisioned(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Deployment", "text", 36),
        Column("Model", "text", 22),
        Column("Currency", "text", 9),
        Column("Cost", "money"),
        Column("Tokens served", "count", 18),
        Column("Mean utilisation", "percent"),
        Column("Per 1M tokens", "price"),
        Column("Same by the token", "money", 17),
        Column("Idle part", "money"),
        Column("Requests spilled", "count", 16),
    )
    rows = tuple(
        (
            one.deployment,
            one.model,
            one.currency,
            one.cost,
            one.tokens,
            one.utilisation,
            one.per_million,
            one.by_token,
            one.idle_cost,
            one.spilled,
        )
        for one in report.provisioned
    )
    return FinanceTable(
        "Provisioned units",
        columns,
        rows,
        "Units are paid whether used or not. Spilled requests are charged by the token, on the deployment that served them.",
    )


def _unpriced(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Account", "text", 28),
        Column("Deployment", "text", 26),
        Column("Model", "text", 22),
        Column("Version", "text", 12),
        Column("SKU", "text", 18),
        Column("Kind", "text", 14),
        Column("Quantity", "count", 18),
        Column("Unit", "text", 10),
        Column("Why", "text", 70),
    )
    rows = tuple(
        (
            row.account,
            row.deployment,
            row.model,
            row.version,
            row.sku,
            row.kind,
            row.quantity,
            row.unit,
            row.why,
        )
        for row in report.rows
        if not row.is_priced and not row.is_residual and row.quantity
    )
    return FinanceTable("Unpriced", columns, rows, "Used, and without a price of ours: not in the estimate.")


def _sources(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Model", "text", 24),
        Column("Version", "text", 12),
        Column("SKU", "text", 20),
        Column("Region", "text", 16),
        Column("Kind", "text", 14),
        Column("Tier", "text", 10),
        Column("Currency", "text", 9),
        Column("Price per 1M or unit", "price", 20),
        Column("Unit", "text", 10),
        Column("Step", "text", 12),
        Column("Meter", "text", 44),
        Column("Meter id", "text", 38),
        Column("Since", "date", 12),
        Column("Captured", "date", 12),
        Column("Days late", "count", 10),
    )
    found: dict[tuple[object, ...], tuple[Cell, ...]] = {}
    for row in report.rows:
        if row.unit_price is not None:
            cells = _source(row)
            found.setdefault(cells, cells)
    rows = sorted(found.values(), key=lambda cells: tuple(str(cell) for cell in cells))
    return FinanceTable(
        "Price sources",
        columns,
        tuple(rows),
        "Every price that was used, and where it comes from. One that changed in the month and was captured later priced its days anew.",
    )


def days_late(row: FinanceRow) -> int | None:
    """Days from a change of price within the month until it was captured, where that was not the same day."""
    since, seen = row.price_effective_from, row.price_captured_at
    if since is None or seen is None or since.date() <= row.month:
        return None
    return max(0, (seen - since).days) or None


def _source(row: FinanceRow) -> tuple[Cell, ...]:
    by_million = row.unit == "1 token"
    price = row.unit_price or Decimal(0)
    return (
        row.model,
        row.version,
        row.sku,
        row.location,
        row.kind,
        row.tier,
        row.currency,
        price * 1_000_000 if by_million else price,
        "1M tokens" if by_million else row.unit,
        row.step,
        row.meter_name,
        row.meter_id,
        row.price_effective_from.date() if row.price_effective_from else None,
        row.price_captured_at.date() if row.price_captured_at else None,
        days_late(row),
    )


def _outlook(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Currency", "text", 9),
        Column("Month before", "money"),
        Column("Forecast", "money"),
        Column("Low (80 %)", "money"),
        Column("High (80 %)", "money"),
        Column("Past error", "percent"),
        Column("Change", "money"),
        Column("By volume", "money"),
        Column("By price", "money"),
        Column("By mix", "money"),
        Column("Said", "text", 60),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in report.outlook:
        forecast = one.forecast if isinstance(one.forecast, MonthForecast) else None
        change = one.variance
        why = one.forecast.reason if isinstance(one.forecast, NoForecast) else ""
        moved = ", ".join(f"{part.key} {part.change:+,.2f}" for part in change.changes[:3]) if change else ""
        rows.append(
            (
                one.currency,
                one.before,
                forecast.total if forecast else None,
                forecast.low if forecast else None,
                forecast.high if forecast else None,
                forecast.error if forecast else None,
                change.change if change else None,
                change.volume if change else None,
                change.price if change else None,
                change.mix if change else None,
                f"No forecast: {why}" if why else moved,
            )
        )
    return FinanceTable(
        "Outlook", columns, tuple(rows), "Of the estimate. A forecast is never a bare number."
    )


def _budgets(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Budget", "text", 28),
        Column("Currency", "text", 9),
        Column("Amount", "money"),
        Column("Spent", "money"),
        Column("Used", "percent"),
        Column("Forecast", "money"),
        Column("Low (80 %)", "money"),
        Column("High (80 %)", "money"),
        Column("Spent on", "date", 12),
    )
    rows = tuple(
        (
            one.name,
            one.currency,
            one.amount,
            one.spent,
            one.share,
            one.forecast,
            one.forecast_low,
            one.forecast_high,
            one.spent_on,
        )
        for one in report.budgets
    )
    return FinanceTable("Budgets", columns, rows, "Against the estimate, through the last whole day.")


def _odd_days(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Day", "date", 12),
        Column("Currency", "text", 9),
        Column("Cost", "money"),
        Column("Expected", "money"),
        Column("Due to", "text", 70),
    )
    rows = tuple((one.day, one.currency, one.cost, one.expected, one.cause) for one in report.odd_days)
    return FinanceTable(
        "Odd days", columns, rows, "Days far outside what their weekday and the weeks before let expect."
    )


def _savings(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("What", "text", 16),
        Column("Deployment", "text", 40),
        Column("Model", "text", 24),
        Column("Currency", "text", 9),
        Column("Cost", "money"),
        Column("At most a month", "money", 16),
        Column("Sure", "text", 10),
        Column("Assumes", "text", 60),
        Column("Evidence", "text", 70),
    )
    rows = tuple(
        (
            one.kind,
            one.deployment,
            one.model,
            one.currency,
            one.cost,
            one.monthly,
            one.sure,
            one.assumes,
            one.evidence,
        )
        for one in report.savings
    )
    return FinanceTable(
        "Savings", columns, rows, "Each by itself: savings of one deployment exclude each other."
    )


def _restatements(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Seen", "date", 12),
        Column("Account", "text", 28),
        Column("Deployment", "text", 26),
        Column("Currency", "text", 9),
        Column("Estimate by", "money"),
        Column("Bill by", "money"),
    )
    rows = tuple(
        (
            one.seen_at.date(),
            one.account,
            one.deployment or UNALLOCATED,
            one.currency,
            one.estimate_change,
            one.billed_change,
        )
        for one in report.restatements
    )
    return FinanceTable(
        "Restatements", columns, rows, "What changed since the month was closed; its figures stay as closed."
    )


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
