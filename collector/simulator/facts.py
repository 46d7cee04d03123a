"""What the pretend Azure knows about models, quota lines and meters: compact facts with their source in data/."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

CLASS_OF_SKU = {
    "Standard": "regional",
    "ProvisionedManaged": "regional",
    "GlobalStandard": "global",
    "GlobalBatch": "global",
    "GlobalProvisionedManaged": "global",
    "DeveloperTier": "global",
    "DataZoneStandard": "datazone",
    "DataZoneBatch": "datazone",
    "DataZoneProvisionedManaged": "datazone",
}
# Input tokens a minute that one PTU carries, and how many input tokens one output token weighs.
# Figures as documented for provisioned throughput in 2025-2026; the simulator's limiter is built on them.
PTU_THROUGHPUT = {
    "gpt-4o": (2500, 4),
    "gpt-4o-mini": (37000, 4),
    "gpt-4.1": (3000, 4),
    "gpt-4.1-mini": (14900, 4),
    "gpt-5": (4750, 8),
    "gpt-5-mini": (23750, 8),
    "gpt-5.4": (2400, 6),
}
# Hours east of Greenwich of the offices that use a location (no daylight saving: the shape is what matters).
OFFICE_HOURS_OFFSET = {
    "eastus2": -5,
    "centralus": -6,
    "swedencentral": 1,
    "westeurope": 1,
    "francecentral": 1,
    "uksouth": 0,
    "japaneast": 9,
    "australiaeast": 10,
}
DISPLAY_LOCATION = {
    "eastus2": "EastUS2",
    "centralus": "CentralUS",
    "swedencentral": "SwedenCentral",
    "westeurope": "WestEurope",
    "francecentral": "FranceCentral",
    "uksouth": "UKSouth",
    "japaneast": "JapanEast",
    "australiaeast": "AustraliaEast",
}
SPACED_LOCATION = {
    "eastus2": "East US 2",
    "centralus": "Central US",
    "swedencentral": "Sweden Central",
    "westeurope": "West Europe",
    "francecentral": "France Central",
    "uksouth": "UK South",
    "japaneast": "Japan East",
    "australiaeast": "Australia East",
}
METERS_NAMESPACE = uuid.UUID("5d0c5d6e-9a0f-5b0e-8f0a-2f6d3c1b7a90")


@dataclass(frozen=True, slots=True)
class SkuFact:
    name: str
    usage_name: str
    minimum: int | None
    maximum: int | None
    step: int | None
    default: int | None
    ends_on: str | None
    requests: tuple[int, int] | None
    tokens: tuple[int, int] | None
    cost_names: tuple[str, ...]

    @property
    def fine_tuned(self) -> bool:
        return self.usage_name.casefold().endswith("-finetune") or self.name == "DeveloperTier"

    def rpm(self, capacity: int) -> int | None:
        return None if self.requests is None else self.requests[0] * capacity * 60 // self.requests[1]

    def tpm(self, capacity: int) -> int | None:
        return None if self.tokens is None else self.tokens[0] * capacity * 60 // self.tokens[1]


@dataclass(frozen=True, slots=True)
class Replacement:
    """What Azure moves deployments to, and when: on a day by one upgrade option, days before the end by the other."""

    model: str
    version: str
    starts_on: str
    lead_days: int


@dataclass(frozen=True, slots=True)
class ModelFact:
    format: str
    name: str
    version: str
    is_default: bool
    status: str
    created_on: str
    inference: str | None
    fine_tune: str | None
    capabilities: Mapping[str, str]
    kinds: tuple[str, ...]
    skus: tuple[SkuFact, ...]
    replacement: Replacement | None = None

    def sku(self, name: str, fine_tuned: bool = False) -> SkuFact:
        for sku in self.skus:
            if sku.name == name and sku.fine_tuned == fine_tuned:
                return sku
        raise LookupError(f"{self.name} {self.version}: no SKU {name} (fine-tuned: {fine_tuned})")


@dataclass(frozen=True, slots=True)
class Move:
    """From this day on the models list says `after`; before it said `before`."""

    on: date
    model: str
    version: str
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter name of the feed with what it stands for: the simulator's own label."""

    name: str
    product: str
    unit: str
    model: str
    version: str
    sku_class: str
    kind: str
    tier: str
    context: str
    fine_tuned: bool
    prices: Mapping[str, tuple[Decimal, date]]

    @property
    def units_per_price(self) -> int:
        return {"1K": 1000, "1M": 1_000_000, "100": 100}.get(self.unit, 1)

    def meter_id(self, location: str) -> str:
        return str(uuid.uuid5(METERS_NAMESPACE, f"{self.product}|{self.name}|{location}"))


@cache
def _document(name: str) -> dict[str, Any]:
    return json.loads(files("collector.simulator").joinpath("data", name).read_text(encoding="utf-8"))


def _pair(value: list[int] | None) -> tuple[int, int] | None:
    return None if value is None else (value[0], value[1])


def _sku(row: dict[str, Any]) -> SkuFact:
    limits = row.get("limits") or [None, None]
    generic = ("CachedContextToken", "NoCachedContextToken", "GeneratedToken")
    names = ("Hosting",) if "Provisioned" in row["name"] else generic
    minimum, maximum, step, default = row["cap"]
    return SkuFact(
        row["name"],
        row["usage"],
        minimum,
        maximum,
        step,
        default,
        row["ends"],
        _pair(limits[0]),
        _pair(limits[1]),
        tuple(dict.fromkeys(row.get("costs", names))),
    )


@cache
def models() -> tuple[ModelFact, ...]:
    return tuple(
        ModelFact(
            row["format"],
            row["name"],
            row["version"],
            row["default"],
            row["status"],
            row["created"],
            row["inference"],
            row["finetune"],
            row["capabilities"],
            tuple(row["kinds"]),
            tuple(_sku(sku) for sku in row["skus"]),
            Replacement(*row["replacement"]) if "replacement" in row else None,
        )
        for row in _document("models.json")["models"]
    )


@cache
def model(name: str, version: str) -> ModelFact:
    return next(m for m in models() if (m.name, m.version) == (name, version))


@cache
def moves() -> tuple[Move, ...]:
    return tuple(
        Move(date.fromisoformat(on), name, version, what, before, after)
        for on, name, version, what, before, after in _document("models.json")["moves"]
    )


@cache
def usage_lines() -> tuple[tuple[str, str, int], ...]:
    """usage name, localized text, the limit that was recorded."""
    return tuple((name, text, limit) for name, text, limit in _document("models.json")["usages"])


@cache
def meters() -> tuple[Meter, ...]:
    return tuple(
        Meter(
            row["meter"],
            row["product"],
            row["unit"],
            row["model"],
            row["version"],
            row["class"],
            row["kind"],
            row["tier"],
            row["context"],
            row["ft"],
            {where: (Decimal(price), date.fromisoformat(on)) for where, (price, on) in row["prices"].items()},
        )
        for row in _document("prices.json")["meters"]
    )


@cache
def other_rows() -> tuple[tuple[str, str, str, Decimal, date], ...]:
    """product, meter, unit, price, effective day of rows that nothing in the world uses."""
    return tuple(
        (product, name, unit, Decimal(price), date.fromisoformat(on))
        for product, name, unit, price, on in _document("prices.json")["others"]
    )


@cache
def price_locations() -> Mapping[str, str]:
    """ARM location -> the `location` text of the Retail Prices API."""
    return _document("prices.json")["regions"]


@cache
def _meters_by_label() -> dict[tuple[str, str, str, str, str, str, bool], Meter]:
    return {(m.model, m.version, m.sku_class, m.kind, m.tier, m.context, m.fine_tuned): m for m in meters()}


def meter_for(
    model_name: str,
    version: str,
    sku: str,
    kind: str,
    tier: str = "standard",
    context: str = "short",
    fine_tuned: bool = False,
) -> Meter | None:
    """The meter Azure would bill, or None where this simulator has no such meter."""
    if "Batch" in sku:
        tier = "batch"
    if sku == "DeveloperTier":
        tier = "developer"
    if kind == "ptu_hour":
        model_name, version, tier = "*", "*", "standard"
    label = (model_name, version, CLASS_OF_SKU[sku], kind, tier, context, fine_tuned)
    return _meters_by_label().get(label)
