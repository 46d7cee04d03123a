"""Savings of what is paid by the hour: provisioned units and the hosting of fine-tuned models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Final, Literal

from collector.domain.money.saving_types import Saving, SavingKind, Sureness
from collector.domain.money.unit_costs import pays_from

_ZERO: Final = Decimal(0)
_WHOLE: Final = Decimal("0.95")
_PAID_LESS: Final = Decimal("0.97")


@dataclass(frozen=True, slots=True)
class Held:
    """What a month of units or of hosting cost, and how it was used.

    `hours` are the hours in which it existed, of the `month_hours`; `list_cost` is the same at hourly prices, which is
    more than `cost` where the bill shows a reservation. `busiest` is the busiest minute's utilisation, 1 being full.
    `reserved` is what a unit costs an hour by way of reserving it; `by_token` what the tokens it served would have cost.
    """

    deployment: str
    model: str
    sku: str
    currency: str
    kind: Literal["ptu_hour", "hosting_hour"]
    quantity: Decimal
    cost: Decimal
    list_cost: Decimal
    hours: Decimal
    month_hours: Decimal
    is_used: bool
    mean: float | None = None
    busiest: float | None = None
    tokens: Decimal = _ZERO
    by_token: Decimal | None = None
    by_token_sku: str = ""
    reserved: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])

    @property
    def units(self) -> Decimal:
        return self.quantity / self.hours if self.hours else _ZERO

    @property
    def is_reserved(self) -> bool:
        return self.cost < self.list_cost * _PAID_LESS


def units_savings(held: Held) -> list[Saving]:
    """What may be done with units: give back, pay by the token, or reserve; all of them exclude each other."""
    if not held.is_used:
        what = "provisioned units" if held.kind == "ptu_hour" else "hosting of a fine-tuned model"
        return [
            _saving(held, "idle", held.cost, "likely", "nobody needs it", f"{what}, no request in the month")
        ]
    if held.kind != "ptu_hour":
        return []
    return [one for one in (_idle(held), _by_token(held), _reservation(held)) if one is not None]


def _idle(held: Held) -> Saving | None:
    """Units above what the busiest minute took, in whole ones."""
    if held.busiest is None or not held.units:
        return None
    needed = (held.units * Decimal(str(held.busiest))).quantize(Decimal(1), ROUND_CEILING)
    left = held.units - max(needed, Decimal(1))
    if left < 1:
        return None
    mean = "" if held.mean is None else f"mean {held.mean:.0%}, "
    return _saving(
        held,
        "idle",
        held.cost * left / held.units,
        "likely",
        f"{int(left):,} of {held.units:,.0f} units are given back as far as its sizes allow; "
        "a reservation is not reduced by it",
        f"utilisation {mean}busiest minute {held.busiest:.0%}",
    )


def _by_token(held: Held) -> Saving | None:
    if held.by_token is None or held.by_token >= held.cost:
        return None
    reserved = "; its reservation runs out or is used elsewhere" if held.is_reserved else ""
    return _saving(
        held,
        "by token",
        held.cost - held.by_token,
        "possible",
        f"{held.by_token_sku} has quota for it, and its latency is good enough{reserved}",
        f"the {held.tokens / 1_000_000:,.0f} M tokens it served cost {held.by_token:,.2f} {held.currency} "
        f"as {held.by_token_sku}, uncached{_pays_from(held)}",
    )


def _pays_from(held: Held) -> str:
    share = pays_from(held.cost, held.by_token, held.mean)
    if share is None:
        return ""
    if share > 1:
        return "; full to the last minute, the units would still cost more"
    return f"; the units pay from {share:.0%} mean utilisation on, it had {held.mean:.0%}"


def _reservation(held: Held) -> Saving | None:
    """By the cheapest term, for units that stood most of the month and are paid by the hour."""
    if held.is_reserved or not held.reserved or not held.quantity:
        return None
    term, hourly = min(held.reserved.items(), key=lambda item: item[1])
    listed = held.list_cost / held.quantity
    reserved = hourly * held.units * held.month_hours
    if hourly >= listed or reserved >= held.cost:
        return None
    stood = held.hours / held.month_hours
    return _saving(
        held,
        "reservation",
        held.cost - reserved,
        "likely" if stood >= _WHOLE else "possible",
        f"{held.units:,.0f} units are needed for a whole {'year' if term == 'yearly' else 'month'}",
        f"it stood {stood:.0%} of the month at {listed:,.4f} {held.currency} a unit and hour; reserved {term} "
        f"{hourly:,.4f}, which pays from {hourly / listed:.0%} of the hours on",
    )


def _saving(
    held: Held, kind: SavingKind, monthly: Decimal, sure: Sureness, assumes: str, evidence: str
) -> Saving:
    return Saving(
        kind,
        held.deployment,
        held.currency,
        monthly,
        held.cost,
        sure,
        assumes,
        evidence,
        held.model,
        held.sku,
    )
