"""The world's minutes as Azure Monitor would have them at an instant: late, partial, and not yet there."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from collector.simulator.estate import Caller, Deployment, growing
from collector.simulator.traffic import MINUTES, DayBlock, Traffic

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SETTLED_AFTER = timedelta(minutes=46)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEEP_PARTS = 20_000
_LATENCY_STYLE = {"ttft": 420.0, "tbt": 24.0, "ttlt": 6200.0, "ttr": 900.0, "tps": 38.0}


@dataclass(frozen=True, slots=True)
class Span:
    """Whole minutes [first, first + minutes) since 1970, cut into buckets of `grain` minutes from the first on."""

    first: int
    minutes: int
    grain: int

    @property
    def buckets(self) -> int:
        return -(-self.minutes // self.grain)

    @property
    def hourly(self) -> bool:
        return self.first % 60 == 0 and self.grain % 60 == 0

    def in_hours(self) -> Span:
        """The same span counted in hours, the last of them perhaps not whole."""
        return Span(self.first // 60, -(-self.minutes // 60), self.grain // 60)


@dataclass(frozen=True, slots=True)
class Level:
    """A percentage or a latency in each bucket: sum and weight (for the mean), smallest and largest; NaN is none."""

    weighted: Floats
    weight: Floats
    smallest: Floats
    largest: Floats


def minute_index(at: datetime) -> int:
    return (at - EPOCH) // MINUTE


def seen_share(deployment: Deployment, first: int, minutes: int, now: datetime) -> Floats:
    return _seen_share(deployment.index, first, minutes, now)


@lru_cache(maxsize=4096)
def _seen_share(deployment: int, first: int, minutes: int, now: datetime) -> Floats:
    """Which part of a minute's counts has reached the store at `now`; it only ever rises.

    Most minutes are whole after three minutes, one in 97 after a quarter of an hour, one in 1499 after 45 minutes.
    """
    index = np.arange(first, first + minutes, dtype=np.int64)
    age = (now - EPOCH).total_seconds() - 60.0 * (index + 1)
    share = np.select([age < 0, age < 60, age < 120, age < 180], [0.0, 0.5, 0.8, 0.96], 1.0)
    mixed = (index * 2654435761 + deployment * 40503) & 0xFFFFFFFF
    share = np.where((mixed % 97 == 0) & (age < 900), np.minimum(share, 0.6), share)
    share = np.where((mixed % 1499 == 0) & (age < 2700), np.minimum(share, 0.3), share)
    return np.asarray(share, dtype=np.float64)


@lru_cache(maxsize=256)
def _phase(ordinal: int) -> Floats:
    """Where in a minute the rounding of parts begins, so that small counts do not all fall to the same part."""
    minute = np.arange(MINUTES, dtype=np.float64) + ordinal * MINUTES
    return (minute * 0.6180339887498949) % 1.0


def _minutes_since_epoch(day: date, minute: int) -> int:
    return (day - EPOCH.date()).days * MINUTES + minute


def _whole_hours(day: date, end: int, now: datetime) -> bool:
    """Whether the day, up to this minute, is whole hours that will not change any more."""
    return end % 60 == 0 and _minutes_since_epoch(day, end) <= minute_index(now - SETTLED_AFTER)


def bucketed(values: NDArray[np.int64], span: Span) -> Ints:
    if span.grain == 1:
        return values
    padded = np.zeros(span.buckets * span.grain, dtype=np.int64)
    padded[: span.minutes] = values
    return padded.reshape(span.buckets, span.grain).sum(axis=1)


class Readings:
    """Answers for columns and parts of columns of a deployment over a span, at an instant."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._lock = threading.Lock()
        self._parts: OrderedDict[tuple[int, int, Sequence[str], tuple[float, ...]], Ints] = OrderedDict()

    def total(self, deployment: Deployment, columns: Sequence[str], span: Span, now: datetime) -> Ints:
        """Sums of the columns in each bucket."""
        if span.hourly:
            days = [self._hours(deployment, columns, *day, now) for day in _days(span)]
            return bucketed(np.concatenate(days), span.in_hours())
        return bucketed(self.minutes(deployment, columns, span, now), span)

    def minutes(self, deployment: Deployment, columns: Sequence[str], span: Span, now: datetime) -> Ints:
        parts = [
            self._of_day(self._traffic.block(deployment, day), columns)[begin:end]
            for day, begin, end in _days(span)
        ]
        return self._as_seen(np.concatenate(parts), deployment, span.first, now)

    def parts(
        self,
        deployment: Deployment,
        columns: Sequence[str],
        callers: Sequence[Caller | None],
        span: Span,
        now: datetime,
    ) -> list[Ints]:
        """The columns' count parted by caller: parts add up to the whole, each minute."""
        if len(callers) == 1:
            return [self.total(deployment, columns, span, now)]
        rows: list[NDArray[np.int64]] = []
        for day, begin, end in _days(span):
            shares = growing(callers, day)
            if span.hourly and _whole_hours(day, end, now):
                rows.append(self._parts_by_hour(deployment, columns, shares, day)[:, begin // 60 : end // 60])
                continue
            parted = self._parts_of_day(deployment, columns, shares, day)[:, begin:end]
            first = _minutes_since_epoch(day, begin)
            by_hour = Span(first, end - begin, 60 if span.hourly else 1)
            seen = [bucketed(self._as_seen(part, deployment, first, now), by_hour) for part in parted]
            rows.append(np.stack(seen))
        whole = np.concatenate(rows, axis=1)
        return [bucketed(part, span.in_hours() if span.hourly else span) for part in whole]

    def _parts_by_hour(
        self, deployment: Deployment, columns: Sequence[str], shares: tuple[float, ...], day: date
    ) -> Ints:
        key = (deployment.index, day.toordinal(), columns, shares)
        with self._lock:
            found = self._parts.get(key)
        if found is not None:
            return found
        made = self._parts_of_day(deployment, columns, shares, day).reshape(len(shares), 24, 60).sum(axis=2)
        with self._lock:
            self._parts[key] = made
            while len(self._parts) > KEEP_PARTS:
                self._parts.popitem(last=False)
        return made

    def _parts_of_day(
        self, deployment: Deployment, columns: Sequence[str], shares: tuple[float, ...], day: date
    ) -> Ints:
        block = self._traffic.block(deployment, day)
        if not any(name in block.columns for name in columns):
            return np.zeros((len(shares), MINUTES), dtype=np.int64)
        whole = self._of_day(block, columns)
        phase = _phase(day.toordinal())
        upper = [np.floor(whole * share + phase) for share in shares[:-1]]
        return np.diff(np.stack([np.zeros(MINUTES), *upper, whole]), axis=0).astype(np.int64)

    def level(self, deployment: Deployment, kind: str, span: Span, now: datetime) -> Level | None:
        """A mean with its extremes; None where this deployment publishes no such reading."""
        if kind in ("ptu", "cache_rate") and not deployment.provisioned:
            return None
        if kind in _LATENCY_STYLE and not deployment.provisioned and deployment.account.index % 3 == 2:
            return None
        rows = [self._level_of_day(deployment, kind, day) for day, _, _ in _days(span)]
        cuts = [(begin, end) for _, begin, end in _days(span)]
        mean, largest, weight = (
            np.concatenate([row[i][a:b] for row, (a, b) in zip(rows, cuts, strict=True)]) for i in range(3)
        )
        unseen = seen_share(deployment, span.first, span.minutes, now) < 0.8
        weight = np.where(unseen, 0.0, weight)
        return _bucketed_level(mean, largest, weight, span)

    def _of_day(self, block: DayBlock, columns: Sequence[str]) -> Ints:
        total = np.zeros(MINUTES, dtype=np.int64)
        for name in columns:
            if name == "active":
                total += (
                    block.minute("prompt").astype(np.int64)
                    + block.minute("completion")
                    - block.minute("cached")
                )
            elif name in block.columns:
                total += block.columns[name]
        return total

    def _hours(
        self, deployment: Deployment, columns: Sequence[str], day: date, begin: int, end: int, now: datetime
    ) -> Ints:
        if _whole_hours(day, end, now) and "active" not in columns:
            kept = self._traffic.hours(deployment, day)
            total = np.zeros(24, dtype=np.int64)
            for name in columns:
                if name in kept:
                    total += kept[name]
            return total[begin // 60 : end // 60]
        span = Span(_minutes_since_epoch(day, begin), end - begin, 60)
        return bucketed(self.minutes(deployment, columns, span, now), span)

    def _as_seen(self, values: Ints, deployment: Deployment, first: int, now: datetime) -> Ints:
        fresh_from = minute_index(now - SETTLED_AFTER) - first
        if fresh_from >= values.size:
            return values
        fresh_from = max(0, fresh_from)
        share = seen_share(deployment, first + fresh_from, values.size - fresh_from, now)
        seen = values.copy()
        seen[fresh_from:] = np.floor(values[fresh_from:] * share).astype(np.int64)
        return seen

    def _level_of_day(self, deployment: Deployment, kind: str, day: date) -> tuple[Floats, Floats, Floats]:
        block = self._traffic.block(deployment, day)
        ok = block.minute("ok").astype(np.float64)
        if kind == "ptu":
            if block.ptu_mean is None or block.ptu_max is None:
                return np.zeros(MINUTES), np.zeros(MINUTES), np.zeros(MINUTES)
            first, last = self._traffic.alive(deployment, day)
            weight = np.zeros(MINUTES)
            weight[first:last] = 1.0
            return (
                block.ptu_mean.astype(np.float64).round(2),
                block.ptu_max.astype(np.float64).round(2),
                weight,
            )
        if kind == "cache_rate":
            prompt = np.maximum(block.minute("prompt"), 1)
            mean = (100.0 * block.minute("cached") / prompt).round(2)
            return mean, mean, ok
        if kind == "availability":
            served = ok + block.minute("bad") + block.minute("failed")
            mean = (100.0 - 100.0 * block.minute("failed") / np.maximum(served, 1)).round(3)
            return mean, np.where(served > 0, 100.0, 0.0), served
        load = ok / max(1.0, deployment.peak_rpm)
        noise = (
            1.0
            + 0.12 * np.sin(np.arange(MINUTES) * 0.37 + deployment.index)
            + 0.05 * np.sin(np.arange(MINUTES) * 2.1)
        )
        style = _LATENCY_STYLE[kind] * (1.0 + 0.15 * (deployment.index % 7))
        mean = (style / (1 + 0.3 * load) if kind == "tps" else style * (1 + 0.6 * load)) * noise
        return mean.round(2), (mean * (1.6 + 0.4 * load)).round(2), ok


def _days(span: Span) -> list[tuple[date, int, int]]:
    """The UTC days of a span with the minutes of each, as [from, to)."""
    out: list[tuple[date, int, int]] = []
    at, end = span.first, span.first + span.minutes
    while at < end:
        number, begin = divmod(at, MINUTES)
        take = min(end - at, MINUTES - begin)
        out.append((EPOCH.date() + timedelta(days=number), begin, begin + take))
        at += take
    return out


def _bucketed_level(mean: Floats, largest: Floats, weight: Floats, span: Span) -> Level:
    size = span.buckets * span.grain
    grid = np.zeros((3, size))
    grid[0, : mean.size], grid[1, : mean.size], grid[2, : mean.size] = mean, largest, weight
    mean2, largest2, weight2 = (grid[i].reshape(span.buckets, span.grain) for i in range(3))
    some = weight2 > 0
    return Level(
        (mean2 * weight2).sum(axis=1),
        weight2.sum(axis=1),
        np.where(some, mean2 * 0.7, np.inf).min(axis=1),
        np.where(some, largest2, -np.inf).max(axis=1),
    )
