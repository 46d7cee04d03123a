"""What the Models API states about models, what ships with us, and a company's own deadlines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from collector.domain.types import CatalogModel

Lifecycle = Literal["preview", "ga", "legacy", "deprecated", "retired", "unknown"]
Firmness = Literal["planned", "tentative", "not_sooner_than", "listed", "own", "no_date"]

PLACEHOLDER_YEAR = 2099
"""ARM writes 2099-12-31 where no date is set."""

EPOCH_YEAR = 1970
"""Year 1 and 1970 are what programs write for a date that was never set."""

LIFECYCLE_OF_ARM: Mapping[str, Lifecycle] = {
    "preview": "preview",
    "generallyavailable": "ga",
    "stable": "ga",
    "legacy": "legacy",
    "deprecating": "deprecated",
    "deprecated": "retired",
}

OfferKey = tuple[str, str, str, str, str, bool]
"""Format, model, version, SKU, location, fine-tuned twin."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What of a models-list row decides an ending: ARM's words and dates, untouched.

    `fine_tuned` tells the `-finetune` twin, which shares the SKU's name and ends on another day.
    """

    model: str
    version: str
    sku: str
    location: str
    format: str = "OpenAI"
    fine_tuned: bool = False
    lifecycle_status: str | None = None
    inference_retires_on: date | None = None
    sku_deprecation_on: date | None = None
    fine_tune_retires_on: date | None = None
    deprecation_status: str | None = None
    replacement_model: str | None = None
    replacement_version: str | None = None
    auto_upgrade_start: date | None = None
    upgrade_lead_days: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the models list of a location is known: a failed read leaves the last good one standing."""

    location: str
    read_at: datetime | None
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BundledModel:
    """What shipped with us about a model version: used only where the customer's own list is silent."""

    model: str
    version: str | None
    lifecycle: Lifecycle
    retires_on: date | None
    firmness: Firmness
    replacement_model: str | None = None
    replacement_version: str | None = None
    fine_tuned_ends_on: date | None = None
    sku_dates: Mapping[str, date] = field(default_factory=dict[str, date])
    source: str = ""


@dataclass(frozen=True, slots=True)
class OwnDeadline:
    """A company's own deadline for a model; None matches every version, SKU or location."""

    model: str
    ends_on: date
    version: str | None = None
    sku: str | None = None
    location: str | None = None
    replacement_model: str | None = None
    replacement_version: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelCatalog:
    """Offers by model version and location, what ships with us, and the company's own deadlines."""

    offers: Mapping[tuple[str, str, str], tuple[Offer, ...]]
    readings: Mapping[str, Reading]
    bundled: Mapping[tuple[str, str | None], BundledModel]
    deadlines: tuple[OwnDeadline, ...] = ()
    skus: Mapping[tuple[str, str], frozenset[str]] = field(
        default_factory=dict[tuple[str, str], frozenset[str]]
    )
    """SKUs of any version, by model and location."""

    def offered(self, model: str, version: str | None, sku: str, location: str) -> bool | None:
        """Whether a model can be deployed there with that SKU; None where the list was never read."""
        if not self._was_read(location):
            return None
        if version is None:
            return sku.casefold() in self.skus.get((model.casefold(), location), frozenset())
        rows = self.offers.get((model.casefold(), version.casefold(), location), ())
        return any(same_name(row.sku, sku) for row in rows)

    def _was_read(self, location: str) -> bool:
        reading = self.readings.get(location)
        return reading is not None and reading.read_at is not None


def offer_of(row: Any) -> Offer:
    """The part of a models-list row that endings and catalog events look at: of a `CatalogModel`, or of the store's
    row with columns of the same names."""
    return Offer(
        model=row.model,
        version=row.version,
        sku=row.sku,
        location=row.location,
        format=row.format,
        fine_tuned=row.fine_tuned,
        lifecycle_status=row.lifecycle_status,
        inference_retires_on=_day(row.inference_retires_at),
        sku_deprecation_on=_day(row.sku_retires_at),
        fine_tune_retires_on=_day(row.fine_tune_retires_at),
        deprecation_status=row.deprecation_status,
        replacement_model=row.replacement_model,
        replacement_version=row.replacement_version,
        auto_upgrade_start=_day(row.auto_upgrade_at),
        upgrade_lead_days=row.upgrade_lead_days,
    )


def merged(one: CatalogModel, twin: CatalogModel) -> CatalogModel:
    """The entries of two account kinds as one, whichever came first: the earlier date stands, and what only one of
    them states is kept (recorded: `Planned` on one twin alone)."""
    first, other = sorted((one, twin), key=_soonest)
    return replace(
        first,
        kinds=one.kinds | twin.kinds,
        costs=first.costs or other.costs,
        capabilities={**other.capabilities, **first.capabilities},
        **{name: getattr(other, name) for name in _ONE_MAY_LACK if getattr(first, name) is None},
    )


_ONE_MAY_LACK = (
    "usage_name",
    "lifecycle_status",
    "deprecation_status",
    "inference_retires_at",
    "fine_tune_retires_at",
    "sku_retires_at",
    "replacement_model",
    "replacement_version",
    "auto_upgrade_at",
    "upgrade_lead_days",
    "is_default",
    "publisher",
)


def _soonest(row: CatalogModel) -> tuple[datetime, datetime, list[str]]:
    """By their dates, then by their kinds, so that the order of a list decides nothing."""
    never = datetime.max.replace(tzinfo=UTC)
    return row.sku_retires_at or never, row.inference_retires_at or never, sorted(row.kinds)


def model_catalog(
    offers: Iterable[Offer],
    readings: Iterable[Reading],
    bundled: Iterable[BundledModel] = (),
    deadlines: Iterable[OwnDeadline] = (),
) -> ModelCatalog:
    """Index the catalog once, so that a thousand deployments cost a thousand look-ups."""
    by_version: dict[tuple[str, str, str], list[Offer]] = {}
    skus: dict[tuple[str, str], set[str]] = {}
    for offer in one_per_offer(offers):
        key = (offer.model.casefold(), offer.version.casefold(), offer.location)
        by_version.setdefault(key, []).append(offer)
        skus.setdefault((offer.model.casefold(), offer.location), set()).add(offer.sku.casefold())
    return ModelCatalog(
        offers={key: tuple(rows) for key, rows in by_version.items()},
        readings={reading.location: reading for reading in readings},
        bundled={
            (note.model.casefold(), note.version.casefold() if note.version else None): note
            for note in bundled
        },
        deadlines=tuple(deadlines),
        skus={place: frozenset(names) for place, names in skus.items()},
    )


def one_per_offer(offers: Iterable[Offer]) -> list[Offer]:
    """The list names each model once per account kind; where the twins disagree the earlier date stands."""
    chosen: dict[OfferKey, Offer] = {}
    for offer in offers:
        key = offer_key(offer)
        known = chosen.get(key)
        if known is None or _earlier(offer.sku_deprecation_on, known.sku_deprecation_on):
            chosen[key] = offer
    return list(chosen.values())


def offer_key(offer: Offer) -> OfferKey:
    return (
        offer.format.casefold(),
        offer.model.casefold(),
        offer.version.casefold(),
        offer.sku.casefold(),
        offer.location,
        offer.fine_tuned,
    )


def lifecycle_of(arm_status: str | None) -> Lifecycle:
    """ARM's word in Microsoft's customer words: `Deprecating` still works, `Deprecated` does not."""
    return LIFECYCLE_OF_ARM.get((arm_status or "").strip().casefold(), "unknown")


def real_date(stated: date | None) -> date | None:
    """A date from 2099 on says that there is none, and so does the first day of a calendar of computers."""
    if stated is None or stated.year >= PLACEHOLDER_YEAR or stated.year <= EPOCH_YEAR:
        return None
    return stated


def _day(instant: datetime | None) -> date | None:
    """ARM states a day as midnight UTC, with milliseconds or without."""
    return instant.astimezone(UTC).date() if instant else None


def same_name(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left.casefold() == right.casefold()


def _earlier(left: date | None, right: date | None) -> bool:
    return left is not None and (right is None or left < right)
