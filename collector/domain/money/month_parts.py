"""A month's charges summed to the last digit, with a part for each price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from typing import Final

from collector.domain.money.charge_types import Charge

EXACT: Final = Context(prec=100)
"""Prices by the hour have more digits than Python keeps of a sum by itself."""


def month_parts(charges: Iterable[Charge]) -> list[tuple[int, Charge]]:
    """A month's charges summed by all that makes them different, numbered apart where only their price differs.

    The `day` of a sum is the first of its days.
    """
    alike: dict[tuple[object, ...], list[Charge]] = {}
    for charge in charges:
        priced = (charge.unit_price, charge.step, charge.meter_id, charge.basis, charge.team, charge.why)
        alike.setdefault((_identity(charge), priced), []).append(charge)
    sums = {key: _whole(parts) for key, parts in alike.items()}
    numbered: dict[object, int] = {}
    found: list[tuple[int, Charge]] = []
    for (identity, _), charge in sorted(sums.items(), key=lambda item: item[1].day):
        part = numbered.get(identity, 0)
        numbered[identity] = part + 1
        found.append((part, charge))
    return found


def _whole(parts: Sequence[Charge]) -> Charge:
    """The sum of charges at one price, to the last digit."""
    if len(parts) == 1:
        return parts[0]
    with localcontext(EXACT):
        return replace(
            parts[0],
            day=min(part.day for part in parts),
            quantity=sum((part.quantity for part in parts), Decimal(0)),
            **{name: _sum_known([getattr(part, name) for part in parts]) for name in ("cost", "low", "high")},
        )


def _sum_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _identity(charge: Charge) -> tuple[object, ...]:
    return (
        charge.account_key,
        charge.deployment,
        charge.model,
        charge.version,
        charge.sku,
        charge.kind,
        charge.tier,
        charge.currency,
    )
