"""What a unit came to: a million tokens of each direction, a request, and provisioned units by what they served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from collector.domain.money.spillover import Spillover

MILLION: Final = Decimal(1_000_000)
_INPUT: Final = frozenset({"input", "cache_write", "audio_input", "image_input"})
_CACHED: Final = frozenset({"cached_input", "cached_audio_input", "cached_image_input"})
_OUTPUT: Final = frozenset({"output", "audio_output", "image_output"})
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class UsedAmount:
    """A quantity of a kind and what it cost, of something that is reported on."""

    key: str
    currency: str
    kind: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class UnitCost:
    """Costs of a million tokens by direction and blended, and of a request; None where nothing of it was used."""

    key: str
    currency: str
    cost: Decimal
    tokens: Decimal
    requests: int | None
    per_million_input: Decimal | None
    per_million_cached: Decimal | None
    per_million_output: Decimal | None
    per_million: Decimal | None
    per_request: Decimal | None


@dataclass(frozen=True, slots=True)
class ProvisionedUse:
    """A provisioned deployment: what its units cost for a million tokens served, and what those would have cost by the token.

    `spilled` are requests that its spillover deployment served, and is charged for by the token; `spillover` says at
    what cost.
    """

    deployment: str
    model: str
    currency: str
    cost: Decimal
    input_tokens: Decimal
    output_tokens: Decimal
    utilisation: float | None
    by_token: Decimal | None = None
    spilled: int | None = None
    spillover: Spillover | None = None

    @property
    def tokens(self) -> Decimal:
        return self.input_tokens + self.output_tokens

    @property
    def per_million(self) -> Decimal | None:
        return self.cost / self.tokens * MILLION if self.tokens else None

    @property
    def by_token_per_million(self) -> Decimal | None:
        return self.by_token / self.tokens * MILLION if self.by_token is not None and self.tokens else None

    @property
    def pays_from(self) -> float | None:
        return pays_from(self.cost, self.by_token, self.utilisation)

    @property
    def idle_cost(self) -> Decimal | None:
        """The part of the cost that stood idle at the mean utilisation."""
        if self.utilisation is None:
            return None
        return self.cost * (1 - Decimal(str(min(1.0, self.utilisation))))


def pays_from(cost: Decimal, by_token: Decimal | None, utilisation: float | None) -> float | None:
    """The mean utilisation at which units would cost as much as their tokens, if load grew evenly; above 1 it never is."""
    if not by_token or not utilisation:
        return None
    return float(cost / by_token) * utilisation


def unit_costs(amounts: Iterable[UsedAmount], requests: Mapping[str, int]) -> list[UnitCost]:
    """One line a key and currency, dearest first."""
    grouped: dict[tuple[str, str], list[UsedAmount]] = {}
    for one in amounts:
        grouped.setdefault((one.key, one.currency), []).append(one)
    found = [
        _unit_cost(key, currency, parts, requests.get(key)) for (key, currency), parts in grouped.items()
    ]
    return sorted(found, key=lambda one: (one.currency, -one.cost, one.key))


def _unit_cost(key: str, currency: str, parts: list[UsedAmount], requests: int | None) -> UnitCost:
    tokens = _INPUT | _CACHED | _OUTPUT
    cost = sum((one.cost for one in parts), _ZERO)
    return UnitCost(
        key=key,
        currency=currency,
        cost=cost,
        tokens=sum((one.quantity for one in parts if one.kind in tokens), _ZERO),
        requests=requests,
        per_million_input=_per_million(parts, _INPUT),
        per_million_cached=_per_million(parts, _CACHED),
        per_million_output=_per_million(parts, _OUTPUT),
        per_million=_per_million(parts, tokens),
        per_request=cost / requests if requests else None,
    )


def _per_million(parts: Iterable[UsedAmount], kinds: frozenset[str]) -> Decimal | None:
    inside = [one for one in parts if one.kind in kinds]
    quantity = sum((one.quantity for one in inside), _ZERO)
    return sum((one.cost for one in inside), _ZERO) / quantity * MILLION if quantity else None
