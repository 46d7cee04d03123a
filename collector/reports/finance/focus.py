"""Months as FOCUS 1.2 rows (FinOps Open Cost and Usage Specification), as CSV and as Parquet.

`BilledCost` is the bill as it is paid, `EffectiveCost` the amortised one; where no whole bill was read both are the
estimate, and `x_BilledCostBasis` says so. What FOCUS has no column for stands in `x_` columns. A row whose bill stands on
several invoices, or was covered in part by a commitment, is a row for each; where the bill came by Cost Management's
query it tells neither, and their columns are empty.
Rows are written month by month, so memory does not grow with the number of months.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from collector.domain.money.invoices import USAGE, Commitment, Invoiced, shares
from collector.domain.periods import Month
from collector.reports.finance.figures import BILL, TOKEN_KINDS, FinanceReport, FinanceRow
from collector.reports.finance.focus_schema import SCHEMA
from collector.reports.finance.table_types import neutral

VERSION: Final = "1.2"
_MICROSOFT: Final = "Microsoft"
_HOURLY: Final = frozenset({"ptu_hour", "hosting_hour"})
_UNITS: Final = {
    "1 token": "Tokens",
    "1 PTU hour": "Hours",
    "1 hour": "Hours",
    "1 image": "Images",
    "1 second": "Seconds",
}

Record = dict[str, Any]
Purpose = Literal["Usage", "Purchase", "Credit", "Tax", "Adjustment"]
_PURPOSES: Final[Mapping[str, Purpose]] = {
    "Purchase": "Purchase",
    "Credit": "Credit",
    "Refund": "Credit",
    "Tax": "Tax",
    "Adjustment": "Adjustment",
    "RoundingAdjustment": "Adjustment",
}
_UNUSED: Final = "UnusedReservation"


def focus_records(report: FinanceReport) -> Iterator[Record]:
    """A record for each kind of use of a deployment in the month, and for each residual of the bill; by invoice and commitment."""
    usual = _usual_invoices(report.rows) if report.basis == BILL else {}
    for row in report.rows:
        if row.is_residual or row.is_priced or row.quantity or row.billed or row.actual:
            for part in by_invoice(row) if report.basis == BILL else [row]:
                yield _record(report, part, usual.get((row.account_id, row.currency), ""))


def _usual_invoices(rows: Iterable[FinanceRow]) -> dict[tuple[str, str], str]:
    """The one invoice that all use of an account stands on: it says too that other use of the account costs nothing."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        known = found.setdefault((row.account_id, row.currency), set())
        known |= {one.invoice for one in row.invoiced if one.charge_type == USAGE}
    return {key: one for key, all_of_it in found.items() if len(all_of_it) == 1 for one in all_of_it}


def by_invoice(row: FinanceRow) -> list[FinanceRow]:
    """A row parted by where its bill stands; all that it holds is in the parts, once."""
    parts = row.invoiced
    if len(parts) < 2 or row.billed is None:
        return [row]
    parted = {
        name: None if (whole := getattr(row, name)) is None else shares(whole, parts)
        for name in ("quantity", "estimate", "low", "high")
    }
    found: list[FinanceRow] = []
    for at, one in enumerate(parts):
        held = {name: None if values is None else values[at] for name, values in parted.items()}
        actual = one.actual if row.actual is not None else None
        found.append(replace(row, **held | {"billed": one.billed, "actual": actual, "invoiced": (one,)}))
    return found


def write_focus_csv(reports: Iterable[FinanceReport], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SCHEMA.names)
        for report in reports:
            writer.writerows(
                [_text(record[name]) for name in SCHEMA.names] for record in focus_records(report)
            )


def write_focus_parquet(reports: Iterable[FinanceReport], folder: Path) -> None:
    """One file a month, in folders named `BillingPeriod=2026-10` as engines expect partitions."""
    for report in reports:
        place = folder / f"BillingPeriod={report.month}"
        place.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(list(focus_records(report)), schema=SCHEMA)
        pq.write_table(table, place / "part-0.parquet", compression="zstd")


def _record(report: FinanceReport, row: FinanceRow, usual: str) -> Record:
    period = report.month.window
    cost = _exact(row.amount(report.basis))
    part = row.invoiced[0] if report.basis == BILL and row.invoiced else None
    purpose = _purpose(row, part)
    unbilled = part is None and not row.is_residual and row.billed is not None
    invoice = part.invoice if part else usual if unbilled else ""
    billed_to = report.invoicing.billed_to(row.subscription_id, invoice)
    record: Record = dict.fromkeys(SCHEMA.names)
    record |= {
        "BilledCost": _exact(_paid(report, row)[0]),
        "EffectiveCost": cost,
        # FOCUS wants one in every row; what no bill tells is known as far as the subscription.
        "BillingAccountId": billed_to.account_id or f"/subscriptions/{row.subscription_id}",
        "BillingAccountName": billed_to.account_name if billed_to.account_id else row.subscription,
        "BillingAccountType": billed_to.account_type if billed_to.account_id else "Subscription",
        "BillingCurrency": row.currency,
        "BillingPeriodStart": period.start,
        "BillingPeriodEnd": period.end,
        "ChargePeriodStart": period.start,
        "ChargePeriodEnd": period.end,
        "ChargeCategory": purpose,
        "ChargeDescription": _described(row),
        "ChargeFrequency": "Usage-Based" if purpose == "Usage" else "One-Time",
        "InvoiceId": invoice or None,
        "InvoiceIssuerName": billed_to.issuer or _MICROSOFT,
        "ProviderName": _MICROSOFT,
        "PublisherName": _MICROSOFT,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": "Azure OpenAI",
        "SubAccountId": row.subscription_id or None,
        "SubAccountName": row.subscription or None,
        "SubAccountType": "Subscription" if row.subscription_id else None,
        "RegionId": row.location or None,
        "RegionName": row.location or None,
        "Tags": json.dumps({"team": row.team}) if row.team else "{}",
    }
    record |= _resource(row) | _priced(row, cost) | _ours(report, row)
    return record | _committed(report, row, part) if part and part.commitment else record


def _paid(report: FinanceReport, row: FinanceRow) -> tuple[Decimal, str]:
    """What the row adds to the invoice, and what that is: a month closed before it was kept knows the amortised only."""
    if report.basis != BILL:
        return row.amount(report.basis), "estimated"
    if row.actual is None:
        return row.amount(report.basis), "amortised"
    return row.actual, "actual"


def _committed(report: FinanceReport, row: FinanceRow, part: Invoiced) -> Record:
    """What a reservation or savings plan covered, left unused or cost."""
    known = report.invoicing.commitments.get(part.commitment, Commitment())
    is_use = _purpose(row, part) == "Usage"
    status = ("Unused" if part.charge_type == _UNUSED else "Used") if is_use else None
    told: Record = {
        "CommitmentDiscountId": part.commitment,
        "CommitmentDiscountName": known.name,
        "CommitmentDiscountCategory": known.category,
        "CommitmentDiscountType": known.type,
        "CommitmentDiscountStatus": status,
    }
    if is_use and row.kind in _HOURLY:
        told |= {"CommitmentDiscountQuantity": _exact(part.quantity), "CommitmentDiscountUnit": "Hours"}
    return told | ({"PricingCategory": "Committed"} if is_use else {})


def _purpose(row: FinanceRow, part: Invoiced | None) -> Purpose:
    if part is not None and part.charge_type in _PURPOSES:
        return _PURPOSES[part.charge_type]
    why = row.why or ""
    if row.is_residual and ": Purchase" in why:  # closed before a closing kept what a line was
        return "Purchase"
    return "Credit" if row.is_residual and (row.actual or row.billed or Decimal(0)) < 0 else "Usage"


def _described(row: FinanceRow) -> str:
    if row.is_residual:
        return row.why or "Unallocated"
    words = (row.model, row.version, row.sku, row.kind.replace("_", " "), row.tier)
    return " ".join(word for word in words if word)


def _resource(row: FinanceRow) -> Record:
    if row.is_residual:
        named = row.account_id if "/accounts/" in row.account_id else None
        kind = "Azure OpenAI account" if named else None
        return {"ResourceId": named, "ResourceName": row.account if named else None, "ResourceType": kind}
    return {
        "ResourceId": f"{row.account_id}/deployments/{row.deployment}",
        "ResourceName": row.deployment,
        "ResourceType": "Azure OpenAI deployment",
    }


def _priced(row: FinanceRow, cost: Decimal) -> Record:
    """What is priced says its unit price and quantity, so that their product is the list cost; other rows say neither."""
    if row.unit_price is None or row.estimate is None:
        return {"ListCost": cost, "ContractedCost": cost}
    quantity, price, unit = _exact(row.quantity), _exact(row.unit_price), _UNITS.get(row.unit, row.unit)
    return {
        "ListCost": _exact(row.estimate),
        "ContractedCost": _exact(row.estimate),
        "ListUnitPrice": price,
        "ContractedUnitPrice": price,
        "PricingCategory": "Standard",
        "PricingCurrency": row.currency,
        "PricingCurrencyListUnitPrice": price,
        "PricingCurrencyContractedUnitPrice": price,
        "PricingCurrencyEffectiveCost": cost,
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "SkuId": f"{row.model}/{row.version}/{row.sku}/{row.kind}/{row.tier}",
        "SkuPriceId": row.meter_id or f"{row.step}/{row.model}/{row.kind}/{row.tier}",
        "SkuMeter": row.meter_name or row.kind,
    }


def _ours(report: FinanceReport, row: FinanceRow) -> Record:
    is_tokens = row.kind in TOKEN_KINDS and not row.is_residual
    return {
        "x_BilledCostBasis": _paid(report, row)[1],
        "x_ConsumedTokens": _exact(row.quantity) if is_tokens else None,
        "x_CostBasis": "billed" if report.basis == BILL else row.basis,
        "x_CostLow": _maybe(row.low),
        "x_CostHigh": _maybe(row.high),
        "x_EstimatedCost": _maybe(row.estimate),
        "x_DeploymentType": row.sku or None,
        "x_Model": row.model or None,
        "x_ModelVersion": row.version or None,
        "x_MonthState": report.state,
        "x_PriceSource": row.step,
        "x_ServiceTier": row.tier or None,
        "x_Team": row.team,
        "x_TokenDirection": row.kind if is_tokens else None,
        "x_Why": row.why,
    }


def _maybe(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else _exact(amount)


def _exact(amount: Decimal) -> Decimal:
    """Twelve digits after the point: a millionth of a cent of a single token."""
    return amount.quantize(Decimal("1e-12"))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f").rstrip("0")
        return f"{text}0" if text.endswith(".") else text  # always with a point: a reader tells numbers by it
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else neutral(str(value))


def months_between(first: Month, last: Month) -> Iterator[Month]:
    while first.first_day <= last.first_day:
        yield first
        first = first.shifted(1)
