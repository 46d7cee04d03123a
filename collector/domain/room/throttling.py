"""Which requests were answered with 429: at the deployment's own limit, below it, or served elsewhere.

The limiter counts estimated tokens (prompt + max_tokens) when a request arrives, the metrics
count billed tokens of requests that succeeded; so a 429 below the limit is normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.periods import HOUR
from collector.domain.room.headroom import MinuteLimits, share_of_limit
from collector.domain.room.spans import by_day
from collector.domain.usage.minutes import MINUTES, MinuteBlock

AT_LIMIT_SHARE: Final = 0.9
PTU_FULL_PERCENT: Final = 100.0

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ThrottleClasses:
    """The 429s of every minute by class; each array has a row per hour and 60 columns.

    `share_served` is answered requests ÷ request limit: 429s and their retries left out, so
    that a storm of rejections does not look like a request limit.
    """

    at_limit: Ints
    below_limit: Ints
    unclassified: Ints
    spilled: Ints
    share_tpm: Floats
    share_served: Floats


@dataclass(frozen=True, slots=True)
class ThrottleSummary:
    """A deployment's 429s over a period. `rate` is throttled ÷ all requests, None without requests."""

    requests: int
    throttled: int
    at_limit: int
    below_limit: int
    unclassified: int
    spilled: int
    minutes_touched: int
    worst_minute_at: datetime | None
    worst_minute_throttled: int | None

    @property
    def rate(self) -> float | None:
        return self.throttled / self.requests if self.requests else None


def classify(hours: Sequence[datetime], block: MinuteBlock, limits: MinuteLimits) -> ThrottleClasses:
    """Every covered minute's 429s by class. Rows must be in order of time; they may have gaps.

    At the limit: at least 90 % of the token or request limit in that minute or the one before
    (a limiter looks back), or a PTU utilisation of 100 % or more.
    """
    share_tpm = share_of_limit(block.tokens, limits.tpm)
    share_rpm = share_of_limit(block.requests, limits.rpm)
    share = np.where(block.covered, np.fmax(share_tpm, share_rpm), np.nan)
    nearest = np.fmax(share, _minute_before(hours, share))
    ptu = np.where(block.covered, block.ptu_max, np.nan)
    full = (nearest >= AT_LIMIT_SHARE) | (ptu >= PTU_FULL_PERCENT)
    judged = ~np.isnan(share) | ~np.isnan(ptu) | full
    throttled = np.where(block.covered, block.throttled, 0)
    return ThrottleClasses(
        at_limit=np.where(full, throttled, 0),
        below_limit=np.where(judged & ~full, throttled, 0),
        unclassified=np.where(judged, 0, throttled),
        spilled=np.where(block.covered, block.spilled, 0),
        share_tpm=share_tpm,
        share_served=share_of_limit(served(block), limits.rpm),
    )


def summaries(
    hours: Sequence[datetime],
    block: MinuteBlock,
    classes: ThrottleClasses,
    days: Sequence[slice],
    *,
    hour_throttled: Sequence[int] | None = None,
    hour_requests: Sequence[int] | None = None,
    hour_spilled: Sequence[int] | None = None,
) -> list[ThrottleSummary]:
    """Each day's figures, all in one pass. Hour totals that exceed their covered minutes are unclassified."""
    minutes = np.where(block.covered, block.throttled, 0)
    by_hour = minutes.sum(axis=1)
    throttled = _at_least(by_hour, hour_throttled)
    answered = np.where(block.covered, block.requests, 0).sum(axis=1)
    told = [
        by_day(one, days)
        for one in (
            _at_least(answered, hour_requests),
            throttled,
            classes.at_limit.sum(axis=1),
            classes.below_limit.sum(axis=1),
            classes.unclassified.sum(axis=1) + throttled - by_hour,
            _at_least(classes.spilled.sum(axis=1), hour_spilled),
            (minutes > 0).sum(axis=1),
        )
    ]
    found: list[ThrottleSummary] = []
    for at, rows in enumerate(days):
        requests, throttles, full, below, unknown, spilled, touched = (one[at] for one in told)
        worst = rows.start * MINUTES + int(minutes[rows].argmax()) if touched else None
        found.append(
            ThrottleSummary(
                requests,
                throttles,
                full,
                below,
                unknown,
                spilled,
                touched,
                None if worst is None else _minute_at(hours, worst),
                None if worst is None else int(minutes.flat[worst]),
            )
        )
    return found


def summarise(
    hours: Sequence[datetime],
    block: MinuteBlock,
    classes: ThrottleClasses,
    *,
    hour_throttled: Sequence[int] | None = None,
    hour_requests: Sequence[int] | None = None,
    hour_spilled: Sequence[int] | None = None,
) -> ThrottleSummary:
    """The figures of all the rows."""
    [found] = summaries(
        hours,
        block,
        classes,
        [slice(0, len(hours))],
        hour_throttled=hour_throttled,
        hour_requests=hour_requests,
        hour_spilled=hour_spilled,
    )
    return found


def _minute_before(hours: Sequence[datetime], share: Floats) -> Floats:
    """The share one minute earlier; NaN where the hour before is not in the rows."""
    before = np.full(share.shape, np.nan)
    before[:, 1:] = share[:, :-1]
    for row in range(1, len(hours)):
        if hours[row] - hours[row - 1] == HOUR:
            before[row, 0] = share[row - 1, MINUTES - 1]
    return before


def _at_least(found: NDArray[np.integer], totals: Sequence[int] | None) -> NDArray[np.integer]:
    return found if totals is None else np.maximum(found, np.array(totals, dtype=np.int64))


def _minute_at(hours: Sequence[datetime], flat: int) -> datetime:
    row, minute = divmod(flat, MINUTES)
    return hours[row] + timedelta(minutes=minute)


def served(block: MinuteBlock) -> Ints:
    """Requests of each minute that were answered."""
    return np.maximum(block.requests - block.throttled - block.spilled, 0)
