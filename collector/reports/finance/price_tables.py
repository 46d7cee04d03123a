"""Where every price comes from, and what has none."""

from __future__ import annotations

from decimal import Decimal

from collector.reports.finance.figures import FinanceReport, FinanceRow
from collector.reports.finance.table_types import Cell, Column, FinanceTable, table_of


def unpriced(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Unpriced",
        [row for row in report.rows if not row.is_priced and not row.is_residual and row.quantity],
        (
            (Column("Account", "text", 28), lambda row: row.account),
            (Column("Deployment", "text", 26), lambda row: row.deployment),
            (Column("Model", "text", 22), lambda row: row.model),
            (Column("Version", "text", 12), lambda row: row.version),
            (Column("SKU", "text", 18), lambda row: row.sku),
            (Column("Kind", "text", 14), lambda row: row.kind),
            (Column("Quantity", "count", 18), lambda row: row.quantity),
            (Column("Unit", "text", 10), lambda row: row.unit),
            (Column("Why", "text", 70), lambda row: row.why),
        ),
        "Used, and without a price of ours: not in the estimate.",
    )


def sources(report: FinanceReport) -> FinanceTable:
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
