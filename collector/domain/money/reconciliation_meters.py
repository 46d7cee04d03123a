"""Which family a billed meter belongs to: a model under a deployment type, the same words for estimate and bill.

Cached, uncached and long-context tokens of one model lie in one family, since metrics cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from collector.domain.pricing import MeterMeaning, PriceNotes, PriceRow, parse_meter, sku_terms
from collector.domain.pricing.stems import model_stem

_SCOPES: Final = {"global": "Global", "datazone": "Data Zone", "regional": "Standard", "legacy": "classic"}
_GUESSED_PRODUCT: Final = "Azure OpenAI"
_BY_NAME: Final = "name:"
_GROUPS: Final = {
    "cached_input": "input",
    "cache_write": "input",
    "cached_audio_input": "audio_input",
    "cached_image_input": "image_input",
    "image_output": "image",
    "training_token": "training",
    "training_hour": "training",
}


@dataclass(frozen=True, slots=True, order=True)
class Family:
    """A model under a deployment type. Without a stem it is provisioned throughput, which names no model."""

    stem: tuple[str, ...]
    scope: str
    batch: bool = False
    tuned: bool = False

    def __str__(self) -> str:
        return self.named("-".join(self.stem) or "Provisioned")

    def named(self, model: str) -> str:
        """The family in words, its model called so."""
        words = f"{model} {_SCOPES.get(self.scope, self.scope)}".strip()
        return words + (", batch" if self.batch else "") + (", fine-tuned" if self.tuned else "")


@dataclass(frozen=True, slots=True)
class BilledMeter:
    """What a billed meter counts: `divisor` base units (tokens, hours) in each billed unit.

    Without a family it is another publisher's, or a name that we cannot read; `label` is then its own name.
    """

    label: str
    family: Family | None
    kind: str
    tier: str
    context: str
    divisor: Decimal
    name: str

    @property
    def group(self) -> str:
        return direction(self.kind)


def direction(kind: str) -> str:
    """What metrics count as one: cached and written tokens are input, images and their tokens are images."""
    return _GROUPS.get(kind, kind)


def key_of_nameless(meter: str | None) -> str:
    """How the store keys a billed line that Azure gave no meter id."""
    return f"{_BY_NAME}{meter.casefold()}" if meter else ""


class MeterBook:
    """Meters by id and by name, as the price lists describe them."""

    def __init__(self, rows: Iterable[PriceRow], notes: PriceNotes | None = None) -> None:
        self._notes = notes or PriceNotes()
        self._by_id: dict[str, list[PriceRow]] = {}
        self._by_name: dict[str, PriceRow] = {}
        self._read: dict[tuple[str, str], BilledMeter] = {}
        for row in rows:
            if row.type != "Consumption":
                continue
            if row.meter_id:
                self._by_id.setdefault(row.meter_id.lower(), []).append(row)
            self._by_name.setdefault(row.meter_name.casefold(), row)

    def billed(self, meter_id: str, name: str | None) -> BilledMeter:
        """The meaning of a billed meter; the name that the bill bears goes before the one that its id once had."""
        key = (meter_id.lower(), name or "")
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = self._meant(*key)
        return found

    def family_of(
        self,
        model: str,
        version: str | None,
        sku: str,
        *,
        base_model: str | None = None,
        base_version: str | None = None,
    ) -> Family | None:
        """The family that a deployment's use is billed under; None for a SKU that we do not know."""
        terms = sku_terms(sku)
        if terms is None:
            return None
        if terms.provisioned:
            return Family((), terms.scope)
        tuned = base_model is not None
        known, dated = (base_model or model), (base_version if tuned else version)
        alias = self._notes.alias(known, dated, tuned)
        stem = model_stem(alias.meter_model if alias else known)
        return Family(tuple(stem), terms.scope, terms.tier == "batch", tuned or terms.developer)

    def _meant(self, meter_id: str, name: str) -> BilledMeter:
        told = name or next((row.meter_name for row in self._by_id.get(meter_id, ())), "")
        told = told or meter_id.removeprefix(_BY_NAME)
        for row in self._rows(meter_id, told):
            meaning = parse_meter(row.product, row.meter_name, row.unit_of_measure, row.type)
            if isinstance(meaning, MeterMeaning):
                return _billed(told, meaning)
        guessed = _guessed(told)
        return _billed(told, guessed) if guessed else _other(told)

    def _rows(self, meter_id: str, name: str) -> list[PriceRow]:
        by_id = self._by_id.get(meter_id, [])
        same = [row for row in by_id if row.meter_name.casefold() == name.casefold()]
        by_name = self._by_name.get(name.casefold())
        return same or ([by_name] if by_name else by_id)


def _billed(name: str, meaning: MeterMeaning) -> BilledMeter:
    family = Family(
        tuple(meaning.stem), meaning.scope or "", meaning.tier == "batch", meaning.tuning is not None
    )
    return BilledMeter(
        str(family),
        family,
        meaning.kinds[0],
        meaning.tier,
        meaning.context or "short",
        meaning.divisor,
        name,
    )


def _other(name: str) -> BilledMeter:
    label = f"Other: {name}" if name else "Other: a line without a meter"
    return BilledMeter(label, None, "", "standard", "short", Decimal(1), name)


@cache
def _guessed(name: str) -> MeterMeaning | None:
    """A meter that no price list knows, read by its name alone: its unit is the one its name says."""
    unit = "1M" if "1m tokens" in name.casefold() else "1K" if "token" in name.casefold() else "1 Hour"
    meaning = parse_meter(_GUESSED_PRODUCT, name, unit)
    return meaning if isinstance(meaning, MeterMeaning) else None
