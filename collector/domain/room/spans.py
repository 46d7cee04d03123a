"""Hours of one deployment summed up day by day, all days of a derivation in one pass.

Numpy costs by the call more than by the value: a month of minutes at once costs a tenth of thirty single days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from collector.domain.room.headroom import BANDS, MinuteLimits, RoomSpan, share_of_limit
from collector.domain.usage.histogram import packed_by_group
from collector.domain.usage.minutes import MINUTES, MinuteBlock

Flags = NDArray[np.bool_]
Peak = tuple[int | None, datetime | None]


def room_spans(
    hours: Sequence[datetime],
    block: MinuteBlock,
    limits: MinuteLimits,
    days: Sequence[slice],
    *,
    minutes_existed: Sequence[int],
    hour_tokens: Sequence[int | None] | None = None,
    hour_requests: Sequence[int | None] | None = None,
    ptu_means: Sequence[float | None] | None = None,
) -> list[RoomSpan]:
    """A span for each of the days, which are rows of the block that follow each other.

    An hour that Azure was asked for only as a whole is an uncovered row with its totals in
    `hour_tokens` and `hour_requests`; its busiest minute then is at least a sixtieth of them.
    """
    covered = block.covered
    tokens, requests = block.tokens, block.requests
    ptu = np.where(covered, block.ptu_max, np.nan)
    seen = covered.any(axis=1)
    totals = [False] * len(hours) if hour_requests is None else [total is not None for total in hour_requests]
    known = covered.sum(axis=1) + np.where(np.array(totals, dtype=np.bool_) & ~seen, MINUTES, 0)
    over, judged = _over(block, limits, ptu)
    peak_tpm = _peaks(hours, tokens, covered, hour_tokens, days)
    peak_rpm = _peaks(hours, requests, covered, hour_requests, days)
    highest = np.fmax.reduce(ptu, axis=1).tolist()
    histograms = [
        _histograms(tokens, covered, days),
        _histograms(requests, covered, days),
        _histograms(ptu, ~np.isnan(ptu), days),
    ]
    minutes_covered, minutes_known = by_day(covered.sum(axis=1), days), by_day(known, days)
    bands = [by_day(band, days) for band in over]
    found: list[RoomSpan] = []
    for at, rows in enumerate(days):
        told = (bands[0][at], bands[1][at], bands[2][at]) if any(judged[rows]) else (None, None, None)
        found.append(
            RoomSpan(
                minutes_existed[at],
                minutes_known[at],
                minutes_covered[at],
                *peak_tpm[at],
                *peak_rpm[at],
                _mean(None if ptu_means is None else ptu_means[rows]),
                max((one for one in highest[rows] if one == one), default=None),
                *told,
                tpm_histogram=histograms[0][at],
                rpm_histogram=histograms[1][at],
                ptu_histogram=histograms[2][at],
            )
        )
    return found


def by_day(per_hour: NDArray[np.integer], days: Sequence[slice]) -> list[int]:
    """Sums of each day's rows."""
    upto = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(per_hour)))
    starts, stops = ([getattr(rows, end) for rows in days] for end in ("start", "stop"))
    return (upto[stops] - upto[starts]).tolist()


def _over(
    block: MinuteBlock, limits: MinuteLimits, ptu: NDArray[np.float64]
) -> tuple[list[NDArray[np.integer]], list[bool]]:
    """Covered minutes of each hour at or over each band of the limit, and whether any limit is known."""
    share = np.fmax(share_of_limit(block.tokens, limits.tpm), share_of_limit(block.requests, limits.rpm))
    share = np.where(block.covered, np.fmax(share, ptu / 100), np.nan)
    judged: list[bool] = ((~np.isnan(share)).sum(axis=1) > 0).tolist()
    return [(share >= band).sum(axis=1) for band in BANDS], judged


def _peaks(
    hours: Sequence[datetime],
    values: NDArray[np.int64],
    covered: Flags,
    totals: Sequence[int | None] | None,
    days: Sequence[slice],
) -> list[Peak]:
    """The highest covered minute of each day, or the least that a partly known hour must have held."""
    seen = np.where(covered, values, -1)
    highest: list[int] = seen.max(axis=1, initial=-1).tolist()
    minute: list[int] = seen.argmax(axis=1).tolist()
    whole: list[bool] = (covered.sum(axis=1) == MINUTES).tolist()
    found: list[Peak] = []
    for rows in days:
        inside = range(rows.start, rows.stop)
        top = max(inside, key=highest.__getitem__, default=None)
        best, at = None, None
        if top is not None and highest[top] >= 0:
            best, at = highest[top], hours[top] + timedelta(minutes=minute[top])
        for row in inside if totals is not None else ():
            total = None if totals is None or whole[row] else totals[row]
            if total is not None and (best is None or -(-total // MINUTES) > best):
                best, at = -(-total // MINUTES), hours[row]
        found.append((best, at))
    return found


def _histograms(values: NDArray[np.generic], counted: Flags, days: Sequence[slice]) -> list[bytes | None]:
    if not counted.any():
        return [None] * len(days)
    rows = np.array([row for one in days for row in range(one.start, one.stop)], dtype=np.int64)
    day = np.repeat(np.arange(len(days)), [one.stop - one.start for one in days])
    return packed_by_group(values[rows], counted[rows], day, len(days))


def _mean(values: Sequence[float | None] | None) -> float | None:
    known = [value for value in values or () if value is not None]
    return sum(known) / len(known) if known else None
