"""The alert step: rules over facts, what people asked for, and letters into the outbox, in one transaction.

A crash before the commit leaves everything as it was, one after it leaves the letters written; either way the
next pass goes on from what is stored, and nothing is told twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog

from collector.domain.alerts.routing import recipients
from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.times import weekly_at
from collector.domain.alerts.types import AlertEvent, AlertState, Due, Outcome
from collector.jobs.facts.look import Look
from collector.reports.letters.compose import Letter, Writing, compose, settled, weekly_summary
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
WEEK: Final = timedelta(days=7)


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
        plan = _plan(engine, look, rules, writing, now)
        retrying(engine, lambda connection: _store(connection, plan, now))
    log.info("alerts looked at", summary=str(plan.shown))
    return plan.shown


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that a pass will write, worked out before the transaction: repeating the writing changes nothing."""

    changed: tuple[AlertState, ...]
    events: tuple[tuple[str, AlertEvent], ...]
    new_dues: tuple[Due, ...]
    done_dues: frozenset[str]
    letters: tuple[Letter, ...]
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
    letters, left, done = _letters([*waiting, *outcome.dues], rules, writing, now)
    new_marks: dict[str, datetime | None] = {LOOKED: now}
    if first and looked:
        # Until the estate was read there is nothing to begin with: what it brings is no news.
        new_marks[BASELINE] = now
    weekly = _weekly(outcome.states.values(), marks.get(WEEKLY), rules, writing, now)
    if weekly is not None:
        new_marks[WEEKLY] = now
        letters = [*letters, *weekly]
    return _Plan(
        changed=tuple(outcome.states[key] for key in sorted(outcome.changed)),
        events=tuple((str(uuid4()), event) for event in outcome.events),
        new_dues=tuple(due for due in outcome.dues if due.id not in done),
        done_dues=done & {due.id for due in waiting},
        letters=tuple(letters),
        handled=_handled(asked, outcome),
        marks=new_marks,
        shown=_shown(outcome, found, letters, left, first),
    )


def _store(connection: Connection, plan: _Plan, now: datetime) -> None:
    writes.record_states(connection, plan.changed)
    writes.record_events(connection, plan.events)
    writes.record_dues(connection, plan.new_dues)
    writes.drop_dues(connection, plan.done_dues)
    writes.record_letters(connection, plan.letters)
    writes.settle_actions(connection, plan.handled, at=now)
    advance_watermarks(connection, STEP, plan.marks, at=now)


def _letters(
    dues: Sequence[Due], rules: AlertRules, writing: Writing, now: datetime
) -> tuple[list[Letter], int, frozenset[str]]:
    """Letters for what is ripe, how much waits on, and what is done with.

    What nobody is configured to hear of waits: it goes out once somebody is.
    """
    last: dict[str, Due] = {}
    for due in sorted(dues, key=lambda due: due.number):
        last[due.key] = due
    homeless = {key for key, due in last.items() if not _heard(due, rules)}
    told = [due for due in dues if due.key not in homeless]
    done = settled(told, now)
    return compose(told, rules.routing, writing, now), len(dues) - len(done), done


def _heard(due: Due, rules: AlertRules) -> bool:
    if due.tell == "baseline":
        return bool(rules.routing.mail_to)
    return bool(recipients(due.finding, rules.routing))


def _weekly(
    states: Iterable[AlertState], told_at: datetime | None, rules: AlertRules, writing: Writing, now: datetime
) -> list[Letter] | None:
    """The summary of the week, once; None where its hour has not come. The first week begins with the baseline."""
    if told_at is None:
        return []
    hour = weekly_at(now - WEEK + timedelta(seconds=1), rules.config)
    if told_at >= hour:
        return None
    # Named after its hour, so that a late one is not taken for the next week's.
    found = weekly_summary(states, rules.routing, writing, hour)
    return [replace(letter, written_at=now) for letter in found]


def _handled(asked: Sequence[AskedAction], outcome: Outcome) -> tuple[Handled, ...]:
    refused = {id(one.action): one.why for one in outcome.refused}
    return tuple(Handled(one.action_id, refused.get(id(one.action))) for one in asked)


def _shown(
    outcome: Outcome,
    found: Sequence[Finding | NotKnown],
    letters: Sequence[Letter],
    waiting: int,
    baseline: bool,
) -> AlertPass:
    return AlertPass(
        baseline=baseline,
        known=sum(1 for one in found if isinstance(one, Finding) and one.level > 0),
        active=sum(1 for state in outcome.states.values() if state.active),
        events=outcome.events,
        letters=tuple(letters),
        waiting=waiting,
        refused=tuple(f"{one.action.key}: {one.why}" for one in outcome.refused),
    )
