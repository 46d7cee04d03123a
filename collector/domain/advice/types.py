"""What advice about room is made from, and what it says: plain values, no decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from shlex import quote
from typing import Final, Literal
from uuid import UUID

from collector.domain.advice.latency import LatencyBeside
from collector.domain.room.diagnosis import Cause
from collector.domain.room.fullness import NoDate, UntilFull
from collector.domain.room.ptu import TokenPrices, UnitCurve, UnitSizes, UnitUse
from collector.domain.room.quotas import LineUse, scope_of, zone_of
from collector.domain.types import PROVISIONED_SKUS

AdviceKind = Literal["raise", "move_quota", "move_load", "ask_for_more", "resize_units", "batch", "lower"]

_RESIDES: Final = {
    "location": "in {location} only",
    "data_zone": "anywhere in the {zone} data zone",
    "global": "in any Azure region of the world",
}
_ZONES: Final = {"us": "United States", "eu": "European Union", None: "location's"}


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Steps:
    """The capacities that Azure takes for a model and SKU, in units."""

    minimum: int = 1
    step: int = 1
    maximum: int | None = None

    def up(self, units: Decimal | float) -> int:
        """The smallest capacity that holds so many units, or the largest one on offer."""
        found = UnitSizes(self.minimum, self.step).at_least(float(units))
        return found if self.maximum is None else min(found, self.maximum)

    def down(self, units: Decimal | float) -> int:
        """The largest capacity within so many units, 0 where even the smallest is too large."""
        most = float(units) if self.maximum is None else min(float(units), self.maximum)
        if most < self.minimum:
            return 0
        return self.minimum + math.floor((most - self.minimum) / self.step + 1e-9) * self.step


@dataclass(frozen=True, slots=True)
class Seat:
    """A deployment with what is known of its room over the last `days`; None is unknown.

    `demand_tpm` is the busiest minute had nothing been refused (`unthrottled_peak`), `daily_shares` the busiest minute
    of each whole day, oldest first, as a share of the limit that it came nearest to.
    """

    account_key: UUID
    account: str
    deployment: str
    subscription_id: str
    location: str
    model: str
    version: str | None
    sku: str
    format: str = "OpenAI"
    usage_name: str | None = None
    units: int | None = None
    limit_tpm: int | None = None
    limit_rpm: int | None = None
    tpm_per_unit: Decimal | None = None
    rpm_per_unit: Decimal | None = None
    steps: Steps = Steps()
    days: int = 0
    minute_coverage: float | None = None
    peak_tpm: int | None = None
    peak_rpm: int | None = None
    p99_tpm: int | None = None
    demand_tpm: int | None = None
    requests: int = 0
    throttled: int = 0
    throttled_at_limit: int = 0
    cause: Cause | None = None
    until_full: UntilFull | NoDate | None = None
    daily_shares: tuple[float | None, ...] = ()
    cost_per_month: Money | None = None
    batchable_share: float | None = None
    unit_use: UnitUse | None = None
    unit_curve: UnitCurve | None = None
    latency: LatencyBeside | None = None

    @property
    def provisioned(self) -> bool:
        return self.sku in PROVISIONED_SKUS

    @property
    def tokens_per_unit(self) -> Decimal | None:
        """Tokens a minute per unit as the models list states it, else as the limit of this deployment shows it."""
        return self.tpm_per_unit or _per_unit(self.limit_tpm, self.units)

    @property
    def requests_per_unit(self) -> Decimal | None:
        return self.rpm_per_unit or _per_unit(self.limit_rpm, self.units)

    @property
    def binding(self) -> Literal["tpm", "rpm", "ptu"] | None:
        """The limit that the busiest minute came nearest to."""
        return max(self._shares, key=lambda found: found[1], default=(None, 0.0))[0]

    @property
    def used_share(self) -> float | None:
        """The busiest minute ÷ the limit it came nearest to."""
        return max((share for _, share in self._shares), default=None)

    @property
    def _shares(self) -> list[tuple[Literal["tpm", "rpm", "ptu"], float]]:
        found: list[tuple[Literal["tpm", "rpm", "ptu"], float]] = []
        if self.peak_tpm is not None and self.limit_tpm:
            found.append(("tpm", self.peak_tpm / self.limit_tpm))
        if self.peak_rpm is not None and self.limit_rpm:
            found.append(("rpm", self.peak_rpm / self.limit_rpm))
        if self.unit_use is not None and self.unit_use.peak is not None:
            found.append(("ptu", self.unit_use.peak / 100))
        return found


@dataclass(frozen=True, slots=True)
class Line:
    subscription_id: str
    location: str
    usage_name: str
    use: LineUse


@dataclass(frozen=True, slots=True)
class Place:
    """A location and SKU where a model version could be deployed, with what is free there.

    `free_units` is None where no such line was ever told: Azure tells no line to some subscriptions, which is unknown
    and no limit of 0. `available` is what Azure says could be deployed now; `price_ratio` its price ÷ the present one,
    or ÷ the cheapest place where nothing is deployed yet. `ended`: its last day is over.
    `needs_account`: none that lies there takes the model, and
    `accounts_free` may still be made (None is unknown).
    """

    subscription_id: str
    location: str
    sku: str
    model: str
    version: str
    usage_name: str
    free_units: int | None
    tpm_per_unit: Decimal | None
    steps: Steps = Steps()
    available: int | None = None
    price_ratio: float | None = None
    prices: TokenPrices | None = None
    ends_on: str | None = None
    needs_account: bool = False
    accounts_free: int | None = None
    ended: bool = False

    @property
    def closed(self) -> bool:
        """Whether an account would have to be made where Azure lets none be made any more."""
        return self.needs_account and self.accounts_free == 0

    @property
    def by_quota(self) -> int:
        """Units that quota and Azure's capacity leave, whether or not an account lies there."""
        free = self.free_units or 0
        return self.steps.down(free if self.available is None else min(free, self.available))

    @property
    def room(self) -> int:
        """Units that are known to be deployable at once."""
        return 0 if self.closed or self.ended else self.by_quota


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A deployment's capacity before and after, and the command that makes it so."""

    account_key: UUID
    deployment: str
    before: int
    after: int
    tpm_before: int | None
    tpm_after: int | None
    command: str | None


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """The figures that Azure's request form for more quota asks for."""

    subscription_id: str
    location: str
    model: str
    version: str | None
    sku: str
    usage_name: str | None
    current_limit_units: int | None
    requested_limit_units: int
    requested_tpm: int | None
    justification: str


@dataclass(frozen=True, slots=True)
class Evidence:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do. `effect_tpm` is tokens a minute gained where it hurts, or set free by `lower`.

    `saves` is money per month, negative where it costs; None where the price is unknown or nothing
    is paid for it. `urgency`: 0 throttled now, 1 full soon, 2 saves money, 3 tidies up.
    """

    kind: AdviceKind
    account_key: UUID
    deployment: str
    summary: str
    effect_tpm: int | None
    saves: Money | None
    evidence: tuple[Evidence, ...]
    assumption: str
    urgency: int
    changes: tuple[UnitChange, ...] = ()
    residency: str | None = None
    place: Place | None = None
    request: QuotaRequest | None = None


def unit_change(seat: Seat, after: int, *, before: int | None = None) -> UnitChange:
    """A change of capacity, its limits and the command for it."""
    per_unit = seat.tokens_per_unit
    return UnitChange(
        account_key=seat.account_key,
        deployment=seat.deployment,
        before=(seat.units or 0) if before is None else before,
        after=after,
        tpm_before=seat.limit_tpm,
        tpm_after=None if per_unit is None else int(per_unit * after),
        command=_command(seat, after),
    )


def residency_change(sku: str, location: str, to_sku: str, to_location: str) -> str | None:
    """Where prompts would be processed from then on; None where nothing changes."""
    before, after = resides(sku, location), resides(to_sku, to_location)
    if before == after and location == to_location:
        return None
    stored = "" if location == to_location else f" Data at rest would lie in {to_location}."
    if before == after:
        return f"Prompts and answers stay {after}.{stored}"
    return f"Prompts and answers would be processed {after}, today {before}.{stored}"


def resides(sku: str, location: str) -> str:
    """Where prompts and answers are processed, to be read after "processed"."""
    reach = scope_of(f"x.{sku}", location).reach
    return _RESIDES[reach].format(location=location, zone=_ZONES[zone_of(location)])


def _per_unit(limit: int | None, units: int | None) -> Decimal | None:
    return Decimal(limit) / units if limit and units else None


def _command(seat: Seat, units: int) -> str | None:
    """The Azure CLI sets the capacity of a deployment by creating it again under its name."""
    parts = seat.account.split("/")
    if len(parts) < 9 or seat.version is None:
        return None
    told = {
        "subscription": seat.subscription_id,
        "resource-group": parts[4],
        "name": parts[8],
        "deployment-name": seat.deployment,
        "model-format": seat.format,
        "model-name": seat.model,
        "model-version": seat.version,
        "sku-name": seat.sku,
        "sku-capacity": str(units),
    }
    options = " ".join(f"--{name} {quote(value)}" for name, value in told.items())
    return f"az cognitiveservices account deployment create {options}"
