"""When a deployment ends, how sure that is, and what happens to it on the day.

ARM states a date per model version, SKU and location; a deployment ends on the date of its own.
The words for a stage differ between ARM and Microsoft's documents; people read the documents' words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from collector.domain.endings.offers import (
    BundledModel,
    Firmness,
    Lifecycle,
    ModelCatalog,
    Offer,
    OwnDeadline,
    Reading,
    lifecycle_of,
    model_catalog,
    offer_of,
    real_date,
    same_name,
)

__all__ = [
    "BundledModel",
    "Deployed",
    "Ending",
    "Firmness",
    "Lifecycle",
    "ModelCatalog",
    "Offer",
    "OwnDeadline",
    "Reading",
    "Upgrade",
    "base_of",
    "ending_of",
    "lifecycle_of",
    "model_catalog",
    "offer_of",
    "own_offer",
]

OnTheDay = Literal["upgraded", "stops", "unknown"]
Standing = Literal["listed", "not_listed", "not_read"]
DateSource = Literal["sku", "inference", "bundled", "configured"]

UPGRADE_ON_NEW_DEFAULT = "oncenewdefaultversionavailable"
UPGRADE_ON_EXPIRY = "oncecurrentversionexpired"
NO_UPGRADE = "noautoupgrade"


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
    """The row of the deployment's own SKU; a fine-tuned one's twin first, since its date is often a year later.

    Where the version is listed, but not under that SKU (recorded: under none at all), the model's own stage and
    inference date are what is known.
    """
    model, version = base_of(deployed)
    if version is None or deployed.sku is None:
        return None
    rows = catalog.offers.get((model.casefold(), version.casefold(), deployed.location), ())
    of_sku = [row for row in rows if same_name(row.sku, deployed.sku)]
    twins = [row for row in of_sku if row.fine_tuned == deployed.fine_tuned]
    if twins:
        return twins[0]
    if of_sku and deployed.fine_tuned:
        return of_sku[0]
    return replace(rows[0], sku=deployed.sku, sku_deprecation_on=None, fine_tuned=False) if rows else None


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
        same_name(deadline.model, model)
        and (deadline.version is None or same_name(deadline.version, version))
        and (deadline.sku is None or same_name(deadline.sku, deployed.sku))
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


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)
