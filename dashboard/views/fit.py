"""Where a new deployment fits: the places, best first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.domain.advice.fit import Fit
from collector.domain.advice.types import resides
from dashboard import words_room as words
from dashboard.tables import Column, Table, table


@dataclass(frozen=True, slots=True)
class FitView:
    places: Table
    fitting: int


def fit_view(found: Sequence[Fit], names: Mapping[str, str]) -> FitView:
    return FitView(
        places=table(
            "fit",
            (
                Column("fits", "Fits"),
                Column("location", "Location"),
                Column("sku", "SKU"),
                Column("version", "Version"),
                Column("units", "Units", "count"),
                Column("free", "Free units", "count"),
                Column("available", "Azure has", "count", words.AVAILABLE_COLUMN),
                Column("price", "Price", "number", words.PRICE_COLUMN),
                Column("ends_on", "Ends on"),
                Column("processed", "Processed", width="large"),
                Column("frees", "Could be freed", width="medium"),
                Column("pool", "Pool"),
                Column("subscription", "Subscription"),
                Column("subscription_id", "Subscription id", screen=False),
                Column("usage_name", "Quota line", screen=False),
            ),
            [
                {
                    "fits": "yes" if one.fits else f"{one.short:,} units short",
                    "location": one.place.location,
                    "sku": one.place.sku,
                    "version": one.place.version,
                    "units": one.units,
                    "free": one.place.free_units,
                    "available": one.place.available,
                    "price": one.place.price_ratio,
                    "ends_on": one.place.ends_on,
                    "processed": resides(one.place.sku, one.place.location),
                    "frees": ", ".join(f"{units:,} of {name}" for name, units in one.frees) or None,
                    "pool": "may be shared" if one.may_share_pool else "its own",
                    "subscription": names.get(one.place.subscription_id, one.place.subscription_id),
                    "subscription_id": one.place.subscription_id,
                    "usage_name": one.place.usage_name,
                }
                for one in found
            ],
        ),
        fitting=sum(one.fits for one in found),
    )
