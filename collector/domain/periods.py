"""Spans of time, months, and which windows a collection must read.

Everything here is UTC and open-ended: a window holds its start and not its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Grain = Literal["PT1M", "PT1H"]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A span of time from `start` up to, not including, `end`; both aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name, instant in (("start", self.start), ("end", self.end)):
            if instant.utcoffset() != timedelta(0):
                raise ValueError(
                    f"Window {name}={instant.isoformat()}: expected an aware instant in UTC, "
                    "such as 2026-10-01T00:00:00+00:00"
                )
        if self.start >= self.end:
            raise ValueError(
                f"Window start={self.start.isoformat()}, end={self.end.isoformat()}: "
                "expected a start before the end"
            )

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlap(self, other: Window) -> Window | None:
        """What both windows hold, or None where they only touch or lie apart."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in UTC, written `2026-10`."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9998 and 1 <= self.month <= 12):
            raise ValueError(f"month {self.year:04d}-{self.month:02d}: expected one such as 2026-10")

    @classmethod
    def parse(cls, text: str) -> Month:
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text.strip())
        if found is None or not 1 <= int(found[2]) <= 12 or not 1 <= int(found[1]) <= 9998:
            raise ValueError(f"month {text!r}: expected a year and a month such as 2026-10")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def window(self) -> Window:
        return Window(midnight(self.first_day), midnight(self.shifted(1).first_day))

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(days(self.window))

    def shifted(self, months: int) -> Month:
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A window to read and the grain to read it at."""

    window: Window
    grain: Grain


@dataclass(frozen=True, slots=True)
class Plan:
    """What one collection reads, oldest first, and what it can no longer read.

    `gap` is the span that Azure has already forgotten: to be shown, never filled.
    `clock_went_back` says that `now` lies before what is already known.
    """

    windows: tuple[PlannedWindow, ...]
    gap: Window | None = None
    clock_went_back: bool = False

    def __iter__(self) -> Iterator[PlannedWindow]:
        return iter(self.windows)

    def __len__(self) -> int:
        return len(self.windows)


def plan_windows(
    known_through: datetime | None,
    now: datetime,
    *,
    nightly: bool = False,
    backfill_days: int = 90,
    minute_backfill_days: int = 30,
    trailing_minutes: int = 60,
    night_trailing_hours: int = 48,
    retention_days: int = 93,
    minute_window_days: int = 1,
    hour_window_days: int = 7,
    latest_lag_minutes: int = 0,
) -> Plan:
    """The windows that bring a scope known through an instant up to `now`.

    A first run (`known_through` None) reads whole days: minutes for the newest
    `minute_backfill_days`, hours for what is older. A later run reads minutes from what
    is known, whatever the stop, and the trailing window again, because values rise late.
    Windows end at UTC midnights, since the metric family is chosen per UTC day.
    """
    end = floor_minute(now - timedelta(minutes=latest_lag_minutes))
    oldest = _ceil_hour(now - timedelta(days=retention_days))
    if known_through is None:
        hours_from = max(midnight((now - timedelta(days=backfill_days)).date()), oldest)
        minutes_from = max(midnight((now - timedelta(days=minute_backfill_days)).date()), hours_from)
        return Plan(
            _planned(hours_from, minutes_from, "PT1H", hour_window_days)
            + _planned(minutes_from, end, "PT1M", minute_window_days)
        )
    trailing = timedelta(hours=night_trailing_hours) if nightly else timedelta(minutes=trailing_minutes)
    # Also before what is known: its newest minutes were partial when they were read, however long ago.
    wanted_from = floor_hour(min(known_through, now) - trailing)
    start = max(wanted_from, oldest)
    # What lies before the newest known minute was read once: only what came after it is lost.
    lost_from, gap_end = floor_hour(min(known_through, now)), min(start, floor_hour(end))
    return Plan(
        _planned(start, end, "PT1M", minute_window_days),
        gap=Window(lost_from, gap_end) if lost_from < gap_end else None,
        clock_went_back=now < known_through,
    )


def plan_span(
    span: Window,
    now: datetime,
    *,
    grain: Grain = "PT1M",
    retention_days: int = 93,
    window_days: int = 1,
) -> Plan:
    """The windows of a backfill that a person asked for, clipped to what Azure still knows."""
    wanted_from, end = floor_hour(span.start), min(span.end, floor_minute(now))
    start = max(wanted_from, _ceil_hour(now - timedelta(days=retention_days)))
    gap_end = min(start, end)
    return Plan(
        _planned(start, end, grain, window_days),
        gap=Window(wanted_from, gap_end) if wanted_from < gap_end else None,
    )


def hours(window: Window) -> Iterator[datetime]:
    """The first instant of every hour that the window touches."""
    hour = floor_hour(window.start)
    while hour < window.end:
        yield hour
        hour += HOUR


def days(window: Window) -> Iterator[date]:
    """Every UTC day that the window touches."""
    day = window.start.date()
    while midnight(day) < window.end:
        yield day
        day += DAY


def months(window: Window) -> Iterator[Month]:
    """Every UTC month that the window touches."""
    month = month_of(window.start)
    while midnight(month.first_day) < window.end:
        yield month
        month = month.shifted(1)


def month_of(moment: datetime | date) -> Month:
    """The UTC month of an instant, or of a day."""
    day = moment.astimezone(UTC) if isinstance(moment, datetime) else moment
    return Month(day.year, day.month)


def last_days(last: date, count: int) -> Window:
    """`count` whole UTC days, the last of them `last`."""
    if count < 1:
        raise ValueError(f"last_days count={count}: expected at least 1 day")
    return Window(midnight(last - timedelta(days=count - 1)), midnight(last + DAY))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def floor_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def floor_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _ceil_hour(instant: datetime) -> datetime:
    floor = floor_hour(instant)
    return floor if floor == instant else floor + HOUR


def _planned(start: datetime, end: datetime, grain: Grain, window_days: int) -> tuple[PlannedWindow, ...]:
    """The span cut at UTC midnights into windows of at most `window_days` days."""
    planned: list[PlannedWindow] = []
    while start < end:
        cut = min(midnight(start.date()) + timedelta(days=window_days), end)
        planned.append(PlannedWindow(Window(start, cut), grain))
        start = cut
    return tuple(planned)
