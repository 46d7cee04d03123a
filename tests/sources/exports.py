"""Exports as Cost Management writes them, small: rows in FOCUS, parts and manifests."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.sources.worlds import SUBSCRIPTION, an_account

ACCOUNT = an_account().arm_id.lower()
RESERVATION = "/providers/Microsoft.Capacity/reservationOrders/11/reservations/22"
BILLING_ACCOUNT = "/providers/Microsoft.Billing/billingAccounts/1234567"

Row = Mapping[str, Any]


def a_row(day: date, cost: str = "1.5", *, version: str = "1.2-preview", **columns: Any) -> dict[str, Any]:
    """A row of use: 10 blocks of a thousand tokens."""
    second = "" if version == "1.0" else ":00"
    named = "x_SkuMeterName" if version == "1.0" else "SkuMeter"
    row = {
        "BilledCost": cost,
        "BillingCurrency": "EUR",
        "BillingPeriodStart": f"{day:%Y-%m}-01T00:00{second}Z",
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargePeriodStart": f"{day}T00:00{second}Z",
        "CommitmentDiscountId": "",
        "CommitmentDiscountName": "",
        "CommitmentDiscountStatus": "",
        "EffectiveCost": cost,
        "PricingQuantity": "10",
        "ResourceId": ACCOUNT,
        "ServiceName": "Azure AI services",
        named: "gpt 4o Inp glbl Tokens",
        "SubAccountId": f"/subscriptions/{SUBSCRIPTION}",
        "Tags": '{"note": "a, \\"b\\"\n"}',
        "x_SkuMeterCategory": "Foundry Models",
        "x_SkuMeterId": "AAAA-BBBB",
        "x_SkuMeterSubcategory": "Azure OpenAI",
    }
    return {**row, **columns}


def write_part(path: Path, rows: Sequence[Row]) -> Path:
    """In the form that the name's ending says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if path.suffix == ".parquet":
        table = pa.Table.from_pylist(
            [{name: row.get(name) for name in names} for row in rows],
            schema=pa.schema([(name, pa.string()) for name in names]),
        )
        pq.write_table(table, path)
        return path
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    content = ("\ufeff" + text.getvalue()).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_run(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    days: tuple[date, date],
    submitted: str,
    *,
    scope: str = BILLING_ACCOUNT,
    dataset: str = "FocusCost",
    parts: int = 1,
    form: str = "csv",
) -> Path:
    place = folder / "focus" / name
    blobs: list[dict[str, Any]] = []
    for part in range(parts):
        inside = rows[part::parts]
        path = write_part(place / f"part_{part}_0001.{form}", inside)
        blobs.append(
            {
                "blobName": f" exports/focus/{name}/{path.name}",
                "byteCount": path.stat().st_size,
                "dataRowCount": len(inside),
            }
        )
    manifest = {
        "manifestVersion": "2024-04-01",
        "exportConfig": {
            "exportName": "focus",
            "resourceId": f"{scope}/providers/Microsoft.CostManagement/exports/focus",
            "dataVersion": "1.2-preview",
            "type": dataset,
        },
        "runInfo": {
            "submittedTime": submitted,
            "startDate": f"{days[0]}T00:00:00",
            "endDate": f"{days[1]}T00:00:00Z",
        },
        "blobs": blobs,
    }
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return place
