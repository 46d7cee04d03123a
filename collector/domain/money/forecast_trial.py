"""How well each way of forecasting would have done on a series' own past, and the interval that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.daily_series import MEMORY, TINY, WEEK, candidate_paths

Floats = NDArray[np.float64]

COVERS: Final = 0.8
"""The share of intervals that should hold what then happened."""

LONGEST: Final = 31
_FIRST_ORIGIN: Final = 21
_ORIGINS: Final = 28
_JUDGED_AT_MOST: Final = 14
_HORIZONS: Final = (1, 2, 3, 5, 7, 10, 14, 18, 21, 28)
_PRIOR_SCORES: Final = np.array([-1.6, -1.28, -0.84, -0.52, -0.25, 0, 0.25, 0.52, 0.84, 1.28, 1.6])
_PRIOR_WEIGHT: Final = 4.0
_LEAST_ERROR: Final = 0.02
_SHARPNESS: Final = 5
# Chosen on made-up and pretend estates that no test looks at: overlapping trials exaggerate the error to come.
_NARROWER: Final = 0.88
_FEW_TRIALS: Final = 1.0  # past errors of few trials are too small a picture of coming ones


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
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
    def of(cls, series: Floats) -> Trial:
        oldest = max(_FIRST_ORIGIN, len(series) - MEMORY)
        step = max(1, -(-(len(series) - oldest) // _ORIGINS))
        origins = range(len(series) - 1, oldest - 1, -step)[::-1]
        horizons = np.arange(1, LONGEST + 1)
        actual = np.full((len(origins), LONGEST), np.nan)
        for row, origin in enumerate(origins):
            known = series[origin : origin + LONGEST]
            actual[row, : len(known)] = np.cumsum(known)
        forecast = [candidate_paths(series[max(0, o - MEMORY) : o], LONGEST) for o in origins]
        last_week = [np.cumsum(np.resize(series[o - WEEK : o], LONGEST)) for o in origins]
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
        weights = 1 / ((recent[:, None] * missed).sum(axis=0) / recent.sum() + 0.01) ** _SHARPNESS
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
        scores, counts = self._scores(weights, ahead)
        # A little of the usual shape steadies the tails, as wide as this series' own errors were.
        usual = max(_weighted_quantiles(np.abs(scores), counts, (0.5,))[0] / 0.6745, _LEAST_ERROR)
        scores = np.concatenate([scores, _PRIOR_SCORES * usual])
        prior = np.full(len(_PRIOR_SCORES), _PRIOR_WEIGHT / len(_PRIOR_SCORES))
        low, high = _weighted_quantiles(
            scores, np.concatenate([counts, prior]), ((1 - COVERS) / 2, (1 + COVERS) / 2)
        )
        width = _NARROWER * _spread(ahead) * (1 + _FEW_TRIALS / (len(self.actual) * self.step))
        return float(np.exp(low * width)), float(np.exp(high * width))

    def _scores(self, weights: Floats, ahead: int) -> tuple[Floats, Floats]:
        """Errors of the mixture at all horizons near the asked one, in usual errors of their horizon, with their weights."""
        mixed = np.einsum("ocg,c->og", self.forecast, weights)
        missed: Floats = np.log(np.maximum(self.actual, TINY) / np.maximum(mixed, TINY))
        scores: list[Floats] = []
        counts: list[Floats] = []
        for horizon in (h for h in _HORIZONS if h <= max(ahead, 3)):
            known = missed[:, horizon - 1]
            known = known[~np.isnan(known)]
            if known.size:
                # Overlapping sums are hardly more than this many trials.
                independent = known.size / horizon + 1
                likeness = float(np.exp(-abs(np.log(horizon / ahead))))
                scores.append(known / _spread(horizon))
                counts.append(np.full(known.size, independent / known.size * likeness))
        return np.concatenate(scores), np.concatenate(counts)

    def _judged(self, ahead: int) -> int:
        """The horizon at which candidates are compared: the asked one, if there are trials enough."""
        return max(1, min(ahead, _JUDGED_AT_MOST, (len(self.actual) - 4) * self.step))


def _spread(horizon: int) -> float:
    """How the error of a sum usually goes with its horizon: noise averages out, level and trend do not."""
    return float(np.sqrt(0.03 / horizon + 0.0008 + 0.0004 * horizon))


def _weighted_quantiles(scores: Floats, weights: Floats, at: tuple[float, ...]) -> list[float]:
    order = np.argsort(scores)
    share = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return [float(one) for one in np.interp(at, share, scores[order])]
