"""What happens to a deployment on the day its model ends: Azure moves it, it stops, or nobody said."""

from datetime import date

from collector.domain.endings.ending_types import Deployed, OnTheDay, Upgrade
from collector.domain.endings.offers import Offer, real_date

UPGRADE_ON_NEW_DEFAULT = "oncenewdefaultversionavailable"
UPGRADE_ON_EXPIRY = "oncecurrentversionexpired"
NO_UPGRADE = "noautoupgrade"


def what_happens(
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
