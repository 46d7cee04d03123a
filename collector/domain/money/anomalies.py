"""Days that cost what nobody would have expected, and why a period cost more or less than another.

A change splits into volume (more or fewer units at the old average price), price (the same
thing at another price) and mix (other things than before); the three sum to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from collector.domain.daily_series import TINY, WEEK, filled, weekday_factors

Part = Literal["volume", "price", "mix"]
Floats = NDArray[np.float64]

_LEARNS_FROM: Final = 28
_STRANGE: Final = 5.0
_LEAST_SHARE: Final = 0.25
_STEADIEST: Final = 0.05
_EXACT: Final = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day whose cost lies far outside what its weekday and the weeks before let expect.

    `strangeness` is its distance in usual deviations, signed.
    """

    day: date
    cost: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    strangeness: float


@dataclass(frozen=True, slots=True)
class CostPart:
    """What one thing (a model, SKU and kind, say) took and cost; its unit says what may be summed."""

    key: str
    unit: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class PartChange:
    key: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Variance:
    """Why one period cost other than another: `volume + price + mix == after - before`, exactly.

    `changes` names every part whose cost moved, the largest move first.
    """

    before: Decimal
    after: Decimal
    volume: Decimal
    price: Decimal
    mix: Decimal
    changes: tuple[PartChange, ...]

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    @property
    def main_cause(self) -> Part | None:
        """The part that explains most of the change in its direction, None where nothing changed."""
        if not self.change:
            return None
        sign = 1 if self.change > 0 else -1
        parts: tuple[tuple[Part, Decimal], ...] = (
            ("volume", self.volume),
            ("price", self.price),
            ("mix", self.mix),
        )
        return max(parts, key=lambda part: part[1] * sign)[0]


def anomalies(
    costs: Mapping[date, Decimal | None], *, since: date | None = None, least: Decimal = Decimal(1)
) -> tuple[Anomaly, ...]:
    """The strange days of a daily cost in one currency, oldest first, from `since` on.

    Each day is judged only by the days before it (four weeks at least). A day is strange if it
    is off by five usual deviations, by a quarter of what was expected, and by `least` in money.
    """
    known = sorted(day for day, cost in costs.items() if cost is not None)
    if len(known) <= _LEARNS_FROM:
        return ()
    first = known[0]
    days = (known[-1] - first).days + 1
    daily = [costs.get(first + timedelta(days=day)) for day in range(days)]
    series = filled([None if cost is None else float(cost) for cost in daily])
    start = max(_LEARNS_FROM, 0 if since is None else (since - first).days)
    found: list[Anomaly] = []
    for index in range(start, days):
        cost = daily[index]
        if cost is not None:
            judged = _judged(first + timedelta(days=index), cost, series[:index], least)
            found += [judged] if judged else []
    return tuple(found)


def variance(before: Iterable[CostPart], after: Iterable[CostPart]) -> Variance:
    """The change between two periods in one currency, split into volume, price and mix.

    Quantities are summed only within a unit. Something new or gone is mix where its unit was in
    use before, and volume where the unit itself is new or gone.
    """
    old, new = _by_key(before), _by_key(after)
    volume = price = mix = Decimal(0)
    for unit in sorted({unit for unit, _ in (*old, *new)}):
        was = {key: part for (of, key), part in old.items() if of == unit}
        now = {key: part for (of, key), part in new.items() if of == unit}
        unit_volume, unit_price, change = _unit_split(was, now)
        volume, price = volume + unit_volume, price + unit_price
        mix += change - unit_volume - unit_price
    return Variance(
        before=sum((part.cost for part in old.values()), Decimal(0)),
        after=sum((part.cost for part in new.values()), Decimal(0)),
        volume=volume,
        price=price,
        mix=mix,
        changes=_changes(old, new),
    )


def usual_parts(days: Sequence[Sequence[CostPart]]) -> tuple[CostPart, ...]:
    """The mean day of several days' parts: what an anomaly is compared with to find its cause."""
    if not days:
        return ()
    summed = _by_key(part for parts in days for part in parts)
    count = len(days)
    return tuple(
        CostPart(
            part.key,
            part.unit,
            (part.quantity / count).quantize(_EXACT),
            (part.cost / count).quantize(_EXACT),
        )
        for part in summed.values()
    )


def _judged(day: date, cost: Decimal, past: Floats, least: Decimal) -> Anomaly | None:
    past = past[-8 * WEEK :]
    season = weekday_factors(past)
    factors = season[np.arange(len(past)) % WEEK]
    today = float(season[len(past) % WEEK])
    level = past[factors > 0.05] / factors[factors > 0.05]
    if level.size < 2 * WEEK:
        return None
    expected = float(np.median(level[-2 * WEEK :])) * today
    deviation = _usual_deviation(level) * max(expected, TINY)
    off = float(cost) - expected
    usual = max(deviation, TINY)
    if abs(off) < _STRANGE * usual or abs(off) < max(_LEAST_SHARE * expected, float(least)):
        return None
    reach = _STRANGE * deviation
    return Anomaly(
        day, cost, _money(expected), _money(max(expected - reach, 0)), _money(expected + reach), off / usual
    )


def _usual_deviation(level: Floats) -> float:
    """How far a day usually lies from the two weeks before it, as a share."""
    if level.size <= 2 * WEEK:
        return 0.2
    before = np.median(np.lib.stride_tricks.sliding_window_view(level, 2 * WEEK)[:-1], axis=1)
    errors = level[2 * WEEK :] / np.maximum(before, TINY) - 1
    return max(1.4826 * float(np.median(np.abs(errors))), _STEADIEST)


def _by_key(parts: Iterable[CostPart]) -> dict[tuple[str, str], CostPart]:
    summed: dict[tuple[str, str], CostPart] = {}
    for part in parts:
        have = summed.get((part.unit, part.key))
        quantity, cost = (have.quantity, have.cost) if have else (Decimal(0), Decimal(0))
        summed[part.unit, part.key] = CostPart(
            part.key, part.unit, quantity + part.quantity, cost + part.cost
        )
    return summed


def _unit_split(was: Mapping[str, CostPart], now: Mapping[str, CostPart]) -> tuple[Decimal, Decimal, Decimal]:
    """Volume, price and whole change of the parts that share a unit."""
    cost_before = sum((part.cost for part in was.values()), Decimal(0))
    cost_after = sum((part.cost for part in now.values()), Decimal(0))
    quantity_before = sum((part.quantity for part in was.values()), Decimal(0))
    quantity_after = sum((part.quantity for part in now.values()), Decimal(0))
    change = cost_after - cost_before
    if not quantity_before or not quantity_after:
        return (
            (change, Decimal(0), change)
            if quantity_before != quantity_after
            else (Decimal(0), change, change)
        )
    volume = ((quantity_after - quantity_before) * cost_before / quantity_before).quantize(_EXACT)
    price = sum(
        (
            part.cost - (was[key].cost * part.quantity / was[key].quantity).quantize(_EXACT)
            for key, part in now.items()
            if key in was and was[key].quantity and part.quantity
        ),
        Decimal(0),
    )
    return volume, price, change


def _changes(
    old: Mapping[tuple[str, str], CostPart], new: Mapping[tuple[str, str], CostPart]
) -> tuple[PartChange, ...]:
    moved: list[PartChange] = []
    for at in {*old, *new}:
        before = old[at].cost if at in old else Decimal(0)
        after = new[at].cost if at in new else Decimal(0)
        if before != after:
            moved.append(PartChange(at[1], before, after))
    return tuple(sorted(moved, key=lambda part: (-abs(part.change), part.key)))


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))
