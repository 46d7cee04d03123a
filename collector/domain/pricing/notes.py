"""What names alone cannot tell, as dated and sourced facts; the data lies in `catalog/`."""

from dataclasses import dataclass

from collector.domain.pricing.stems import Stem, model_stem


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

    @property
    def stem(self) -> Stem:
        return model_stem(self.meter_model)


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

    def alias(self, model: str, version: str | None, fine_tuned: bool) -> ModelAlias | None:
        return next((one for one in self.aliases if one.serves(model, version, fine_tuned)), None)
