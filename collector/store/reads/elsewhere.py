"""Where Azure reports capacity for a model and no quota was ever read, since no account lies there."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from collector.domain.advice.fit import FitQuestion
from collector.domain.room.quotas import scope_of, zone_of
from collector.store.reads.seats_lines import RoomEstate


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A location with what Azure could deploy there, in units; quota there is unknown."""

    location: str
    sku: str
    version: str
    available: int


def elsewhere(
    estate: RoomEstate, question: FitQuestion, subscriptions: Collection[str] = ()
) -> list[Elsewhere]:
    """Of the named subscriptions, or of all that are known."""
    known = {(place.location, place.sku.casefold()) for place in estate.places({question.model.casefold()})}
    spelled = {one.sku.casefold(): one.sku for one in estate.models}
    found: dict[tuple[str, str, str], Decimal] = {}
    for (subscription, location, _, model, version, sku), available in estate.capacities.items():
        wanted = model == question.model.casefold() and available > 0 and (location, sku) not in known
        asked = not subscriptions or subscription in subscriptions
        if wanted and asked and _asked_for(question, subscription, location, version, sku):
            place = (location, spelled.get(sku, sku), version)
            found[place] = max(available, found.get(place, Decimal(0)))
    return [Elsewhere(*place, int(available)) for place, available in sorted(found.items())]


def _asked_for(question: FitQuestion, subscription: str, location: str, version: str, sku: str) -> bool:
    stays = zone_of(location) == question.zone and scope_of(f"x.{sku}", location).reach != "global"
    return (
        (question.sku is None or question.sku.casefold() == sku)
        and (question.version is None or question.version.casefold() == version)
        and (question.subscription_id is None or question.subscription_id == subscription)
        and (question.zone is None or stays)
    )
