"""What each part of the estate will have cost at the month's end, and which of its days were strange.

The parts are values of one dimension: every subscription, team, deployment. A part's days are those of the estate: on a
day on which others had charges and it had none, it cost nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from collector.domain.money.anomalies import Anomaly, anomalies
from collector.domain.money.forecast import MonthForecast, NoForecast, month_end
from collector.domain.periods import Month

DailyCosts = Mapping[date, Decimal]
_LATELY: Final = 28
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the estate in one currency; `key` None is what bears no such name."""

    key: str | None
    currency: str
    costs: DailyCosts


@dataclass(frozen=True, slots=True)
class Outlook:
    """A part's month: what is known of it, what it may come to, and what the month before came to."""

    key: str | None
    currency: str
    spent: Decimal
    before: Decimal
    forecast: MonthForecast | NoForecast


@dataclass(frozen=True, slots=True)
class StrangeDay:
    key: str | None
    currency: str
    anomaly: Anomaly


def parts_of(
    daily: Iterable[tuple[str | None, str, date, Decimal]],
    known_days: Iterable[date],
    through: date,
) -> list[Part]:
    """Each part's days up to and including `through`, dearest of the last four weeks first."""
    costs: dict[tuple[str | None, str], dict[date, Decimal]] = defaultdict(dict)
    for key, currency, day, cost in daily:
        if day <= through:
            costs[key, currency][day] = costs[key, currency].get(day, _ZERO) + cost
    known = sorted(day for day in set(known_days) if day <= through)
    since = through - timedelta(days=_LATELY)
    parts = [
        Part(key, currency, {day: own.get(day, _ZERO) for day in known if day >= min(own)})
        for (key, currency), own in costs.items()
    ]
    return sorted(
        parts,
        key=lambda part: (
            part.currency,
            -sum((cost for day, cost in part.costs.items() if day > since), _ZERO),
            part.key or "",
        ),
    )


def told_apart(parts: Iterable[Part], most: int, rest: str) -> list[Part]:
    """The dearest `most` of each currency by themselves, the others summed under the key `rest`."""
    found: list[Part] = []
    shown: dict[str, int] = defaultdict(int)
    others: dict[str, dict[date, Decimal]] = {}
    for part in parts:
        if shown[part.currency] < most:
            shown[part.currency] += 1
            found.append(part)
            continue
        sums = others.setdefault(part.currency, {})
        for day, cost in part.costs.items():
            sums[day] = sums.get(day, _ZERO) + cost
    return found + [Part(rest, currency, costs) for currency, costs in others.items()]


def outlooks(parts: Iterable[Part], month: Month, through: date) -> list[Outlook]:
    """The month of every part; where no forecast can be made it says why."""
    before = month.shifted(-1)
    return [
        Outlook(
            part.key,
            part.currency,
            _sum(part.costs, month),
            _sum(part.costs, before),
            month_end(part.costs, month, through),
        )
        for part in parts
    ]


def strange_days(parts: Iterable[Part], since: date, *, least: Decimal = Decimal(1)) -> list[StrangeDay]:
    """The strange days of every part from `since` on, the furthest from what was expected first."""
    found = [
        StrangeDay(part.key, part.currency, one)
        for part in parts
        for one in anomalies(part.costs, since=since, least=least)
    ]
    return sorted(found, key=lambda one: (one.currency, -abs(one.anomaly.cost - one.anomaly.expected)))


def _sum(costs: DailyCosts, month: Month) -> Decimal:
    end = month.shifted(1).first_day
    return sum((cost for day, cost in costs.items() if month.first_day <= day < end), _ZERO)
