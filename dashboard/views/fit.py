"""Where a new deployment fits: the places, best first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from collector.domain.advice.fit import Fit
from collector.domain.advice.types import resides
from collector.domain.room.ptu import TokenPrices
from collector.store.reads.elsewhere import Elsewhere
from dashboard.tables import Column, Table, table
from dashboard.words import room as words


@dataclass(frozen=True, slots=True)
class FitView:
    places: Table
    fitting: int


def most_asked_first(models: Iterable[str], seats: Iterable[tuple[str, int]]) -> list[str]:
    """Models by the requests of their deployments; one that stands unused comes before one that nobody deployed."""
    asked = Counter[str]()
    for model, requests in seats:
        asked[model.casefold()] += 1 + requests
    return sorted(models, key=lambda name: (-asked[name.casefold()], name.casefold()))


def fit_view(found: Sequence[Fit], names: Mapping[str, str]) -> FitView:
    return FitView(
        places=table(
            "fit",
            (
                Column("fits", "Fits", width=120),
                Column("location", "Location"),
                Column("subscription", "Subscription"),
                Column("sku", "SKU"),
                Column("version", "Version"),
                Column("units", "Units", "count"),
                Column("free", "Free units", "count", words.FREE_UNITS_COLUMN),
                Column("available", "Azure has", "count", words.AVAILABLE_COLUMN),
                Column("input", "Prompt, a million", "money", words.MILLION_COLUMN),
                Column("output", "Answer, a million", "money", words.MILLION_COLUMN),
                Column("currency", "Currency"),
                Column("price", "÷ cheapest", "number", words.PRICE_COLUMN),
                Column("ends_on", "Ends on"),
                Column("processed", "Processed", width="medium"),
                Column("frees", "Could be freed", width="medium"),
                Column("pool", "Pool"),
                Column("account", "Account", help=words.ACCOUNT_COLUMN),
                Column("subscription_id", "Subscription id", screen=False),
                Column("usage_name", "Quota line", screen=False),
            ),
            [
                {
                    "fits": _fits(one),
                    "location": one.place.location,
                    "sku": one.place.sku,
                    "version": one.place.version,
                    "units": one.units,
                    "free": one.place.free_units,
                    "available": one.place.available,
                    "input": _million(one.place.prices, "input"),
                    "output": _million(one.place.prices, "output"),
                    "currency": None if one.place.prices is None else one.place.prices.currency,
                    "price": one.place.price_ratio,
                    "ends_on": one.place.ends_on,
                    "processed": resides(one.place.sku, one.place.location),
                    "frees": ", ".join(f"{units:,} of {name}" for name, units in one.frees) or None,
                    "pool": "may be shared" if one.may_share_pool else "its own",
                    "account": _account(one),
                    "subscription": names.get(one.place.subscription_id, one.place.subscription_id),
                    "subscription_id": one.place.subscription_id,
                    "usage_name": one.place.usage_name,
                }
                for one in found
            ],
        ),
        fitting=sum(one.fits for one in found),
    )


def elsewhere_table(found: Sequence[Elsewhere]) -> Table:
    return table(
        "fit-elsewhere",
        (
            Column("location", "Location"),
            Column("sku", "SKU"),
            Column("available", "Azure has, units", "count", words.AVAILABLE_COLUMN),
            Column("version", "Version"),
            Column("processed", "Processed", width="medium"),
        ),
        [
            {
                "location": one.location,
                "sku": one.sku,
                "available": one.available,
                "version": one.version,
                "processed": resides(one.sku, one.location),
            }
            for one in found
        ],
    )


def _fits(one: Fit) -> str:
    if one.fits:
        return "yes"
    if one.place.ended:
        return words.HAS_ENDED
    if one.place.closed:
        return words.NO_MORE_ACCOUNTS
    return "quota unknown" if one.short is None else f"{one.short:,} units short"


def _million(prices: TokenPrices | None, kind: Literal["input", "output"]) -> Decimal | None:
    return None if prices is None else 1_000_000 * (prices.input if kind == "input" else prices.output)


def _account(one: Fit) -> str:
    if not one.place.needs_account:
        return "there"
    free = one.place.accounts_free
    return "a new one" if free is None else f"a new one of {free:,} left"
