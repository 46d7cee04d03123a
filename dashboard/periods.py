"""The periods that a person may choose, and what each means in days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from collector.domain.periods import DAY, Month, Window, last_days, midnight, month_of

MONTH_TO_DATE = "month"
ROLLING = {"1d": 1, "7d": 7, "30d": 30, "90d": 90}
DEFAULT = MONTH_TO_DATE


@dataclass(frozen=True, slots=True)
class Period:
    """A chosen period: `window` as the store is asked, `last_day` the newest day in it, `room_key` its room's name."""

    key: str
    window: Window
    last_day: date
    room_key: str

    @property
    def first_day(self) -> date:
        return self.window.start.date()

    @property
    def is_month(self) -> bool:
        return self.key not in ROLLING

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whole days of a period beside as many of the one before: today is not over, so it is left out."""

    current: Window
    before: Window


def period_keys(months: Sequence[date], today: date) -> list[str]:
    """What may be chosen: month to date, rolling days, and the months that bear charges."""
    earlier = [str(month_of(month)) for month in months if month < today.replace(day=1)]
    return [MONTH_TO_DATE, *ROLLING, *earlier]


def period_of(key: str | None, today: date) -> Period:
    """The period of a key; one that means nothing (a link typed by hand) is the default."""
    if key in ROLLING:
        window = last_days(today, ROLLING[key])
        return Period(key, window, today, key)
    try:
        month = month_of(today) if key in (None, MONTH_TO_DATE) else Month.parse(key)
    except ValueError:
        return period_of(DEFAULT, today)
    if month.first_day > today:
        return period_of(DEFAULT, today)
    last = min(today, month.shifted(1).first_day - DAY)
    return Period(key or MONTH_TO_DATE, month.window, last, str(month))


def comparison(period: Period, today: date) -> Comparison | None:
    """The same number of whole days before; None on the first day, which has no whole day yet."""
    end = min(midnight(today), midnight(period.last_day + DAY))
    if end <= period.window.start:
        return None
    current = Window(period.window.start, end)
    if not period.is_month:
        return Comparison(
            current, Window(current.start - timedelta(days=period.days), end - timedelta(days=period.days))
        )
    before = month_of(period.first_day).shifted(-1)
    if period.last_day == month_of(period.first_day).shifted(1).first_day - DAY and period.last_day < today:
        return Comparison(current, before.window)
    return Comparison(
        current, Window(before.window.start, min(before.window.start + current.length, before.window.end))
    )
