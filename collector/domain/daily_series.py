"""Plain forecasts of a daily series with a weekday season: the parts that forecasts are mixed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEK: Final = 7
MEMORY: Final = 84
"""Days that a forecast looks back; what is older describes another estate."""

TINY: Final = 1e-12
WAYS: Final = 6
_PHI: Final = 0.97
_STEEPEST: Final = 0.03


def candidate_paths(series: Floats, ahead: int) -> Floats:
    """Six forecasts of the next days, a row each: the last 7, 14 and 28 days' level, damped trends from two weeks and
    from one, and the last week again."""
    season = weekday_factors(series)
    days = np.arange(len(series)) % WEEK
    open_days = season[days] > 0.05
    level = series[open_days] / season[days][open_days]
    coming = season[np.arange(len(series), len(series) + ahead) % WEEK]
    if level.size < WEEK:
        return np.tile(coming * series[-WEEK:].mean(), (WAYS, 1))
    steady = np.minimum(level, 3 * median(level[-14:]) + TINY)
    since = _days_since_shift(np.log(np.maximum(level, TINY)))
    if since is not None:
        return np.tile(coming * steady[-since:].mean(), (WAYS, 1))
    slope = _weekly_slope(steady) / WEEK
    growth = np.exp(slope * _PHI * (1 - _PHI ** np.arange(1, ahead + 1)) / (1 - _PHI))
    trend = steady[-14:].mean() * np.exp(slope * 6.5) * growth
    return np.vstack(
        [
            coming * steady[-7:].mean(),
            coming * level[-14:].mean(),
            coming * level[-28:].mean(),
            coming * trend,
            coming * steady[-7:].mean() * np.exp(slope * 3) * growth,
            np.resize(series[-WEEK:], ahead),
        ]
    )


def weekday_factors(series: Floats) -> Floats:
    """How each day of the week relates to its week, by position modulo 7; mean 1, pulled towards 1
    where weeks differ."""
    weeks = min(len(series), 56) // WEEK
    factors = np.ones(WEEK)
    if weeks < 2:
        return factors
    block = series[-WEEK * weeks :].reshape(weeks, WEEK)
    means = block.mean(axis=1)
    busy = block[means > 0]
    if len(busy) < 2:
        return factors
    shares = busy / busy.mean(axis=1, keepdims=True)
    middle = median(shares, axis=0)
    pull = min(0.5, 5 * float(median(np.abs(shares - middle))))
    steadied = np.where(middle > 0, (middle * len(busy) + pull) / (len(busy) + pull), 0)
    factors[(np.arange(WEEK) + len(series)) % WEEK] = steadied / max(float(steadied.mean()), TINY)
    return factors


def filled(daily: Sequence[float | None]) -> Floats:
    """Unknown days filled with the same weekday of the nearest known week."""
    series = np.array([np.nan if value is None else value for value in daily], dtype=np.float64)
    for index in np.flatnonzero(np.isnan(series)).tolist():
        same_weekday = np.arange(index % WEEK, len(series), WEEK)
        known = same_weekday[~np.isnan(series[same_weekday])]
        nearest = known[np.abs(known - index).argmin()] if known.size else None
        series[index] = np.nanmedian(series) if nearest is None else series[nearest]
    return series


def median(values: Floats, axis: int | None = None) -> Floats:
    """numpy's median to the bit, in a third of its time: a forecast asks thousands of them of a few values each."""
    ordered = np.sort(values, axis=axis)
    if axis:
        ordered = np.moveaxis(ordered, axis, 0)
    count = len(ordered)
    if not count:
        return np.median(values, axis=axis)
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2


def _weekly_slope(level: Floats) -> float:
    """Growth of the logarithm per week: the median of all slopes between the last six weeks' medians."""
    weeks = min(6, len(level) // WEEK)
    if weeks < 3:
        return 0.0
    middle = median(level[-WEEK * weeks :].reshape(weeks, WEEK), axis=1)
    logs = np.log(np.maximum(middle, TINY + 1e-9 * middle.max()))
    early, late = np.triu_indices(weeks, 1)
    slope = float(median((logs[late] - logs[early]) / (late - early)))
    return float(np.clip(slope, -_STEEPEST * WEEK, _STEEPEST * WEEK))


def _days_since_shift(logs: Floats) -> int | None:
    """Days since the level jumped within the last ten, None where it did not."""
    for days in range(10, 2, -1):
        before, after = logs[-days - 14 : -days], logs[-days:]
        if before.size < 14:
            continue
        noise = max(1.4826 * float(median(np.abs(before - median(before)))), 0.05)
        jump = median(after) - median(before)
        if abs(jump) < max(2.5 * noise, 0.25):
            continue
        if (np.sign(jump) * (after - median(before)) > noise).all():
            return days
    return None
