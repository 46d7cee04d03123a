"""The alert step: rules over facts, what people asked for, and letters into the outbox, in one transaction.

A crash before the commit leaves everything as it was, one after it leaves the letters written; either way the
next pass goes on from what is stored, and nothing is told twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import uuid4

import structlog

from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.types import AlertEvent, AlertState, Outcome
from collector.jobs.facts.look import Look
from collector.jobs.letter_desk import SUPERSEDED, Post, mended_summaries, post_of, week_summaries
from collector.reports.letters.compose import Letter, Writing
from collector.store.engine import Connection, Engine, retrying
from collector.store.lease import lease
from collector.store.reads import alerts as reads
from collector.store.reads.alerts import AskedAction
from collector.store.reads.usage import watermarks
from collector.store.writes import advance_watermarks
from collector.store.writes import alerts as writes
from collector.store.writes.alerts import Handled

log = structlog.get_logger(__name__)

STEP: Final = "alert"
BASELINE: Final = "baseline"
WEEKLY: Final = "weekly"
LOOKED: Final = "pass"


@dataclass(frozen=True, slots=True)
class AlertPass:
    """What one pass found and wrote; `known` counts the findings at or above their first threshold."""

    baseline: bool
    known: int
    active: int
    events: tuple[AlertEvent, ...]
    letters: tuple[Letter, ...]
    waiting: int
    refused: tuple[str, ...]

    def __str__(self) -> str:
        first = "first look: " if self.baseline else ""
        return (
            f"{first}{self.active} alerts open, {len(self.events)} changes, {len(self.letters)} letters written, "
            f"{self.waiting} to be told later"
        )


def alert(
    engine: Engine,
    look: Look,
    rules: AlertRules,
    writing: Writing,
    now: datetime,
    *,
    wait: bool = True,
    dry_run: bool = False,
) -> AlertPass:
    """One pass. With `dry_run` nothing is stored, and the letters are those that a pass now would write."""
    now = now.replace(microsecond=0)
    if dry_run:
        return _plan(engine, look, rules, writing, now).shown
    with lease(engine, STEP, wait=wait):
        plan = _stored(engine, look, rules, writing, now)
    log.info("alerts looked at", summary=str(plan.shown))
    return plan.shown


def _stored(engine: Engine, look: Look, rules: AlertRules, writing: Writing, now: datetime) -> "_Plan":
    while True:
        plan = _plan(engine, look, rules, writing, now)
        try:
            retrying(engine, partial(_store, plan=plan, now=now))
        except writes.LetterInHand:
            # The outbox was quicker: seen again, that letter keeps its words.
            continue
        return plan


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that a pass will write, worked out before the transaction: repeating the writing changes nothing."""

    changed: tuple[AlertState, ...]
    events: tuple[tuple[str, AlertEvent], ...]
    done_dues: frozenset[str]
    post: Post
    handled: tuple[Handled, ...]
    marks: dict[str, datetime | None]
    shown: AlertPass


def _plan(engine: Engine, look: Look, rules: AlertRules, writing: Writing, now: datetime) -> _Plan:
    # Reading outside of the writing transaction keeps SQLite's one writer free; the lease keeps other passes away.
    with engine.connect() as connection:
        before = reads.states(connection)
        waiting = reads.waiting_dues(connection)
        asked = reads.waiting_actions(connection)
        marks = watermarks(connection, STEP)
        looked = any(watermarks(connection, "inventory").values())
        found = look(connection, list(before.values()), now)
        first = marks.get(BASELINE) is None
        outcome = evaluate(before, found, [one.action for one in asked], rules.config, now, baseline=first)
        post = post_of(connection, [*waiting, *outcome.dues], rules, writing, now)
        weekly = week_summaries(connection, outcome, marks.get(WEEKLY), rules, writing, now)
        post = post.and_summaries(weekly or mended_summaries(connection, outcome, rules, writing, now))
    new_marks: dict[str, datetime | None] = {LOOKED: now}
    if first and looked:
        # Until the estate was read there is nothing to begin with: what it brings is no news.
        new_marks[BASELINE] = now
    if weekly is not None:
        new_marks[WEEKLY] = now
    return _Plan(
        changed=tuple(outcome.states[key] for key in sorted(outcome.changed)),
        events=tuple((str(uuid4()), event) for event in outcome.events),
        done_dues=post.done & {due.id for due in waiting},
        post=post,
        handled=_handled(asked, outcome),
        marks=new_marks,
        shown=_shown(outcome, found, post, first),
    )


def _store(connection: Connection, plan: _Plan, now: datetime) -> None:
    writes.record_states(connection, plan.changed)
    writes.record_events(connection, plan.events)
    post = plan.post
    writes.take_back(connection, post.taken_back, SUPERSEDED)
    writes.drop_dues(connection, plan.done_dues)
    writes.record_dues(connection, post.untold)
    writes.record_letters(connection, post.letters)
    writes.record_told(connection, post.told)
    writes.bring_forward(connection, post.first, at=now)
    writes.settle_actions(connection, plan.handled, at=now)
    advance_watermarks(connection, STEP, plan.marks, at=now)


def _handled(asked: Sequence[AskedAction], outcome: Outcome) -> tuple[Handled, ...]:
    refused = {id(one.action): one.why for one in outcome.refused}
    return tuple(Handled(one.action_id, refused.get(id(one.action))) for one in asked)


def _shown(
    outcome: Outcome,
    found: Sequence[Finding | NotKnown],
    post: Post,
    baseline: bool,
) -> AlertPass:
    return AlertPass(
        baseline=baseline,
        known=sum(1 for one in found if isinstance(one, Finding) and one.level > 0),
        active=sum(1 for state in outcome.states.values() if state.active),
        events=outcome.events,
        letters=post.letters,
        waiting=len(post.untold),
        refused=tuple(f"{one.action.key}: {one.why}" for one in outcome.refused),
    )
