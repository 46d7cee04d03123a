"""Where a new deployment fits, as the object of its contract."""

from collector.answers.asked import JOBS, Asked, Json, plain, prices_of
from collector.domain.advice.fit import Fit, FitQuestion, fits
from collector.domain.advice.prices import with_price_ratios
from collector.domain.advice.types import resides
from collector.store.reads import overview
from collector.store.reads.elsewhere import elsewhere
from collector.store.reads.seats_lines import room_estate


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
    return {
        "as_of": plain(overview.freshness(asked.connection, JOBS, asked.filters).as_of),
        "question": plain(question),
        "places": [_fit_object(one) for one in found],
        "elsewhere": [{**plain(one), "quota": None} for one in elsewhere(estate, question)],
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
        "ended": place.ended,
        "processed": resides(place.sku, place.location),
        "frees": [{"deployment": name, "units": units} for name, units in one.frees],
    }  # fmt: skip
