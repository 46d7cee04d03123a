"""Alerts, what people do with them, and letters. Records: written here, discarded by no command."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, delete, func, literal, not_, select, update

from collector.domain.alerts.types import Action, AlertEvent, AlertState, Due
from collector.reports.letters.render import Letter
from collector.store import tables
from collector.store.letter_content import due_to_json, letter_to_json, state_to_json
from collector.store.writes.bulk import delete_rows, upsert

WAITING = "waiting"
SENT = "sent"
GIVEN_UP = "given up"
SUPERSEDED = "superseded"
_IDS: Final = 500


class LetterInHand(Exception):
    """A letter that was to be taken back is being handed over by now."""


@dataclass(frozen=True, slots=True)
class Handled:
    """An action that the alert step looked at; `refused` says why nothing came of it."""

    action_id: str
    refused: str | None


def record_states(connection: Connection, states: Iterable[AlertState]) -> int:
    return upsert(connection, tables.alert, (_row(state) for state in states))


def record_events(connection: Connection, events: Iterable[tuple[str, AlertEvent]]) -> int:
    """Each with an id chosen before the transaction, so that repeating it writes nothing twice."""
    rows = ((event_id, e.key, e.kind, e.at, e.detail, e.by) for event_id, e in events)
    return upsert(connection, tables.alert_event, rows)


def record_dues(connection: Connection, dues: Iterable[Due]) -> int:
    return _record_dues(connection, ((due, None) for due in dues))


def record_told(connection: Connection, told: Iterable[tuple[str, Due]]) -> int:
    """What a letter (by its id) tells, kept until it is sent or given up: so it can be taken back and told anew."""
    return _record_dues(connection, ((due, message_id) for message_id, due in told))


def drop_dues(connection: Connection, due_ids: Iterable[str]) -> int:
    """What is told (its letter is written), or came and went untold."""
    return delete_rows(connection, tables.alert_due, ("due_id",), ((due_id,) for due_id in due_ids))


def ask_for(connection: Connection, action: Action) -> str:
    """Note what a person wants done with an alert; the next alert step does it. Gives back the row's id.

    A plain insert: it is all that the dashboard's database role may do.
    """
    action_id = str(uuid4())
    connection.execute(
        tables.alert_action.insert().values(
            action_id=action_id,
            alert_key=action.key,
            kind=action.kind,
            at=action.at,
            who=action.by,
            why=action.why,
            until=action.until,
        )
    )
    return action_id


def settle_actions(connection: Connection, handled: Iterable[Handled], *, at: datetime) -> None:
    table = tables.alert_action
    for one in handled:
        connection.execute(
            update(table).where(table.c.action_id == one.action_id).values(applied_at=at, refused=one.refused)
        )


def record_letters(connection: Connection, letters: Iterable[Letter]) -> int:
    """Put into the outbox; a letter that stands there already, sent or not, stays as it is."""
    table = tables.letter
    columns = tuple(column.name for column in table.columns)
    rows = [
        (
            letter.message_id,
            letter.kind,
            ", ".join(letter.to),
            letter.subject,
            letter.written_at,
            WAITING,
            0,
            None,
            letter.written_at,
            None,
            None,
            letter_to_json(letter),
            None,
        )
        for letter in letters
    ]
    return upsert(connection, table, rows, columns, keep=columns)


def take_back(connection: Connection, message_ids: Collection[str], why: str) -> None:
    """Letters that no server was handed stay as a record and are never sent. Raises `LetterInHand` for any other.

    Repeating it changes nothing.
    """
    table = tables.letter
    every = sorted(message_ids)
    for ids in (every[first : first + _IDS] for first in range(0, len(every), _IDS)):
        asked = table.c.message_id.in_(ids)
        connection.execute(
            update(table)
            .where(asked, table.c.status == WAITING, table.c.in_hand_at.is_(None))
            .values(status=SUPERSEDED, error=why, next_attempt_at=None)
        )
        taken = select(func.count()).select_from(table).where(asked, table.c.status == SUPERSEDED)
        if connection.scalar(taken) != len(ids):
            raise LetterInHand
        connection.execute(delete(tables.alert_due).where(tables.alert_due.c.message_id.in_(ids)))


def take_in_hand(connection: Connection, message_id: str, *, at: datetime) -> bool:
    """From now on a server may have it, so it keeps its words. False where it was taken back meanwhile."""
    table = tables.letter
    found = connection.execute(
        update(table)
        .where(table.c.message_id == message_id, table.c.status == WAITING)
        .values(in_hand_at=func.coalesce(table.c.in_hand_at, literal(at, table.c.in_hand_at.type)))
    )
    return found.rowcount == 1


def bring_forward(connection: Connection, message_ids: Iterable[str], *, at: datetime) -> None:
    """A letter that has to keep its words is tried before the one that tells what came after."""
    for message_id in sorted(message_ids):
        _still_waiting(connection, message_id, next_attempt_at=at)


def mark_sent(connection: Connection, message_id: str, *, at: datetime) -> None:
    _still_waiting(connection, message_id, status=SENT, sent_at=at, error=None, next_attempt_at=None)
    _forget(connection, message_id)


def mark_failed(
    connection: Connection,
    message_id: str,
    error: str,
    *,
    attempts: int,
    first_tried_at: datetime,
    next_attempt_at: datetime | None,
    in_hand_at: datetime | None,
) -> None:
    """Try again then; None: it is given up, and shown so. `in_hand_at`: since when a server may have it."""
    _still_waiting(
        connection,
        message_id,
        status=GIVEN_UP if next_attempt_at is None else WAITING,
        error=error[:1_000],
        attempts=attempts,
        first_tried_at=first_tried_at,
        next_attempt_at=next_attempt_at,
        in_hand_at=in_hand_at,
    )
    if next_attempt_at is None:
        _forget(connection, message_id)


def mark_held(connection: Connection, why: str, *, webhooks: bool) -> int:
    """Letters that have no way out say why, and no attempt is counted against them; gives back how many wait so."""
    table = tables.letter
    held = and_(table.c.status == WAITING, _way(webhooks=webhooks))
    connection.execute(update(table).where(held, table.c.error.is_distinct_from(why)).values(error=why))
    return int(connection.scalar(select(func.count()).select_from(table).where(held)) or 0)


def give_up_held(connection: Connection, written_before: datetime, why: str, *, webhooks: bool) -> int:
    """Letters that never had a way out and are too old to be news."""
    table = tables.letter
    found = connection.execute(
        update(table)
        .where(
            table.c.status == WAITING,
            _way(webhooks=webhooks),
            table.c.first_tried_at.is_(None),
            table.c.written_at < written_before,
        )
        .values(status=GIVEN_UP, error=why, next_attempt_at=None)
    )
    return found.rowcount


def mark_month_told(connection: Connection, month: date, *, at: datetime) -> None:
    """The letter about a closed month is written; to be called in the transaction that writes it."""
    table = tables.month_close
    connection.execute(
        update(table)
        .where(table.c.month == month, table.c.letter_sent_at.is_(None))
        .values(letter_sent_at=at)
    )


def send_again(connection: Connection, message_id: str, *, at: datetime) -> bool:
    """Take up a letter that was given up; False where there is none such."""
    table = tables.letter
    found = connection.execute(
        update(table)
        .where(table.c.message_id == message_id, table.c.status == GIVEN_UP)
        .values(status=WAITING, attempts=0, first_tried_at=None, next_attempt_at=at)
    )
    return found.rowcount == 1


def _record_dues(connection: Connection, dues: Iterable[tuple[Due, str | None]]) -> int:
    rows = ((due.id, due.key, due.not_before, due_to_json(due), message_id) for due, message_id in dues)
    return upsert(connection, tables.alert_due, rows)


def _forget(connection: Connection, message_id: str) -> None:
    connection.execute(delete(tables.alert_due).where(tables.alert_due.c.message_id == message_id))


def _way(*, webhooks: bool) -> ColumnElement[bool]:
    to_webhook = tables.letter.c.recipient.startswith("webhook:")
    return to_webhook if webhooks else not_(to_webhook)


def _still_waiting(connection: Connection, message_id: str, **values: object) -> None:
    """Whoever comes later does not unmark what was sent."""
    table = tables.letter
    connection.execute(
        update(table).where(table.c.message_id == message_id, table.c.status == WAITING).values(**values)
    )


def _row(state: AlertState) -> tuple[object, ...]:
    where = state.finding.where
    return (
        state.key,
        state.rule,
        state.subject,
        state.status,
        state.finding.severity,
        state.level,
        state.finding.evidence.title,
        where.subscription_id,
        where.account,
        where.owner,
        state.due_on,
        state.opened_at,
        state.changed_at,
        state.closed_at,
        state_to_json(state),
    )
