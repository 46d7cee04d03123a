"""How much of a deployment's time is known: minutes that were read ÷ minutes in which it was there."""

from datetime import datetime, timedelta
from typing import Final

from collector.domain.periods import Window
from collector.domain.usage.hours import Existence

SETTLING: Final = timedelta(minutes=15)
"""The newest minutes are left out of coverage: Azure still fills them."""


def minutes_existed(
    window: Window, created_at: datetime | None, deleted_at: datetime | None, now: datetime
) -> int:
    """Minutes of the window in which the deployment existed and which Azure has had time to settle."""
    start = max(window.start, created_at or window.start)
    end = min(window.end, deleted_at or window.end, now - SETTLING)
    return max(0, int((end - start) // timedelta(minutes=1)))


def minutes_there(window: Window, there: Existence | None, now: datetime, known: int) -> int:
    """Minutes to know of the window: those that nobody read count, and what is known is never more.

    Of a deployment that only metrics speak of nobody knows since when it was there, and no idle hour of it is kept:
    what is known is all there is to know.
    """
    if there is None or there.since is None:
        return known
    return max(known, minutes_existed(window, there.since, there.until, now))


def share_known(known: int, existed: int) -> float | None:
    return min(1.0, known / existed) if existed else None
