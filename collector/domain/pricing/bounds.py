"""What must hold between prices of one model: a price that breaks it does not fit its meter's name.

Recycled meters keep the price of what they were before; these bounds catch them without knowing their past.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from collector.domain.pricing.questions import PriceQuestion

_PLAIN: Final = {
    "cached_input": "input",
    "cached_audio_input": "audio_input",
    "cached_image_input": "image_input",
}
_STANDARD_SKU: Final = {"globalbatch": "GlobalStandard", "datazonebatch": "DataZoneStandard"}


def plain_kind(kind: str) -> str | None:
    """The uncached kind of a cached one."""
    return _PLAIN.get(kind)


@dataclass(frozen=True, slots=True)
class Bound:
    """Another price of the same model that this one may not exceed (or, `is_floor`, may not fall below)."""

    asked: PriceQuestion
    is_floor: bool
    words: str

    def is_broken(self, price: Decimal, other: Decimal) -> bool:
        return price < other if self.is_floor else price > other


def bounds_of(asked: PriceQuestion) -> Iterator[Bound]:
    """The prices that bound this one."""
    if asked.term:
        return
    plain = _PLAIN.get(asked.kind)
    if plain:
        yield Bound(replace(asked, kind=plain), False, f"dearer than uncached {plain}")
    standard = _STANDARD_SKU.get(asked.sku.casefold())
    if standard:
        yield Bound(replace(asked, sku=standard, tier="standard"), False, f"dearer than {standard}")
    if asked.tier == "flex":
        yield Bound(replace(asked, tier="standard"), False, "dearer than the standard tier")
    if asked.tier == "priority":
        yield Bound(replace(asked, tier="standard"), True, "cheaper than the standard tier")
    if asked.context == "long":
        yield Bound(replace(asked, context="short"), True, "cheaper than short context")
