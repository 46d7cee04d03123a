"""What the Alerts screen asks the store, and the one thing that the dashboard ever writes: what a person wants done."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from collector.domain.alerts.types import Action, AlertState
from collector.store.engine import retrying
from collector.store.errors import clear_errors
from collector.store.reads import alerts as reads
from collector.store.reads.alerts import AskedAction
from collector.store.reads.usage import watermarks
from collector.store.writes.alerts import ask_for
from dashboard import state
from dashboard.state import Chosen
from dashboard.store import open_store, open_to_note
from dashboard.views import alerts as views

HISTORY_DAYS = 30


def view(chosen: Chosen) -> views.AlertsView:
    facts = _facts(state.database(), state.now().replace(second=0, microsecond=0))
    return views.alerts_view(facts, chosen.filters, state.today())


def detail(key: str) -> views.AlertDetail | None:
    found = _one(state.database(), key)
    return None if found is None else views.alert_detail(*found)


def note(key: str, kind: Any, who: str, why: str, until: date | None) -> None:
    """Insert what the person asked for; the alert step does it."""
    at = state.now().replace(microsecond=0)
    day = datetime.combine(until, time(), UTC) if until and kind == "acknowledge" else None
    action = Action(key, kind, at, who, why, day)
    engine = open_to_note(state.database())
    try:
        with clear_errors("the store"):
            retrying(engine, lambda connection: ask_for(connection, action))
    finally:
        engine.dispose()


@state.remembered(30)
def _facts(url: str, now: datetime) -> views.AlertFacts:
    engine = open_store(url)
    try:
        with clear_errors("the store"), engine.connect() as connection:
            return views.AlertFacts(
                rows=reads.alert_rows(connection, ("open", "acknowledged")),
                events=reads.alert_events(connection, since=now - timedelta(days=HISTORY_DAYS)),
                letters=reads.letter_rows(connection, limit=300),
                letter_counts=reads.letter_counts(connection),
                looked_at=watermarks(connection, "alert").get("pass"),
            )
    finally:
        engine.dispose()


def _one(url: str, key: str) -> tuple[AlertState, list[AskedAction]] | None:
    engine = open_store(url)
    try:
        with clear_errors("the store"), engine.connect() as connection:
            found = reads.state(connection, key)
            return None if found is None else (found, reads.waiting_actions(connection))
    finally:
        engine.dispose()


__all__ = ["detail", "note", "view"]
