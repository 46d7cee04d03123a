"""Reservations of the configuration, `[[reservations]]`."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from collector.domain.money.reservations import MONTHLY, YEARLY, Reservation
from collector.domain.pricing import sku_terms
from collector.domain.types import location_key

_KEYS: Final = (
    "name", "sku", "units", "term", "from", "until", "price", "currency", "location", "subscription",
)  # fmt: skip
_TERMS: Final[Mapping[str, str]] = {"1 month": MONTHLY, "1 year": YEARLY}


class BadReservation(ValueError):
    """A `[[reservations]]` table that cannot be read."""


def parse_reservations(tables: Sequence[Mapping[str, Any]]) -> tuple[Reservation, ...]:
    """Raises `BadReservation` naming the table, its key and what would be right."""
    found: dict[str, Reservation] = {}
    for number, table in enumerate(tables, 1):
        one = _reservation(f"[[reservations]] number {number}", table)
        if one.name in found:
            raise BadReservation(f"[[reservations]] number {number}: name={one.name!r} stands twice")
        found[one.name] = one
    return tuple(found.values())


def _reservation(place: str, table: Mapping[str, Any]) -> Reservation:
    stray = sorted(set(table) - set(_KEYS))
    if stray:
        raise BadReservation(f"{place}: no key {stray[0]!r}; expected {', '.join(_KEYS)}")
    sku, units, term = table.get("sku"), table.get("units"), table.get("term", "1 month")
    terms = sku_terms(sku) if isinstance(sku, str) else None
    if terms is None or not terms.provisioned:
        raise _bad(place, "sku", sku, "a provisioned SKU such as GlobalProvisionedManaged")
    if not isinstance(units, int) or isinstance(units, bool) or units <= 0:
        raise _bad(place, "units", units, "a whole number of provisioned units above 0")
    if not isinstance(term, str) or term.casefold() not in _TERMS:
        raise _bad(place, "term", term, "'1 month' or '1 year'")
    starts_on, ends_on = _day(place, table, "from"), _day(place, table, "until")
    if starts_on is None:
        raise _bad(place, "from", None, "its first day, such as 2026-01-01")
    if ends_on is not None and ends_on < starts_on:
        raise _bad(place, "until", ends_on, f"a day not before {starts_on}")
    price, currency = _price(place, table.get("price")), _text(place, table, "currency") or ""
    if len(currency) != 3 or not currency.isalpha() or not currency.isupper():
        raise _bad(place, "currency", currency, "a three-letter code such as 'EUR'")
    location, subscription = _text(place, table, "location"), _text(place, table, "subscription")
    return Reservation(
        name=_text(place, table, "name") or f"{units} units of {sku}",
        sku=str(sku),
        units=units,
        starts_on=starts_on,
        term=_TERMS[term.casefold()],
        ends_on=ends_on,
        price=price,
        currency=currency,
        location=location_key(location) if location else None,
        subscription=subscription.lower() if subscription else None,
    )


def _price(place: str, value: Any) -> Decimal:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal("NaN")
    if isinstance(value, bool) or not price.is_finite() or price <= 0:
        raise _bad(place, "price", value, "the price of a unit for the term, above 0")
    return price


def _day(place: str, table: Mapping[str, Any], key: str) -> date | None:
    value = table.get(key)
    if value is None or type(value) is date:
        return value
    raise _bad(place, key, value, "a day such as 2026-01-01, without quotes")


def _text(place: str, table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise _bad(place, key, value, "a text")


def _bad(place: str, key: str, value: object, right: str) -> BadReservation:
    return BadReservation(f"{place}: {key}={value!r}: expected {right}")
