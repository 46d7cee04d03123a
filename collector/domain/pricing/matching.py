"""Whether a meter prices what is asked, and every reason why it does not."""

from dataclasses import dataclass

from collector.domain.pricing.market import NamedVersion, tuning_family
from collector.domain.pricing.meters import MeterMeaning
from collector.domain.pricing.notes import ModelAlias, PriceNotes
from collector.domain.pricing.questions import PriceQuestion
from collector.domain.pricing.skus import SkuTerms, sku_terms
from collector.domain.pricing.stems import Stem, model_stem
from collector.domain.pricing.versions import is_version
from collector.domain.types import location_key

UNMODELLED = frozenset({"ptu_hour", "session", "storage_gb_day", "tool_call"})
TUNED_KINDS = {"hosting_hour": "hosting", "training_hour": "training", "training_token": "training"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question in the words of meters."""

    asked: PriceQuestion
    stem: Stem
    scope: str
    tier: str
    tuning: str | None
    government: bool
    alias: ModelAlias | None
    version_is_named: bool
    stem_has_versions: bool
    one_context: bool
    billed_tier: str

    @property
    def is_modelled(self) -> bool:
        return self.asked.kind not in UNMODELLED

    def against(self, meaning: MeterMeaning) -> list[str]:
        """What speaks against this meter by its name; nothing does if the list is empty."""
        return [*self._other_charge(meaning), *self._other_model(meaning), *self._unsaid(meaning)]

    def contradictions(self, meaning: MeterMeaning) -> list[str]:
        """What the name says otherwise than asked, where Azure itself names the meter."""
        return [*self._other_charge(meaning), *self._other_model(meaning)]

    def _other_charge(self, meaning: MeterMeaning) -> list[str]:
        reasons: list[str] = []
        if meaning.scope not in (None, self.scope):
            reasons.append(f"for {meaning.scope} deployments")
        if self.asked.kind not in meaning.kinds:
            reasons.append(f"prices {' and '.join(meaning.kinds)}")
        if meaning.tier != self.tier:
            reasons.append(f"tier {meaning.tier}")
        if meaning.context not in (None, self.asked.context):
            reasons.append(f"for {meaning.context} context")
        if meaning.tuning != self.tuning:
            reasons.append(_tuning_words(meaning.tuning, self.tuning))
        if (meaning.cloud == "usgov") and not self.government:
            reasons.append("for US Government")
        return reasons

    def _other_model(self, meaning: MeterMeaning) -> list[str]:
        if not self.is_modelled:
            return ["for one model"] if meaning.stem else []
        reasons = [] if meaning.stem == self.stem else [f"for model {meaning.model_stem}"]
        if meaning.version is not None and not is_version(self.asked.version, meaning.version):
            reasons.append(f"for version {meaning.version}")
        elif meaning.version is not None and self.alias is not None and self.alias.versioned is False:
            reasons.append("names a version, and this model is billed by meters without one")
        return reasons

    def _unsaid(self, meaning: MeterMeaning) -> list[str]:
        """What a name must say before it may be chosen by its name alone."""
        reasons: list[str] = []
        if meaning.scope is None:
            reasons.append("names no deployment type")
        if meaning.context is None and self.asked.context == "long" and not self.one_context:
            reasons.append("does not say that it prices long context")
        if self.is_modelled and meaning.version is None:
            reasons.extend(self._versionless())
        return reasons

    def _versionless(self) -> list[str]:
        """A name without a version serves the versions that no other meter of the model claims."""
        if self.alias is not None and self.alias.versioned is not None:
            return ["names no version"] if self.alias.versioned else []
        if self.version_is_named:
            return [f"names no version, and other meters name {self.asked.version}"]
        if self.asked.version is None and self.stem_has_versions:
            return ["names no version, and the deployment's version is unknown"]
        return []


def _tuning_words(meter: str | None, wanted: str | None) -> str:
    if meter is None:
        return "not for fine-tuned models"
    if wanted is None or meter in {"grader", "hosting", "training"}:
        return f"for fine-tuned models ({meter})"
    return f"for fine-tuned models on the {'developer' if meter == 'developer' else 'standard'} tier"


def wanted(asked: PriceQuestion, notes: PriceNotes, named_versions: frozenset[NamedVersion]) -> Wanted | str:
    """The question in the words of meters, or why no meter can answer it."""
    terms = sku_terms(asked.sku)
    problem = asked.problem() or _impossible(asked, terms)
    if problem or terms is None:
        return problem or f"SKU {asked.sku!r} is not one we know"
    tuning = _tuning(asked, terms)
    alias = notes.alias(asked.model, asked.version, tuning is not None)
    stem = () if asked.kind in UNMODELLED else model_stem(alias.meter_model if alias else asked.model)
    of_this = (stem, tuning_family(tuning))
    versions = {version for one, family, version in named_versions if (one, family) == of_this}
    return Wanted(
        asked=asked,
        stem=stem,
        scope=terms.scope,
        tier="standard"
        if asked.kind in UNMODELLED
        else (terms.tier if terms.tier == "batch" else asked.tier),
        tuning=tuning,
        government=location_key(asked.location).startswith(("usgov", "usdod")),
        alias=alias,
        version_is_named=any(is_version(asked.version, one) for one in versions),
        stem_has_versions=bool(versions),
        one_context=any(note.is_about(asked.model) for note in notes.one_context_price),
        billed_tier=terms.tier,
    )


def _impossible(asked: PriceQuestion, terms: SkuTerms | None) -> str | None:
    if terms is None:
        return f"SKU {asked.sku!r} is not one we know"
    if asked.term and asked.kind != "ptu_hour":
        return "only provisioned throughput can be reserved"
    if terms.provisioned and asked.kind in {"training_hour", "training_token", "hosting_hour"}:
        return f"{asked.sku} deployments are billed by the provisioned unit, not by {asked.kind}"
    if terms.provisioned and asked.kind not in UNMODELLED:
        return (
            f"{asked.sku} deployments are billed by the provisioned unit (kind ptu_hour), not by {asked.kind}"
        )
    if not terms.provisioned and asked.kind == "ptu_hour":
        return f"{asked.sku} deployments have no provisioned units"
    if asked.tier not in ("standard", *terms.tiers()):
        return f"{asked.sku} does not bill at tier {asked.tier}"
    if terms.developer and asked.kind == "hosting_hour":
        return "the developer tier bills no hosting"
    return None


def _tuning(asked: PriceQuestion, terms: SkuTerms) -> str | None:
    if asked.kind in UNMODELLED:
        return None
    if terms.developer:
        return "developer"
    if asked.kind in TUNED_KINDS:
        return TUNED_KINDS[asked.kind]
    return "inference" if asked.fine_tuned else None
