"""What a closing keeps of a month's report beside its charges, as an object and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from collector.domain.money.reconciliation import Cause, Reconciliation, Status
from collector.domain.money.reservations import ReservationUse
from collector.reports.finance.figures import BilledAlone, FinanceReport, ReconciledRow, totals


def summary_object(report: FinanceReport) -> dict[str, Any]:
    """What a closing keeps beside its charges: totals and reconciliation as they stood."""
    return {
        "basis": report.basis,
        "coverage": report.coverage,
        "totals": [
            {
                "currency": line.currency,
                "estimate": str(line.estimate),
                "low": str(line.low),
                "high": str(line.high),
                "billed": None if line.billed is None else str(line.billed),
            }
            for line in totals(report)
        ],
        "reconciliations": [_reconciled_object(row) for row in report.reconciliations],
        "billed_alone": [_alone_object(one) for one in report.billed_alone],
        "reservations": [_reserved_object(one) for one in report.reservations],
    }


def _reconciled_object(row: ReconciledRow) -> dict[str, Any]:
    line = row.line
    return {
        "subscription": row.subscription,
        "account": row.account,
        "account_key": str(line.account_key),
        "currency": line.currency,
        "family": line.family,
        "estimate": None if line.estimate is None else str(line.estimate),
        "bill": None if line.bill is None else str(line.bill),
        "status": line.status.value,
        "causes": [
            {"name": one.name, "words": one.words, "amount": None if one.amount is None else str(one.amount)}
            for one in line.causes
        ],
    }


_AMOUNTS: Final = ("units", "paid_hours", "used_hours", "needed_hours", "cost")


def _reserved_object(one: ReservationUse) -> dict[str, str]:
    names = {"name": one.name, "source": one.source, "currency": one.currency}
    return names | {name: str(getattr(one, name)) for name in _AMOUNTS}


def reserved_from(kept: Mapping[str, str]) -> ReservationUse:
    """A reservation's month as a closing kept it."""
    return ReservationUse(
        kept["name"],
        kept["source"],
        kept["currency"],
        *(Decimal(kept[name]) for name in _AMOUNTS),
    )


def _alone_object(one: BilledAlone) -> dict[str, str]:
    return {field.name: str(getattr(one, field.name)) for field in fields(one)}


def alone_from(kept: Mapping[str, str]) -> BilledAlone:
    """What only the bill told of a month, as a closing kept it."""
    amounts: dict[str, Any] = {name: Decimal(kept[name]) for name in ("quantity", "cost")}
    return BilledAlone(**{**kept, **amounts})


def reconciled_from(kept: Mapping[str, Any]) -> ReconciledRow:
    """A reconciliation as a closing kept it."""
    amount = lambda text: None if text is None else Decimal(text)  # noqa: E731  # one word for five lines
    return ReconciledRow(
        kept["subscription"],
        kept["account"],
        Reconciliation(
            UUID(kept["account_key"]),
            kept["currency"],
            kept["family"],
            amount(kept["estimate"]),
            amount(kept["bill"]),
            Status(kept["status"]),
            tuple(Cause(one["name"], one["words"], amount(one["amount"])) for one in kept["causes"]),
        ),
    )
