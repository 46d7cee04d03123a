"""Charges of provisioned units of which a reservation paid a part ahead: that part at the reservation's price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from collector.domain.money.charge_types import Charge
from collector.domain.money.reservations import Reservation
from collector.domain.periods import midnight

RESERVED: Final = "reserved"
STEP: Final = "reservation"
_UNITS: Final = "ptu_hour"
_EXACT: Final = Decimal("1e-12")


def with_reserved(
    charges: Iterable[Charge], covered: Mapping[str, Decimal], reservations: Mapping[str, Reservation]
) -> list[Charge]:
    """The charges of a deployment's day, its units parted into paid ahead and paid by the hour; hours stay the same."""
    left = {name: hours for name, hours in covered.items() if hours}
    found: list[Charge] = []
    for charge in charges:
        if charge.kind != _UNITS or not left:
            found.append(charge)
            continue
        parts = _taken(charge.quantity, left)
        rest = charge.quantity - sum(parts.values(), Decimal(0))
        if parts:
            found.append(_reserved(charge, parts, reservations))
        if rest:
            found.append(_by_the_hour(charge, rest))
    return found


def _taken(quantity: Decimal, left: dict[str, Decimal]) -> dict[str, Decimal]:
    parts: dict[str, Decimal] = {}
    for name in sorted(left):
        hours = min(left[name], quantity)
        if hours:
            parts[name] = hours
            left[name] -= hours
            quantity -= hours
    return parts


def _reserved(
    charge: Charge, parts: Mapping[str, Decimal], reservations: Mapping[str, Reservation]
) -> Charge:
    """Of two reservations, the mean price: a day has one charge of a kind and tier."""
    hours = sum(parts.values(), Decimal(0))
    ahead = sum((part * reservations[name].hourly for name, part in parts.items()), Decimal(0))
    price = reservations[next(iter(parts))].hourly if len(parts) == 1 else (ahead / hours).quantize(_EXACT)
    cost = hours * price
    return replace(
        charge,
        tier=RESERVED,
        quantity=hours,
        unit_price=price,
        cost=cost,
        low=cost,
        high=cost,
        step=STEP,
        meter_name=", ".join(parts),
        price_effective_from=min(midnight(reservations[name].starts_on) for name in parts),
        price_captured_at=None,
        why=None,
    )


def _by_the_hour(charge: Charge, hours: Decimal) -> Charge:
    if charge.unit_price is None:
        return replace(charge, quantity=hours)
    cost = hours * charge.unit_price
    return replace(charge, quantity=hours, cost=cost, low=cost, high=cost)
