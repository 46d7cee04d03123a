"""What a test lets happen in a world, each thing on its day: instead of the usual cast and the world's own moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from collector.simulator.facts import Replacement
from collector.simulator.plan import Plan


@dataclass(frozen=True, slots=True)
class DateMove:
    """From its day on the models list gives a model's SKU another date; `sku` None: the model's own and every SKU's."""

    on: date
    model: str
    version: str
    ends_on: str
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """From its day on the models list names whom a model is replaced by."""

    on: date
    model: str
    version: str
    replacement: Replacement


@dataclass(frozen=True, slots=True)
class Surge:
    """From `since` to `until` (open) a role's callers send so many times as much as usual."""

    role: str
    since: date
    until: date
    times: float


@dataclass(frozen=True, slots=True)
class Story:
    """`limits` are those of a quota line from a day on, by its usage name, in the order of their days."""

    cast: tuple[Plan, ...]
    moves: tuple[DateMove, ...] = ()
    named: tuple[Named, ...] = ()
    surges: tuple[Surge, ...] = ()
    limits: Mapping[str, tuple[tuple[date, int], ...]] = field(
        default_factory=dict[str, tuple[tuple[date, int], ...]]
    )

    def times_as_busy(self, role: str, day: date) -> float:
        return next((s.times for s in self.surges if s.role == role and s.since <= day < s.until), 1.0)

    def limit(self, usage_name: str, day: date) -> int | None:
        """The limit in force, None where the story says nothing of the line."""
        said = [limit for since, limit in self.limits.get(usage_name, ()) if since <= day]
        return said[-1] if said else None
