"""When something due may go out: the owner's digest hour and the quiet hours, in the company's time zone."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import Literal

from collector.domain.alerts.rules import Severity
from collector.domain.alerts.types import AlertConfig


def send_after(
    tell: Literal["at_once", "digest", "baseline"], severity: Severity, now: datetime, config: AlertConfig
) -> datetime:
    """The first instant at which it may be sent. Everything due between two digest hours shares one digest."""
    if tell == "digest":
        return next_at(config.digest_at, now, config.zone)
    if tell == "at_once" and severity not in config.quiet_spares:
        return after_quiet(now, config)
    return now


def next_at(clock: time, now: datetime, zone: tzinfo) -> datetime:
    """The next instant at which a wall clock in `zone` shows `clock`, now included."""
    today = now.astimezone(zone).date()
    found = _instant(today, clock, zone)
    return found if found >= now else _instant(today + timedelta(days=1), clock, zone)


def after_quiet(now: datetime, config: AlertConfig) -> datetime:
    """Now, or the end of the quiet hours that hold it; they may span midnight."""
    begins, ends = config.quiet_from, config.quiet_until
    if begins is None or ends is None or begins == ends:
        return now
    clock = now.astimezone(config.zone).time()
    quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    return next_at(ends, now, config.zone) if quiet else now


def weekly_at(now: datetime, config: AlertConfig) -> datetime:
    """The digest hour of the week's summary day that comes next, now included."""
    local = now.astimezone(config.zone).date()
    ahead = (config.weekly_on - local.weekday()) % 7
    found = _instant(local + timedelta(days=ahead), config.digest_at, config.zone)
    return (
        found if found >= now else _instant(local + timedelta(days=ahead + 7), config.digest_at, config.zone)
    )


def _instant(on: date, clock: time, zone: tzinfo) -> datetime:
    # A wall time that a clock change skips lands an hour later, one that it repeats on the first of the two.
    return datetime.combine(on, clock, zone).astimezone(UTC)


FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
GIVEN_UP_AFTER = timedelta(days=3)


def next_attempt(
    message_id: str, attempts: int, first_tried_at: datetime, now: datetime, retry_after: float | None = None
) -> datetime | None:
    """When to try a letter again after its n-th failure, or None: three days are enough for any mail server.

    Waits double up to four hours, less a fifth at most by a jitter that is the letter's own, so that a thousand
    letters that failed together do not come back together, and a restart does not change the plan.
    """
    if now - first_tried_at >= GIVEN_UP_AFTER:
        return None
    wait = min(FIRST_WAIT * 2 ** min(max(attempts, 1) - 1, 16), LONGEST_WAIT)
    share = int.from_bytes(sha256(f"{message_id} {attempts}".encode()).digest()[:4]) / 2**32
    wait -= wait * share / 5
    asked = timedelta(seconds=min(retry_after or 0.0, LONGEST_WAIT.total_seconds()))
    return now + max(wait, asked)
