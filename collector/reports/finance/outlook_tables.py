"""What comes of the month: forecast and change, budgets, strange days, and what need not be spent."""

from __future__ import annotations

from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import Cell, Column, FinanceTable, table_of


def outlook(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Currency", "text", 9),
        Column("Month before, estimated", "money", 24),
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


def budgets(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Budgets",
        report.budgets,
        (
            (Column("Budget", "text", 28), lambda one: one.name),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Amount", "money"), lambda one: one.amount),
            (Column("Spent", "money"), lambda one: one.spent),
            (Column("Used", "percent"), lambda one: one.share),
            (Column("Forecast", "money"), lambda one: one.forecast),
            (Column("Low (80 %)", "money"), lambda one: one.forecast_low),
            (Column("High (80 %)", "money"), lambda one: one.forecast_high),
            (Column("Spent on", "date", 12), lambda one: one.spent_on),
        ),
        "Against the estimate, through the last whole day.",
    )


def odd_days(report: FinanceReport) -> FinanceTable:
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


def savings(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Savings",
        report.savings,
        (
            (Column("What", "text", 16), lambda one: one.kind),
            (Column("Deployment", "text", 40), lambda one: one.deployment),
            (Column("Model", "text", 24), lambda one: one.model),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Cost", "money"), lambda one: one.cost),
            (Column("At most a month", "money", 16), lambda one: one.monthly),
            (Column("Sure", "text", 10), lambda one: one.sure),
            (Column("Assumes", "text", 60), lambda one: one.assumes),
            (Column("Evidence", "text", 70), lambda one: one.evidence),
        ),
        "Each by itself: savings of one deployment exclude each other.",
    )
