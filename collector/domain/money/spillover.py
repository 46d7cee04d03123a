"""What came over from provisioned units that were full: served, and charged, by the token on another deployment.

No metric counts the tokens of spilled requests. They are held for as large as the mean request of the deployment that
served them, whose cost is known; where that one serves nothing else, its cost is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

ALL_OF_IT: Final = Decimal("0.99")
"""From this share on a deployment serves nothing but what spilled: some of it came and was refused again."""


@dataclass(frozen=True, slots=True)
class Spill:
    """What a deployment spilled: by its settings `to` another of its account, None where they name none or several."""

    source: str
    to: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class Spillover:
    """`cost` is its part of what its `to` cost; None where that is not known, as `assumes` says then."""

    to: str | None
    requests: int
    share: Decimal | None
    cost: Decimal | None
    sure: Literal["known", "likely", "unknown"]
    assumes: str


def spillovers(
    spills: Iterable[Spill], served: Mapping[str, int], costs: Mapping[str, Decimal | None]
) -> dict[str, Spillover]:
    """By source. What several spilled into one deployment has no more than all of its cost."""
    told = [one for one in spills if one.requests]
    into: dict[str, int] = {}
    for one in told:
        if one.to is not None:
            into[one.to] = into.get(one.to, 0) + one.requests
    return {one.source: _spillover(one, into, served, costs) for one in told}


def _spillover(
    one: Spill, into: Mapping[str, int], served: Mapping[str, int], costs: Mapping[str, Decimal | None]
) -> Spillover:
    if one.to is None:
        return _unknown(one, "no one deployment is set to take what spills; each request may name its own")
    requests, cost = max(served.get(one.to, 0), into[one.to]), costs.get(one.to)
    if cost is None:
        return _unknown(one, "what its deployment served has no price or no known tokens")
    share = Decimal(one.requests) / requests
    if Decimal(into[one.to]) / requests >= ALL_OF_IT:
        return Spillover(
            one.to, one.requests, share, cost * share, "known", "its deployment served nothing else"
        )
    words = f"a spilled request is as large as the mean of the {requests:,} that its deployment served"
    return Spillover(one.to, one.requests, share, cost * share, "likely", words)


def _unknown(one: Spill, why: str) -> Spillover:
    return Spillover(one.to, one.requests, None, None, "unknown", why)
