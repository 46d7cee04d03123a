"""When a deployment ends, how sure that is, and what happens to it on the day.

ARM states a date per model version, SKU and location; a deployment ends on the date of its own.
The words for a stage differ between ARM and Microsoft's documents; people read the documents' words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from collector.domain.types import CatalogModel

Lifecycle = Literal["preview", "ga", "legacy", "deprecated", "retired", "unknown"]
Firmness = Literal["planned", "tentative", "not_sooner_than", "listed", "own", "no_date"]
OnTheDay = Literal["upgraded", "stops", "unknown"]
Standing = Literal["listed", "not_listed", "not_read"]
DateSource = Literal["sku", "inference", "bundled", "configured"]

PLACEHOLDER_YEAR = 2099
"""ARM writes 2099-12-31 where no date is set."""

LIFECYCLE_OF_ARM: Mapping[str, Lifecycle] = {
    "preview": "preview",
    "generallyavailable": "ga",
    "stable": "ga",
    "legacy": "legacy",
    "deprecating": "deprecated",
    "deprecated": "retired",
}

UPGRADE_ON_NEW_DEFAULT = "oncenewdefaultversionavailable"
UPGRADE_ON_EXPIRY = "oncecurrentversionexpired"
NO_UPGRADE = "noautoupgrade"

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
class Deployed:
    """What of a deployment decides its end. The base of a fine-tuned model is stated, never parsed."""

    model: str
    version: str | None
    sku: str | None
    location: str
    upgrade_option: str | None = None
    fine_tuned: bool = False
    base_model: str | None = None
    base_version: str | None = None
    publisher: str = "OpenAI"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Where Azure moves a deployment by itself, by which option, and from which day it may."""

    to_model: str
    to_version: str | None
    option: str
    starts_on: date | None


@dataclass(frozen=True, slots=True)
class Ending:
    """`ends_on` is the date of the deployment's own SKU; `due_on` is what opens the alert (the earlier one)."""

    lifecycle: Lifecycle
    ends_on: date | None
    ends_on_source: DateSource | None
    firmness: Firmness
    due_on: date | None
    inference_retires_on: date | None
    on_the_day: OnTheDay
    why: str
    upgrade: Upgrade | None
    replacement_model: str | None
    replacement_version: str | None
    replacement_offered: bool | None
    days_left: int | None
    standing: Standing
    read_at: datetime | None
    read_failed_at: datetime | None
    source_note: str = ""
    azure_ends_on: date | None = None
    """Azure's own date, where a company's earlier deadline stands in `ends_on`."""

    @property
    def replacement(self) -> str | None:
        return " ".join(part for part in (self.replacement_model, self.replacement_version) if part) or None


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
        return any(_same(row.sku, sku) for row in rows)

    def _was_read(self, location: str) -> bool:
        reading = self.readings.get(location)
        return reading is not None and reading.read_at is not None


def offer_of(row: CatalogModel) -> Offer:
    """The part of a models-list row that endings and catalog events look at."""
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
    )


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
    """A date from 2099 on says that there is none."""
    return None if stated is None or stated.year >= PLACEHOLDER_YEAR else stated


def ending_of(deployed: Deployed, catalog: ModelCatalog, today: date) -> Ending:
    """When and how this deployment ends, as of today, and from where we know."""
    reading = catalog.readings.get(deployed.location)
    offer = own_offer(deployed, catalog)
    bundled = _bundled(deployed, catalog)
    stated = _as_listed(offer, deployed, today) if offer else _as_bundled(bundled, deployed, today)
    stated = _with_own_deadline(stated, deployed, catalog.deadlines)
    replacement_model, replacement_version = _replacement(offer, bundled, stated)
    on_the_day, why, upgrade = _on_the_day(
        deployed, offer, replacement_model, replacement_version, stated.ends_on
    )
    offered = (
        catalog.offered(replacement_model, replacement_version, deployed.sku, deployed.location)
        if replacement_model and deployed.sku
        else None
    )
    due_on = _earliest(stated.ends_on, stated.inference_on)
    return Ending(
        lifecycle=stated.lifecycle,
        ends_on=stated.ends_on,
        ends_on_source=stated.source,
        firmness=stated.firmness,
        due_on=due_on,
        inference_retires_on=stated.inference_on,
        on_the_day=on_the_day,
        why=why,
        upgrade=upgrade,
        replacement_model=replacement_model,
        replacement_version=replacement_version,
        replacement_offered=offered,
        days_left=None if stated.ends_on is None else (stated.ends_on - today).days,
        standing=_standing(offer, reading),
        read_at=reading.read_at if reading else None,
        read_failed_at=reading.failed_at if reading else None,
        source_note=stated.note,
        azure_ends_on=stated.azure_ends_on or (stated.ends_on if stated.source != "configured" else None),
    )


def own_offer(deployed: Deployed, catalog: ModelCatalog) -> Offer | None:
    """The row of the deployment's own SKU; a fine-tuned one's twin first, since its date is often a year later."""
    model, version = base_of(deployed)
    if version is None or deployed.sku is None:
        return None
    rows = catalog.offers.get((model.casefold(), version.casefold(), deployed.location), ())
    of_sku = [row for row in rows if _same(row.sku, deployed.sku)]
    twins = [row for row in of_sku if row.fine_tuned == deployed.fine_tuned]
    if twins:
        return twins[0]
    return of_sku[0] if of_sku and deployed.fine_tuned else None


@dataclass(frozen=True, slots=True)
class _Stated:
    lifecycle: Lifecycle
    ends_on: date | None
    source: DateSource | None
    firmness: Firmness
    inference_on: date | None
    replacement: tuple[str | None, str | None] = (None, None)
    note: str = ""
    azure_ends_on: date | None = None


_NOTHING = _Stated("unknown", None, None, "no_date", None)


def _as_listed(offer: Offer, deployed: Deployed, today: date) -> _Stated:
    own = real_date(offer.sku_deprecation_on)
    inference = real_date(offer.inference_retires_on)
    if deployed.fine_tuned and offer.fine_tuned and own is not None:
        # The base's inference date is not the end of a fine-tuned model whose twin has its own.
        inference = None
    ends_on = own or inference
    source: DateSource | None = "sku" if own else "inference" if inference else None
    status = lifecycle_of(offer.lifecycle_status)
    gone = _earliest(ends_on, inference)
    if gone is not None and gone < today:
        lifecycle: Lifecycle = "retired"
    elif status == "retired" and deployed.fine_tuned and ends_on is not None:
        lifecycle = "deprecated"
    else:
        lifecycle = status
    return _Stated(lifecycle, ends_on, source, _firmness(offer, ends_on), inference)


def _firmness(offer: Offer, ends_on: date | None) -> Firmness:
    if ends_on is None:
        return "no_date"
    said = (offer.deprecation_status or "").casefold()
    if said == "planned":
        return "planned"
    if said == "tentative":
        return "tentative"
    return "not_sooner_than" if lifecycle_of(offer.lifecycle_status) == "preview" else "listed"


def _as_bundled(note: BundledModel | None, deployed: Deployed, today: date) -> _Stated:
    if note is None:
        return _NOTHING
    ends_on = note.sku_dates.get(_sku_key(deployed)) or (
        (note.fine_tuned_ends_on or note.retires_on) if deployed.fine_tuned else note.retires_on
    )
    lifecycle = note.lifecycle
    if ends_on is not None and ends_on < today:
        lifecycle = "retired"
    elif lifecycle == "retired" and deployed.fine_tuned and ends_on is not None:
        lifecycle = "deprecated"
    firmness: Firmness = "no_date" if ends_on is None else note.firmness
    return _Stated(lifecycle, ends_on, "bundled" if ends_on else None, firmness, None, note=note.source)


def _sku_key(deployed: Deployed) -> str:
    return f"{deployed.sku}-finetune" if deployed.fine_tuned else deployed.sku or ""


def _with_own_deadline(stated: _Stated, deployed: Deployed, deadlines: Sequence[OwnDeadline]) -> _Stated:
    """A company's own deadline counts where it is the earlier one: ours can not move Azure's."""
    fitting = [row for row in deadlines if _fits(row, deployed)]
    if not fitting:
        return stated
    own = min(fitting, key=lambda row: row.ends_on)
    if stated.ends_on is not None and stated.ends_on <= own.ends_on:
        return stated
    return _Stated(
        stated.lifecycle,
        own.ends_on,
        "configured",
        "own",
        stated.inference_on,
        (own.replacement_model, own.replacement_version),
        own.note,
        azure_ends_on=stated.ends_on,
    )


def _fits(deadline: OwnDeadline, deployed: Deployed) -> bool:
    model, version = base_of(deployed)
    return (
        _same(deadline.model, model)
        and (deadline.version is None or _same(deadline.version, version))
        and (deadline.sku is None or _same(deadline.sku, deployed.sku))
        and (deadline.location is None or deadline.location == deployed.location)
    )


def _replacement(
    offer: Offer | None, bundled: BundledModel | None, stated: _Stated
) -> tuple[str | None, str | None]:
    if stated.replacement[0]:
        return stated.replacement
    if offer and offer.replacement_model:
        return offer.replacement_model, offer.replacement_version
    if bundled and bundled.replacement_model:
        return bundled.replacement_model, bundled.replacement_version
    return None, None


def _on_the_day(
    deployed: Deployed,
    offer: Offer | None,
    to_model: str | None,
    to_version: str | None,
    ends_on: date | None,
) -> tuple[OnTheDay, str, Upgrade | None]:
    sku = (deployed.sku or "").casefold()
    option = (deployed.upgrade_option or "").casefold()
    if not sku:
        return "unknown", "its SKU is unknown", None
    if "provisioned" in sku:
        return "stops", "provisioned deployments are never upgraded by Azure", None
    if "batch" in sku:
        return "stops", "batch deployments are never upgraded by Azure", None
    if deployed.fine_tuned or sku == "developertier":
        return "stops", "a fine-tuned model has to be trained again on a newer base", None
    if option == NO_UPGRADE:
        return "stops", "its upgrade option is NoAutoUpgrade", None
    if option not in (UPGRADE_ON_NEW_DEFAULT, UPGRADE_ON_EXPIRY):
        return "unknown", "Azure stated no upgrade option that we know", None
    if offer is None:
        return "unknown", "Azure's models list of its location does not tell us a replacement", None
    if not offer.replacement_model:
        named = f"; our own notes name {to_model}" if to_model else ""
        return (
            "unknown",
            f"its option is {deployed.upgrade_option}, but Azure names no replacement yet{named}",
            None,
        )
    upgrade = Upgrade(
        offer.replacement_model,
        offer.replacement_version,
        deployed.upgrade_option or "",
        _upgrade_starts(option, offer, ends_on),
    )
    target = " ".join(part for part in (upgrade.to_model, upgrade.to_version) if part)
    return "upgraded", f"Azure moves it to {target} ({deployed.upgrade_option})", upgrade


def _upgrade_starts(option: str, offer: Offer, ends_on: date | None) -> date | None:
    """New-default upgrades begin on the stated day, on-expiry ones a stated number of days before the end."""
    if option == UPGRADE_ON_NEW_DEFAULT:
        return real_date(offer.auto_upgrade_start)
    if offer.upgrade_lead_days is None or ends_on is None:
        return ends_on
    return date.fromordinal(ends_on.toordinal() - offer.upgrade_lead_days)


def _bundled(deployed: Deployed, catalog: ModelCatalog) -> BundledModel | None:
    if deployed.publisher.casefold() != "openai":
        return None
    model, version = base_of(deployed)
    exact = catalog.bundled.get((model.casefold(), version.casefold() if version else None))
    return exact or catalog.bundled.get((model.casefold(), None))


def base_of(deployed: Deployed) -> tuple[str, str | None]:
    """The model and version that the catalog knows it by."""
    if deployed.fine_tuned and deployed.base_model:
        return deployed.base_model, deployed.base_version
    return deployed.model, deployed.version


def _standing(offer: Offer | None, reading: Reading | None) -> Standing:
    """ "Not listed" needs a good read: a failed one only says that we have not looked since."""
    if offer is not None:
        return "listed"
    if reading is None or reading.read_at is None:
        return "not_read"
    failed_since = reading.failed_at is not None and reading.failed_at > reading.read_at
    return "not_read" if failed_since else "not_listed"


def _same(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left.casefold() == right.casefold()


def _day(instant: datetime | None) -> date | None:
    """ARM states a day as midnight UTC, with milliseconds or without."""
    return instant.astimezone(UTC).date() if instant else None


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _earlier(left: date | None, right: date | None) -> bool:
    return left is not None and (right is None or left < right)
