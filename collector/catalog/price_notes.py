"""The shipped facts about prices that meter names cannot tell."""

from datetime import date
from importlib import resources
from typing import Any, cast

import orjson

from collector.domain.pricing.notes import Doubt, LateChange, ModelAlias, ModelNote, PriceNotes


def load_price_notes() -> PriceNotes:
    """Aliases, doubted meters and billing notes, each with its source in words."""
    raw = orjson.loads(resources.files("collector.catalog").joinpath("data/price_notes.json").read_bytes())
    sources = cast("dict[str, str]", raw["sources"])
    return PriceNotes(
        aliases=tuple(_alias(row, sources) for row in raw["aliases"]),
        doubts=tuple(
            Doubt(
                meter_model=row["meter_model"],
                tuning=row["tuning"],
                kinds=tuple(row["kinds"]),
                reason=row["reason"],
                source=sources[row["source"]],
                tier=row.get("tier"),
                versioned=row.get("versioned"),
            )
            for row in raw["doubts"]
        ),
        cached_as_input=_notes(raw["cached_as_input"], sources),
        one_context_price=_notes(raw["one_context_price"], sources),
        late_changes=tuple(
            LateChange(
                held_until=date.fromisoformat(row["held_until"]),
                source=sources[row["source"]],
                meter_model=row.get("meter_model"),
                kind=row.get("kind"),
                scopes=tuple(row.get("scopes", ())),
            )
            for row in raw["late_changes"]
        ),
    )


def _alias(row: dict[str, Any], sources: dict[str, str]) -> ModelAlias:
    return ModelAlias(
        model=row["model"],
        meter_model=row["meter_model"],
        source=sources[row["source"]],
        versions=tuple(row.get("versions", ())),
        fine_tuned=row.get("fine_tuned"),
        versioned=row.get("versioned"),
    )


def _notes(rows: list[dict[str, str]], sources: dict[str, str]) -> tuple[ModelNote, ...]:
    return tuple(ModelNote(model=row["model"], source=sources[row["source"]]) for row in rows)
