"""Alerts as they stand, what waits to be told, what people asked for, and the outbox."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from collector.domain.alerts.types import Action, AlertState, Due
from collector.reports.letters.render import Letter
from collector.store import tables
from collector.store.letter_content import due_of, letter_of, state_of
from collector.store.writes.alerts import WAITING

_IDS: Final = 500


@dataclass(frozen=True, slots=True)
class AlertRow:
    key: str
    rule: str
    status: str
    severity: str
    level: int
    title: str
    subscription_id: str | None
    account: str | None
    owner: str | None
    due_on: date | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventRow:
    key: str
    kind: str
    at: datetime
    detail: str
    who: str | None


@dataclass(frozen=True, slots=True)
class AskedAction:
    """`applied_at` None: the alert step has not come by yet."""

    action_id: str
    action: Action
    applied_at: datetime | None
    refused: str | None


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter and how its delivery stands: waiting, sent, given up, or superseded; `error` says why."""

    message_id: str
    kind: str
    recipient: str
    subject: str
    written_at: datetime
    status: str
    attempts: int
    first_tried_at: datetime | None
    next_attempt_at: datetime | None
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter to be tried now; `letter` None: what is stored can not be read, and why."""

    message_id: str
    letter: Letter | None
    attempts: int
    first_tried_at: datetime | None
    unreadable: str | None = None
    in_hand_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A waiting letter and the alert it tells of; `in_hand`: some server may have it already."""

    message_id: str
    recipient: str
    key: str
    in_hand: bool


def states(connection: Connection, *, active: bool = False) -> dict[str, AlertState]:
    """Every alert there ever was, closed ones too; with `active` those that are open or acknowledged."""
    table = tables.alert
    asked = select(table.c.state)
    if active:
        asked = asked.where(table.c.status != "closed")
    found = (state_of(content) for content in connection.scalars(asked))
    return {state.key: state for state in found}


def state(connection: Connection, key: str) -> AlertState | None:
    content = connection.scalar(select(tables.alert.c.state).where(tables.alert.c.alert_key == key))
    return None if content is None else state_of(content)


def alert_rows(
    connection: Connection, statuses: Collection[str] = (), *, since: datetime | None = None
) -> list[AlertRow]:
    """Alerts of these states (all without any), last changed first; `since` leaves out what changed before."""
    table = tables.alert
    asked = select(*(table.c[name] for name in _ALERT))
    if statuses:
        asked = asked.where(table.c.status.in_(list(statuses)))
    if since is not None:
        asked = asked.where(table.c.changed_at >= since)
    return [
        AlertRow(*row)
        for row in connection.execute(asked.order_by(table.c.changed_at.desc(), table.c.alert_key))
    ]


def alert_events(
    connection: Connection, *, key: str | None = None, since: datetime | None = None, limit: int = 500
) -> list[EventRow]:
    """What happened, newest first."""
    table = tables.alert_event
    asked = select(table.c.alert_key, table.c.kind, table.c.at, table.c.detail, table.c.who)
    if key is not None:
        asked = asked.where(table.c.alert_key == key)
    if since is not None:
        asked = asked.where(table.c.at >= since)
    ordered = asked.order_by(table.c.at.desc(), table.c.event_id).limit(limit)
    return [EventRow(*row) for row in connection.execute(ordered)]


def waiting_dues(connection: Connection) -> list[Due]:
    """What no letter tells yet."""
    table = tables.alert_due
    rows = connection.scalars(select(table.c.due).where(table.c.message_id.is_(None)))
    return [due_of(content) for content in rows]


def unsent(connection: Connection) -> list[Unsent]:
    """What letters that wait tell of: a row an alert and letter."""
    due, letter = tables.alert_due, tables.letter
    rows = connection.execute(
        select(letter.c.message_id, letter.c.recipient, due.c.alert_key, letter.c.in_hand_at.is_not(None))
        .join_from(due, letter, due.c.message_id == letter.c.message_id)
        .where(letter.c.status == WAITING)
        .distinct()
    )
    return [Unsent(*row) for row in rows]


def told_by(connection: Connection, message_ids: Collection[str]) -> list[Due]:
    """What these letters tell."""
    table = tables.alert_due
    every = sorted(message_ids)
    return [
        due_of(content)
        for ids in (every[first : first + _IDS] for first in range(0, len(every), _IDS))
        for content in connection.scalars(select(table.c.due).where(table.c.message_id.in_(ids)))
    ]


def unsent_summaries(connection: Connection) -> list[Letter]:
    """Weekly letters that wait and that no server was handed."""
    table = tables.letter
    rows = connection.execute(
        select(
            table.c.message_id, table.c.content, table.c.attempts, table.c.first_tried_at, table.c.in_hand_at
        ).where(table.c.status == WAITING, table.c.kind == "weekly", table.c.in_hand_at.is_(None))
    )
    return [found.letter for found in map(_waiting, rows) if found.letter is not None]


def waiting_actions(connection: Connection) -> list[AskedAction]:
    """What people asked for and no step has done yet, oldest first."""
    table = tables.alert_action
    return _actions(
        connection, select(table).where(table.c.applied_at.is_(None)).order_by(table.c.at, table.c.action_id)
    )


def letters_due(
    connection: Connection, now: datetime, *, webhooks: bool | None = None, limit: int = 100
) -> list[Waiting]:
    """Letters whose time has come, those that waited longest first; `webhooks` narrows to one way out."""
    table = tables.letter
    asked = select(
        table.c.message_id, table.c.content, table.c.attempts, table.c.first_tried_at, table.c.in_hand_at
    ).where(table.c.status == WAITING, table.c.next_attempt_at <= now)
    if webhooks is not None:
        to_webhook = table.c.recipient.startswith("webhook:")
        asked = asked.where(to_webhook if webhooks else ~to_webhook)
    ordered = asked.order_by(table.c.next_attempt_at, table.c.written_at, table.c.message_id).limit(limit)
    return [_waiting(row) for row in connection.execute(ordered)]


def letter_rows(connection: Connection, *, status: str | None = None, limit: int = 500) -> list[LetterRow]:
    """The outbox and what left it, newest first."""
    table = tables.letter
    asked = select(*(table.c[name] for name in LetterRow.__dataclass_fields__))
    if status is not None:
        asked = asked.where(table.c.status == status)
    ordered = asked.order_by(table.c.written_at.desc(), table.c.message_id).limit(limit)
    return [LetterRow(*row) for row in connection.execute(ordered)]


def letter_counts(connection: Connection) -> dict[str, int]:
    table = tables.letter
    rows = connection.execute(select(table.c.status, func.count()).group_by(table.c.status))
    return {status: int(count) for status, count in rows}


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the letter was written that has waited longest for the mail server."""
    table = tables.letter
    return connection.scalar(select(func.min(table.c.written_at)).where(table.c.status == "waiting"))


_ALERT = ("alert_key", *list(AlertRow.__dataclass_fields__)[1:])


def _waiting(row: Row[*tuple[Any, ...]]) -> Waiting:
    """A letter that an older program wrote otherwise must not hold up the ones behind it."""
    try:
        letter, unreadable = letter_of(row.content), None
    except (ValueError, KeyError, TypeError) as error:
        letter, unreadable = None, f"the stored letter can not be read: {error}"
    return Waiting(row.message_id, letter, row.attempts, row.first_tried_at, unreadable, row.in_hand_at)


def _actions(connection: Connection, asked: Select[Any]) -> list[AskedAction]:
    return [
        AskedAction(
            row.action_id,
            Action(row.alert_key, row.kind, row.at, row.who, row.why, row.until),
            row.applied_at,
            row.refused,
        )
        for row in connection.execute(asked)
    ]
