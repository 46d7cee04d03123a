"""Quota lines: the unit and scope of a line, who holds it, what is free, unexplained or unused.

A line's unit stands only in its text, and one unit may be 1,000, 6,000 or 10,000 tokens; a
text that names no unit gives none, and then only shares of the line can be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal
from uuid import UUID

from collector.domain.types import location_key

UnitName = Literal[
    "tokens_per_minute", "requests_per_minute", "enqueued_tokens", "ptu", "accounts", "deployments"
]
Reach = Literal["location", "global", "data_zone"]

PURGED_AFTER: Final = timedelta(hours=48)
"""A deleted account that still had deployments keeps their quota this long."""

_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "hundred": 100}
_RATE: Final = re.compile(
    r"(?P<queued>enqueued (?:prompt )?)?(?:(?P<number>[a-z]+) )?(?P<thousand>thousand )?"
    r"tokens(?P<rate> per minute)?(?P<in_thousands> \(thousands\))?"
)
_PTU: Final = re.compile(r"(?:global |data ?zone )?provisioned (?:managed )?throughput units?")
_ACCOUNTS: Final = re.compile(r"maximum resources (?:per region|for \w+ s0 sku\.?)")
_DEPLOYMENTS: Final = re.compile(r"(?:\w+ )?fine-tuned deployments")
_EUROPEAN_UNION: Final = (
    *("westeurope", "northeurope", "austria", "belgium", "denmark", "finland", "france", "germany", "greece"),
    *("italy", "poland", "spain", "sweden"),
)
_UNITED_STATES: Final = ("eastus", "westus", "centralus", "northcentralus", "southcentralus", "westcentralus")


@dataclass(frozen=True, slots=True)
class QuotaUnit:
    """What one unit of a line stands for: `per_unit` of `name`."""

    name: UnitName
    per_unit: int


@dataclass(frozen=True, slots=True)
class QuotaScope:
    """How far a line reaches. `may_share_pool`: one pool may stand behind lines of several locations.

    `pool` names that pool (`global`, `data zone us`, ...), None for a line of one location;
    free quota of lines that may share a pool is never summed.
    """

    reach: Reach
    pool: str | None

    @property
    def may_share_pool(self) -> bool:
        return self.pool is not None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one deployment holds of a line, in the line's units, and what it needed at its busiest.

    `needed` is None where its minutes are not known well enough to say.
    """

    account_key: UUID
    deployment: str
    units: Decimal
    needed: Decimal | None = None
    idle: bool = False


@dataclass(frozen=True, slots=True)
class DeletedHold:
    """What a deleted account's last known deployments held of the line."""

    account: str
    units: Decimal
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class LineUse:
    """A quota line read against what we see; every amount in the line's units, None is unknown."""

    unit: QuotaUnit | None
    scope: QuotaScope
    limit: Decimal
    allocated: Decimal
    free: Decimal
    visible: Decimal
    unexplained: Decimal
    held_by_deleted: tuple[DeletedHold, ...]
    over_allocated: Decimal | None
    stranded: Decimal

    @property
    def used_share(self) -> float | None:
        """Allocated ÷ limit; None where the limit is 0."""
        return float(self.allocated / self.limit) if self.limit else None

    def in_unit(self, units: Decimal) -> Decimal | None:
        """Units as tokens or requests a minute, None where the line names no unit."""
        return None if self.unit is None else units * self.unit.per_unit


@dataclass(frozen=True, slots=True)
class LineChange:
    """A limit or an allocation that moved between two readings."""

    at: datetime
    what: Literal["limit", "allocated"]
    before: Decimal
    after: Decimal


def unit_of(localized: str) -> QuotaUnit | None:
    """The unit that a line's English text names; None where it names none or one we do not know."""
    for part in re.split(r"\s+-\s+", localized.strip().casefold()):
        found = _unit(" ".join(part.split()))
        if found is not None:
            return found
    return None


def scope_of(usage_name: str, location: str) -> QuotaScope:
    """How far a line reaches, read from the second part of its name in any spelling."""
    sku = usage_name.split(".")[1].casefold() if "." in usage_name else ""
    if sku.startswith("global"):
        return QuotaScope("global", "global")
    if sku.startswith("datazone"):
        return QuotaScope("data_zone", f"data zone {zone_of(location) or 'unknown'}")
    return QuotaScope("location", None)


def zone_of(location: str) -> Literal["us", "eu"] | None:
    """The data zone of a location, None where there is none."""
    place = location_key(location)
    if place.startswith(_EUROPEAN_UNION):
        return "eu"
    return "us" if place.startswith(_UNITED_STATES) else None


def line_use(
    usage_name: str,
    location: str,
    label: str,
    limit: Decimal,
    current: Decimal,
    holdings: Sequence[Holding],
    *,
    deleted: Sequence[DeletedHold] = (),
    now: datetime,
) -> LineUse:
    """What a line says, against what the deployments we see hold of it.

    Stranded is free quota where no demand is: no deployment holds the line, or all are idle.
    """
    visible = sum((holding.units for holding in holdings), Decimal(0))
    unexplained = current - visible
    free = limit - current
    demand = any(not holding.idle for holding in holdings)
    return LineUse(
        unit=unit_of(label),
        scope=scope_of(usage_name, location),
        limit=limit,
        allocated=current,
        free=free,
        visible=visible,
        unexplained=unexplained,
        held_by_deleted=_fitting(unexplained, deleted, now),
        over_allocated=_over_allocated(holdings),
        stranded=Decimal(0) if demand else max(free, Decimal(0)),
    )


def line_changes(readings: Sequence[tuple[datetime, Decimal, Decimal]]) -> tuple[LineChange, ...]:
    """Every move of a limit or an allocation over (read at, limit, current), oldest first."""
    ordered = sorted(readings, key=lambda reading: reading[0])
    changes: list[LineChange] = []
    for (_, limit, current), (at, limit_after, current_after) in pairwise(ordered):
        if limit != limit_after:
            changes.append(LineChange(at, "limit", limit, limit_after))
        if current != current_after:
            changes.append(LineChange(at, "allocated", current, current_after))
    return tuple(changes)


def _unit(text: str) -> QuotaUnit | None:
    if text == "requests per minute":
        return QuotaUnit("requests_per_minute", 1)
    if _PTU.fullmatch(text):
        return QuotaUnit("ptu", 1)
    if _ACCOUNTS.fullmatch(text):
        return QuotaUnit("accounts", 1)
    if _DEPLOYMENTS.fullmatch(text):
        return QuotaUnit("deployments", 1)
    return _token_unit(text)


def _token_unit(text: str) -> QuotaUnit | None:
    found = _RATE.fullmatch(text)
    if found is None or not (found["queued"] or found["rate"]):
        return None
    number, thousand = found["number"], found["thousand"]
    if number == "thousand" and not thousand:
        number, thousand = None, "thousand "
    if (number is not None and number not in _NUMBERS) or (thousand and found["in_thousands"]):
        return None
    per_unit = _NUMBERS[number] if number else 1
    per_unit *= 1000 if thousand or found["in_thousands"] else 1
    return QuotaUnit("enqueued_tokens" if found["queued"] else "tokens_per_minute", per_unit)


def _fitting(unexplained: Decimal, deleted: Sequence[DeletedHold], now: datetime) -> tuple[DeletedHold, ...]:
    """The freshly deleted accounts that what is unexplained has room for, newest first."""
    left, found = unexplained, list[DeletedHold]()
    for hold in sorted(deleted, key=lambda hold: hold.deleted_at, reverse=True):
        if timedelta(0) <= now - hold.deleted_at < PURGED_AFTER and 0 < hold.units <= left:
            found.append(hold)
            left -= hold.units
    return tuple(found)


def _over_allocated(holdings: Sequence[Holding]) -> Decimal | None:
    known = [holding for holding in holdings if holding.needed is not None]
    if not known:
        return None
    return sum(
        (max(holding.units - (holding.needed or Decimal(0)), Decimal(0)) for holding in known), Decimal(0)
    )
