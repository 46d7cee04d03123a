"""Letters: what is due, put into words for one person each. Facts in, finished messages out; nothing is sent here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from collector.domain.alerts.routing import Routing, recipients
from collector.domain.alerts.rules import Severity
from collector.domain.alerts.types import AlertState, Due
from collector.domain.alerts.words import day
from collector.reports.letters.calendar import Deadline, calendar
from collector.reports.letters.items import (
    counted,
    item_of_due,
    item_of_state,
    one_line,
    tally,
    urgency,
    whole_link,
)
from collector.reports.letters.render import Attachment, Letter, Writing, finished

__all__ = ["Attachment", "Letter", "Writing", "compose", "settled", "weekly_summary"]

FULL_CARDS = 12
SHORT_ROWS = 60
"""Together they stay under the 100 kB at which large mail services cut a message."""


def compose(dues: Iterable[Due], routing: Routing, writing: Writing, now: datetime) -> list[Letter]:
    """Letters for what may go out now: one at once and one digest a person, and one baseline summary.

    Give it everything that waits, ripe or not: of several things due about one alert the last tells all, and
    what came and went untold is left out. `settled` says which of them are then done with.
    """
    told = [waiting.told for waiting in _waiting(dues, now) if waiting.ripe and waiting.told is not None]
    told.sort(key=lambda due: (due.kind == "closed", urgency(due.finding)))
    letters: list[Letter] = []
    baseline = [due for due in told if due.tell == "baseline"]
    if baseline:
        letters += [_baseline(to, baseline, writing, now) for to in routing.mail_to]
    for tell, write in (("at_once", _urgent), ("digest", _digest)):
        chosen = [due for due in told if due.tell == tell]
        letters += [write(to, own, writing, now) for to, own in _by_person(chosen, routing).items()]
    return letters


def settled(dues: Iterable[Due], now: datetime) -> frozenset[str]:
    """Ids of the dues that need not wait any longer once `compose` has run over the same ones at the same time."""
    return frozenset(due_id for waiting in _waiting(dues, now) if waiting.ripe for due_id in waiting.ids)


def weekly_summary(
    states: Iterable[AlertState], routing: Routing, writing: Writing, now: datetime
) -> list[Letter]:
    """What is open and what ends next, for each person with anything open."""
    people: dict[str, list[AlertState]] = {}
    for state in states:
        if state.active:
            for to in recipients(state.finding, routing):
                people.setdefault(to, []).append(state)
    return [_weekly(to, own, writing, now) for to, own in people.items()]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """All that waits about one alert, and the one due that tells it (None: it came and went)."""

    ids: tuple[str, ...]
    ripe: bool
    told: Due | None


def _waiting(dues: Iterable[Due], now: datetime) -> list[_Waiting]:
    by_key: dict[str, list[Due]] = {}
    for due in sorted(dues, key=lambda due: due.number):
        by_key.setdefault(due.key, []).append(due)
    return [_summed(rows, now) for rows in by_key.values()]


def _summed(rows: Sequence[Due], now: datetime) -> _Waiting:
    ids = tuple(due.id for due in rows)
    ripe = [due for due in rows if due.not_before <= now]
    last = rows[-1]
    kinds = {due.kind for due in rows}
    if last.kind == "closed" and kinds & {"opened", "reopened"}:
        return _Waiting(ids, True, None)
    moves = [due for due in rows if due.kind == "date_moved"]
    if last.kind == "date_moved":
        last = replace(last, before=moves[0].before)
        if last.before == last.finding.due_on and kinds == {"date_moved"}:
            return _Waiting(ids, True, None)
    if any(due.tell == "at_once" for due in ripe):
        last = replace(last, tell="at_once")
    return _Waiting(ids, bool(ripe), last)


def _by_person(dues: Sequence[Due], routing: Routing) -> dict[str, list[Due]]:
    people: dict[str, list[Due]] = {}
    for due in dues:
        for to in recipients(due.finding, routing):
            people.setdefault(to, []).append(due)
    return people


def _baseline(to: str, dues: Sequence[Due], writing: Writing, now: datetime) -> Letter:
    found = counted(len(dues), "finding")
    subject = f"aoai-monitor is watching: {found} to begin with"
    intro = (
        f"This is the first look at your estate: {found} {'was' if len(dues) == 1 else 'were'} there already. "
        "From now on you hear only of what changes."
    )
    return _of_dues("baseline", to, subject, {"heading": subject, "intro": intro}, dues, writing, now)


def _urgent(to: str, dues: Sequence[Due], writing: Writing, now: datetime) -> Letter:
    first = item_of_due(dues[0], writing.public_url)
    alone = len(dues) == 1
    subject = first.title if first.badge == "New" else f"{first.badge}: {first.title}"
    if not alone:
        subject += f" (and {len(dues) - 1:,} more)"
    heading = first.title if alone else f"{len(dues):,} things need somebody now"
    thread = _thread(dues[0]) if alone else None
    return _of_dues("urgent", to, subject, {"heading": heading, "intro": ""}, dues, writing, now, thread)


def _digest(to: str, dues: Sequence[Due], writing: Writing, now: datetime) -> Letter:
    running: list[Severity] = [due.finding.severity for due in dues if due.kind != "closed"]
    subject = f"Azure OpenAI, {day(writing.local(now).date())}: {tally(running, len(dues) - len(running))}"
    heading, intro, thread = subject, "What is new since the last digest, the most urgent first.", None
    if len(dues) == 1:
        only = item_of_due(dues[0], writing.public_url)
        subject, heading, intro = f"{only.badge}: {only.title}", only.title, ""
        thread = _thread(dues[0])
    values = {"heading": heading, "intro": intro}
    return _of_dues("digest", to, subject, values, dues, writing, now, thread)


def _thread(due: Due) -> str:
    """Letters about one episode of one alert hang together, urgent or not."""
    return f"{due.key}#{due.episode}"


def _of_dues(
    kind: str,
    to: str,
    subject: str,
    values: dict[str, Any],
    dues: Sequence[Due],
    writing: Writing,
    now: datetime,
    thread: str | None = None,
) -> Letter:
    """The first in full, many more as a row each, and only a count of what is beyond that."""
    shown = [item_of_due(due, writing.public_url) for due in dues[: FULL_CARDS + SHORT_ROWS]]
    sections = {
        "cards": shown[:FULL_CARDS],
        "rows": shown[FULL_CARDS:],
        "hidden": len(dues) - len(shown),
    }
    return finished(
        kind,
        to,
        subject,
        {**values, **sections},
        writing,
        now,
        due_ids=[due.id for due in dues],
        thread=thread,
        attachments=_deadlines(dues, writing, now),
    )


def _weekly(to: str, states: Sequence[AlertState], writing: Writing, now: datetime) -> Letter:
    ordered = sorted(states, key=lambda state: urgency(state.finding))
    deadlines = sorted(
        (state for state in ordered if state.due_on), key=lambda state: (state.due_on or date.max, state.key)
    )
    advice = [state for state in ordered if not state.due_on and state.finding.severity == "info"]
    hurting = [state for state in ordered if not state.due_on and state.finding.severity != "info"]
    parts = {"deadlines": deadlines, "hurting": hurting, "advice": advice}
    verb = "is" if len(states) == 1 else "are"
    return finished(
        "weekly",
        to,
        f"Azure OpenAI this week: {tally([state.finding.severity for state in states])}",
        {
            "intro": f"{counted(len(states), 'alert')} {verb} open.",
            "hidden": sum(max(0, len(part) - SHORT_ROWS) for part in parts.values()),
            **{
                name: [item_of_state(state, writing.public_url) for state in part[:SHORT_ROWS]]
                for name, part in parts.items()
            },
        },
        writing,
        now,
        salt=f"{now:%G-%V}",
    )


def _deadlines(dues: Sequence[Due], writing: Writing, now: datetime) -> tuple[Attachment, ...]:
    coming = [due for due in dues if (due.finding.due_on or due.before or date.min) >= now.date()]
    if not coming:
        return ()
    entries = [_deadline(due, writing) for due in coming[: FULL_CARDS + SHORT_ROWS]]
    return (Attachment("deadlines.ics", "text/calendar", calendar(entries, writing.domain, now)),)


def _deadline(due: Due, writing: Writing) -> Deadline:
    """A date that is gone cancels the entry on the day it stood at."""
    evidence = due.finding.evidence
    links = (whole_link(step.link, writing.public_url) for step in evidence.next_steps)
    return Deadline(
        key=due.key,
        on=due.finding.due_on or due.before or date.max,
        title=one_line(evidence.title),
        description=one_line(f"{evidence.headline} {evidence.if_nothing}"),
        sequence=due.number,
        cancelled=due.kind == "closed" or due.finding.due_on is None,
        url=next((link for link in links if link), None),
    )
