"""Sums of cost by currency, by key and by day, and the layers of a stacked chart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from collector.domain.periods import Window
from collector.store.reads.cost import OTHERS, CostSlice, CostTotal, DailyCost, Dimension
from dashboard.periods import Period
from dashboard.words import cost as words

LARGEST = 8
"""Series that a stacked chart can tell apart; the rest becomes one."""

Names = Mapping[str, str]
"""What a key is called: subscription ids and ARM ids have a name."""


@dataclass(frozen=True, slots=True)
class Series:
    """One layer of a stacked chart; `rest` is what is left when the largest are named."""

    name: str
    values: tuple[Decimal, ...]
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    currency: str
    days: tuple[date, ...]
    series: tuple[Series, ...]
    partial: date | None

    @property
    def total(self) -> Decimal:
        return sum((value for one in self.series for value in one.values), Decimal(0))


def currencies_of(slices: Iterable[CostSlice]) -> tuple[str, ...]:
    """Those that bear charges, the largest amount first (amounts of different currencies are only ranked)."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for part in slices:
        sums[part.currency] += part.cost
    return tuple(sorted(sums, key=lambda currency: -sums[currency]))


def largest_keys(slices: Iterable[CostSlice]) -> list[str]:
    """What a stacked chart tells apart, of each currency."""
    found: dict[str, list[str]] = defaultdict(list)
    for part in slices:
        if part.key is not None and len(found[part.currency]) < LARGEST:
            found[part.currency].append(part.key)
    return [key for keys in found.values() for key in keys]


def slices_of(daily: Iterable[DailyCost]) -> list[CostSlice]:
    """The same sums over the whole period, largest first, without asking again."""
    found: dict[tuple[str | None, str], list[Any]] = defaultdict(
        lambda: [Decimal(0), Decimal(0), Decimal(0), 0]
    )
    for part in daily:
        sums = found[part.key, part.currency]
        for place, value in enumerate((part.cost, part.low, part.high, part.tokens)):
            sums[place] += value
    slices = [CostSlice(key, currency, *sums) for (key, currency), sums in found.items()]
    return sorted(slices, key=lambda part: (part.currency, -part.cost, part.key or ""))


def cost_within(daily: Iterable[DailyCost], window: Window | None, currency: str) -> Decimal | None:
    """The sum of the window's days; None without a window."""
    if window is None:
        return None
    days = (part for part in daily if part.currency == currency)
    return sum(
        (part.cost for part in days if window.start.date() <= part.day < window.end.date()), Decimal(0)
    )


def sums_by_currency(daily: Iterable[DailyCost]) -> dict[str, tuple[Decimal, Decimal, Decimal, int]]:
    """Cost, low, high and tokens of each currency; different currencies are never added."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for part in daily:
        sums = found[part.currency]
        for place, value in enumerate((part.cost, part.low, part.high, Decimal(part.tokens))):
            sums[place] += value
    return {currency: (cost, low, high, int(tokens)) for currency, (cost, low, high, tokens) in found.items()}


def day_totals(daily: Iterable[DailyCost], currency: str) -> dict[date, Decimal]:
    found: dict[date, Decimal] = defaultdict(Decimal)
    for part in daily:
        if part.currency == currency:
            found[part.day] += part.cost
    return dict(found)


def days_of(period: Period) -> tuple[date, ...]:
    return tuple(period.first_day + timedelta(days=step) for step in range(period.days))


def stack(
    daily: Iterable[DailyCost], period: Period, currency: str, today: date, names: Names, dimension: Dimension
) -> Stack:
    """The largest keys over the period as layers of their own, the others together; a day without charge is 0."""
    days = days_of(period)
    by_key: dict[str | None, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for part in daily:
        by_key[part.key][part.day] += part.cost
    ranked = sorted(
        (key for key in by_key if key != OTHERS), key=lambda key: (-sum(by_key[key].values()), key or "")
    )
    shown = ranked if len(ranked) <= LARGEST + 1 else ranked[:LARGEST]
    rest = [*ranked[len(shown) :], *([OTHERS] if OTHERS in by_key else [])]
    series = [
        Series(label(key, names, dimension), tuple(by_key[key].get(day, Decimal(0)) for day in days))
        for key in shown
    ]
    if rest:
        left = tuple(sum((by_key[key].get(day, Decimal(0)) for key in rest), Decimal(0)) for day in days)
        series.append(Series(words.OTHERS_TOGETHER, left, rest=True))
    return Stack(currency, days, tuple(series), today if today in days else None)


def label(key: str | None, names: Names, dimension: Dimension) -> str:
    """A key as people call it; what has no key says so."""
    if key is None or key == "":
        return words.NO_KEY.get(dimension, words.UNNAMED)
    if dimension == "deployment" and "/deployments/" in key:
        account, _, name = key.partition("/deployments/")
        return f"{names.get(account, account.rpartition('/')[2])} / {name}"
    return names.get(key, words.KINDS.get(key, key) if dimension == "kind" else key)


def amount_in(totals: Iterable[CostTotal], currency: str) -> Decimal | None:
    return next((total.cost for total in totals if total.currency == currency), None)
