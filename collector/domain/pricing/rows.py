"""Retail rows as the feed sends them, checked one by one: what we keep, and what we refuse by name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from collector.domain.pricing.meters import OutOfScope, parse_meter
from collector.domain.pricing.units import unit_of
from collector.domain.types import location_key

# Dearest known: 0.6 USD per 1K tokens (o1-pro), 312 USD per provisioned unit and month, 2,916 USD per
# reserved unit and year. What lies a hundredfold above is a mistake of the feed, in any currency but the
# smallest; those are held to the looser bound.
_ABSURD_USD = Decimal(300_000)
_ABSURD_USD_TOKEN = Decimal("0.06")
_ABSURD = Decimal(10_000_000_000)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A captured retail price, as the store keeps it. `term` is empty except for reservations.

    `last_captured_at` is the last capture that still bore the row. An empty `meter_id` is a row of a condensed
    source: it can be found by its name only.
    """

    meter_id: str
    region: str
    currency: str
    type: str
    term: str
    tier_minimum_units: Decimal
    effective_from: datetime
    captured_at: datetime
    unit_price: Decimal
    unit_of_measure: str
    product: str
    meter_name: str
    sku_name: str = ""
    service: str = ""
    effective_until: datetime | None = None
    last_captured_at: datetime | None = None

    @property
    def starts_on(self) -> date:
        return self.effective_from.date()

    @property
    def ends_on(self) -> date | None:
        """The last day in force; the feed ends a price at 23:59 of that day."""
        return self.effective_until.date() if self.effective_until else None

    @property
    def seen_until(self) -> datetime:
        return self.last_captured_at or self.captured_at


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken. `row` is there for a row that was readable but disputed by another."""

    meter_id: str
    meter_name: str
    region: str
    reason: str
    out_of_scope: bool = False
    row: PriceRow | None = None


class _Unfit(ValueError):
    pass


def parse_retail_rows(
    items: Iterable[Mapping[str, Any]], captured_at: datetime
) -> tuple[list[PriceRow], list[Rejected]]:
    """The rows of the feed that price Azure OpenAI, and every other row with the reason.

    Two prices under one key are both refused: neither can be trusted (`Rejected.row` keeps them, so that a
    book can call the meter disputed rather than unknown).
    """
    rows: dict[tuple[object, ...], PriceRow] = {}
    rejected: list[Rejected] = []
    disputed: set[tuple[object, ...]] = set()
    for item in items:
        try:
            row = _row(item, captured_at)
        except _Unfit as error:
            rejected.append(_rejected(item, str(error)))
            continue
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        key = (
            row.meter_id,
            row.region,
            row.currency,
            row.type,
            row.term,
            row.tier_minimum_units,
            row.starts_on,
        )
        other = rows.setdefault(key, row)
        if other.unit_price != row.unit_price or other.meter_name != row.meter_name:
            disputed.add(key)
            rejected.append(_disputed(row, other))
    rejected.extend(_disputed(rows[key], None) for key in disputed)
    return [row for key, row in rows.items() if key not in disputed], rejected


def _disputed(row: PriceRow, other: PriceRow | None) -> Rejected:
    against = f" and {other.unit_price}" if other else ", among others,"
    reason = f"two rows for one key: {row.unit_price}{against} from {row.starts_on}"
    return Rejected(row.meter_id, row.meter_name, row.region, reason, row=row)


def _row(item: Mapping[str, Any], captured_at: datetime) -> PriceRow | Rejected:
    product, name = _text(item, "productName"), _text(item, "meterName")
    unit, type_ = _text(item, "unitOfMeasure"), str(item.get("type") or "Consumption")
    reading = parse_meter(product, name, unit, type_)
    if isinstance(reading, OutOfScope):
        return _rejected(item, reading.reason, out_of_scope=True)
    currency = _text(item, "currencyCode").upper()
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise _Unfit(f"currencyCode {currency!r}: expected three letters such as 'USD'")
    price = _decimal(item, "retailPrice")
    _check_price(price, unit, currency)
    term = str(item.get("reservationTerm") or "")
    if (type_ == "Reservation") != bool(term):
        raise _Unfit(f"type {type_!r} with reservationTerm {term!r}")
    return PriceRow(
        meter_id=_text(item, "meterId").lower(),
        region=location_key(_text(item, "armRegionName")),
        currency=currency,
        type=type_,
        term=term,
        tier_minimum_units=_decimal(item, "tierMinimumUnits") if item.get("tierMinimumUnits") else Decimal(0),
        effective_from=_instant(item, "effectiveStartDate"),
        effective_until=_instant(item, "effectiveEndDate") if item.get("effectiveEndDate") else None,
        captured_at=captured_at,
        last_captured_at=captured_at,
        unit_price=price,
        unit_of_measure=unit,
        product=product,
        meter_name=name,
        sku_name=str(item.get("skuName") or ""),
        service=str(item.get("serviceName") or ""),
    )


def _rejected(item: Mapping[str, Any], reason: str, out_of_scope: bool = False) -> Rejected:
    words = (str(item.get(name) or "") for name in ("meterId", "meterName", "armRegionName"))
    meter_id, meter_name, region = words
    return Rejected(meter_id.lower(), meter_name, location_key(region), reason, out_of_scope)


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _Unfit(f"{name} is {value!r}: expected a text")
    return value.strip()


def _decimal(item: Mapping[str, Any], name: str) -> Decimal:
    """Through the shortest decimal text, so that 0.1 is 0.1."""
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise _Unfit(f"{name} is {value!r}: expected a number")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:
        raise _Unfit(f"{name} is {value!r}: expected a number") from error
    if not number.is_finite():
        raise _Unfit(f"{name} is {value!r}: expected a finite number")
    return number


def _check_price(price: Decimal, unit: str, currency: str) -> None:
    if price < 0:
        raise _Unfit(f"retailPrice {price} is negative")
    if price == 0:
        raise _Unfit("retailPrice 0 is no price")
    parsed = unit_of(unit)
    bound = _ABSURD_USD if currency == "USD" else _ABSURD
    if currency == "USD" and parsed is not None and parsed.count in (Decimal(1000), Decimal(1_000_000)):
        bound = _ABSURD_USD_TOKEN * parsed.count
    if price > bound:
        raise _Unfit(f"retailPrice {price} {currency} per {unit} is absurd: more than {bound}")


def _instant(item: Mapping[str, Any], name: str) -> datetime:
    value = item.get(name)
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise _Unfit(f"{name} is {value!r}: expected an ISO 8601 instant") from error
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
