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
    told = [pair for waiting in _waiting(dues, now) if waiting.ripe for pair in waiting.told(routing, now)]
    told.sort(key=lambda pair: (pair[1].kind == "closed", urgency(pair[1].finding)))
    letters: list[Letter] = []
    for tell, write in (("baseline", _baseline), ("at_once", _urgent), ("digest", _digest)):
        people: dict[str, list[Due]] = {}
        for to, due in told:
            if due.tell == tell:
                people.setdefault(to, []).append(due)
        letters += [write(to, own, writing, now) for to, own in people.items()]
    return letters


def settled(dues: Iterable[Due], now: datetime) -> frozenset[str]:
    """Ids of the dues that need not wait any longer once `compose` has run over the same ones at the same time."""
    return frozenset(due_id for waiting in _waiting(dues, now) if waiting.ripe for due_id in waiting.ids)


def weekly_summary(
    states: Iterable[AlertState], routing: Routing, writing: Writing, now: datetime, *, anew: bool = False
) -> list[Letter]:
    """What is open and what ends next, for each person with anything open. `anew`: in place of one not sent yet."""
    people: dict[str, list[AlertState]] = {}
    for state in states:
        if state.active:
            for to in recipients(state.finding, routing):
                people.setdefault(to, []).append(state)
    salt = now.isoformat() if anew else f"{now:%G-%V}"
    return [_weekly(to, own, writing, now, salt) for to, own in people.items()]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """All that waits about one alert, in its order."""

    rows: tuple[Due, ...]
    ripe: bool

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(due.id for due in self.rows)

    def told(self, routing: Routing, now: datetime) -> list[tuple[str, Due]]:
        """Who hears of it, each by the one due that tells all that this person has not heard."""
        summed = ((to, _summed(_of(self.rows, to), now)) for to in self._hearers(routing))
        return [(to, due) for to, due in summed if due is not None]

    def _hearers(self, routing: Routing) -> Iterable[str]:
        news = _of(self.rows, None)
        if news:
            last = news[-1]
            heard = routing.mail_to if last.tell == "baseline" else recipients(last.finding, routing)
        else:
            heard = ()
        return dict.fromkeys((*heard, *(due.only for due in self.rows if due.only)))


def _waiting(dues: Iterable[Due], now: datetime) -> list[_Waiting]:
    by_key: dict[str, list[Due]] = {}
    for due in sorted(dues, key=lambda due: due.number):
        by_key.setdefault(due.key, []).append(due)
    return [_Waiting(tuple(rows), _ripe(rows, now)) for rows in by_key.values()]


def _ripe(rows: Sequence[Due], now: datetime) -> bool:
    """Its hour has come, or it came and went for everybody and needs none."""
    if any(due.not_before <= now for due in rows):
        return True
    people = {due.only for due in rows}
    return all(_summed(_of(rows, to), now) is None for to in people)


def _of(rows: Sequence[Due], to: str | None) -> list[Due]:
    """What a person has not heard: the news for all, and what was taken back of this one's letters."""
    return [due for due in rows if due.only is None or due.only == to]


def _summed(rows: Sequence[Due], now: datetime) -> Due | None:
    """The last tells all; None where it came and went."""
    last = rows[-1]
    kinds = {due.kind for due in rows}
    if last.kind == "closed" and kinds & {"opened", "reopened"}:
        return None
    moves = [due for due in rows if due.kind == "date_moved"]
    if last.kind == "date_moved":
        last = replace(last, before=moves[0].before)
        if last.before == last.finding.due_on and kinds == {"date_moved"}:
            return None
    if any(due.tell == "at_once" for due in rows if due.not_before <= now):
        last = replace(last, tell="at_once")
    return last


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


def _weekly(to: str, states: Sequence[AlertState], writing: Writing, now: datetime, salt: str) -> Letter:
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
        salt=salt,
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
