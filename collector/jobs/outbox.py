"""The outbox: letters go out at least once, and are marked after the other side took them.

Killed between the two, the next sender sends the same letter with the same Message-ID again. What no server can have
may be taken back by the alert step when it is no longer so; a letter is in hand before a server hears of it, and from then on
keeps its words. One sender at a time:
the lease dies with its process. A letter that fails steps back, so it never holds up the ones behind it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from collector.domain.alerts.times import next_attempt
from collector.ports import Clock, Handover, LetterSender
from collector.store.engine import Connection, Engine, retrying
from collector.store.lease import Lease, lease
from collector.store.reads import alerts as reads
from collector.store.reads.alerts import Waiting
from collector.store.writes import alerts as writes

log = structlog.get_logger(__name__)

STEP: Final = "outbox"
BATCH: Final = 50
"""Letters held in memory at once; one is 100 kB at most."""
FAILURES_IN_A_ROW: Final = 3
"""After so many the way itself is taken for closed, until the next round: a dead server must not cost every letter its time-out."""
HELD_FOR: Final = timedelta(days=14)
"""A letter that has no way out for so long is given up: by then the weekly summary tells it better."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one round did. `held`: letters that have no way out at all, each says why."""

    sent: int = 0
    later: int = 0
    given_up: int = 0
    held: int = 0

    def __str__(self) -> str:
        return f"{self.sent} letters sent, {self.later} to be tried again, {self.given_up} given up, {self.held} held"

    def plus(self, handover: Handover, *, given_up: bool) -> "Sent":
        if handover.outcome == "taken":
            return replace(self, sent=self.sent + 1)
        return replace(self, given_up=self.given_up + 1) if given_up else replace(self, later=self.later + 1)


def send_letters(
    engine: Engine,
    post: LetterSender,
    clock: Clock,
    *,
    wait: bool = True,
    stopping: threading.Event | None = None,
) -> Sent:
    """One round over both ways out. Raises `LeaseHeld` where another process sends and `wait` is False."""
    done = Sent()
    with lease(engine, STEP, wait=wait, stop=stopping) as ours:
        for webhooks in (False, True):
            why = post.closed(webhooks=webhooks)
            if why is not None:
                done = _hold(engine, why, clock(), done, webhooks=webhooks)
            else:
                done = _send(
                    engine, post, clock, ours, done, stopping or threading.Event(), webhooks=webhooks
                )
    if done != Sent():
        log.info("outbox", summary=str(done))
    return done


def _hold(engine: Engine, why: str, now: datetime, done: Sent, *, webhooks: bool) -> Sent:
    def hold(connection: Connection) -> tuple[int, int]:
        given_up = writes.give_up_held(connection, now - HELD_FOR, why, webhooks=webhooks)
        return given_up, writes.mark_held(connection, why, webhooks=webhooks)

    given_up, held = retrying(engine, hold)
    return replace(done, held=done.held + held, given_up=done.given_up + given_up)


def _send(
    engine: Engine,
    post: LetterSender,
    clock: Clock,
    ours: Lease,
    done: Sent,
    stopping: threading.Event,
    *,
    webhooks: bool,
) -> Sent:
    began, failures = clock(), 0
    while True:
        with engine.connect() as connection:
            batch = reads.letters_due(connection, began, webhooks=webhooks, limit=BATCH)
        if not batch:
            return done
        for waiting in batch:
            if stopping.is_set():
                return done
            ours.confirm()
            in_hand = partial(writes.take_in_hand, message_id=waiting.message_id, at=clock())
            if not retrying(engine, in_hand):
                continue  # an alert pass took it back since the batch was read
            handover = _handed_over(post, waiting)
            mark, given_up = _marking(waiting, handover, clock())
            retrying(engine, mark)
            done = done.plus(handover, given_up=given_up)
            failures = failures + 1 if handover.outcome == "later" else 0
            if failures == FAILURES_IN_A_ROW:
                log.warning("letters wait for the way out", why=handover.why)
                return done


def _handed_over(post: LetterSender, waiting: Waiting) -> Handover:
    if waiting.letter is None:
        return Handover("never", waiting.unreadable or "the stored letter can not be read")
    try:
        return post.send(waiting.letter)
    except Exception as error:
        # The top of one letter: whatever is wrong with it, the others go.
        log.exception("a letter could not be handed over", message_id=waiting.message_id)
        return Handover("later", f"{type(error).__name__}: {error}", maybe=True)


def _marking(
    waiting: Waiting, handover: Handover, now: datetime
) -> tuple[Callable[[Connection], None], bool]:
    """The write that follows, and whether it gives the letter up."""
    if handover.outcome == "taken":
        return lambda connection: writes.mark_sent(connection, waiting.message_id, at=now), False
    attempts = waiting.attempts + 1
    first = waiting.first_tried_at or now
    after = (
        None
        if handover.outcome == "never"
        else next_attempt(waiting.message_id, attempts, first, now, handover.retry_after)
    )
    if after is None:
        log.error("a letter is given up", message_id=waiting.message_id, why=handover.why)

    def mark(connection: Connection) -> None:
        writes.mark_failed(
            connection,
            waiting.message_id,
            handover.why,
            attempts=attempts,
            first_tried_at=first,
            next_attempt_at=after,
            in_hand_at=waiting.in_hand_at or (now if handover.maybe else None),
        )

    return mark, after is None
