"""When quota lines fill, from readings that were stored only when something changed."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from collector.domain.room.fullness import NoDate, UntilFull, time_until_full

LOOKS_BACK_DAYS = 91
LineKey = tuple[str, str, str]


def days_to_full(quotas: Iterable[Any], today: date) -> dict[LineKey, UntilFull | NoDate]:
    """For every line, by subscription, location and usage name: days until it is full, or why no date is given."""
    return {
        (row.subscription_id, row.location, row.usage_name): time_until_full(
            daily_allocated(row.history, today), float(row.limit)
        )
        for row in quotas
    }


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
