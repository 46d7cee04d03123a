"""The retail price feed of the pretend Azure: late rows, superseded rows, recycled ids, reservations, other publishers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from collector.simulator import facts
from collector.simulator.asked import Refused
from collector.simulator.facts import Meter
from collector.simulator.world import World

Row = dict[str, Any]
Predicate = Callable[[Row], bool]
RATES = {"USD": Decimal(1), "EUR": Decimal("0.8610"), "GBP": Decimal("0.7520"), "SEK": Decimal("9.4600")}
MISSING_FROM_FEED = "embedding-ada-regional Tokens"
RECYCLED = ("gpt 4o 0513 Input regional Tokens", "gpt 4o dev ft inpt glbl Tokens", "eastus2")
RESERVATION_PRODUCT = "Azure AI Foundry Provisioned Throughput Reservation"
RESERVATION_PRICES = {
    "global": ("260.0", "2652.0"),
    "datazone": ("286.0", "2916.0"),
    "regional": ("286.0", "2916.0"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """From `on` a price is multiplied; the row that says so appears in the feed on `told_on`."""

    prefix: str
    factor: Decimal
    on: date
    told_on: date


def changes(world: World) -> tuple[Change, ...]:
    third, half = (
        world.start.date() + timedelta(days=world.size.days // 3),
        world.start.date() + timedelta(days=world.size.days // 2),
    )
    return (
        Change("5.6 luna ", Decimal("0.2"), half, half + timedelta(days=min(12, world.size.days // 6))),
        Change("gpt 4.1 nano Inp glbl", Decimal("0.8"), third, third - timedelta(days=20)),
        Change("gpt 4.1 nano Outp glbl", Decimal("0.8"), third, third - timedelta(days=20)),
    )


def recycled_on(world: World) -> date:
    return world.start.date() + timedelta(days=world.size.days * 6 // 10)


def price_on(world: World, meter: Meter, location: str, day: date) -> Decimal | None:
    """The price Azure bills on a day, whether or not the feed has told it yet; None where it is not sold."""
    if location not in meter.prices:
        return None
    price, _ = meter.prices[location]
    for change in changes(world):
        if meter.name.startswith(change.prefix) and day >= change.on:
            price = price * change.factor
    return price


def feed(world: World, now: datetime, currency: str) -> list[Row]:
    return [_converted(row, currency) for row in _rows(world, now.date())]


@lru_cache(maxsize=16)
def _rows(world: World, today: date) -> list[Row]:
    rows: list[Row] = []
    for meter in facts.meters():
        if meter.name == MISSING_FROM_FEED:
            continue
        for location in meter.prices:
            rows += _of_meter(world, meter, location, today)
    for product, name, unit, price, on in facts.other_rows():
        stand_in = Meter(name, product, unit, "", "", "", "", "", "", False, {"eastus2": (price, on)})
        rows.append(_row(stand_in, "eastus2", price, on))
    return rows


def _of_meter(world: World, meter: Meter, location: str, today: date) -> list[Row]:
    price, on = meter.prices[location]
    shown = meter
    if (meter.name, location) == (RECYCLED[0], RECYCLED[2]) and today >= recycled_on(world):
        shown = _renamed(meter, RECYCLED[1])
    rows = [_row(shown, location, price, on, meter.meter_id(location))]
    for change in changes(world):
        if meter.name.startswith(change.prefix) and today >= change.told_on:
            rows[-1]["effectiveEndDate"] = f"{change.on - timedelta(days=1)}T23:59:00Z"
            rows.append(_row(shown, location, price * change.factor, change.on, meter.meter_id(location)))
    if meter.kind == "ptu_hour":
        rows += _reservations(meter, location, on)
    return rows


def _renamed(meter: Meter, name: str) -> Meter:
    return Meter(
        name,
        meter.product,
        meter.unit,
        meter.model,
        meter.version,
        meter.sku_class,
        meter.kind,
        meter.tier,
        meter.context,
        meter.fine_tuned,
        meter.prices,
    )


def _reservations(meter: Meter, location: str, on: date) -> list[Row]:
    rows: list[Row] = []
    for term, price in zip(("1 Month", "1 Year"), RESERVATION_PRICES[meter.sku_class], strict=True):
        row = _row(meter, location, Decimal(price), on)
        rows.append(
            row | {"productName": RESERVATION_PRODUCT, "type": "Reservation", "reservationTerm": term}
        )
    return rows


def _row(meter: Meter, location: str, price: Decimal, on: date, meter_id: str | None = None) -> Row:
    sku = re.sub(r" (1M Tokens|Tokens|Unit|Session|GB|Images|Second|Video|Calls|Characters)$", "", meter.name)
    identity = meter_id or meter.meter_id(location)
    product = "DZH" + identity.replace("-", "")[:9].upper()
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": location,
        "location": facts.price_locations().get(location, location),
        "effectiveStartDate": f"{on}T00:00:00Z",
        "meterId": identity,
        "meterName": meter.name,
        "productId": product,
        "skuId": f"{product}/{identity[:4].upper()}",
        "productName": meter.product,
        "skuName": sku,
        "serviceName": "Foundry Models",
        "serviceId": "DZH31600VF1F",
        "serviceFamily": "AI + Machine Learning",
        "unitOfMeasure": meter.unit,
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": sku,
    }


def _converted(row: Row, currency: str) -> Row:
    price = row["retailPrice"] * RATES[currency]
    if currency != "USD":
        price = round(price, 6)
    return row | {"retailPrice": float(price), "unitPrice": float(price), "currencyCode": currency}


def answer(world: World, query: Mapping[str, str], now: datetime, url: str, page: int) -> dict[str, Any]:
    currency = query.get("currencycode", "'USD'").strip("'")
    if currency not in RATES:
        raise Refused(400, "BadRequest", f"Invalid currencyCode: {currency}")
    wanted = predicate(query["$filter"]) if query.get("$filter") else lambda row: True
    rows = [row for row in feed(world, now, currency) if wanted(row)]
    skip = int(query.get("$skip", "0"))
    shown = rows[skip : skip + page]
    more = skip + page < len(rows)
    following = re.sub(r"[?&]\$skip=\d+", "", url)
    joint = "&" if "?" in following else "?"
    return {
        "BillingCurrency": currency,
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": shown,
        "NextPageLink": f"{following}{joint}$skip={skip + page}" if more else None,
        "Count": len(shown),
    }


_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\(|\)|,)|([\w./]+))")


def predicate(text: str) -> Predicate:
    """OData of the price API: eq, ne, and, or, parentheses, contains, startswith; values are case-sensitive."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refused(400, "BadRequest", f"Invalid OData parameters supplied: {text}")
        literal, mark, word = match.groups()
        tokens.append(("text", literal.replace("''", "'")) if literal is not None else ("word", mark or word))
        at = match.end()
    test, rest = _either(tokens)
    if rest:
        raise Refused(400, "BadRequest", f"Invalid OData parameters supplied: {text}")
    return test


Tokens = list[tuple[str, str]]


def _either(tokens: Tokens) -> tuple[Predicate, Tokens]:
    left, tokens = _both(tokens)
    while tokens and tokens[0] == ("word", "or"):
        right, tokens = _both(tokens[1:])
        left = _joined(any, left, right)
    return left, tokens


def _both(tokens: Tokens) -> tuple[Predicate, Tokens]:
    left, tokens = _one(tokens)
    while tokens and tokens[0] == ("word", "and"):
        right, tokens = _one(tokens[1:])
        left = _joined(all, left, right)
    return left, tokens


def _joined(how: Callable[[list[bool]], bool], left: Predicate, right: Predicate) -> Predicate:
    return lambda row: how([left(row), right(row)])


def _one(tokens: Tokens) -> tuple[Predicate, Tokens]:
    words = [text for _, text in tokens]
    if words[:1] == ["("]:
        inner, rest = _either(tokens[1:])
        return inner, rest[1:]
    if words[:1] and words[0] in ("contains", "startswith") and words[1:2] == ["("] and len(words) >= 6:
        name, value = words[2], words[4]
        if words[0] == "contains":
            return (lambda row: value in str(row.get(name, ""))), tokens[6:]
        return (lambda row: str(row.get(name, "")).startswith(value)), tokens[6:]
    if len(words) >= 3 and words[1] in ("eq", "ne"):
        name, value, same = words[0], words[2], words[1] == "eq"
        return (lambda row: (str(row.get(name, "")) == value) is same), tokens[3:]
    raise Refused(400, "BadRequest", f"Invalid OData parameters supplied: {' '.join(words)}")
