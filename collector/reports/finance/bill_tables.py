"""Tables of the bill: estimate beside it, what was paid ahead, what only it tells, what is nobody's."""

from __future__ import annotations

from decimal import Decimal

from collector.domain.money.invoices import by_number
from collector.domain.money.reconciliation import Reconciliation
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.table_types import UNALLOCATED, Column, FinanceTable, table_of


def reconciliation(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Reconciliation",
        report.reconciliations,
        (
            (Column("Subscription", "text", 20), lambda row: row.subscription),
            (Column("Account", "text", 28), lambda row: row.account),
            (Column("Meter family", "text", 32), lambda row: row.line.family),
            (Column("Currency", "text", 9), lambda row: row.line.currency),
            (Column("Estimate", "money"), lambda row: row.line.estimate),
            (Column("Bill", "money"), lambda row: row.line.bill),
            (Column("Difference", "money"), lambda row: row.line.difference),
            (Column("Of the bill", "percent"), lambda row: row.line.ratio),
            (Column("Status", "text", 17), lambda row: row.line.status.value),
            (Column("Causes", "text", 80), lambda row: _causes(row.line)),
        ),
        "(estimate - bill) / bill: Reconciled up to 2 %, Within tolerance up to 5 %. Reserved use at its amortised cost. The sum of differences is that of the lines that both sides know.",
        has_totals=True,
    )


def _causes(line: Reconciliation) -> str:
    told = [
        f"{one.words} ({one.amount:+,.2f} {line.currency})" if one.amount is not None else one.words
        for one in line.causes
    ]
    return "; ".join(told)


def invoices(report: FinanceReport) -> FinanceTable:
    """What is to be paid, as the invoices ask for it; empty where it is not known."""
    known = [row for row in report.rows if row.billed is not None and row.actual is not None]
    sums = by_number((row.currency, row.billed or Decimal(0), row.actual, row.invoiced) for row in known)
    return table_of(
        "Invoices",
        [(key, both) for key, both in sorted(sums.items()) if any(both)],
        (
            (Column("Invoice", "text", 24), lambda one: one[0][1] or "not told"),
            (Column("Currency", "text", 9), lambda one: one[0][0]),
            (Column("To be paid", "money", 16), lambda one: one[1][0]),
            (Column("Amortised", "money", 16), lambda one: one[1][1]),
        ),
        "What the bill asks to be paid, beside the same with reservations spread over their use. Exports name invoices, Cost Management's query does not.",
        has_totals=True,
    )


def reservations(report: FinanceReport) -> FinanceTable:
    """Unused commitment stands here, beside the total of use and not in it."""
    return table_of(
        "Reservations",
        report.reservations,
        (
            (Column("Reservation", "text", 28), lambda one: one.name),
            (Column("From", "text", 12), lambda one: one.source),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Units", "count", 10), lambda one: one.units),
            (Column("Hours paid", "count"), lambda one: one.paid_hours),
            (Column("Hours used", "count"), lambda one: one.used_hours),
            (Column("Used of paid", "percent"), lambda one: _share(one.utilisation)),
            (Column("Hours needed", "count"), lambda one: one.needed_hours),
            (Column("Needed and covered", "percent", 18), lambda one: _share(one.coverage)),
            (Column("Cost", "money"), lambda one: one.cost),
            (Column("Unused commitment", "money", 18), lambda one: one.unused_cost),
        ),
        "Units paid ahead, used or not. Covered use is in the costs at the reservation's price; unused commitment is its own line, in no estimate.",
        has_totals=True,
    )


def _share(share: object) -> float | None:
    return None if share is None else float(str(share))


def billed_alone(report: FinanceReport) -> FinanceTable:
    """Training and image tokens, seconds of video, hours of speech, tool calls: Azure counts them, its metrics do not."""
    return table_of(
        "Known from the bill alone",
        report.billed_alone,
        (
            (Column("Subscription", "text", 20), lambda one: one.subscription),
            (Column("Account", "text", 28), lambda one: one.account),
            (Column("Deployment", "text", 26), lambda one: one.deployment or UNALLOCATED),
            (Column("Kind", "text", 16), lambda one: one.kind),
            (Column("Meter", "text", 44), lambda one: one.meter),
            (Column("Quantity", "count", 18), lambda one: one.quantity),
            (Column("Unit", "text", 14), lambda one: one.unit),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Bill", "money"), lambda one: one.cost),
        ),
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


def restatements(report: FinanceReport) -> FinanceTable:
    return table_of(
        "Restatements",
        report.restatements,
        (
            (Column("Seen", "date", 12), lambda one: one.seen_at.date()),
            (Column("Account", "text", 28), lambda one: one.account),
            (Column("Deployment", "text", 26), lambda one: one.deployment or UNALLOCATED),
            (Column("Currency", "text", 9), lambda one: one.currency),
            (Column("Estimate by", "money"), lambda one: one.estimate_change),
            (Column("Bill by", "money"), lambda one: one.billed_change),
            (Column("To be paid by", "money"), lambda one: one.actual_change),
        ),
        "What changed since the month was closed; its figures stay as closed. Bill: amortised, reserved units at their part of the reservation's price. To be paid: what the bill asks for.",
    )
