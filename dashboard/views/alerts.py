"""The alerts screen: what is open, set aside, said and sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from collector.domain.alerts.rules import SEVERITIES
from collector.domain.alerts.table import RULES
from collector.domain.alerts.types import AlertState
from collector.store.reads.alerts import AlertRow, AskedAction, EventRow, LetterRow
from collector.store.reads.scope import Filters
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import alerts as words

_RANKS = {str(severity): rank for severity, rank in SEVERITIES.items()}


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What one look into the store gives; `looked_at` None: no alert pass has run yet."""

    rows: Sequence[AlertRow]
    events: Sequence[EventRow]
    letters: Sequence[LetterRow]
    letter_counts: Mapping[str, int]
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertsView:
    tiles: tuple[Tile, ...]
    open: Table
    acknowledged: Table
    history: Table
    letters: Table
    choices: Mapping[str, str]
    """Alerts that can be looked at one by one: what is shown by key."""
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """One alert, in its own words: figures, what to do, and what people asked for that is not done yet."""

    title: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    if_nothing: str
    steps: tuple[tuple[str, str | None], ...]
    standing: str
    asked: tuple[str, ...]


def alerts_view(facts: AlertFacts, filters: Filters, today: date) -> AlertsView:
    rows = sorted((row for row in facts.rows if fits(row, filters)), key=_urgency)
    now_open = [row for row in rows if row.status == "open"]
    aside = [row for row in rows if row.status == "acknowledged"]
    titles = {row.key: row.title for row in rows}
    chosen = filters != Filters()
    return AlertsView(
        tiles=_tiles(now_open, aside, facts.letter_counts),
        open=_alerts("alerts-open", now_open, today),
        acknowledged=_alerts("alerts-acknowledged", aside, today),
        history=_history([one for one in facts.events if one.key in titles or not chosen], titles),
        letters=_letters(facts.letters),
        choices={row.key: row.title for row in (*now_open, *aside)},
        looked_at=facts.looked_at,
    )


def alert_detail(state: AlertState, asked: Sequence[AskedAction]) -> AlertDetail:
    evidence = state.finding.evidence
    waiting = [one for one in asked if one.action.key == state.key and one.applied_at is None]
    return AlertDetail(
        title=evidence.title,
        headline=evidence.headline,
        facts=evidence.facts,
        if_nothing=evidence.if_nothing,
        steps=tuple((step.text, step.link) for step in evidence.next_steps),
        standing=_standing(state),
        asked=tuple(f"{one.action.kind} by {one.action.by}: {one.action.why}" for one in waiting),
    )


def fits(row: AlertRow, filters: Filters) -> bool:
    """What has no place of its own concerns everybody."""
    if (
        filters.subscriptions
        and row.subscription_id is not None
        and row.subscription_id not in filters.subscriptions
    ):
        return False
    names = {arm_id.rpartition("/")[2].casefold() for arm_id in filters.accounts}
    return not names or row.account is None or row.account.casefold() in names


def _urgency(row: AlertRow) -> tuple[int, date, str]:
    return -_RANKS.get(row.severity, 0), row.due_on or date.max, row.key


def _tiles(
    now_open: Sequence[AlertRow], aside: Sequence[AlertRow], letters: Mapping[str, int]
) -> tuple[Tile, ...]:
    critical = sum(row.severity == "critical" for row in now_open)
    return (
        Tile(words.OPEN_TILE, formats.count(len(now_open)), words.OPEN_HELP),
        Tile(words.CRITICAL_TILE, formats.count(critical), words.CRITICAL_HELP),
        Tile(words.ACKNOWLEDGED_TILE, formats.count(len(aside)), words.ACKNOWLEDGED_HELP),
        Tile(words.WAITING_TILE, formats.count(letters.get("waiting", 0)), words.WAITING_HELP),
        Tile(words.GIVEN_UP_TILE, formats.count(letters.get("given up", 0)), words.GIVEN_UP_HELP),
    )


def _alerts(name: str, rows: Sequence[AlertRow], today: date) -> Table:
    return table(
        name,
        (
            Column("severity", "Severity", width="small"),
            Column("what", "What", width=520),
            Column("due_on", "Due", "day"),
            Column("days_left", "Days left", "count", screen=False),
            Column("owner", "Owner"),
            Column("opened_at", "Since", "instant"),
            Column("account", "Account"),
            Column("rule", "Rule"),
            Column("key", "Key", screen=False),
        ),
        (
            {
                "severity": row.severity,
                "what": row.title,
                "due_on": row.due_on,
                "days_left": (row.due_on - today).days if row.due_on else None,
                "owner": row.owner,
                "account": row.account,
                "opened_at": row.opened_at,
                "rule": RULES[row.rule].title if row.rule in RULES else row.rule,
                "key": row.key,
            }
            for row in rows
        ),
    )


def _history(events: Sequence[EventRow], titles: Mapping[str, str]) -> Table:
    return table(
        "alert-history",
        (
            Column("at", "When", "instant"),
            Column("kind", "What happened"),
            Column("alert", "Alert", width="large"),
            Column("detail", "Detail", width="large"),
            Column("who", "Who"),
            Column("key", "Key", screen=False),
        ),
        (
            {
                "at": one.at,
                "kind": words.EVENT_WORDS.get(one.kind, one.kind),
                "alert": titles.get(one.key, one.key),
                "detail": one.detail if one.detail != titles.get(one.key) else None,
                "who": one.who,
                "key": one.key,
            }
            for one in events
        ),
    )


def _letters(rows: Sequence[LetterRow]) -> Table:
    return table(
        "letters",
        (
            Column("written_at", "Written", "instant"),
            Column("status", "State"),
            Column("recipient", "To"),
            Column("subject", "Subject", width="large"),
            Column("error", "What is in its way", width="large"),
            Column("attempts", "Attempts", "count"),
            Column("next_attempt_at", "Next attempt", "instant"),
            Column("sent_at", "Sent", "instant"),
            Column("kind", "Kind", screen=False),
            Column("message_id", "Message-ID", screen=False),
        ),
        (
            {
                "written_at": row.written_at,
                "status": row.status,
                "recipient": row.recipient,
                "subject": row.subject,
                "error": row.error if row.status != "sent" else None,
                "attempts": row.attempts or None,
                "next_attempt_at": row.next_attempt_at if row.attempts else None,
                "sent_at": row.sent_at,
                "kind": row.kind,
                "message_id": row.message_id,
            }
            for row in rows
        ),
    )


def _standing(state: AlertState) -> str:
    if state.status == "acknowledged":
        until = (
            f"until {state.acknowledged_until:%Y-%m-%d %H:%M} UTC"
            if state.acknowledged_until
            else "until the fact changes"
        )
        return f"Acknowledged by {state.acknowledged_by} {until}: {state.why}"
    if state.status == "closed":
        return f"Closed: {state.why}"
    return f"Open since {state.opened_at:%Y-%m-%d %H:%M} UTC"
