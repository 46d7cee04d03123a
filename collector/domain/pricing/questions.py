"""What is asked of the price ladder, and what it answers."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from collector.domain.pricing.words import KINDS, TIERS


@dataclass(frozen=True, slots=True)
class PriceQuestion:
    """The price of one unit of `kind` for a model version under a SKU in a location on a day.

    `term` asks for a reservation (`1 Month`, `1 Year`) and is empty otherwise.
    """

    model: str
    version: str | None
    sku: str
    location: str
    kind: str
    on: date
    tier: str = "standard"
    context: str = "short"
    fine_tuned: bool = False
    currency: str = "USD"
    term: str = ""

    def problem(self) -> str | None:
        """What makes the question one that no price can answer."""
        if self.kind not in KINDS:
            return f"kind {self.kind!r} is none of {' '.join(KINDS)}"
        if self.tier not in TIERS:
            return f"tier {self.tier!r} is none of {' '.join(TIERS)}"
        if self.context not in ("short", "long"):
            return f"context {self.context!r} is neither short nor long"
        return None


@dataclass(frozen=True, slots=True)
class Considered:
    """A meter that was looked at and not used."""

    meter_name: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of one unit. `billed_as` names the kind whose meter bills it, where it has none of its own."""

    unit_price: Decimal
    per: str
    currency: str
    step: str
    meter_id: str | None
    meter_name: str | None
    effective_from: datetime | None
    captured_at: datetime | None
    considered: tuple[Considered, ...] = ()
    billed_as: str | None = None


@dataclass(frozen=True, slots=True)
class Unpriced:
    """No price is known; the amount stays visible as unpriced."""

    why: str
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Prices are known and contradict each other; a wrong price is worse than none."""

    why: str
    considered: tuple[Considered, ...] = ()


Answer = Priced | Unpriced | Ambiguous
