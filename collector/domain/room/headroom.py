"""How near a deployment came to its limits, minute by minute, and what is left.

A day is summed up once (`spans.room_spans`); months and longer periods are merges of such spans
(`merged`), so that no period is ever read from its minutes twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from collector.domain.periods import HOUR
from collector.domain.room.coverage import share_known
from collector.domain.usage.histogram import Histogram, merge
from collector.domain.usage.minutes import MINUTES

Binding = Literal["tpm", "rpm", "ptu"]
Floats = NDArray[np.float64]

BANDS: Final = (0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class LimitRevision:
    """The limits of a deployment from an instant on; None is a limit that does not exist or is unknown."""

    starts_at: datetime
    tpm: int | None
    rpm: int | None


@dataclass(frozen=True, slots=True, eq=False)
class MinuteLimits:
    """The limits in force at every minute of some hours; NaN is unknown."""

    tpm: Floats
    rpm: Floats


@dataclass(frozen=True, slots=True)
class RoomSpan:
    """What a period's minutes amount to, in a form that merges with other periods.

    `peak_tpm` and `peak_rpm` are the highest covered minute or, where an hour is known only
    as a whole, at least its sixtieth part: read them through `headroom`, which says which.
    The `over` counts are None where no limit of the period is known.
    """

    minutes_existed: int = 0
    minutes_known: int = 0
    minutes_covered: int = 0
    peak_tpm: int | None = None
    peak_tpm_at: datetime | None = None
    peak_rpm: int | None = None
    peak_rpm_at: datetime | None = None
    ptu_mean: float | None = None
    ptu_max: float | None = None
    minutes_over_80: int | None = None
    minutes_over_90: int | None = None
    minutes_over_100: int | None = None
    tpm_histogram: bytes | None = None
    rpm_histogram: bytes | None = None
    ptu_histogram: bytes | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """The distribution of one measure over the covered minutes of a period, idle ones included."""

    peak: float | None
    p99: float | None
    p95: float | None
    median: float | None
    burst_ratio: float | None


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left of a deployment's limits at its busiest minute.

    `at_least` marks peaks that may have been higher, since some minutes are unknown.
    `used_share` is the binding limit's peak ÷ limit; it may exceed 1, and headroom be negative.
    """

    limit_tpm: int | None
    limit_rpm: int | None
    tpm: Load
    rpm: Load
    ptu: Load
    ptu_mean: float | None
    headroom_tpm: int | None
    headroom_rpm: int | None
    binding: Binding | None
    used_share: float | None
    at_least: bool
    minutes_over_80: int | None
    minutes_over_90: int | None
    minutes_over_100: int | None
    coverage: float | None
    minute_coverage: float | None


@dataclass(frozen=True, slots=True)
class WeekPicture:
    """Busiest minute and mean minute by weekday (Monday first) and hour; None where nothing is known."""

    peak: tuple[tuple[float | None, ...], ...]
    mean: tuple[tuple[float | None, ...], ...]


def limits_by_minute(revisions: Sequence[LimitRevision], hours: Sequence[datetime]) -> MinuteLimits:
    """The limit in force at each minute of hours in order of time; before the oldest revision, the oldest one."""
    ordered = sorted(revisions, key=lambda revision: revision.starts_at)
    tpm = np.full((len(hours), MINUTES), np.nan)
    rpm = np.full((len(hours), MINUTES), np.nan)
    if not ordered or not hours:
        return MinuteLimits(tpm, rpm)
    starts = [revision.starts_at for revision in ordered]
    in_force = max(bisect_right(starts, hours[0]) - 1, 0)
    if in_force == len(ordered) - 1 or starts[in_force + 1] >= hours[-1] + HOUR:
        tpm[:], rpm[:] = _known(ordered[in_force].tpm), _known(ordered[in_force].rpm)
        return MinuteLimits(tpm, rpm)
    for row, hour in enumerate(hours):
        first = max(bisect_right(starts, hour) - 1, 0)
        tpm[row], rpm[row] = _known(ordered[first].tpm), _known(ordered[first].rpm)
        for revision in ordered[first + 1 :]:
            minute = _minutes_between(hour, revision.starts_at)
            if minute >= MINUTES:
                break
            tpm[row, minute:], rpm[row, minute:] = _known(revision.tpm), _known(revision.rpm)
    return MinuteLimits(tpm, rpm)


def share_of_limit(used: NDArray[np.number], limit: Floats) -> Floats:
    """Use ÷ limit; infinite where something was used of a limit of 0, NaN where nothing can be said."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(used, dtype=np.float64) / limit


def merged(spans: Iterable[RoomSpan]) -> RoomSpan:
    """Spans that do not overlap, as one."""
    parts = list(spans)
    tpm_peaks = [(p.peak_tpm, p.peak_tpm_at) for p in parts if p.peak_tpm is not None]
    rpm_peaks = [(p.peak_rpm, p.peak_rpm_at) for p in parts if p.peak_rpm is not None]
    peak_tpm, tpm_at = max(tpm_peaks, key=lambda found: found[0], default=(None, None))
    peak_rpm, rpm_at = max(rpm_peaks, key=lambda found: found[0], default=(None, None))
    means = [(p.ptu_mean, p.minutes_known) for p in parts if p.ptu_mean is not None and p.minutes_known]
    weight = sum(minutes for _, minutes in means)
    return RoomSpan(
        minutes_existed=sum(p.minutes_existed for p in parts),
        minutes_known=sum(p.minutes_known for p in parts),
        minutes_covered=sum(p.minutes_covered for p in parts),
        peak_tpm=peak_tpm,
        peak_tpm_at=tpm_at,
        peak_rpm=peak_rpm,
        peak_rpm_at=rpm_at,
        ptu_mean=sum(mean * minutes for mean, minutes in means) / weight if weight else None,
        ptu_max=max((p.ptu_max for p in parts if p.ptu_max is not None), default=None),
        minutes_over_80=_sum_known(p.minutes_over_80 for p in parts),
        minutes_over_90=_sum_known(p.minutes_over_90 for p in parts),
        minutes_over_100=_sum_known(p.minutes_over_100 for p in parts),
        tpm_histogram=_merged_bytes(p.tpm_histogram for p in parts),
        rpm_histogram=_merged_bytes(p.rpm_histogram for p in parts),
        ptu_histogram=_merged_bytes(p.ptu_histogram for p in parts),
    )


def headroom(span: RoomSpan, limit_now: LimitRevision | None) -> Headroom:
    """What is left of the limits now, judged by the period's busiest minute.

    Azure enforces the limit per minute, so the mean of an hour would flatter us.
    """
    minutes_seen = span.minutes_covered > 0
    tpm = _load(span.peak_tpm if minutes_seen else None, span.tpm_histogram)
    rpm = _load(span.peak_rpm if minutes_seen else None, span.rpm_histogram)
    ptu = _load(span.ptu_max, span.ptu_histogram)
    limit_tpm = limit_now.tpm if limit_now else None
    limit_rpm = limit_now.rpm if limit_now else None
    binding, used_share = _binding(tpm.peak, limit_tpm, rpm.peak, limit_rpm, span.ptu_max)
    return Headroom(
        limit_tpm=limit_tpm,
        limit_rpm=limit_rpm,
        tpm=tpm,
        rpm=rpm,
        ptu=ptu,
        ptu_mean=span.ptu_mean,
        headroom_tpm=None if limit_tpm is None or tpm.peak is None else limit_tpm - int(tpm.peak),
        headroom_rpm=None if limit_rpm is None or rpm.peak is None else limit_rpm - int(rpm.peak),
        binding=binding,
        used_share=used_share,
        at_least=span.minutes_covered < span.minutes_existed,
        minutes_over_80=span.minutes_over_80 if minutes_seen else None,
        minutes_over_90=span.minutes_over_90 if minutes_seen else None,
        minutes_over_100=span.minutes_over_100 if minutes_seen else None,
        coverage=share_known(span.minutes_known, span.minutes_existed),
        minute_coverage=share_known(span.minutes_covered, span.minutes_existed),
    )


def week_picture(
    hours: Sequence[datetime], peaks: Sequence[float | None], totals: Sequence[float | None]
) -> WeekPicture:
    """Busiest and mean minute of each hour of the week, from hourly peaks and hourly totals."""
    cells = np.array([hour.weekday() * 24 + hour.hour for hour in hours], dtype=np.int64)
    return WeekPicture(
        peak=_week(cells, _floats(peaks), highest=True),
        mean=_week(cells, _floats(totals) / MINUTES, highest=False),
    )


def _known(limit: int | None) -> float:
    return np.nan if limit is None else float(limit)


def _minutes_between(start: datetime, end: datetime) -> int:
    return int((end - start) // timedelta(minutes=1))


def _merged_bytes(parts: Iterable[bytes | None]) -> bytes | None:
    known = [part for part in parts if part is not None]
    if len(known) < 2:
        return known[0] if known else None
    return merge(known).to_bytes()


def _sum_known(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _load(peak: float | None, packed: bytes | None) -> Load:
    if packed is None:
        return Load(peak, None, None, None, None)
    p99, p95, median = Histogram.from_bytes(packed).quantiles((0.99, 0.95, 0.5))
    burst = peak / p95 if peak is not None and p95 else None
    return Load(peak, p99, p95, median, burst)


def _binding(
    peak_tpm: float | None,
    limit_tpm: int | None,
    peak_rpm: float | None,
    limit_rpm: int | None,
    ptu_max: float | None,
) -> tuple[Binding | None, float | None]:
    shares: list[tuple[float, Binding]] = []
    if peak_tpm is not None and limit_tpm:
        shares.append((peak_tpm / limit_tpm, "tpm"))
    if peak_rpm is not None and limit_rpm:
        shares.append((peak_rpm / limit_rpm, "rpm"))
    if ptu_max is not None:
        shares.append((ptu_max / 100, "ptu"))
    if not shares:
        return None, None
    share, name = max(shares, key=lambda found: found[0])
    return name, share


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _week(cells: NDArray[np.int64], values: Floats, *, highest: bool) -> tuple[tuple[float | None, ...], ...]:
    known = ~np.isnan(values)
    cells, values = cells[known], values[known]
    counts = np.bincount(cells, minlength=168)
    if highest:
        found = np.full(168, -np.inf)
        np.maximum.at(found, cells, values)
    else:
        found = np.bincount(cells, weights=values, minlength=168) / np.maximum(counts, 1)
    shown = [float(value) if count else None for value, count in zip(found, counts, strict=True)]
    return tuple(tuple(shown[day * 24 : day * 24 + 24]) for day in range(7))
