"""What a unit of use may cost: its price, the least and the most, and what the account's own bill told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from collector.domain.money.charge_types import Revision
from collector.domain.pricing import Answer, PriceBook, Priced, PriceQuestion

Shares = Mapping[str, Decimal]
"""The part of a kind's tokens that was billed as each other kind: `{"cached_input": Decimal("0.4")}`."""


def _nothing_learned(account_key: UUID, revision: Revision, kind: str, day: date) -> Shares | None:
    return None


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices, and how an account's own bill of earlier days parted the tokens of a deployment's model and SKU.

    Azure's prompt tokens hold the cached ones unless `prompt_includes_cached` is False.
    """

    book: PriceBook
    learned: Callable[[UUID, Revision, str, date], Shares | None] = _nothing_learned
    prompt_includes_cached: bool = True
    _known: dict[PriceQuestion, Bounded] = field(default_factory=dict["PriceQuestion", "Bounded"], repr=False)

    def bounded(self, asked: PriceQuestion) -> Bounded:
        """The price with what a unit may have cost at the least and at the most; asked once for all deployments alike."""
        known = self._known.get(asked)
        if known is None:
            answer = self.book.price_at(asked)
            bounds = _bounds(asked, answer, self.book) if isinstance(answer, Priced) else None
            known = self._known[asked] = (answer, bounds)
        return known


Bounded = tuple[Answer, tuple[Decimal, Decimal] | None]


def _bounds(asked: PriceQuestion, found: Priced, book: PriceBook) -> tuple[Decimal, Decimal]:
    """The least and the most that a unit may have cost: all cached, or none of it, written to the cache, long context."""
    low = high = found.unit_price
    if asked.kind == "input":
        written = book.price_at(replace(asked, kind="cache_write"))
        high = max(high, _comparable(written, found) or high)
    if asked.kind in {"input", "audio_input"}:
        cached = book.price_at(replace(asked, kind=f"cached_{asked.kind}"))
        low = _comparable(cached, found) or low
    if asked.kind in {"input", "output", "cached_input"}:
        long = book.price_at(replace(asked, context="long"))
        high = max(high, _comparable(long, found) or high)
    return min(low, found.unit_price), high


def _comparable(other: object, found: Priced) -> Decimal | None:
    return other.unit_price if isinstance(other, Priced) and other.currency == found.currency else None
