"""Tables of the bill: estimate beside it, what was paid ahead, what only it tells, what is nobody's."""

from __future__ import annotations

from collector.domain.money.reconciliation import Reconciliation
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import UNALLOCATED, Column, FinanceTable


def reconciliation(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Subscription", "text", 20),
        Column("Account", "text", 28),
        Column("Meter family", "text", 32),
        Column("Currency", "text", 9),
        Column("Estimate", "money"),
        Column("Bill", "money"),
        Column("Difference", "money"),
        Column("Of the bill", "percent"),
        Column("Status", "text", 17),
        Column("Causes", "text", 80),
    )
    rows = tuple(
        (
            row.subscription,
            row.account,
            row.line.family,
            row.line.currency,
            row.line.estimate,
            row.line.bill,
            row.line.difference,
            row.line.ratio,
            row.line.status.value,
            _causes(row.line),
        )
        for row in report.reconciliations
    )
    return FinanceTable(
        "Reconciliation",
        columns,
        rows,
        "(estimate - bill) / bill: Reconciled up to 2 %, Within tolerance up to 5 %. Reserved use at its amortised cost. The sum of differences is that of the lines that both sides know.",
        has_totals=True,
    )


def _causes(line: Reconciliation) -> str:
    told = [
        f"{one.words} ({one.amount:+,.2f} {line.currency})" if one.amount is not None else one.words
        for one in line.causes
    ]
    return "; ".join(told)


def reservations(report: FinanceReport) -> FinanceTable:
    """Unused commitment stands here, beside the total of use and not in it."""
    columns = (
        Column("Reservation", "text", 28),
        Column("From", "text", 12),
        Column("Currency", "text", 9),
        Column("Units", "count", 10),
        Column("Hours paid", "count"),
        Column("Hours used", "count"),
        Column("Used of paid", "percent"),
        Column("Hours needed", "count"),
        Column("Needed and covered", "percent", 18),
        Column("Cost", "money"),
        Column("Unused commitment", "money", 18),
    )
    rows = tuple(
        (
            one.name,
            one.source,
            one.currency,
            one.units,
            one.paid_hours,
            one.used_hours,
            _share(one.utilisation),
            one.needed_hours,
            _share(one.coverage),
            one.cost,
            one.unused_cost,
        )
        for one in report.reservations
    )
    return FinanceTable(
        "Reservations",
        columns,
        rows,
        "Units paid ahead, used or not. Covered use is in the costs at the reservation's price; unused commitment is its own line, in no estimate.",
        has_totals=True,
    )


def _share(share: object) -> float | None:
    return None if share is None else float(str(share))


def billed_alone(report: FinanceReport) -> FinanceTable:
    """Training and image tokens, seconds of video, hours of speech, tool calls: Azure counts them, its metrics do not."""
    columns = (
        Column("Subscription", "text", 20),
        Column("Account", "text", 28),
        Column("Deployment", "text", 26),
        Column("Kind", "text", 16),
        Column("Meter", "text", 44),
        Column("Quantity", "count", 18),
        Column("Unit", "text", 14),
        Column("Currency", "text", 9),
        Column("Bill", "money"),
    )
    rows = tuple(
        (
            one.subscription,
            one.account,
            one.deployment or UNALLOCATED,
            one.kind,
            one.meter,
            one.quantity,
            one.unit,
            one.currency,
            one.cost,
        )
        for one in report.billed_alone
    )
    return FinanceTable(
        "Known from the bill alone",
        columns,
        rows,
        "Billed kinds that no metric counts: their quantity and cost are the bill's, and no estimate holds them.",
        has_totals=True,
    )


def unallocated(report: FinanceReport) -> FinanceTable:
    columns = (
        Column("Subscription", "text", 20),
        Column("Account", "text", 28),
        Column("Meter", "text", 44),
        Column("Currency", "text", 9),
        Column("Bill", "money"),
        Column("Why", "text", 80),
    )
    rows = tuple(
        (row.subscription, row.account, row.meter_name, row.currency, row.billed, row.why)
        for row in report.rows
        if row.is_residual
    )
    return FinanceTable(
        "Unallocated",
        columns,
        rows,
        "Billed, and no deployment's: reservations, credits, unknown use.",
        has_totals=True,
    )
