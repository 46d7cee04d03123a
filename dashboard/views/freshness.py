"""How old and how whole the figures of a screen are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from collector.store.reads.overview import Estate, Freshness
from dashboard import words
from dashboard.views import Notice

STALE_AFTER = timedelta(hours=2)

State = Literal["empty", "fresh", "partial", "stale"]


@dataclass(frozen=True, slots=True)
class FreshnessView:
    """`line` stands under every title; `notices` above the figures where something is missing."""

    state: State
    line: str
    notices: tuple[Notice, ...]


def freshness_view(found: Freshness, estate: Estate, coverage: float | None, now: datetime) -> FreshnessView:
    if found.as_of is None and not estate.accounts:
        return FreshnessView("empty", words.NOTHING_COLLECTED, ())
    notices: list[Notice] = []
    stale = found.as_of is None or now - found.as_of > STALE_AFTER
    if stale:
        notices.append(Notice("warning", words.stale(found.as_of, now)))
    if found.failed:
        scopes = tuple(f"{row.job}: {row.scope}" for row in found.failed[:3])
        notices.append(Notice("warning", words.scopes_failed(len(found.failed), found.scopes), scopes))
    if coverage is not None and coverage < words.WELL_COVERED:
        notices.append(Notice("info", words.partly_covered(coverage)))
    state: State = "stale" if stale else "partial" if notices else "fresh"
    return FreshnessView(state, words.freshness_line(found.as_of, now, coverage), tuple(notices))
