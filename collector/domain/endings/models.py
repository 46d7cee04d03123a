"""When a deployment ends, how sure that is, and what happens to it on the day.

ARM states a date per model version, SKU and location; a deployment ends on the date of its own.
The words for a stage differ between ARM and Microsoft's documents; people read the documents' words.
"""

from dataclasses import replace
from datetime import date

from collector.domain.endings.ending_types import Deployed, Ending, Standing, base_of
from collector.domain.endings.offers import BundledModel, ModelCatalog, Offer, Reading, same_name
from collector.domain.endings.on_the_day import what_happens
from collector.domain.endings.stated import Stated, as_bundled, as_listed, earliest, with_own_deadline


def ending_of(deployed: Deployed, catalog: ModelCatalog, today: date) -> Ending:
    """When and how this deployment ends, as of today, and from where we know."""
    reading = catalog.readings.get(deployed.location)
    offer = own_offer(deployed, catalog)
    bundled = _bundled(deployed, catalog)
    stated = as_listed(offer, deployed, today) if offer else as_bundled(bundled, deployed, today)
    stated = with_own_deadline(stated, deployed, catalog.deadlines)
    replacement_model, replacement_version = _replacement(offer, bundled, stated)
    on_the_day, why, upgrade = what_happens(
        deployed, offer, replacement_model, replacement_version, stated.ends_on
    )
    offered = (
        catalog.offered(replacement_model, replacement_version, deployed.sku, deployed.location)
        if replacement_model and deployed.sku
        else None
    )
    due_on = earliest(stated.ends_on, stated.inference_on)
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


def _replacement(
    offer: Offer | None, bundled: BundledModel | None, stated: Stated
) -> tuple[str | None, str | None]:
    if stated.replacement[0]:
        return stated.replacement
    if offer and offer.replacement_model:
        return offer.replacement_model, offer.replacement_version
    if bundled and bundled.replacement_model:
        return bundled.replacement_model, bundled.replacement_version
    return None, None


def _bundled(deployed: Deployed, catalog: ModelCatalog) -> BundledModel | None:
    if deployed.publisher.casefold() != "openai":
        return None
    model, version = base_of(deployed)
    exact = catalog.bundled.get((model.casefold(), version.casefold() if version else None))
    return exact or catalog.bundled.get((model.casefold(), None))


def _standing(offer: Offer | None, reading: Reading | None) -> Standing:
    """ "Not listed" needs a good read: a failed one only says that we have not looked since."""
    if offer is not None:
        return "listed"
    if reading is None or reading.read_at is None:
        return "not_read"
    failed_since = reading.failed_at is not None and reading.failed_at > reading.read_at
    return "not_read" if failed_since else "not_listed"
