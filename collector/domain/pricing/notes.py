"""What names alone cannot tell, as dated and sourced facts; the data lies in `catalog/`."""

from dataclasses import dataclass
from datetime import date

from collector.domain.pricing.meters import MeterMeaning
from collector.domain.pricing.stems import model_stem


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """Meters call this model otherwise than Azure's models list does.

    `versioned` says which meters serve it: True only those that name the version, False only those that name
    none, None either. Empty `versions` are all.
    """

    model: str
    meter_model: str
    source: str
    versions: tuple[str, ...] = ()
    fine_tuned: bool | None = None
    versioned: bool | None = None

    def serves(self, model: str, version: str | None, fine_tuned: bool) -> bool:
        return (
            self.model.casefold() == model.casefold()
            and (not self.versions or (version or "").casefold() in {one.casefold() for one in self.versions})
            and self.fine_tuned in (None, fine_tuned)
        )


@dataclass(frozen=True, slots=True)
class Doubt:
    """Meters whose prices do not fit their names: never priced by."""

    meter_model: str
    tuning: str | None
    kinds: tuple[str, ...]
    reason: str
    source: str
    tier: str | None = None
    versioned: bool | None = None

    def is_about(self, meaning: MeterMeaning) -> bool:
        return (
            model_stem(self.meter_model) == meaning.stem
            and self.tuning == meaning.tuning
            and self.tier in (None, meaning.tier)
            and self.versioned in (None, meaning.version is not None)
            and bool(set(self.kinds) & set(meaning.kinds))
        )


@dataclass(frozen=True, slots=True)
class LateChange:
    """A price that the shipped captures still state, known from elsewhere to have ended with `held_until`.

    Only the snapshot is cut short by it: what the feed says is taken as it is.
    """

    held_until: date
    source: str
    meter_model: str | None = None
    kind: str | None = None
    scopes: tuple[str, ...] = ()

    def is_about(self, meaning: MeterMeaning) -> bool:
        return (
            (self.meter_model is None or model_stem(self.meter_model) == meaning.stem)
            and (self.kind is None or self.kind in meaning.kinds)
            and (not self.scopes or meaning.scope in self.scopes)
        )


@dataclass(frozen=True, slots=True)
class ModelNote:
    """Something true of one model's bill (every model of a stem that starts so, with a trailing `*`)."""

    model: str
    source: str

    def is_about(self, model: str) -> bool:
        name = self.model.casefold()
        return model.casefold().startswith(name[:-1]) if name.endswith("*") else model.casefold() == name


@dataclass(frozen=True, slots=True)
class PriceNotes:
    """`cached_as_input`: no cached discount. `one_context_price`: long context costs what short costs."""

    aliases: tuple[ModelAlias, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    cached_as_input: tuple[ModelNote, ...] = ()
    one_context_price: tuple[ModelNote, ...] = ()
    late_changes: tuple[LateChange, ...] = ()

    def alias(self, model: str, version: str | None, fine_tuned: bool) -> ModelAlias | None:
        return next((one for one in self.aliases if one.serves(model, version, fine_tuned)), None)
