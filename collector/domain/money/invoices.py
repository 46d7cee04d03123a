"""On which invoice a billed amount stands and which commitment covered it, as far as the bill tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

USAGE: Final = "Usage"
_ZERO: Final = Decimal(0)
_EXACT: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A part of a billed amount. `invoice` and `commitment` are '' where the bill tells none."""

    invoice: str
    commitment: str
    charge_type: str
    quantity: Decimal
    billed: Decimal
    actual: Decimal | None

    @property
    def is_told(self) -> bool:
        return bool(self.invoice or self.commitment) or self.charge_type != USAGE


@dataclass(frozen=True, slots=True)
class Commitment:
    """A reservation or savings plan as the bill calls it."""

    name: str | None = None
    category: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class BilledTo:
    account_id: str | None = None
    account_name: str | None = None
    account_type: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Invoicing:
    """What a month's invoices and commitments are: by subscription and invoice, and by commitment id."""

    billers: Mapping[tuple[str, str], BilledTo] = field(default_factory=dict[tuple[str, str], BilledTo])
    commitments: Mapping[str, Commitment] = field(default_factory=dict[str, Commitment])

    def billed_to(self, subscription: str, invoice: str) -> BilledTo:
        """By its invoice; what has none belongs where all of its subscription's invoices of the month do."""
        known = self.billers.get((subscription, invoice))
        if known is not None:
            return known
        all_of_it = {one for (whose, _), one in self.billers.items() if whose == subscription}
        return all_of_it.pop() if len(all_of_it) == 1 else BilledTo()


def together(parts: Iterable[Invoiced]) -> tuple[Invoiced, ...]:
    """Parts of one invoice, commitment and charge type as one, in an order of their own; none where all are plain use."""
    sums: dict[tuple[str, str, str], Invoiced] = {}
    for one in parts:
        key = (one.invoice, one.commitment, one.charge_type)
        before = sums.get(key)
        sums[key] = one if before is None else _both(before, one)
    found = tuple(sums[key] for key in sorted(sums))
    return found if any(one.is_told for one in found) else ()


def _both(one: Invoiced, other: Invoiced) -> Invoiced:
    actual = other.actual if one.actual is None else one.actual + (other.actual or _ZERO)
    return replace(
        one, quantity=one.quantity + other.quantity, billed=one.billed + other.billed, actual=actual
    )


def by_number(
    amounts: Iterable[tuple[str, Decimal, Decimal | None, Sequence[Invoiced]]],
) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """What is to be paid and its amortised cost, by currency and invoice; '' is what no invoice is told of.

    Amounts come as currency, amortised cost, what is to be paid, and their parts where the bill tells any.
    """
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for currency, billed, actual, parts in amounts:
        told = [(one.invoice, one.actual, one.billed) for one in parts] or [("", actual, billed)]
        for invoice, paid, spread in told:
            before = sums.get((currency, invoice), (_ZERO, _ZERO))
            sums[currency, invoice] = (before[0] + (paid or _ZERO), before[1] + spread)
    return sums


def shares(amount: Decimal, parts: Sequence[Invoiced]) -> list[Decimal]:
    """What is known of the whole alone, parted as the bill counts its parts; the last takes what rounding leaves."""
    weights = [one.quantity for one in parts]
    if sum(weights) <= 0 or min(weights) < 0:
        weights = [abs(one.billed) for one in parts]
    whole = sum(weights, _ZERO)
    if not whole:
        return [amount, *[_ZERO] * (len(parts) - 1)]
    found = [(amount * weight / whole).quantize(_EXACT, rounding=ROUND_DOWN) for weight in weights[:-1]]
    return [*found, amount - sum(found, _ZERO)]


def kept(parts: Sequence[Invoiced]) -> list[dict[str, Any]] | None:
    """Parts as a closing keeps them; None where the bill told nothing of them."""
    return [
        {
            "invoice": one.invoice,
            "commitment": one.commitment,
            "charge_type": one.charge_type,
            "quantity": str(one.quantity),
            "billed": str(one.billed),
            "actual": None if one.actual is None else str(one.actual),
        }
        for one in parts
    ] or None


def as_kept(told: Iterable[Mapping[str, Any]] | None) -> tuple[Invoiced, ...]:
    return tuple(
        Invoiced(
            one["invoice"],
            one["commitment"],
            one["charge_type"],
            Decimal(one["quantity"]),
            Decimal(one["billed"]),
            None if one["actual"] is None else Decimal(one["actual"]),
        )
        for one in told or ()
    )
