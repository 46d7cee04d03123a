"""Where a new deployment fits, as the object of its contract."""

from decimal import Decimal

from collector.answers.asked import JOBS, Asked, Json, plain, prices_of
from collector.domain.advice.fit import Fit, FitQuestion, fits
from collector.domain.advice.prices import with_price_ratios
from collector.domain.advice.types import resides
from collector.domain.room.quotas import scope_of, zone_of
from collector.store.reads import overview
from collector.store.reads.seats_lines import RoomEstate, room_estate


def fit(asked: Asked, question: FitQuestion) -> Json:
    """Every place that offers what is asked, those that fit first, and why the others do not do."""
    estate = room_estate(asked.connection, asked.now, asked.filters)
    places = estate.places({question.model.casefold()})
    by_minute = [place for place in places if place.tpm_per_unit]
    priced = with_price_ratios(by_minute, prices_of(asked, estate))
    unlimited = {place.sku.casefold() for place in places} - {place.sku.casefold() for place in by_minute}
    if question.sku is not None and question.sku.casefold() in unlimited:
        raise ValueError(
            f"fit sku={question.sku!r}: it has no tokens a minute; expected one of "
            f"{', '.join(sorted({place.sku for place in by_minute})) or 'none here'}"
        )
    found = fits(question, priced, estate.seats)
    known = {(place.location, place.sku.casefold()) for place in places}
    return {
        "as_of": plain(overview.freshness(asked.connection, JOBS, asked.filters).as_of),
        "question": plain(question),
        "places": [_fit_object(one) for one in found],
        "elsewhere": _elsewhere(estate, question, known),
    }


def _fit_object(one: Fit) -> Json:
    place = one.place
    return {
        **{name: plain(getattr(place, name)) for name in ("subscription_id", "location", "sku", "model", "version")},
        "fits": one.fits,
        "units": one.units,
        "short": one.short,
        "tpm": int(one.units * (place.tpm_per_unit or 0)),
        "free_units": place.free_units,
        "available": place.available,
        "usage_name": place.usage_name,
        "needs_account": place.needs_account,
        "accounts_free": place.accounts_free,
        "may_share_pool": one.may_share_pool,
        "price_ratio": place.price_ratio,
        "prices": plain(place.prices),
        "ends_on": place.ends_on,
        "processed": resides(place.sku, place.location),
        "frees": [{"deployment": name, "units": units} for name, units in one.frees],
    }  # fmt: skip


def _elsewhere(estate: RoomEstate, question: FitQuestion, known: set[tuple[str, str]]) -> list[Json]:
    """Where Azure reports capacity but no quota was ever read, since no account lies there."""
    spelled = {one.sku.casefold(): one.sku for one in estate.models}
    found: dict[tuple[str, str, str], Decimal] = {}
    for (subscription, location, _, model, version, sku), available in estate.capacities.items():
        wanted = model == question.model.casefold() and available > 0 and (location, sku) not in known
        if wanted and _asked_for(question, subscription, location, version, sku):
            place = (location, spelled.get(sku, sku), version)
            found[place] = max(available, found.get(place, Decimal(0)))
    return [
        {"location": location, "sku": sku, "version": version, "available": int(available), "quota": None}
        for (location, sku, version), available in sorted(found.items())
    ]


def _asked_for(question: FitQuestion, subscription: str, location: str, version: str, sku: str) -> bool:
    stays = zone_of(location) == question.zone and scope_of(f"x.{sku}", location).reach != "global"
    return (
        (question.sku is None or question.sku.casefold() == sku)
        and (question.version is None or question.version.casefold() == version)
        and (question.subscription_id is None or question.subscription_id == subscription)
        and (question.zone is None or stays)
    )
