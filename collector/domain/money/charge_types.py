"""Charges, and the deployments and revisions that they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

ESTIMATED: Final = "estimated"
CALIBRATED: Final = "calibrated"


@dataclass(frozen=True, slots=True)
class Revision:
    """What a deployment was from an instant until another; `ends_at` None is in force."""

    starts_at: datetime
    ends_at: datetime | None
    format: str
    model: str
    version: str | None
    sku: str
    capacity: int | None
    base_model: str | None = None
    base_version: str | None = None


@dataclass(frozen=True, slots=True)
class ChargedDeployment:
    """A deployment as charges see it; `deleted_at` ends what is paid by the hour."""

    account_key: UUID
    deployment: str
    location: str
    currency: str
    team: str | None
    created_at: datetime | None
    deleted_at: datetime | None
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """One kind of use of one day. `cost` None is unpriced, with the reason in `why`; `low` and `high` bound it."""

    account_key: UUID
    deployment: str
    day: date
    model: str
    version: str
    sku: str
    kind: str
    tier: str
    currency: str
    location: str
    team: str | None
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    cost: Decimal | None
    low: Decimal | None
    high: Decimal | None
    basis: str
    step: str | None
    meter_id: str | None
    meter_name: str | None
    price_effective_from: datetime | None
    price_captured_at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """What one revision's model version did on a day: quantities by kind."""

    revision: Revision | None
    model: str
    version: str
    quantities: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
