"""What a month will have cost at its end, as an interval, with how wrong such forecasts were before.

Four plain forecasts (three memories and a damped trend, all with a weekday season) are mixed by
how well each would have done on this very series, and the interval is read from the errors the
mixture would have made, pooled over horizons and steadied by a little prior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.daily_series import MEMORY, TINY, WEEK, candidate_paths, filled
from collector.domain.periods import DAY, Month

Floats = NDArray[np.float64]

COVERS: Final = 0.8
"""The share of intervals that should hold what then happened."""

_FIRST_ORIGIN: Final = 21
_LEAST_DAYS: Final = 35
_LEAST_KNOWN: Final = 0.8
_LONGEST: Final = 31
_MANY_ORIGINS: Final = 48
_JUDGED_AT_MOST: Final = 14
_HORIZONS: Final = (1, 2, 3, 5, 7, 10, 14, 18, 21, 28)
_PRIOR_SCORES: Final = np.array([-1.6, -1.28, -0.84, -0.52, -0.25, 0, 0.25, 0.52, 0.84, 1.28, 1.6])
_PRIOR_WEIGHT: Final = 4.0
_FEW_TRIALS: Final = 5.0  # past errors of few trials are too small a picture of coming ones


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


def month_end(
    costs: Mapping[date, Decimal | None], month: Month, through: date
) -> MonthForecast | NoForecast:
    """The month's total in one currency, from the daily costs known up to and including `through`.

    A day that is missing or None is unknown, not free; a month in the past has nothing to forecast.
    """
    first = min((day for day, cost in costs.items() if cost is not None), default=None)
    if first is None:
        return NoForecast("no day's cost is known")
    last_day = month.shifted(1).first_day - DAY
    known = {day: cost for day, cost in costs.items() if cost is not None and day <= min(through, last_day)}
    in_month = [cost for day, cost in known.items() if day >= month.first_day]
    if through >= last_day:
        return NoForecast(f"{month} is over")
    days = (through - first).days + 1
    series = [known.get(first + timedelta(days=day)) for day in range(days)]
    ahead = (last_day - through).days
    missed = sum(1 for day in month.days if day <= through and day not in known)
    found = forecast_sum([None if cost is None else float(cost) for cost in series], ahead)
    if isinstance(found, NoForecast):
        return found
    if missed:
        return NoForecast(f"{missed} of the month's days so far are unknown")
    spent = sum(in_month, Decimal(0))
    return MonthForecast(
        month=month,
        known=spent,
        known_days=len(in_month),
        forecast_days=ahead,
        total=spent + _money(found.total),
        low=spent + _money(found.low),
        high=spent + _money(found.high),
        error=found.error,
        last_value_error=found.last_value_error,
        seasonal_error=found.seasonal_error,
    )


def forecast_sum(daily: Sequence[float | None], ahead: int) -> SumForecast | NoForecast:
    """The sum of the next `ahead` days of a daily series of 0 and more; None is an unknown day."""
    if not 1 <= ahead <= 62:
        raise ValueError(f"ahead={ahead}: expected 1 to 62 days")
    refusal = _unfit(daily)
    if refusal is not None:
        return NoForecast(refusal)
    series = filled(daily)
    trial = _Trial.of(series)
    weights = trial.weights(ahead)
    total = float(candidate_paths(series[-MEMORY:], ahead).sum(axis=1) @ weights)
    errors = trial.errors(weights, ahead)
    if errors.size and errors[0] > 1.1 * min(errors[1], errors[2]) + 0.01:
        return NoForecast("repeating the last day or week would have been the better forecast so far")
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


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Forecasts made as if on earlier days, against what then happened.

    `forecast` is (origin, candidate, horizon), cumulated; `actual` is (origin, horizon), NaN
    where the horizon reaches beyond what is known.
    """

    forecast: Floats
    actual: Floats
    last_value: Floats
    last_week: Floats
    step: int

    @classmethod
    def of(cls, series: Floats) -> _Trial:
        oldest = max(_FIRST_ORIGIN, len(series) - MEMORY)
        step = 2 if len(series) - oldest > _MANY_ORIGINS else 1
        origins = range(len(series) - 1, oldest - 1, -step)[::-1]
        horizons = np.arange(1, _LONGEST + 1)
        actual = np.full((len(origins), _LONGEST), np.nan)
        for row, origin in enumerate(origins):
            known = series[origin : origin + _LONGEST]
            actual[row, : len(known)] = np.cumsum(known)
        forecast = [candidate_paths(series[max(0, o - MEMORY) : o], _LONGEST) for o in origins]
        last_week = [np.cumsum(np.resize(series[o - WEEK : o], _LONGEST)) for o in origins]
        last_value = [series[o - 1] * horizons for o in origins]
        return cls(np.cumsum(forecast, axis=2), actual, np.array(last_value), np.array(last_week), step)

    def count(self, ahead: int) -> int:
        return int((~np.isnan(self.actual[:, self._judged(ahead) - 1])).sum())

    def weights(self, ahead: int) -> Floats:
        """How much each candidate counts: the steadier it was on this series, lately above all."""
        horizon = self._judged(ahead) - 1
        actual = self.actual[:, horizon]
        known = ~np.isnan(actual)
        recent = 0.98 ** (self.step * np.arange(len(actual)))[::-1][known]
        scale = max(float(actual[known].mean()), TINY)
        missed = np.abs(self.forecast[known, :, horizon] - actual[known, None]) / scale
        weights = 1 / ((recent[:, None] * missed).sum(axis=0) / recent.sum() + 0.01) ** 3
        return weights / weights.sum()

    def errors(self, weights: Floats, ahead: int) -> Floats:
        """Mean relative error of the mixture, of the last value and of the last week."""
        horizon = self._judged(ahead) - 1
        actual = self.actual[:, horizon]
        known = ~np.isnan(actual)
        scale = max(float(actual[known].mean()), TINY)
        mixed = self.forecast[:, :, horizon] @ weights
        ways = (mixed, self.last_value[:, horizon], self.last_week[:, horizon])
        return np.array([np.abs(way[known] - actual[known]).mean() / scale for way in ways])

    def interval(self, weights: Floats, ahead: int) -> tuple[float, float]:
        """Low and high as multiples of the forecast."""
        mixed = np.einsum("ocg,c->og", self.forecast, weights)
        missed = np.log(np.maximum(self.actual, TINY) / np.maximum(mixed, TINY))
        scores, counts = [_PRIOR_SCORES], [np.full(len(_PRIOR_SCORES), _PRIOR_WEIGHT / len(_PRIOR_SCORES))]
        for horizon in (h for h in _HORIZONS if h <= max(ahead, 3)):
            known = missed[:, horizon - 1]
            known = known[~np.isnan(known)]
            if known.size:
                independent = (
                    known.size / horizon + 1
                )  # overlapping sums are hardly more than this many trials
                likeness = np.exp(-abs(np.log(horizon / ahead)))
                scores.append(known / _spread(horizon))
                counts.append(np.full(known.size, independent / known.size * likeness))
        low, high = _weighted_quantiles(np.concatenate(scores), np.concatenate(counts))
        width = _spread(ahead) * (1 + _FEW_TRIALS / (len(self.actual) * self.step))
        return float(np.exp(low * width)), float(np.exp(high * width))

    def _judged(self, ahead: int) -> int:
        """The horizon at which candidates are compared: the asked one, if there are trials enough."""
        return max(1, min(ahead, _JUDGED_AT_MOST, (len(self.actual) - 4) * self.step))


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


def _spread(horizon: int) -> float:
    """How the error of a sum usually goes with its horizon: noise averages out, level and trend do not."""
    return float(np.sqrt(0.03 / horizon + 0.0008 + 0.0004 * horizon))


def _weighted_quantiles(scores: Floats, weights: Floats) -> tuple[float, float]:
    order = np.argsort(scores)
    share = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    low, high = np.interp([(1 - COVERS) / 2, (1 + COVERS) / 2], share, scores[order])
    return float(low), float(high)


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))
