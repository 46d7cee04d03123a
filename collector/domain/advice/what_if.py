"""The estate on changed assumptions: another model, or more of everything. What is not known of it becomes unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from collector.domain.advice.types import Money, Seat, Steps
from collector.domain.room.fullness import NoDate, UntilFull, time_until_full
from collector.domain.types import CatalogModel, location_key

_MOST_GROWTH = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Growth:
    """All load times a factor."""

    factor: Decimal


@dataclass(frozen=True, slots=True)
class ModelChange:
    """Every deployment of one model runs another, with as many tokens."""

    before: str
    after: str


WhatIf = Growth | ModelChange


@dataclass(frozen=True, slots=True)
class Supposed:
    """The seats as supposed, how many changed, and which cannot have the new model where they are."""

    seats: tuple[Seat, ...]
    changed: int
    not_offered: tuple[str, ...]


def parse_what_if(text: str) -> WhatIf:
    """`growth=1.5` or `model=gpt-4o->gpt-5-mini`."""
    name, _, value = (part.strip() for part in text.partition("="))
    if name == "growth":
        return Growth(_factor(text, value))
    found = re.fullmatch(r"(\S+?)\s*->\s*(\S+)", value)
    if name != "model" or found is None:
        raise ValueError(f"what-if {text!r}: expected growth=1.5 or model=gpt-4o->gpt-5-mini")
    if found[1].casefold() == found[2].casefold():
        raise ValueError(f"what-if {text!r}: expected two different models")
    return ModelChange(found[1], found[2])


def supposed(
    seats: Sequence[Seat],
    what_if: WhatIf,
    models: Iterable[CatalogModel] = (),
    price_ratios: Mapping[tuple[str, str], float] | None = None,
) -> Supposed:
    """The seats under an assumption; `price_ratios` tells new ÷ old price by (location, SKU)."""
    if isinstance(what_if, Growth):
        return Supposed(tuple(_grown(seat, what_if.factor) for seat in seats), len(seats), ())
    affected = [seat for seat in seats if seat.model.casefold() == what_if.before.casefold()]
    if not affected:
        deployed = ", ".join(sorted({seat.model for seat in seats})) or "nothing"
        raise ValueError(f"what-if model={what_if.before!r}: no deployment of it; deployed: {deployed}")
    offers = _offers(models, what_if.after)
    if not offers:
        raise ValueError(f"what-if model={what_if.after!r}: the models list does not know it")
    changed: list[Seat] = []
    not_offered: list[str] = []
    for seat in seats:
        if seat not in affected:
            changed.append(seat)
            continue
        offer = offers.get((location_key(seat.location), seat.sku.casefold()))
        if offer is None:
            not_offered.append(seat.deployment)
        ratio = (price_ratios or {}).get((seat.location, seat.sku))
        changed.append(_with_model(seat, what_if.after, offer, ratio))
    return Supposed(tuple(changed), len(affected), tuple(not_offered))


def _factor(text: str, value: str) -> Decimal:
    try:
        factor = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"what-if {text!r}: expected a number such as growth=1.5") from error
    if not factor.is_finite() or not 0 < factor <= _MOST_GROWTH:
        raise ValueError(f"what-if {text!r}: expected a factor above 0 and up to {_MOST_GROWTH}")
    return factor


def _grown(seat: Seat, factor: Decimal) -> Seat:
    """Peaks and cost grow, and days at the limit come sooner; what would be refused then is not known, the peak against
    the limit tells it. Units are worked out again from minutes that have grown (`unit_story`)."""

    def times(count: int | None) -> int | None:
        return None if count is None else int(count * factor)

    cost = seat.cost_per_month
    return replace(
        seat,
        peak_tpm=times(seat.peak_tpm),
        peak_rpm=times(seat.peak_rpm),
        p99_tpm=times(seat.p99_tpm),
        demand_tpm=times(seat.demand_tpm),
        requests=int(seat.requests * factor),
        **_daily(seat, float(factor)),
        cost_per_month=cost
        if cost is None or seat.provisioned
        else Money((cost.amount * factor).quantize(Decimal("0.01")), cost.currency),
        unit_curve=None,
        unit_use=None,
    )


def _daily(seat: Seat, factor: float) -> dict[str, Any]:
    """Every day's busiest minute so many times as near to the limit, and when it is reached then."""
    shares = tuple(None if share is None else share * factor for share in seat.daily_shares)
    full: UntilFull | NoDate | None = seat.until_full
    if shares or full is not None:
        full = time_until_full(shares, 1.0)
    return {"daily_shares": shares, "until_full": full}


def _offers(models: Iterable[CatalogModel], name: str) -> dict[tuple[str, str], CatalogModel]:
    """The default version of the model by location and SKU, else the one that sorts last."""
    found: dict[tuple[str, str], CatalogModel] = {}
    for model in models:
        if model.model.casefold() != name.casefold() or model.fine_tuned:
            continue
        at = (location_key(model.location), model.sku.casefold())
        have = found.get(at)
        if have is None or (bool(model.is_default), model.version) > (bool(have.is_default), have.version):
            found[at] = model
    return found


def _with_model(seat: Seat, name: str, offer: CatalogModel | None, price_ratio: float | None) -> Seat:
    cost = seat.cost_per_month
    moved = replace(
        seat,
        model=name,
        version=None,
        usage_name=None,
        tpm_per_unit=None,
        rpm_per_unit=None,
        limit_tpm=None,
        limit_rpm=None,
        steps=Steps(),
        until_full=None,
        daily_shares=(),
        unit_curve=None,
        unit_use=None,
        cost_per_month=None
        if cost is None or price_ratio is None
        else Money((cost.amount * Decimal(str(price_ratio))).quantize(Decimal("0.01")), cost.currency),
    )
    if offer is None:
        return moved
    limits = (_limit(seat.units, offer.tpm_per_unit), _limit(seat.units, offer.rpm_per_unit))
    return replace(
        moved,
        version=offer.version,
        usage_name=offer.usage_name,
        tpm_per_unit=offer.tpm_per_unit,
        rpm_per_unit=offer.rpm_per_unit,
        limit_tpm=limits[0],
        limit_rpm=limits[1],
        **_under_limit(seat, *limits),
        steps=Steps(offer.capacity_minimum or 1, offer.capacity_step or 1, offer.capacity_maximum),
    )


def _under_limit(seat: Seat, tpm: int | None, rpm: int | None) -> dict[str, Any]:
    """The same days under the limits of another model; unknown where the limit that binds has no counterpart."""
    before, after = (seat.limit_rpm, rpm) if seat.binding == "rpm" else (seat.limit_tpm, tpm)
    return _daily(seat, before / after) if before and after else {}


def _limit(units: int | None, per_unit: Decimal | None) -> int | None:
    return None if units is None or per_unit is None else int(units * per_unit)
