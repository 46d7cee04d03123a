"""What a unit of use costs: by the token, and of provisioned units."""

from __future__ import annotations

from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import Column, FinanceTable, table_of


def unit_costs(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Unit costs",
        report.unit_costs,
        (
            (Column("Model", "text", 26), lambda one: one.key),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Cost", "money"), lambda one: one.cost),
            (Column("Tokens", "count", 18), lambda one: one.tokens),
            (Column("Requests", "count"), lambda one: one.requests),
            (Column("Per 1M input", "price"), lambda one: one.per_million_input),
            (Column("Per 1M cached", "price"), lambda one: one.per_million_cached),
            (Column("Per 1M output", "price"), lambda one: one.per_million_output),
            (Column("Per 1M blended", "price"), lambda one: one.per_million),
            (Column("Per request", "price"), lambda one: one.per_request),
        ),
        "What is paid by the token; provisioned units have their own table.",
    )


def provisioned(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Provisioned units",
        report.provisioned,
        (
            (Column("Deployment", "text", 36), lambda one: one.deployment),
            (Column("Model", "text", 22), lambda one: one.model),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Cost", "money"), lambda one: one.cost),
            (Column("Tokens served", "count", 18), lambda one: one.tokens),
            (Column("Mean utilisation", "percent"), lambda one: one.utilisation),
            (Column("Per 1M tokens", "price"), lambda one: one.per_million),
            (Column("Same by the token", "money", 17), lambda one: one.by_token),
            (Column("Idle part", "money"), lambda one: one.idle_cost),
            (Column("Requests spilled", "count", 16), lambda one: one.spilled),
            (Column("Spilled to", "text", 22), lambda one: one.spillover.to if one.spillover else None),
            (
                Column("Spillover cost", "money", 16),
                lambda one: one.spillover.cost if one.spillover else None,
            ),
            (Column("Sure", "text", 10), lambda one: one.spillover.sure if one.spillover else None),
            (Column("Assumes", "text", 60), lambda one: one.spillover.assumes if one.spillover else None),
        ),
        "Units are paid whether used or not. Spilled requests are charged by the token, on the deployment that served them: their cost is in its row and not in the units'.",
    )
