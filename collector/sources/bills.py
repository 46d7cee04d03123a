"""The bill, from Cost Management's query: what Azure charged each account a day, meter by meter.

A query groups by two things at most. So each charge type is asked for by itself, grouped by account and meter id,
once as billed and once amortised; the meters' names come from a query of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import structlog

from collector.domain.bills import BillLine, BillRead, ReservedLine
from collector.domain.types import NeedsHuman, TryLater
from collector.sources.bill_lines import SERVICES, account_of, is_elsewhere
from collector.sources.connection import Connection, body_of
from collector.sources.errors import Role, Scope
from collector.sources.said import exact

log = structlog.get_logger(__name__)

API_VERSION = "2025-03-01"
RESOURCE_TYPE = "microsoft.cognitiveservices/accounts"
# Cost Management answers in floating point.
_ROUNDING = Decimal("0.005")
_LineKey = tuple[str | None, date, str, str | None, str, str]
_Row = Mapping[str, Any]


class AzureBills:
    def __init__(self, connection: Connection) -> None:
        self._azure = connection

    def read(self, subscription_id: str, first: date, last: date) -> Sequence[BillRead]:
        """Lines of Cognitive Services accounts, and those of its services that belong to the whole subscription."""
        asked = _Query(self._azure, subscription_id, _custom(first, last))
        lines = self._lines(asked)
        return (BillRead(first, last, lines, _reserved_of(asked, lines)),)

    def exports(self, first: date, last: date) -> Mapping[str, TryLater | NeedsHuman | None]:
        """A query reads no exports."""
        return {}

    def _lines(self, asked: "_Query") -> tuple[BillLine, ...]:
        names = {
            _text(row, "resourceguid").lower(): _text(row, "meter")
            for row in asked.rows("ActualCost", ("ResourceGuid", "Meter"))
        }
        lines: dict[_LineKey, BillLine] = {}
        for kind in ("ActualCost", "AmortizedCost"):
            for charge_type in sorted({_charge_type(row) for row in asked.rows(kind, ("ChargeType",))}):
                for line in _lines_of(asked, kind, charge_type, names):
                    key = (
                        line.account_arm_id,
                        line.day,
                        line.meter_id,
                        line.meter,
                        line.charge_type,
                        line.currency,
                    )
                    lines[key] = _merged(lines[key], line) if key in lines else line
        return tuple(lines.values())

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


def _lines_of(asked: _Query, kind: str, charge_type: str, names: Mapping[str, str]) -> Iterator[BillLine]:
    """The lines of one charge type in one view of the bill."""
    nameless: dict[tuple[str | None, date], Decimal] = {}
    named: dict[tuple[str | None, date], set[str]] = {}
    spare: list[BillLine] = []
    for line in _read(asked, kind, charge_type, "ResourceGuid"):
        place = (line.account_arm_id, line.day)
        if line.meter_id:
            meter = names.get(line.meter_id) or None
            named.setdefault(place, set()).add(meter or "")
            yield replace(line, meter=meter)
        else:
            nameless[place] = nameless.get(place, Decimal(0)) + _cost(line)
            spare.append(line)
    if not spare:
        return
    # Some meters are billed without an id. They are what the same query by meter name has left over.
    by_name: dict[tuple[str | None, date], list[BillLine]] = {}
    for line in _read(asked, kind, charge_type, "Meter"):
        place = (line.account_arm_id, line.day)
        if place in nameless and line.meter not in named.get(place, ()):
            by_name.setdefault(place, []).append(line)
    for place, cost in nameless.items():
        found = by_name.get(place, [])
        if abs(sum(map(_cost, found), Decimal(0)) - cost) <= _ROUNDING:
            yield from found
        else:
            yield from (line for line in spare if (line.account_arm_id, line.day) == place)


def _read(asked: _Query, kind: str, charge_type: str, by: str) -> Iterator[BillLine]:
    """Daily lines by account and meter, the meter known by its id or by its name."""
    for row in asked.rows(kind, ("ResourceId", by), charge_type, daily=True):
        resource = _text(row, "resourceid")
        if is_elsewhere(resource):
            continue
        cost = _number(row, "cost", "pretaxcost", "totalcost")
        if cost is None:
            raise TryLater(f"{asked.scope}: a bill row without a cost, with {', '.join(sorted(row))}")
        currency = _text(row, "currency").upper()
        if not currency:
            raise TryLater(f"{asked.scope}: a bill row without a currency, with {', '.join(sorted(row))}")
        meter = _text(row, by.lower())
        yield BillLine(
            scope=asked.scope,
            account_arm_id=account_of(resource),
            day=_day(row["usagedate"]),
            meter_id=meter.lower() if by == "ResourceGuid" else "",
            meter=meter or None if by == "Meter" else None,
            charge_type=charge_type,
            quantity=_number(row, "usagequantity", "totalquantity", "quantity"),
            actual=cost if kind == "ActualCost" else None,
            amortised=cost if kind == "AmortizedCost" else None,
            currency=currency,
        )


_UNUSED = "UnusedReservation"


def _is_of_reservation(line: BillLine) -> bool:
    """Unused, or used at another cost than was billed for it."""
    both = line.actual is not None and line.amortised is not None and line.actual != line.amortised
    return line.charge_type == _UNUSED or (line.charge_type == "Usage" and both)


def _reserved_of(asked: _Query, lines: Sequence[BillLine]) -> tuple[ReservedLine, ...]:
    """Which reservation it was is worth a question, and no reason to be without a bill."""
    if not any(map(_is_of_reservation, lines)):
        return ()
    try:
        return tuple(_reserved(asked, lines))
    except NeedsHuman as error:
        log.warning("reservations are not told apart", scope=asked.scope, why=str(error))
        return ()


def _reserved(asked: _Query, lines: Sequence[BillLine]) -> Iterator[ReservedLine]:
    """Use that reservations covered and what of them stood unused, by reservation, meter and day."""
    names = {line.meter_id: line.meter for line in lines}
    for charge_type in sorted({line.charge_type for line in lines if _is_of_reservation(line)}):
        for row in asked.rows("AmortizedCost", ("ReservationName", "ResourceGuid"), charge_type, daily=True):
            name, meter_id = _text(row, "reservationname"), _text(row, "resourceguid").lower()
            if not name:
                continue  # paid by the hour
            yield ReservedLine(
                scope=asked.scope,
                reservation=name.casefold(),
                name=name,
                day=_day(row["usagedate"]),
                meter_id=meter_id,
                meter=names.get(meter_id),
                charge_type=charge_type,
                quantity=_number(row, "usagequantity", "totalquantity", "quantity"),
                actual=None,
                amortised=_number(row, "cost", "pretaxcost", "totalcost"),
                currency=_text(row, "currency").upper(),
            )


def _merged(one: BillLine, other: BillLine) -> BillLine:
    """Two rows of one line: both views of it, or two sub-resources of one account. Quantities of the two views are
    the same quantity, so the billed one stands."""
    same_view = (one.actual is None) == (other.actual is None)
    return replace(
        one,
        actual=_sum(one.actual, other.actual),
        amortised=_sum(one.amortised, other.amortised),
        quantity=_sum(one.quantity, other.quantity) if same_view else one.quantity,
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one if other is None else other if one is None else one + other


def _cost(line: BillLine) -> Decimal:
    return line.actual if line.actual is not None else line.amortised or Decimal(0)


def _charge_type(row: _Row) -> str:
    found = _text(row, "chargetype")
    if not found:
        raise TryLater(f"a bill row without a charge type, with {', '.join(sorted(row))}")
    return found


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
