"""What room costs where: tokens and provisioned units of a model version under a SKU in a location, on one day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from collector.domain.advice.types import Place
from collector.domain.pricing import PriceBook, Priced, PriceQuestion
from collector.domain.room.ptu import HOURS_PER_MONTH, TokenPrices
from collector.domain.types import PROVISIONED_SKUS

USUAL_OUTPUT: Final = Decimal("0.2")
"""The share of answers in all tokens where a deployment's own is unknown."""

_BY_TOKEN: Final = {
    "GlobalProvisionedManaged": "GlobalStandard",
    "DataZoneProvisionedManaged": "DataZoneStandard",
    "ProvisionedManaged": "Standard",
}
_TERMS: Final = {
    "monthly": ("1 Month", HOURS_PER_MONTH),
    "yearly": ("1 Year", 12 * HOURS_PER_MONTH),
}


@dataclass(frozen=True, slots=True)
class RoomPrices:
    """Asks the ladder for one day in one currency; None where it knows no price."""

    book: PriceBook
    on: date
    currency: str = "USD"

    def tokens(self, model: str, version: str | None, sku: str, location: str) -> TokenPrices | None:
        asked = PriceQuestion(model, version, sku, location, "input", self.on, currency=self.currency)
        found = [self.book.price_at(replace(asked, kind=kind)) for kind in ("input", "output")]
        prompt, answer = found
        if not isinstance(prompt, Priced):
            return None
        output = answer.unit_price if isinstance(answer, Priced) else Decimal(0)
        return TokenPrices(prompt.unit_price, output, prompt.currency)

    def beside_units(self, model: str, version: str | None, sku: str, location: str) -> TokenPrices | None:
        """What the same load costs by the token under the SKU of the same reach, else under another that is there."""
        wanted = _BY_TOKEN.get(sku)
        order = [name for name in (wanted, "GlobalStandard", "DataZoneStandard", "Standard") if name]
        found = (self.tokens(model, version, name, location) for name in order)
        return next((prices for prices in found if prices is not None), None)

    def units(self, model: str, version: str | None, sku: str, location: str) -> dict[str, Decimal]:
        """The price of a provisioned unit an hour by way of buying it: hourly, monthly, yearly."""
        asked = PriceQuestion(model, version, sku, location, "ptu_hour", self.on, currency=self.currency)
        found: dict[str, Decimal] = {}
        hourly = self.book.price_at(asked)
        if isinstance(hourly, Priced):
            found["hourly"] = hourly.unit_price
        for name, (term, hours) in _TERMS.items():
            reserved = self.book.price_at(replace(asked, term=term))
            if isinstance(reserved, Priced):
                found[name] = (reserved.unit_price / hours).quantize(Decimal("0.0001"))
        return found

    def at(self, place: Place) -> TokenPrices | None:
        """By the token; units that are paid by the hour have no such price."""
        if place.sku in PROVISIONED_SKUS:
            return None
        return self.tokens(place.model, place.version, place.sku, place.location)


def with_price_ratios(
    places: Iterable[Place], prices: RoomPrices, *, output_share: Decimal = USUAL_OUTPUT
) -> tuple[Place, ...]:
    """Each place with its price, and with that of one token of the usual mixture ÷ the cheapest one; None stays where
    no price is known."""
    known = [(place, prices.at(place)) for place in places]
    mixed = [
        None if price is None else price.input * (1 - output_share) + price.output * output_share
        for _, price in known
    ]
    cheapest = min((price for price in mixed if price), default=None)
    return tuple(
        place
        if not one or not cheapest
        else replace(place, prices=price, price_ratio=round(float(one / cheapest), 4))
        for (place, price), one in zip(known, mixed, strict=True)
    )
