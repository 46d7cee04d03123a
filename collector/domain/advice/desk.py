"""Quota that is still free to give away while recommendations are made: what one takes, no other is promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from collector.domain.advice.need import LOWERED_SHARE, evidence_of, spare_units
from collector.domain.advice.types import Line, Place, Recommendation, Seat, unit_change
from collector.domain.room.quotas import scope_of

_LEAST_FREED: Final = Decimal("0.1")

LineKey = tuple[str, str, str]


@dataclass(slots=True)
class Desk:
    """What is still free to give away while recommendations are made."""

    lines: dict[LineKey, Line]
    donors: dict[LineKey, list[Seat]]
    places: dict[tuple[str, str], list[Place]]
    taken: dict[LineKey, int] = field(default_factory=dict[LineKey, int])
    given: dict[tuple[object, str], int] = field(default_factory=dict[tuple[object, str], int])

    @classmethod
    def of(cls, seats: Sequence[Seat], lines: Iterable[Line], places: Iterable[Place]) -> Desk:
        donors: dict[LineKey, list[Seat]] = {}
        for seat in seats:
            key = line_key(seat)
            if key is not None and spare_units(seat) > 0:
                donors.setdefault(key, []).append(seat)
        for found in donors.values():
            found.sort(key=spare_units, reverse=True)
        where: dict[tuple[str, str], list[Place]] = {}
        for place in places:
            where.setdefault((place.model, place.version), []).append(place)
        known = {(line.subscription_id, line.location, line.usage_name.casefold()): line for line in lines}
        return cls(lines=known, donors=donors, places=where)

    def free(self, key: LineKey) -> int:
        line = self.lines.get(key)
        return 0 if line is None else max(0, int(line.use.free) - self.taken.get(_pool_key(key), 0))

    def room(self, place: Place) -> int:
        return place.steps.down(max(0, place.room - self.taken.get(_pool_key(place_key(place)), 0)))

    def take(self, key: LineKey, units: int) -> None:
        """Spent for every line that may share the pool, so that nothing is promised twice."""
        self.taken[_pool_key(key)] = self.taken.get(_pool_key(key), 0) + units

    def lowered(self, seat: Seat) -> Recommendation | None:
        """Give back what was never needed, less what another recommendation already gave away."""
        given = self.given.get((seat.account_key, seat.deployment), 0)
        before = (seat.units or 0) - given
        spare = spare_units(seat) - given
        after = before - spare
        if spare <= 0 or spare < before * _LEAST_FREED:
            return None
        per_unit = seat.tokens_per_unit
        never = "was not used" if not seat.peak_tpm and not seat.peak_rpm else "never needed more"
        return Recommendation(
            kind="lower",
            account_key=seat.account_key,
            deployment=seat.deployment,
            summary=f"Lower {seat.deployment} from {before:,} to {after:,} units: it {never} in {seat.days} days.",
            effect_tpm=None if per_unit is None else int(per_unit * spare),
            saves=None,
            evidence=evidence_of(seat),
            assumption=f"The coming weeks are no busier than the last {seat.days} days by more than "
            f"{int((1 / LOWERED_SHARE - 1) * 100)} %.",
            urgency=3,
            changes=(unit_change(seat, after, before=before),),
        )


def line_key(seat: Seat) -> LineKey | None:
    if seat.usage_name is None:
        return None
    return (seat.subscription_id, seat.location, seat.usage_name.casefold())


def place_key(place: Place) -> LineKey:
    return (place.subscription_id, place.location, place.usage_name.casefold())


def _pool_key(key: LineKey) -> LineKey:
    subscription_id, location, usage_name = key
    return (subscription_id, scope_of(usage_name, location).pool or location, usage_name)
