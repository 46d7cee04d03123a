"""Money that need not be spent, each with what it assumes and what speaks for it. Advice, never a promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final

_ZERO: Final = Decimal(0)
_LEAST: Final = Decimal(1)
_IDLE_UTILISATION: Final = 0.3
_PEERS: Final = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """What a deployment used of one kind in a month, and what the same would cost otherwise (None: not sold so)."""

    deployment: str
    model: str
    sku: str
    currency: str
    kind: str
    tier: str
    quantity: Decimal
    cost: Decimal
    is_used: bool = True
    as_batch: Decimal | None = None
    as_cheaper_sku: Decimal | None = None
    cheaper_sku: str = ""
    as_replacement: Decimal | None = None
    replacement: str = ""
    if_cached: Decimal | None = None
    utilisation: float | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """At most this much a month. `assumes` is what has to be true, `evidence` what we saw."""

    kind: str
    deployment: str
    currency: str
    monthly: Decimal
    assumes: str
    evidence: str


def savings(spent: Iterable[Spent]) -> list[Saving]:
    """Everything worth a look, largest first. Savings of one deployment exclude each other; they are not to be added."""
    by_deployment: dict[tuple[str, str], list[Spent]] = {}
    for one in spent:
        by_deployment.setdefault((one.deployment, one.currency), []).append(one)
    cached = _cached_shares(by_deployment)
    found: list[Saving] = []
    for (deployment, currency), parts in by_deployment.items():
        found += [
            saving
            for saving in (
                _batch(deployment, currency, parts),
                _cheaper_sku(deployment, currency, parts),
                _replacement(deployment, currency, parts),
                _idle(deployment, currency, parts),
                _caching(deployment, currency, parts, cached),
            )
            if saving is not None and saving.monthly >= _LEAST
        ]
    return sorted(found, key=lambda one: (one.currency, -one.monthly, one.deployment))


def _batch(deployment: str, currency: str, parts: Sequence[Spent]) -> Saving | None:
    fit = [one for one in parts if one.as_batch is not None and one.tier == "standard"]
    saved = sum((one.cost - (one.as_batch or _ZERO) for one in fit), _ZERO)
    if not fit or saved <= 0:
        return None
    return Saving(
        "batch",
        deployment,
        currency,
        saved,
        "answers may wait up to 24 hours",
        f"{sum((one.cost for one in fit), _ZERO):,.2f} {currency} of standard tokens have a batch price",
    )


def _cheaper_sku(deployment: str, currency: str, parts: Sequence[Spent]) -> Saving | None:
    fit = [one for one in parts if one.as_cheaper_sku is not None]
    saved = sum((one.cost - (one.as_cheaper_sku or _ZERO) for one in fit), _ZERO)
    if not fit or saved <= 0:
        return None
    return Saving(
        "cheaper SKU",
        deployment,
        currency,
        saved,
        f"{fit[0].cheaper_sku} keeps data in the same zone, and its quota suffices",
        f"the same tokens at {fit[0].cheaper_sku} prices of that region",
    )


def _replacement(deployment: str, currency: str, parts: Sequence[Spent]) -> Saving | None:
    fit = [one for one in parts if one.as_replacement is not None]
    saved = sum((one.cost - (one.as_replacement or _ZERO) for one in fit), _ZERO)
    if not fit or saved <= 0:
        return None
    return Saving(
        "newer model",
        deployment,
        currency,
        saved,
        f"{fit[0].replacement} answers as well with as many tokens",
        f"Azure names {fit[0].replacement} as the replacement of {fit[0].model}; same tokens at its prices",
    )


def _idle(deployment: str, currency: str, parts: Sequence[Spent]) -> Saving | None:
    hourly = [one for one in parts if one.kind in {"ptu_hour", "hosting_hour"}]
    if not hourly:
        return None
    cost, first = sum((one.cost for one in hourly), _ZERO), hourly[0]
    if not first.is_used:
        what = "provisioned units" if first.kind == "ptu_hour" else "hosting of a fine-tuned model"
        return Saving(
            "idle", deployment, currency, cost, "nobody needs it", f"{what}, no request in the month"
        )
    if first.utilisation is None or first.utilisation >= _IDLE_UTILISATION or first.kind != "ptu_hour":
        return None
    idle = cost * Decimal(str(1 - first.utilisation / _IDLE_UTILISATION))
    return Saving(
        "idle",
        deployment,
        currency,
        idle,
        f"units are given back until the mean utilisation is {_IDLE_UTILISATION:.0%}, and peaks still fit",
        f"mean utilisation {first.utilisation:.0%}",
    )


def _cached_shares(parts: Mapping[tuple[str, str], Sequence[Spent]]) -> dict[str, list[tuple[str, Decimal]]]:
    """How much of its input each deployment had from the cache, by model."""
    found: dict[str, list[tuple[str, Decimal]]] = {}
    for (deployment, _), members in parts.items():
        cached = sum((one.quantity for one in members if one.kind == "cached_input"), _ZERO)
        whole = cached + sum((one.quantity for one in members if one.kind == "input"), _ZERO)
        if cached and whole:
            found.setdefault(members[0].model, []).append((deployment, cached / whole))
    return found


def _caching(
    deployment: str,
    currency: str,
    parts: Sequence[Spent],
    shares: Mapping[str, Sequence[tuple[str, Decimal]]],
) -> Saving | None:
    peers = [share for name, share in shares.get(parts[0].model, ()) if name != deployment]
    own = next((share for name, share in shares.get(parts[0].model, ()) if name == deployment), None)
    plain = [one for one in parts if one.kind == "input" and one.if_cached is not None]
    if own is None or len(peers) < _PEERS or not plain or own >= (middle := median(peers)):
        return None
    full = sum((one.cost - (one.if_cached or _ZERO) for one in plain), _ZERO)
    saved = full * (middle - own) / (1 - own)
    return Saving(
        "caching",
        deployment,
        currency,
        saved,
        "its prompts can begin alike, as those of its peers do",
        f"{own:.0%} of its input came from the cache, {middle:.0%} with {len(peers)} other deployments of {parts[0].model}",
    )
