"""How old and how whole the figures of a screen are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from collector.store.reads.overview import Estate, Freshness
from dashboard import words
from dashboard.views import Notice

USAGE = "metrics"
LATE_AFTER = {
    USAGE: timedelta(hours=1),
    "inventory": timedelta(hours=1),
    "quotas": timedelta(hours=1),
    "models": timedelta(hours=18),
}
"""About three times as long as a job waits for its next turn."""
LATE_AFTER_ANY = timedelta(days=2)

State = Literal["empty", "fresh", "partial", "stale", "waiting"]


@dataclass(frozen=True, slots=True)
class FreshnessView:
    """`line` stands under every title; `notices` above the figures where something is missing."""

    state: State
    line: str
    notices: tuple[Notice, ...]


def freshness_view(
    found: Freshness, estate: Estate, coverage: float | None, now: datetime, waiting: int = 0
) -> FreshnessView:
    """`waiting` counts earlier days that are collected and not worked out yet: what is shown then is not whole."""
    if found.as_of is None and not found.scopes and not estate.accounts:
        return FreshnessView("empty", words.NOTHING_COLLECTED, ())
    notices: list[Notice] = []
    if waiting:
        notices.append(Notice("info", words.waiting(waiting)))
    late = [(job, at) for job, at in found.by_job if now - at > LATE_AFTER.get(job, LATE_AFTER_ANY)]
    stale = bool(late) or found.as_of is None
    if stale:
        notices.append(Notice("warning", words.stale(late[0] if late else None, now)))
    if found.failed:
        notices.append(Notice("warning", words.scopes_failed(len(found.failed), found.scopes)))
    if coverage is not None and coverage < words.WELL_COVERED:
        notices.append(Notice("info", words.partly_covered(coverage)))
    state: State = "waiting" if waiting else "stale" if stale else "partial" if notices else "fresh"
    usage = dict(found.by_job).get(USAGE)
    return FreshnessView(state, words.freshness_line(found.by_job, usage, now, coverage), tuple(notices))
