"""The running month's bill beside the estimate of the same days: how far apart they are, and what that is due to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from collector.domain.money.reconciliation import TOLERATED_WITHIN, Reconciliation
from dashboard import formats
from dashboard.views import Tile
from dashboard.words import bill as words

MOST_CAUSES: Final = 4
_NOTABLE: Final = Decimal("0.05")
"""A cause is worth naming from this part of the difference on."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What was billed by day, and what we estimate for the same days and subscriptions."""

    daily: Mapping[date, Decimal]
    estimate: Decimal | None

    @property
    def total(self) -> Decimal:
        return sum(self.daily.values(), Decimal(0))

    @property
    def apart(self) -> Decimal | None:
        """(bill − estimate) ÷ estimate."""
        return (self.total - self.estimate) / self.estimate if self.estimate else None

    @property
    def is_far(self) -> bool:
        """Further from the estimate than a closed month's reconciliation would let pass."""
        return self.apart is not None and abs(self.apart) > TOLERATED_WITHIN


def bill_tile(billed: Billed, currency: str) -> Tile:
    through = words.through_day(max(billed.daily))
    shown = formats.money(billed.total, currency)
    about = words.bill_help(shown, formats.money(billed.estimate, currency))
    if billed.apart is None:
        return Tile(words.BILL, shown, about, through, "")
    return Tile(words.BILL, shown, about, words.apart(billed.apart), through)


def why_apart(billed: Billed, currency: str, found: Sequence[Reconciliation]) -> str | None:
    """What the bill's distance is due to, largest first; None where it is near or nothing is known of it."""
    if not billed.is_far or billed.apart is None:
        return None
    sums: dict[str, Decimal] = {}
    for one in found:
        for cause in one.causes if one.currency == currency else ():
            if cause.amount is not None:
                sums[cause.name] = sums.get(cause.name, Decimal(0)) - cause.amount
    whole = sum((abs(amount) for amount in sums.values()), Decimal(0))
    told = sorted(sums.items(), key=lambda item: -abs(item[1]))[:MOST_CAUSES]
    causes = [
        f"{formats.signed_money(amount, currency)} {words.CAUSES.get(name, name)}"
        for name, amount in told
        if abs(amount) >= _NOTABLE * whole
    ]
    return words.why(billed.apart, causes) if causes else None
