"""When a daily peak, or what is allocated of a quota line, will reach its limit: an interval, not a date.

Growth is read from weekly medians, so that single days do not bend it; what may come is played
out many times with the growth's own doubt, a wandering level and the series' own daily scatter,
and the first day at the limit is noted in each. The same series always gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.daily_series import TINY, WEEK, filled, median, weekday_factors

Floats = NDArray[np.float64]

HORIZON_DAYS: Final = 180
_PLAYS: Final = 240
_LEAST_WEEKS: Final = 4
_MOST_WEEKS: Final = 13
_LEAST_KNOWN: Final = 0.8
_TRIED_AHEAD: Final = 14


@dataclass(frozen=True, slots=True)
class UntilFull:
    """Days until the limit is reached: earliest, middle and latest of four fifths of the plays.

    None means beyond the horizon. Where the latest is, the earliest leaves out a fifth of the plays, else a tenth at each end. `error` is how far the value foreseen for two weeks ahead was
    off, as a share of the limit, in trials on the series' own past; `last_value_error` that of
    supposing no change; both None where the series is too short to try.
    """

    days: int | None
    low: int | None
    high: int | None
    chance: float
    error: float | None
    last_value_error: float | None
    horizon_days: int = HORIZON_DAYS


@dataclass(frozen=True, slots=True)
class NoDate:
    """Why no date is given."""

    reason: str


def time_until_full(
    daily: Sequence[float | None], limit: float | None, *, share: float = 1.0
) -> UntilFull | NoDate:
    """Days from the end of a daily series until it first reaches `share` of the limit."""
    refusal = _unfit(daily, limit)
    if refusal is not None or limit is None:
        return NoDate(refusal or "the limit is unknown")
    series, target = filled(daily[-_MOST_WEEKS * WEEK :]), limit * share
    if max(series[-WEEK:]) >= target:
        return UntilFull(0, 0, 0, 1.0, None, None)
    if (series == series[0]).all():
        return NoDate("it did not change")
    trend = _Trend.of(series)
    first = _first_reached(trend.plays(), target)
    low, middle, high = _interval(first)
    if low is not None and low <= 2 * WEEK and high is None:
        return NoDate("its ups and downs are too large against its growth")
    error, last_value_error = _tried(series, limit)
    if (
        low is not None
        and error is not None
        and last_value_error is not None
        and error > 1.15 * last_value_error
    ):
        return NoDate("supposing no change would have been nearer so far")
    return UntilFull(middle, low, high, float((first <= HORIZON_DAYS).mean()), error, last_value_error)


def in_words(found: UntilFull | NoDate, today: date) -> str:
    """The interval as a person would say it: only what the figures carry."""
    if isinstance(found, NoDate):
        return f"no date: {found.reason}"
    if found.days == 0 and found.high == 0:
        return "full now"
    months = found.horizon_days // 30
    if found.low is None:
        return f"not within {months} months"
    if found.high is None:
        return f"not before {_on(today, found.low)}, perhaps not within {months} months"
    if found.high <= 28:
        weeks = -(-found.high // WEEK)
        return f"within {weeks} week{'' if weeks == 1 else 's'}"
    return f"between {_on(today, found.low)} and {_on(today, found.high)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Trend:
    """Level at the series' end, weekly growth of its logarithm with its doubt, wander and scatter."""

    level: float
    growth: float
    doubt: float
    wander: float
    scatter: Floats
    coming_weekdays: Floats

    @classmethod
    def of(cls, series: Floats) -> _Trend:
        season = weekday_factors(series)
        days = np.arange(len(series))
        factor = season[days % WEEK]
        floor = max(float(series.max()) * 1e-6, TINY)
        logs = np.log(np.maximum(series / np.maximum(factor, 0.05), floor))
        weeks = len(series) // WEEK
        weekly = median(logs[-weeks * WEEK :].reshape(weeks, WEEK), axis=1)
        early, late = _pairs(weeks)
        growth = float(median((weekly[late] - weekly[early]) / (late - early)))
        at = np.arange(weeks) - (weeks - 1)
        level = float(median((weekly - growth * at)[-4:]))
        missed = weekly - level - growth * at
        spread = 1.4826 * float(median(np.abs(missed - median(missed))))
        steps = np.diff(missed)
        wander = 0.5 * 1.4826 * float(median(np.abs(steps)))
        fitted = level + growth * ((days - len(series) + 1) / WEEK + 3 / WEEK)
        recent = (logs - fitted)[-6 * WEEK :][factor[-6 * WEEK :] > 0.05]
        return cls(
            level=level + growth * 3 / WEEK,
            growth=growth,
            doubt=(spread + 0.02) * np.sqrt(12 / weeks**3) + wander / np.sqrt(weeks),
            wander=wander + 0.01,
            scatter=recent - median(recent),
            coming_weekdays=season[(len(series) + np.arange(HORIZON_DAYS)) % WEEK],
        )

    def plays(self) -> Floats:
        """What may come, a row per play and a column per day; half grow by shares, half by amounts."""
        doubts, steps, picks = _draws(len(self.scatter))
        weeks = np.arange(1, HORIZON_DAYS + 1) / WEEK
        growth = self.growth + self.doubt * doubts
        by_share = np.clip(growth * weeks, -20, 20)
        by_amount = np.log(np.maximum(1 + growth * weeks, 0.01))
        drift = np.where(np.arange(_PLAYS)[:, None] % 2, by_share, by_amount)
        wandered = self.wander / np.sqrt(WEEK) * steps
        return np.exp(self.level + drift + wandered + self.scatter[picks]) * self.coming_weekdays

    def expected(self, ahead: int) -> float:
        return float(np.exp(self.level + self.growth * ahead / WEEK) * self.coming_weekdays[ahead - 1])


@lru_cache(maxsize=64)
def _draws(scattered: int) -> tuple[Floats, Floats, NDArray[np.int16]]:
    """The same dice for every series: doubt of growth, summed steps of the wandering level, days to take the scatter of."""
    rng = np.random.default_rng(0)
    doubts = rng.standard_t(5, (_PLAYS, 1))
    steps = np.cumsum(rng.standard_normal((_PLAYS, HORIZON_DAYS)), axis=1)
    return doubts, steps, rng.integers(0, scattered, (_PLAYS, HORIZON_DAYS)).astype(np.int16)


@lru_cache(maxsize=64)
def _pairs(weeks: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    early, late = np.triu_indices(weeks, 1)
    return early, late


def _unfit(daily: Sequence[float | None], limit: float | None) -> str | None:
    recent = daily[-_MOST_WEEKS * WEEK :]
    known = sum(value is not None for value in recent)
    if limit is None:
        return "the limit is unknown"
    if limit <= 0:
        return "the limit is 0"
    if known < _LEAST_WEEKS * WEEK:
        days = "1 day is" if known == 1 else f"{known} days are"
        return f"only {days} known; a date needs {_LEAST_WEEKS * WEEK}"
    if known < _LEAST_KNOWN * len(recent):
        return "too many of the last days are unknown"
    if not any(recent):
        return "it is not used"
    return None


def _first_reached(plays: Floats, target: float) -> Floats:
    reached = plays >= target
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def _interval(first: Floats) -> tuple[int | None, int | None, int | None]:
    """Earliest, middle and latest. Where the latest end is open, nothing is missed there, and a tenth left out at the
    earliest would hold nine tenths of the plays."""
    high = _quantile(first, 0.9)
    return _quantile(first, 0.2 if high is None else 0.1), _quantile(first, 0.5), high


def _quantile(first: Floats, share: float) -> int | None:
    return _days(float(np.quantile(first, share, method="lower")))


def _days(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None


def _tried(series: Floats, limit: float) -> tuple[float | None, float | None]:
    """How far off the value two weeks ahead would have been, and how far with no change supposed."""
    origins = range(_LEAST_WEEKS * WEEK, len(series) - _TRIED_AHEAD + 1, 3)
    missed = [
        (
            abs(_Trend.of(series[:origin]).expected(_TRIED_AHEAD) - series[origin + _TRIED_AHEAD - 1]),
            abs(series[origin - 1] - series[origin + _TRIED_AHEAD - 1]),
        )
        for origin in origins
    ]
    if not missed:
        return None, None
    ours, last = np.array(missed).mean(axis=0) / limit
    return float(ours), float(last)


def _on(today: date, days: int) -> str:
    """A day far off is named by its month only."""
    day = today + timedelta(days=days)
    return f"{day:%-d %B}" if days <= 28 else f"{day:%B %Y}"
