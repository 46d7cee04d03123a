"""What a SKU says about which meters bill it, and what a cost name of the Models API says."""

import re
from dataclasses import dataclass
from typing import Final

from collector.domain.pricing.words import Context, Scope, Tier


@dataclass(frozen=True, slots=True)
class SkuTerms:
    """`tier` is what the SKU bills at unless a request asked for another."""

    scope: Scope
    tier: Tier = "standard"
    provisioned: bool = False
    developer: bool = False

    def tiers(self) -> tuple[Tier, ...]:
        return ("batch",) if self.tier == "batch" else ("standard", "priority", "flex")


SKUS: Final[dict[str, SkuTerms]] = {
    "standard": SkuTerms("regional"),
    "globalstandard": SkuTerms("global"),
    "datazonestandard": SkuTerms("datazone"),
    "globalbatch": SkuTerms("global", "batch"),
    "datazonebatch": SkuTerms("datazone", "batch"),
    "batch": SkuTerms("regional", "batch"),
    "provisionedmanaged": SkuTerms("regional", provisioned=True),
    "globalprovisionedmanaged": SkuTerms("global", provisioned=True),
    "datazoneprovisionedmanaged": SkuTerms("datazone", provisioned=True),
    "provisioned": SkuTerms("legacy", provisioned=True),
    "developertier": SkuTerms("global", developer=True),
}


def sku_terms(sku: str) -> SkuTerms | None:
    return SKUS.get(sku.strip().casefold())


_COST = re.compile(
    r"(?P<cached>No)?(?P<hit>Cached)?(?P<write>Write)?(?P<long>LongContext)?(?P<what>Audio|Image|Text)?"
    r"(?P<direction>Context|Generated|Total)Token"
)


def cost_kind(name: str, sku: str) -> tuple[str, Context] | None:
    """The kind and context of a cost name such as `NoCachedLongContextContextToken`; None for one we do not know.

    >>> cost_kind("CachedAudioContextToken", "GlobalStandard")
    ('cached_audio_input', 'short')
    """
    terms = sku_terms(sku)
    if name == "Hosting":
        return ("ptu_hour" if terms is not None and terms.provisioned else "hosting_hour"), "short"
    match = _COST.fullmatch(name)
    if match is None or (match["cached"] and not match["hit"]):
        return None
    cached = bool(match["hit"]) and not match["cached"]
    context: Context = "long" if match["long"] else "short"
    what = (match["what"] or "Text").lower()
    prefix = "" if what == "text" else f"{what}_"
    if match["write"]:
        return ("cache_write", context) if cached and not prefix and match["direction"] == "Context" else None
    if match["direction"] == "Generated":
        return None if cached else (f"{prefix}output", context)
    return f"{'cached_' if cached else ''}{prefix}input", context
