"""What a saving is: money that need not be spent, what has to be true for it, and what speaks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

SavingKind = Literal["idle", "by token", "reservation", "newer model", "cheaper SKU", "batch", "caching"]
Sureness = Literal["likely", "possible"]


@dataclass(frozen=True, slots=True)
class Saving:
    """At most `monthly` of the month's `cost`. `assumes` is what has to be true, `evidence` what we saw.

    Likely: the figures speak for it. Possible: whether it can be done depends on what no metric tells.
    """

    kind: SavingKind
    deployment: str
    currency: str
    monthly: Decimal
    cost: Decimal
    sure: Sureness
    assumes: str
    evidence: str
    model: str = ""
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a month could cost less: of each deployment only its largest saving, since they exclude each other."""

    currency: str
    likely: Decimal
    possible: Decimal
    deployments: int


def worth(savings: Iterable[Saving]) -> list[Worth]:
    """One line a currency, largest first; `possible` is what may come on top of `likely`."""
    best: dict[tuple[str, str], dict[Sureness, Decimal]] = {}
    for one in savings:
        of = best.setdefault((one.currency, one.deployment), {})
        of[one.sure] = max(of.get(one.sure, Decimal(0)), one.monthly)
    found: list[Worth] = []
    for currency in {currency for currency, _ in best}:
        parts = [of for (own, _), of in best.items() if own == currency]
        likely = sum((of.get("likely", Decimal(0)) for of in parts), Decimal(0))
        most = sum((max(of.values()) for of in parts), Decimal(0))
        found.append(Worth(currency, likely, most - likely, len(parts)))
    return sorted(found, key=lambda one: -(one.likely + one.possible))
