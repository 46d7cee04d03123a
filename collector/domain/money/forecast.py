"""What a month will have cost at its end, as an interval, with how wrong such forecasts were before.

Six plain forecasts (the last week again, three memories and two damped trends, all with a weekday
season) are mixed by how well each would have done on this very series, and the interval is read from
the errors the mixture would have made, pooled over horizons and steadied by a little of their usual shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.daily_series import MEMORY, candidate_paths, filled
from collector.domain.money.forecast_trial import Trial
from collector.domain.periods import DAY, Month

LOOKS_BACK: Final = 120
"""Days that a forecast is made from, so that it is the same wherever it is shown."""

_LEAST_DAYS: Final = 35
_LEAST_KNOWN: Final = 0.8
_AS_GOOD: Final = 1.05
_HARDLY: Final = 0.002
"""A forecast that was worse than the plain ways by more than this is not shown."""

_WORTHLESS: Final = 0.5


@dataclass(frozen=True, slots=True)
class SumForecast:
    """The sum of the coming days: in 80 % of cases between low and high.

    `error` is the mean relative error that this way of forecasting made on the series' own past
    at this horizon (or the longest that could be tried), `last_value_error` and
    `seasonal_error` those of repeating the last day and the last week.
    """

    total: float
    low: float
    high: float
    error: float
    last_value_error: float
    seasonal_error: float
    trials: int


@dataclass(frozen=True, slots=True)
class NoForecast:
    """Why no forecast is shown."""

    reason: str


@dataclass(frozen=True, slots=True)
class MonthForecast:
    """What a month will come to: what is known of it and what its other days may add."""

    month: Month
    known: Decimal
    known_days: int
    forecast_days: int
    total: Decimal
    low: Decimal
    high: Decimal
    error: float
    last_value_error: float
    seasonal_error: float


@dataclass(frozen=True, slots=True)
class CourseDay:
    """What a month will have come to by the end of a day: in 80 % of cases between low and high."""

    day: date
    total: Decimal
    low: Decimal
    high: Decimal


def month_end(
    costs: Mapping[date, Decimal | None], month: Month, through: date
) -> MonthForecast | NoForecast:
    """The month's total in one currency, from the daily costs known up to and including `through`.

    A day that is missing or None is unknown, not free; a month in the past has nothing to forecast.
    """
    asked = _asked(costs, month, through)
    if isinstance(asked, NoForecast):
        return asked
    found = forecast_sum(asked.series, asked.ahead)
    if isinstance(found, NoForecast):
        return found
    return MonthForecast(
        month=month,
        known=asked.spent,
        known_days=asked.known_days,
        forecast_days=asked.ahead,
        total=asked.spent + _money(found.total),
        low=asked.spent + _money(found.low),
        high=asked.spent + _money(found.high),
        error=found.error,
        last_value_error=found.last_value_error,
        seasonal_error=found.seasonal_error,
    )


def month_course(
    costs: Mapping[date, Decimal | None], month: Month, through: date
) -> tuple[CourseDay, ...] | NoForecast:
    """The way to `month_end`, day by day; its last day is the month's end itself."""
    asked = _asked(costs, month, through)
    if isinstance(asked, NoForecast):
        return asked
    made = _made(asked.series, asked.ahead)
    if isinstance(made, NoForecast):
        return made
    trial, weights, path = made
    found: list[CourseDay] = []
    for ahead, total in enumerate(np.cumsum(path).tolist(), start=1):
        low, high = trial.interval(weights, ahead)
        sums = (asked.spent + _money(amount) for amount in (total, total * low, total * high))
        found.append(CourseDay(through + timedelta(days=ahead), *sums))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A month's question to the forecast: the series up to today, and how many days are to come."""

    series: list[float | None]
    ahead: int
    spent: Decimal
    known_days: int


def _asked(costs: Mapping[date, Decimal | None], month: Month, through: date) -> _Asked | NoForecast:
    last_day = month.shifted(1).first_day - DAY
    known = {day: cost for day, cost in costs.items() if cost is not None and day <= min(through, last_day)}
    first = min((day for day, cost in costs.items() if cost is not None), default=None)
    if first is None:
        return NoForecast("no day's cost is known")
    if through >= last_day:
        return NoForecast(f"{month} is over")
    days = (through - first).days + 1
    series = [known.get(first + timedelta(days=day)) for day in range(days)]
    series = [None if cost is None else float(cost) for cost in series]
    if refusal := _unfit(series):
        return NoForecast(refusal)
    missed = sum(1 for day in month.days if day <= through and day not in known)
    if missed:
        return NoForecast(f"{missed} of the month's days so far are unknown")
    in_month = [cost for day, cost in known.items() if day >= month.first_day]
    return _Asked(series, (last_day - through).days, sum(in_month, Decimal(0)), len(in_month))


def forecast_sum(daily: Sequence[float | None], ahead: int) -> SumForecast | NoForecast:
    """The sum of the next `ahead` days of a daily series of 0 and more; None is an unknown day."""
    if not 1 <= ahead <= 62:
        raise ValueError(f"ahead={ahead}: expected 1 to 62 days")
    made = _made(daily, ahead)
    if isinstance(made, NoForecast):
        return made
    trial, weights, path = made
    errors, total = trial.errors(weights, ahead), float(path.sum())
    low, high = trial.interval(weights, ahead)
    return SumForecast(
        total=total,
        low=total * low,
        high=total * high,
        error=float(errors[0]),
        last_value_error=float(errors[1]),
        seasonal_error=float(errors[2]),
        trials=trial.count(ahead),
    )


def _made(
    daily: Sequence[float | None], ahead: int
) -> tuple[Trial, NDArray[np.float64], NDArray[np.float64]] | NoForecast:
    """How the ways did so far, how much each counts, and the days that follow from it."""
    daily = daily[-LOOKS_BACK:]
    refusal = _unfit(daily)
    if refusal is not None:
        return NoForecast(refusal)
    series = filled(daily)
    trial = Trial.of(series)
    weights = trial.weights(ahead)
    errors = trial.errors(weights, ahead)
    if errors.size and errors[0] > _AS_GOOD * min(errors[1], errors[2]) + _HARDLY:
        return NoForecast("repeating the last day or week would have been the better forecast so far")
    if errors.size and errors[0] > _WORTHLESS:
        return NoForecast(f"such forecasts were off by {errors[0]:.0%} on its own past")
    return trial, weights, weights @ candidate_paths(series[-MEMORY:], ahead)


def _unfit(daily: Sequence[float | None]) -> str | None:
    known = [value for value in daily if value is not None]
    if any(not np.isfinite(value) or value < 0 for value in known):
        return "a day has a negative or impossible amount"
    if len(known) < _LEAST_DAYS:
        return f"only {len(known)} days are known; a forecast needs {_LEAST_DAYS}"
    recent = daily[-MEMORY:]
    if sum(value is not None for value in recent) < _LEAST_KNOWN * len(recent):
        return "too many of the last days are unknown"
    if not any(daily[-28:]):
        return "nothing was spent in the last 28 days"
    return None


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))
