"""Money that need not be spent, each with what it assumes and what speaks for it. Advice, never a promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final

from collector.domain.money.saving_types import Saving, SavingKind, Sureness
from collector.domain.money.unit_savings import Held, units_savings

_ZERO: Final = Decimal(0)
_LEAST: Final = Decimal(1)
_PEERS: Final = 3
_LIKE_JOBS: Final = 0.6
"""The share of tokens in the busiest tenth of minutes from which load looks like jobs, not like people."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a deployment used of one kind in a month, and what the same would cost otherwise (None: not sold so).

    `busiest_tenth` is the share of its tokens that the busiest tenth of its minutes carried.
    """

    deployment: str
    model: str
    sku: str
    currency: str
    kind: str
    tier: str
    quantity: Decimal
    cost: Decimal
    as_batch: Decimal | None = None
    as_cheaper_sku: Decimal | None = None
    cheaper_sku: str = ""
    as_replacement: Decimal | None = None
    replacement: str = ""
    if_cached: Decimal | None = None
    busiest_tenth: float | None = None


def savings(spent: Iterable[Spent], held: Iterable[Held] = ()) -> list[Saving]:
    """Everything worth a look, largest first. Savings of one deployment exclude each other; they are not to be added."""
    by_deployment: dict[tuple[str, str], list[Spent]] = {}
    for one in spent:
        by_deployment.setdefault((one.deployment, one.currency), []).append(one)
    cached = _cached_shares(by_deployment)
    found = [saving for one in held for saving in units_savings(one)]
    for parts in by_deployment.values():
        asked = (_batch(parts), _cheaper_sku(parts), _replacement(parts), _caching(parts, cached))
        found += [saving for saving in asked if saving is not None]
    return sorted(
        (one for one in found if one.monthly >= _LEAST),
        key=lambda one: (one.currency, -one.monthly, one.deployment, one.kind),
    )


def _batch(parts: Sequence[Spent]) -> Saving | None:
    fit = [one for one in parts if one.as_batch is not None and one.tier == "standard"]
    now, then = _sum(one.cost for one in fit), _sum(one.as_batch or _ZERO for one in fit)
    if then >= now:
        return None
    tenth = fit[0].busiest_tenth
    like_jobs = tenth is not None and tenth >= _LIKE_JOBS
    said = f"{now:,.2f} {fit[0].currency} of standard tokens have a batch price"
    if tenth is not None:
        looks = "as jobs do" if like_jobs else "which does not look like jobs"
        said += f"; its busiest tenth of minutes carried {tenth:.0%} of the tokens, {looks}"
    return _saving(
        parts,
        "batch",
        now - then,
        "likely" if like_jobs else "possible",
        "all of its answers may wait up to 24 hours",
        said,
    )


def _cheaper_sku(parts: Sequence[Spent]) -> Saving | None:
    fit = [one for one in parts if one.as_cheaper_sku is not None]
    now, then = _sum(one.cost for one in fit), _sum(one.as_cheaper_sku or _ZERO for one in fit)
    if then >= now:
        return None
    return _saving(
        parts,
        "cheaper SKU",
        now - then,
        "possible",
        f"{fit[0].cheaper_sku} keeps data in the same zone, and its quota suffices",
        f"the same tokens cost {then:,.2f} {fit[0].currency} at {fit[0].cheaper_sku} prices of that region",
    )


def _replacement(parts: Sequence[Spent]) -> Saving | None:
    fit = [one for one in parts if one.as_replacement is not None]
    now, then = _sum(one.cost for one in fit), _sum(one.as_replacement or _ZERO for one in fit)
    if then >= now:
        return None
    name = fit[0].replacement
    return _saving(
        parts,
        "newer model",
        now - then,
        "possible",
        f"{name} answers as well with as many tokens",
        f"Azure names {name} as the replacement of {fit[0].model}; the same tokens cost {then:,.2f} "
        f"{fit[0].currency} at its prices",
    )


def _cached_shares(
    parts: Mapping[tuple[str, str], Sequence[Spent]],
) -> dict[str, list[tuple[str, Decimal]]]:
    """How much of its input each deployment had from the cache, by model."""
    found: dict[str, list[tuple[str, Decimal]]] = {}
    for (deployment, _), members in parts.items():
        cached = _sum(one.quantity for one in members if one.kind == "cached_input")
        whole = cached + _sum(one.quantity for one in members if one.kind == "input")
        if cached and whole:
            found.setdefault(members[0].model, []).append((deployment, cached / whole))
    return found


def _caching(parts: Sequence[Spent], shares: Mapping[str, Sequence[tuple[str, Decimal]]]) -> Saving | None:
    deployment, model = parts[0].deployment, parts[0].model
    peers = [share for name, share in shares.get(model, ()) if name != deployment]
    own = next((share for name, share in shares.get(model, ()) if name == deployment), None)
    plain = [one for one in parts if one.kind == "input" and one.if_cached is not None]
    if own is None or len(peers) < _PEERS or not plain or own >= (middle := median(peers)):
        return None
    full = _sum(one.cost - (one.if_cached or _ZERO) for one in plain)
    return _saving(
        parts,
        "caching",
        full * (middle - own) / (1 - own),
        "possible",
        "its prompts can begin alike, as those of its peers do",
        f"{own:.0%} of its input came from the cache, {middle:.0%} with {len(peers)} other deployments of {model}",
    )


def _saving(
    parts: Sequence[Spent], kind: SavingKind, monthly: Decimal, sure: Sureness, assumes: str, evidence: str
) -> Saving:
    first = parts[0]
    cost = _sum(one.cost for one in parts)
    return Saving(
        kind, first.deployment, first.currency, monthly, cost, sure, assumes, evidence, first.model, first.sku
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
