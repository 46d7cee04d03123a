"""Where a new deployment fits: every place that offers the model, best first, and why others do not do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from collector.domain.advice.need import spare_units
from collector.domain.advice.types import Place, Seat
from collector.domain.room.quotas import scope_of, zone_of


@dataclass(frozen=True, slots=True)
class FitQuestion:
    """What is to be deployed. `sku`, `version`, `zone` and `subscription_id` narrow the search where given."""

    model: str
    tpm: int
    sku: str | None = None
    version: str | None = None
    zone: Literal["us", "eu"] | None = None
    subscription_id: str | None = None

    def __post_init__(self) -> None:
        if self.tpm <= 0:
            raise ValueError(f"fit tpm={self.tpm}: expected more than 0 tokens per minute")


@dataclass(frozen=True, slots=True)
class Fit:
    """A place and how well the question fits there.

    `units` are needed, `short` of them are missing (None where the quota there is unknown); `frees` names deployments
    on the line that could give so many units away.
    """

    place: Place
    units: int
    short: int | None
    may_share_pool: bool
    frees: tuple[tuple[str, int], ...]

    @property
    def fits(self) -> bool:
        return self.short == 0 and not self.place.closed and not self.place.ended


def fits(question: FitQuestion, places: Iterable[Place], seats: Sequence[Seat] = ()) -> tuple[Fit, ...]:
    """Every place that offers what is asked: those that fit first, cheapest first, then those whose quota is unknown,
    then by what is missing."""
    known = list(places)
    _check_known(question, known)
    found: list[Fit] = []
    for place in known:
        if not _asked_for(question, place) or not place.tpm_per_unit:
            continue
        units = place.steps.up(Decimal(question.tpm) / place.tpm_per_unit)
        if units * place.tpm_per_unit < question.tpm:
            continue
        short = None if place.free_units is None else max(0, units - place.by_quota)
        found.append(
            Fit(
                place=place,
                units=units,
                short=short,
                may_share_pool=scope_of(place.usage_name, place.location).may_share_pool,
                frees=_frees(place, seats) if short and not place.closed and not place.ended else (),
            )
        )
    return tuple(sorted(found, key=_order))


def _check_known(question: FitQuestion, places: Sequence[Place]) -> None:
    """A misspelt model or SKU is an error, not an empty answer."""
    of_model = [place for place in places if place.model.casefold() == question.model.casefold()]
    if not of_model:
        near = sorted(
            {place.model for place in places if place.model.casefold()[:5] == question.model.casefold()[:5]}
        )
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"fit model={question.model!r}: no location offers it{hint}")
    for name, asked, offered in (
        ("sku", question.sku, {place.sku for place in of_model}),
        ("version", question.version, {place.version for place in of_model}),
    ):
        if asked is not None and asked.casefold() not in {one.casefold() for one in offered}:
            raise ValueError(
                f"fit {name}={asked!r}: {question.model} is offered as {', '.join(sorted(offered))}"
            )


def _asked_for(question: FitQuestion, place: Place) -> bool:
    return (
        place.model.casefold() == question.model.casefold()
        and (question.sku is None or place.sku.casefold() == question.sku.casefold())
        and (question.version is None or place.version.casefold() == question.version.casefold())
        and (question.subscription_id is None or place.subscription_id == question.subscription_id)
        and (question.zone is None or _stays_in(question.zone, place))
    )


def _stays_in(zone: Literal["us", "eu"], place: Place) -> bool:
    """Global SKUs leave every zone."""
    return zone_of(place.location) == zone and scope_of(place.usage_name, place.location).reach != "global"


def _frees(place: Place, seats: Sequence[Seat]) -> tuple[tuple[str, int], ...]:
    spare = [
        (seat.deployment, spare_units(seat))
        for seat in seats
        if seat.usage_name is not None
        and seat.subscription_id == place.subscription_id
        and seat.location == place.location
        and seat.usage_name.casefold() == place.usage_name.casefold()
    ]
    return tuple(sorted((one for one in spare if one[1]), key=lambda one: (-one[1], one[0])))


def _order(found: Fit) -> tuple[int, float, int, int, str]:
    price = found.place.price_ratio if found.place.price_ratio is not None else 1.0
    rank = 0 if found.fits else 1 if found.short is None and not found.place.closed else 2
    if found.place.ended:
        rank = 3
    return rank, price, found.short or 0, -found.place.room, found.place.location
