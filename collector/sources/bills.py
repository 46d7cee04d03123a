"""The bill, from Cost Management's query: what Azure charged each account a day, meter by meter.

A query groups by two things at most. So each charge type is asked for by itself, grouped by account and meter id,
once as billed and once amortised; the meters' names come from a query of their own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from collector.domain.types import BillLine
from collector.sources.connection import Connection, body_of
from collector.sources.errors import Role, Scope
from collector.sources.said import exact

API_VERSION = "2025-03-01"
RESOURCE_TYPE = "microsoft.cognitiveservices/accounts"
# Old and new names: lines that belong to no account (reservations, credits) are known by these alone.
SERVICES = (
    "Cognitive Services",
    "Azure OpenAI",
    "Azure OpenAI Service",
    "Foundry Models",
    "Foundry Tools",
    "Azure AI services",
)

_ACCOUNT = re.compile(
    r"^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.cognitiveservices/accounts/[^/]+",
    re.IGNORECASE,
)
_LineKey = tuple[str | None, date, str, str]
_Row = Mapping[str, Any]


class AzureBills:
    def __init__(self, connection: Connection) -> None:
        self._azure = connection

    def bill(self, subscription_id: str, first: date, last: date) -> Sequence[BillLine]:
        """Lines of Cognitive Services accounts, and those of its services that belong to the whole subscription."""
        asked = _Query(self._azure, subscription_id, _custom(first, last))
        lines: dict[_LineKey, BillLine] = {}
        for kind in ("ActualCost", "AmortizedCost"):
            for charge_type in sorted(
                {_text(row, "chargetype") for row in asked.rows(kind, ("ChargeType",))} - {""}
            ):
                rows = asked.rows(kind, ("ResourceId", "ResourceGuid"), charge_type, daily=True)
                _add(lines, rows, asked.scope, charge_type, kind)
        if not lines:
            return ()
        names = {
            _text(row, "resourceguid").lower(): _text(row, "meter")
            for row in asked.rows("ActualCost", ("ResourceGuid", "Meter"))
        }
        return tuple(replace(line, meter=names.get(line.meter_id) or None) for line in lines.values())

    def billing_currency(self, subscription_id: str) -> str | None:
        """The currency of the newest bill, None where there is none yet."""
        for timeframe in ("MonthToDate", "TheLastMonth"):
            asked = _Query(self._azure, subscription_id, {"timeframe": timeframe}, everything=True)
            for row in asked.rows("ActualCost", ()):
                if currency := _text(row, "currency"):
                    return currency.upper()
        return None


@dataclass(frozen=True, slots=True)
class _Query:
    azure: Connection
    subscription_id: str
    time: Mapping[str, Any]
    everything: bool = False

    @property
    def scope(self) -> str:
        return f"/subscriptions/{self.subscription_id}"

    def rows(
        self, kind: str, grouping: Sequence[str], charge_type: str | None = None, *, daily: bool = False
    ) -> Iterator[_Row]:
        """Rows by lower-cased column name; the order of columns varies."""
        body = self._body(kind, grouping, charge_type, daily=daily)
        link: str | None = f"{self.scope}/providers/Microsoft.CostManagement/query"
        params: dict[str, str] | None = {"api-version": API_VERSION}
        seen: set[str] = set()
        scope = Scope(
            f"bill of subscription {self.subscription_id}",
            self.subscription_id,
            service="cost",
            role=Role.COST_READER,
        )
        while link and link not in seen:
            seen.add(link)
            with self.azure.asking(scope):
                response = self.azure.arm("POST", link, params=params, body=body, allowed=(200, 204))
                if response.status_code == 204:
                    return
                said = body_of(response)["properties"]
                names = [str(column["name"]).lower() for column in said["columns"]]
                page = [dict(zip(names, row, strict=True)) for row in said["rows"]]
            yield from page
            link, params = said.get("nextLink"), None

    def _body(
        self, kind: str, grouping: Sequence[str], charge_type: str | None, *, daily: bool
    ) -> dict[str, Any]:
        dataset: dict[str, Any] = {
            "granularity": "Daily" if daily else "None",
            "aggregation": {
                "totalCost": {"name": "Cost", "function": "Sum"},
                "totalQuantity": {"name": "UsageQuantity", "function": "Sum"},
            },
        }
        if grouping:
            dataset["grouping"] = [{"type": "Dimension", "name": name} for name in grouping]
        if not self.everything:
            ours = {"or": [_in("ResourceType", (RESOURCE_TYPE,)), _in("ServiceName", SERVICES)]}
            dataset["filter"] = {"and": [ours, _in("ChargeType", (charge_type,))]} if charge_type else ours
        return {"type": kind, **self.time, "dataset": dataset}


def _add(
    lines: dict[_LineKey, BillLine], rows: Iterator[_Row], scope: str, charge_type: str, kind: str
) -> None:
    for row in rows:
        resource = _text(row, "resourceid")
        account = found[0].lower() if (found := _ACCOUNT.match(resource)) else None
        if resource and account is None:
            continue  # a search service or another that shares the service's name
        cost = _number(row, "cost", "pretaxcost", "totalcost")
        if cost is None:
            raise ValueError(f"a bill row without a cost: {sorted(row)}")
        day, meter = _day(row["usagedate"]), _text(row, "resourceguid").lower()
        currency = _text(row, "currency").upper()
        key = (account, day, meter, f"{charge_type} {currency}")
        line = lines.get(key) or BillLine(
            scope, account, day, meter, None, charge_type, None, None, None, currency
        )
        quantity = _number(row, "usagequantity", "totalquantity", "quantity")
        lines[key] = _with(line, kind, cost, quantity)


def _with(line: BillLine, kind: str, cost: Decimal, quantity: Decimal | None) -> BillLine:
    if kind == "ActualCost":
        actual = cost + (line.actual or 0)
        return replace(
            line,
            actual=actual,
            quantity=quantity if line.quantity is None else line.quantity + (quantity or 0),
        )
    amortised = cost + (line.amortised or 0)
    # The quantity is the same in both views: it is counted once, from the billed one where that has the line.
    return replace(line, amortised=amortised, quantity=quantity if line.actual is None else line.quantity)


def _in(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"dimensions": {"name": name, "operator": "In", "values": list(values)}}


def _custom(first: date, last: date) -> dict[str, Any]:
    return {
        "timeframe": "Custom",
        "timePeriod": {"from": f"{first:%Y-%m-%d}T00:00:00+00:00", "to": f"{last:%Y-%m-%d}T23:59:59+00:00"},
    }


def _day(said: Any) -> date:
    """20260331 as a number, or a date at the head of a text."""
    text = str(int(said)) if isinstance(said, (int, float)) else str(said)[:10].replace("-", "")
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a billing day, which is UTC by definition


def _number(row: _Row, *names: str) -> Decimal | None:
    return next((found for name in names if (found := exact(row.get(name))) is not None), None)


def _text(row: _Row, name: str) -> str:
    return str(row.get(name) or "")
