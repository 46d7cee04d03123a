"""The days from which it is told when a deployment or a quota line is full."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

LOOKS_BACK_DAYS = 91
TREND = "90d"
"""The period whose course is looked at."""


def daily_allocated(history: Sequence[Any], today: date) -> list[float | None]:
    """What was allocated at the end of each day up to today; before the first reading nothing is known."""
    first = today - timedelta(days=LOOKS_BACK_DAYS - 1)
    values: list[float | None] = []
    known: float | None = None
    place = 0
    for step in range(LOOKS_BACK_DAYS):
        day = first + timedelta(days=step)
        while place < len(history) and history[place].read_at.date() <= day:
            known = float(history[place].current)
            place += 1
        values.append(known)
    first_known = next((at for at, value in enumerate(values) if value is not None), len(values))
    return values[first_known:]


def daily_shares(trend: object, ends_at: datetime | None, now: datetime) -> tuple[float | None, ...]:
    """The stored course from its first known day on; today is not over yet and left out."""
    if not isinstance(trend, list) or ends_at is None:
        return ()
    daily = [float(one) if isinstance(one, int | float) else None for one in trend]
    if ends_at > now:
        daily = daily[:-1]
    first = next((at for at, share in enumerate(daily) if share is not None), len(daily))
    return tuple(daily[first:])
