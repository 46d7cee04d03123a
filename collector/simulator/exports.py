"""Cost Management's exports of the pretend Azure: cost and usage details in FOCUS, run by run, part by part.

Columns and manifest are those of https://learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-focus
and https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-improved-exports.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collector.simulator.bills import Bills, Line, billed_share
from collector.simulator.estate import Subscription
from collector.simulator.traffic import Traffic
from collector.simulator.world import World

_NAMES = (
    "BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency BillingPeriodEnd "
    "BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd "
    "ChargePeriodStart CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName "
    "CommitmentDiscountStatus CommitmentDiscountType ConsumedQuantity ConsumedUnit ContractedCost "
    "ContractedUnitPrice EffectiveCost InvoiceIssuerName ListCost ListUnitPrice PricingCategory PricingQuantity "
    "PricingUnit ProviderName PublisherName RegionId RegionName ResourceId ResourceName ResourceType "
    "ServiceCategory ServiceName SkuId SkuPriceId SubAccountId SubAccountName SubAccountType Tags "
    "x_PricingBlockSize x_PricingUnitDescription x_ResourceGroupName x_ResourceType x_ServicePeriodEnd "
    "x_ServicePeriodStart x_SkuDescription x_SkuMeterCategory x_SkuMeterId x_SkuMeterSubcategory x_SkuServiceFamily"
)
_SHARED = _NAMES.split()
COLUMNS = {
    "1.0": sorted([*_SHARED, "x_SkuMeterName", "x_InvoiceId", "x_PricingCurrency"]),
    "1.2-preview": sorted(
        [*_SHARED, "SkuMeter", "InvoiceId", "PricingCurrency", "ServiceSubcategory", "x_AmortizationClass"]
    ),
}
_INVOICED_ON = 5
_BLOCKS = {"1K": 1000, "1M": 1_000_000}
_ORDER = "/providers/Microsoft.Capacity/reservationOrders/5f2c0e6e-1111-4c5a-9d57-2f4c2e6f0a11/reservations/0a9d7c1e-2222-4f7b-8d0f-6a5b4c3d2e1f"


def write_run(
    bills: Bills,
    subscriptions: Sequence[Subscription],
    folder: Path,
    first: date,
    last: date,
    now: datetime,
    *,
    version: str = "1.2-preview",
    form: str = "csv",
    rows_a_part: int = 5000,
    export: str = "focus-daily",
    scope: str = "/providers/Microsoft.Billing/billingAccounts/1234567",
) -> Path:
    """One run of an export over the days [first, last]; gives back the folder of its parts and manifest."""
    month_end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    run_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{export} {scope} {first} {last} {now}"))
    place = folder / export / f"{first:%Y%m%d}-{month_end:%Y%m%d}" / run_id
    place.mkdir(parents=True, exist_ok=True)
    rows = [row for subscription in subscriptions for row in _rows(bills, subscription, first, last, now)]
    columns = COLUMNS[version]
    blobs: list[dict[str, Any]] = []
    for part, at in enumerate(range(0, max(1, len(rows)), rows_a_part)):
        inside = [_named(row, columns) for row in rows[at : at + rows_a_part]]
        name = f"part_{part}_0001.{'snappy.parquet' if form == 'parquet' else form}"
        _write(place / name, columns, inside, version, form)
        size = (place / name).stat().st_size
        relative = (place / name).relative_to(folder)
        blobs.append({"blobName": f"exports/{relative}", "byteCount": size, "dataRowCount": len(inside)})
    manifest = _manifest(blobs, export, scope, version, form, run_id, first, last, now)
    (place / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return place


def write_months(world: World, folder: Path, now: datetime) -> None:
    """A run of every month that the world has seen, the running one through today."""
    bills = Bills(world, Traffic(world))
    first = world.start.date().replace(day=1)
    while first <= now.date():
        after = (first + timedelta(days=32)).replace(day=1)
        write_run(
            bills,
            world.subscriptions,
            folder,
            first,
            min(after - timedelta(days=1), now.date()),
            now,
            form="parquet",
        )
        first = after


def _rows(
    bills: Bills, subscription: Subscription, first: date, last: date, now: datetime
) -> Iterator[dict[str, Any]]:
    """Both views of the bill in one row each: billed, and amortised."""
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        share = billed_share(day, now)
        for line, billed, effective in _both_views(bills, subscription, day):
            part = (Decimal(1) if share else Decimal(0)) if line.whole else share
            if part:
                row = _row(subscription, line, billed * part, effective * part, line.quantity * part)
                yield row | {"InvoiceId": _invoice(line, now)}


def _both_views(
    bills: Bills, subscription: Subscription, day: date
) -> Iterator[tuple[Line, Decimal, Decimal]]:
    actual = bills.lines(subscription, day, "ActualCost")
    amortised = list(bills.lines(subscription, day, "AmortizedCost"))
    for line in actual:
        twin = next((one for one in amortised if _same(one, line)), None)
        if twin is not None:
            amortised.remove(twin)
        yield line, line.cost, Decimal(0) if twin is None else twin.cost
    for line in amortised:
        yield line, Decimal(0), line.cost


def _same(one: Line, other: Line) -> bool:
    return one.dimensions == other.dimensions and one.quantity == other.quantity


def _row(
    subscription: Subscription, line: Line, billed: Decimal, effective: Decimal, quantity: Decimal
) -> dict[str, Any]:
    said = line.dimensions
    charge = said["ChargeType"]
    reserved = bool(said["ReservationName"])
    block = _BLOCKS.get(said["UnitOfMeasure"], 1)
    month = line.day.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    used = charge != "Purchase"
    return {
        "BilledCost": billed,
        "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/1234567",
        "BillingAccountName": "Contoso",
        "BillingAccountType": "Billing Account",
        "BillingCurrency": subscription.currency,
        "BillingPeriodEnd": after,
        "BillingPeriodStart": month,
        "ChargeCategory": "Purchase" if charge in ("Purchase", "Refund") else "Usage",
        "ChargeClass": "Correction" if charge == "Refund" else "",
        "ChargeDescription": said["Product"],
        "ChargeFrequency": "Usage-Based" if used else "Recurring",
        "ChargePeriodEnd": line.day + timedelta(days=1),
        "ChargePeriodStart": line.day,
        "CommitmentDiscountCategory": "Usage" if reserved else "",
        "CommitmentDiscountId": _ORDER if reserved else "",
        "CommitmentDiscountName": said["ReservationName"],
        "CommitmentDiscountStatus": _status(charge) if reserved and used else "",
        "CommitmentDiscountType": "Reservation" if reserved else "",
        "ConsumedQuantity": quantity * block if used else None,
        "ConsumedUnit": "Units" if used else "",
        "ContractedCost": effective,
        "EffectiveCost": effective,
        "InvoiceIssuerName": "Microsoft",
        "ListCost": effective,
        "PricingCategory": "Committed" if reserved else "Standard",
        "PricingCurrency": subscription.currency,
        "PricingQuantity": quantity,
        "PricingUnit": "Units",
        "ProviderName": "Microsoft",
        "PublisherName": "" if reserved else "Microsoft",
        "RegionId": said["ResourceLocation"],
        "ResourceId": said["ResourceId"] or (_ORDER.lower() if reserved else ""),
        "ResourceName": said["ResourceId"].rpartition("/")[2],
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "" if reserved and not used else _service(said["ServiceName"]),
        "SkuMeter": said["Meter"],
        "SubAccountId": f"/subscriptions/{subscription.id}",
        "SubAccountName": subscription.name,
        "SubAccountType": "Subscription",
        "Tags": '{"env": "prod", "note": "a, b"}',
        "x_AmortizationClass": ("Amortized Charge" if used else "Principal") if reserved else "",
        "x_PricingBlockSize": block,
        "x_PricingUnitDescription": said["UnitOfMeasure"],
        "x_ResourceGroupName": said["ResourceGroupName"],
        "x_ResourceType": said["ResourceType"],
        "x_SkuMeterCategory": said["MeterCategory"],
        "x_SkuMeterId": said["ResourceGuid"].upper(),
        "x_SkuMeterSubcategory": said["MeterSubCategory"],
        "x_SkuServiceFamily": said["ServiceFamily"],
    }


def _invoice(line: Line, now: datetime) -> str:
    """Use is invoiced on the fifth of the next month, what is paid ahead at once; until then there is none."""
    if line.dimensions["ChargeType"] == "Purchase":
        return f"P{line.day:%Y%m}"
    after = (line.day.replace(day=1) + timedelta(days=32)).replace(day=_INVOICED_ON)
    return f"G{line.day:%Y%m}" if now.date() >= after else ""


def _status(charge: str) -> str:
    return "Unused" if charge == "UnusedReservation" else "Used"


def _service(name: str) -> str:
    return "Azure AI services" if name == "Foundry Models" else name


_OLD_NAMES = {
    "x_SkuMeterName": "SkuMeter",
    "x_InvoiceId": "InvoiceId",
    "x_PricingCurrency": "PricingCurrency",
}


def _named(row: dict[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    return {name: row.get(name, row.get(_OLD_NAMES.get(name, ""), "")) for name in columns}


def _write(
    path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]], version: str, form: str
) -> None:
    if form == "parquet":
        schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in columns])
        listed = [{name: _typed(name, row[name]) for name in columns} for row in rows]
        pq.write_table(pa.Table.from_pylist(listed, schema=schema), path, compression="snappy")
        return
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[_text(row[name], version) for name in columns] for row in rows])
    content = ("\ufeff" + text.getvalue()).encode()
    path.write_bytes(gzip.compress(content) if form.endswith(".gz") else content)


_NUMBERS = (
    "BilledCost",
    "ConsumedQuantity",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "PricingQuantity",
)
_DAYS = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(_NUMBERS, pa.decimal128(38, 18)),
    **dict.fromkeys(_DAYS, pa.timestamp("us")),
}


def _typed(name: str, value: Any) -> Any:
    if name in _NUMBERS:
        return None if value in (None, "") else Decimal(value).quantize(Decimal("1e-18"))
    if name in _DAYS:
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # exports hold UTC without saying so
    return str(value)


def _text(value: Any, version: str) -> str:
    """Dates of 1.0 have no seconds, those of later releases do."""
    if isinstance(value, date):
        return f"{value}T00:00Z" if version == "1.0" else f"{value}T00:00:00Z"
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _manifest(
    blobs: Sequence[dict[str, Any]],
    export: str,
    scope: str,
    version: str,
    form: str,
    run_id: str,
    first: date,
    last: date,
    now: datetime,
) -> dict[str, Any]:
    return {
        "manifestVersion": "2024-04-01",
        "byteCount": sum(blob["byteCount"] for blob in blobs),
        "blobCount": len(blobs),
        "dataRowCount": sum(blob["dataRowCount"] for blob in blobs),
        "exportConfig": {
            "exportName": export,
            "resourceId": f"{scope}/providers/Microsoft.CostManagement/exports/{export}",
            "dataVersion": version,
            "apiVersion": "2025-03-01",
            "type": "FocusCost",
            "timeFrame": "MonthToDate",
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": True,
            "dataOverwriteBehavior": "CreateNewReport",
            "fileFormat": "Parquet" if form == "parquet" else "Csv",
            "compressionMode": {"parquet": "Snappy", "csv.gz": "Gzip"}.get(form, "None"),
            "rootFolderPath": "exports",
        },
        "runInfo": {
            "executionType": "Scheduled",
            "submittedTime": f"{now:%Y-%m-%dT%H:%M:%S}.1234567Z",
            "runId": run_id,
            "startDate": f"{first}T00:00:00",
            "endDate": f"{last}T00:00:00Z",
        },
        "blobs": list(blobs),
    }
