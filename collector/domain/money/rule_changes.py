"""What charges rest on beside facts: told apart by fingerprint, so that a changed rule takes effect by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any, Final

from collector.domain.money.reservations import Reservation
from collector.domain.money.teams import TeamRules
from collector.domain.pricing import Rate

ARITHMETIC: Final = 1
"""Raised by a release that charges the same facts and rules otherwise, such as by a better reading of meter names."""

NOT_KEPT: Final = "what charges rest on was not kept before"

_REPORTED_ONLY: Final = frozenset({"split", "among", "shares"})
"""How reports part what teams share: no charge knows of it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The days that a rule concerns, both included; None is open."""

    starts_on: date | None = None
    ends_on: date | None = None

    def joined(self, other: Reach) -> Reach:
        """The shortest reach that holds both."""
        return Reach(
            _bound(min, self.starts_on, other.starts_on),
            _bound(max, self.ends_on, other.ends_on),
        )


Rules = Mapping[str, Mapping[str, Reach]]
"""By part (rates, teams, ...) the fingerprint of each rule, and the days that it concerns."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One part that differs from what the stored charges were worked out by; `why` is for people."""

    part: str
    why: str
    reach: Reach


def rates_told(rates: Iterable[Rate]) -> dict[str, Reach]:
    """The most precise rate wins wherever it stands, so their order is nothing."""
    return {_print(one): Reach(one.starts_on, one.ends_on) for one in rates}


def reservations_told(reservations: Sequence[Reservation]) -> dict[str, Reach]:
    """Of equally precise ones the first is used up first, so their order among themselves counts."""
    found: dict[str, Reach] = {}
    before: dict[tuple[str, int], int] = {}
    for one in reservations:
        alike = (one.sku.casefold(), one.precision)
        before[alike] = before.get(alike, 0) + 1
        found[_print((one, before[alike]))] = Reach(one.starts_on, one.ends_on)
    return found


def teams_told(teams: TeamRules) -> dict[str, Reach]:
    """The first rule that fits wins: their order is a part of them."""
    rules = [
        {key: value for key, value in _plain(one).items() if key not in _REPORTED_ONLY} for one in teams.rules
    ]
    return whole([rules, teams.tag_keys])


def set_told(members: Iterable[Any]) -> dict[str, Reach]:
    """Things of which only all together matter, in any order."""
    return {_digest("\n".join(sorted(map(repr, members)))): Reach()}


def whole(value: Any) -> dict[str, Reach]:
    """One thing that concerns every day."""
    return {_print(value): Reach()}


def changed_rules(before: Rules, now: Rules) -> list[RuleChange]:
    """The parts that differ, each with the days that its differing rules concern. A part never told before differs."""
    found: list[RuleChange] = []
    for part, rules in now.items():
        if part not in before:
            found.append(RuleChange(part, NOT_KEPT, Reach()))
            continue
        told = before[part]
        new, gone = rules.keys() - told.keys(), told.keys() - rules.keys()
        if new or gone:
            reaches = [rules[one] for one in new] + [told[one] for one in gone]
            found.append(
                RuleChange(part, _why(part, len(new), len(gone), reaches), reduce(Reach.joined, reaches))
            )
    return found


def _bound(nearest: Callable[[date, date], date], one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else nearest(one, other)


def _why(part: str, new: int, gone: int, reaches: Iterable[Reach]) -> str:
    if all(one == Reach() for one in reaches):
        return f"{part} changed"
    counts = (f"{count} {word}" for count, word in ((new, "new"), (gone, "gone")) if count)
    return f"{part} changed ({', '.join(counts)})"


def _print(value: Any) -> str:
    return _digest(repr(_plain(value)))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """The same for what means the same: 0.50 and 0.5, a tuple and a list."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # of anything
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType]  # of anything
    return str(value) if isinstance(value, date) else value
