"""Model lifecycle facts that ship with us: the fallback where a customer's own models list is silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import cast

import orjson

from collector.catalog.overrides import rows
from collector.domain.endings.offers import BundledModel, Firmness, Lifecycle, OwnDeadline

DEADLINE_KEYS = (
    "model",
    "version",
    "sku",
    "location",
    "ends_on",
    "replacement_model",
    "replacement_version",
    "note",
)


@dataclass(frozen=True, slots=True)
class BundledModels:
    as_of: date
    models: tuple[BundledModel, ...]
    policy: Mapping[str, object]


def load_models() -> BundledModels:
    """The bundled facts, in customer words, with their date."""
    raw = orjson.loads(resources.files("collector.catalog").joinpath("data/models.json").read_bytes())
    sources: dict[str, str] = raw["sources"]
    models = tuple(_model(row, sources) for row in raw["models"])
    return BundledModels(date.fromisoformat(raw["as_of"]), models, raw["policy"])


def own_deadlines(values: Sequence[object]) -> tuple[OwnDeadline, ...]:
    """The configuration's `[[model_deadlines]]`: a company's own days, earlier than Azure's."""
    return tuple(
        OwnDeadline(
            model=row.text("model"),
            ends_on=row.day("ends_on"),
            version=row.maybe_text("version"),
            sku=row.maybe_text("sku"),
            location=_location(row.maybe_text("location")),
            replacement_model=row.maybe_text("replacement_model"),
            replacement_version=row.maybe_text("replacement_version"),
            note=row.maybe_text("note") or "",
        )
        for row in rows("model_deadlines", values, DEADLINE_KEYS)
    )


def _model(row: Mapping[str, object], sources: Mapping[str, str]) -> BundledModel:
    target = cast("Mapping[str, str | None]", row.get("replacement") or {})
    ids = cast("list[str]", row["sources"])
    dates = cast("Mapping[str, str]", row.get("skus") or {})
    return BundledModel(
        model=str(row["model"]),
        version=cast("str | None", row["version"]),
        lifecycle=cast("Lifecycle", row["lifecycle"]),
        retires_on=_maybe_day(row["retires_on"]),
        firmness=cast("Firmness", row["firmness"]),
        replacement_model=target.get("model"),
        replacement_version=target.get("version"),
        fine_tuned_ends_on=_maybe_day(row.get("fine_tuned_ends_on")),
        sku_dates={sku: date.fromisoformat(day) for sku, day in dates.items()},
        source=sources[ids[0]] if ids else "",
    )


def _location(text: str | None) -> str | None:
    return text.replace(" ", "").lower() if text else None


def _maybe_day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
