"""Letters: what is due, put into words for one person each. Facts in, finished messages out; nothing is sent here."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from collector.domain.alerting_types import AlertState, Due
from collector.domain.rules import SEVERITIES, Evidence, Finding
from collector.domain.rules_routing import Routing, recipients
from collector.domain.rules_words import day
from collector.reports.calendar import Deadline, calendar

FULL_CARDS = 12
SHORT_ROWS = 60
"""Together they stay under the 100 kB at which large mail services cut a message."""

_BACKTICKS = re.compile(r"`([^`]+)`")
_UNIT = re.compile(r"(?<=\d) (?=[A-Z]{3}\b|%)")

KIND_WORDS: Mapping[str, str] = {
    "opened": "New",
    "escalated": "More urgent",
    "date_moved": "Date moved",
    "reopened": "Back again",
    "reminder": "Reminder",
    "closed": "Over",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished message to one person. `message_id` is the same however often it is composed or sent."""

    message_id: str
    kind: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    written_at: datetime
    in_reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    due_ids: tuple[str, ...] = ()
    items: "tuple[Item, ...]" = ()
    """The same as data, for webhooks."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How letters are signed: from whom, with links to which dashboard, and where one may ask to be left alone."""

    sender: str
    public_url: str | None = None
    unsubscribe: str | None = None

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2].rstrip(">") or "localhost"


@dataclass(frozen=True, slots=True)
class Item:
    """One alert as a letter shows it."""

    key: str
    severity: str
    badge: str
    title: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    if_nothing: str
    steps: tuple[tuple[str, str | None], ...]
    read: str
    over: bool
    due_on: date | None
    moved: str | None


def compose(dues: Iterable[Due], routing: Routing, writing: Writing, now: datetime) -> list[Letter]:
    """Letters for what may go out now: one at once and one digest a person, and one baseline summary.

    Of several things due about one alert the last tells all, and what came and went untold is left out.
    """
    ripe = _latest([due for due in dues if due.not_before <= now])
    letters: list[Letter] = []
    baseline = [due for due in ripe if due.tell == "baseline"]
    if baseline:
        letters += [_baseline(to, baseline, writing, now) for to in routing.mail_to]
    for tell, write in (("at_once", _urgent), ("digest", _digest)):
        chosen = [due for due in ripe if due.tell == tell]
        letters += [write(to, own, writing, now) for to, own in _by_person(chosen, routing).items()]
    return letters


def weekly_summary(
    states: Iterable[AlertState], routing: Routing, writing: Writing, now: datetime
) -> list[Letter]:
    """What is open, what comes next and what ended this week, for each person with anything open."""
    active = [state for state in states if state.active]
    people: dict[str, list[AlertState]] = {}
    for state in active:
        for to in recipients(state.finding, routing):
            people.setdefault(to, []).append(state)
    return [_weekly(to, own, writing, now) for to, own in people.items()]


def _baseline(to: str, dues: Sequence[Due], writing: Writing, now: datetime) -> Letter:
    items = _items(dues, writing)
    count = len(items)
    subject = f"aoai-monitor is watching: {_counted(count, 'finding')} to begin with"
    return _letter(
        "baseline",
        to,
        subject,
        {
            "heading": subject,
            "intro": (
                f"This is the first look at your estate: {_counted(count, 'finding')} "
                f"{'was' if count == 1 else 'were'} there already. From now on you hear only of what changes."
            ),
            **_sections(items),
        },
        writing,
        now,
        dues,
    )


def _urgent(to: str, dues: Sequence[Due], writing: Writing, now: datetime) -> Letter:
    items = _items(dues, writing)
    first = items[0]
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return _letter(
        "urgent",
        to,
        f"{first.badge}: {first.title}{more}" if first.badge != "New" else f"{first.title}{more}",
        {
            "intro": "",
            "heading": first.title if len(items) == 1 else f"{len(items)} things need somebody now",
            **_sections(items),
        },
        writing,
        now,
        dues,
        thread=f"{dues[0].key}#{dues[0].episode}" if len(items) == 1 else None,
    )


def _digest(to: str, dues: Sequence[Due], writing: Writing, now: datetime) -> Letter:
    items = _items(dues, writing)
    running = [item for item in items if not item.over]
    subject = (
        f"{items[0].badge}: {items[0].title}"
        if len(items) == 1
        else f"Azure OpenAI, {day(now.date())}: {_tally(running, len(items) - len(running))}"
    )
    return _letter(
        "digest",
        to,
        subject,
        {
            "heading": items[0].title if len(items) == 1 else subject,
            "intro": "" if len(items) == 1 else "What is new since the last digest, the most urgent first.",
            **_sections(items),
        },
        writing,
        now,
        dues,
    )


def _weekly(to: str, states: Sequence[AlertState], writing: Writing, now: datetime) -> Letter:
    items = sorted((_of_state(state, writing) for state in states), key=_urgency)
    deadlines = sorted((item for item in items if item.due_on), key=lambda item: (item.due_on, item.key))
    advice = [item for item in items if item.severity == "info" and not item.due_on]
    rest = [item for item in items if not item.due_on and item.severity != "info"]
    return _letter(
        "weekly",
        to,
        f"Azure OpenAI this week: {_tally(items, 0)}",
        {
            "intro": f"{_counted(len(items), 'alert')} {'is' if len(items) == 1 else 'are'} open.",
            "deadlines": deadlines[:SHORT_ROWS],
            "hurting": rest[:SHORT_ROWS],
            "advice": advice[:SHORT_ROWS],
            "hidden": sum(max(0, len(part) - SHORT_ROWS) for part in (deadlines, rest, advice)),
        },
        writing,
        now,
        (),
        salt=f"{now:%G-%V}",
    )


def _letter(
    kind: str,
    to: str,
    subject: str,
    values: Mapping[str, Any],
    writing: Writing,
    now: datetime,
    dues: Sequence[Due],
    *,
    thread: str | None = None,
    salt: str = "",
) -> Letter:
    """Render one kind of letter; the id is made of what is told, to whom, so composing again makes no second one."""
    due_ids = tuple(sorted(due.id for due in dues))
    subject = one_line(subject)
    shown = {
        **values,
        "subject": subject,
        "kind": kind,
        "to": to,
        "now": now,
        "public_url": writing.public_url,
        "unsubscribe": writing.unsubscribe,
    }
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if writing.unsubscribe:
        headers["List-Unsubscribe"] = f"<{one_line(writing.unsubscribe)}>"
    return Letter(
        message_id=_id(kind, (to, salt, *due_ids), writing.domain),
        kind=kind,
        sender=writing.sender,
        to=(to,),
        subject=subject,
        text=template(f"{kind}.txt").render(shown).strip() + "\n",
        html=template(f"{kind}.html").render(shown),
        written_at=now,
        in_reply_to=_id("alert", (thread,), writing.domain) if thread else None,
        attachments=_deadlines(dues, writing, now),
        headers=headers,
        due_ids=due_ids,
        items=tuple(
            item
            for part in ("cards", "rows", "deadlines", "hurting", "advice")
            for item in values.get(part, ())
        ),
    )


def finished(
    kind: str, to: str, subject: str, values: Mapping[str, Any], writing: Writing, now: datetime, salt: str
) -> Letter:
    """A letter of another room's figures (the finance mail), rendered and signed the same way."""
    return _letter(kind, to, subject, values, writing, now, (), salt=salt)


def template(name: str) -> Any:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("collector.reports", "templates/letters"),
        autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=False, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = day
    environment.filters["code"] = _code
    environment.filters["amounts"] = _amounts
    return environment


def _code(text: str) -> Markup:
    """Commands stand in backticks; everything else stays escaped."""
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 -- escaped first, only our own tag is added


def _amounts(text: str) -> str:
    """A figure and its unit stay on one line."""
    return _UNIT.sub("\u00a0", text)


def one_line(text: str) -> str:
    """Safe in a header and in a line of text: no control signs, no line breaks, no direction tricks."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())


def _latest(dues: Sequence[Due]) -> list[Due]:
    by_key: dict[str, list[Due]] = {}
    for due in sorted(dues, key=lambda due: due.at):
        by_key.setdefault(due.key, []).append(due)
    told: list[Due] = []
    for rows in by_key.values():
        if rows[-1].kind == "closed" and any(due.kind in ("opened", "reopened") for due in rows):
            continue
        told.append(rows[-1])
    return sorted(
        told, key=lambda due: (-SEVERITIES[due.finding.severity], due.finding.due_on or date.max, due.key)
    )


def _by_person(dues: Sequence[Due], routing: Routing) -> dict[str, list[Due]]:
    people: dict[str, list[Due]] = {}
    for due in dues:
        for to in recipients(due.finding, routing):
            people.setdefault(to, []).append(due)
    return people


def _items(dues: Sequence[Due], writing: Writing) -> list[Item]:
    return sorted((_of_due(due, writing) for due in dues), key=_urgency)


def _urgency(item: Item) -> tuple[bool, int, date, str]:
    return item.over, -SEVERITIES[item.severity], item.due_on or date.max, item.key  # pyright: ignore[reportArgumentType]  # an item keeps the finding's severity


def _of_due(due: Due, writing: Writing) -> Item:
    moved = f"{day(due.before)} → {day(due.finding.due_on)}" if due.kind == "date_moved" else None
    return _item(due.finding, KIND_WORDS[due.kind], writing, over=due.kind == "closed", moved=moved)


def _of_state(state: AlertState, writing: Writing) -> Item:
    badge = "Acknowledged" if state.status == "acknowledged" else "Open"
    return _item(state.finding, badge, writing, over=False, moved=None)


def _item(finding: Finding, badge: str, writing: Writing, *, over: bool, moved: str | None) -> Item:
    evidence = finding.evidence
    return Item(
        key=finding.key,
        severity=finding.severity,
        badge=badge,
        title=one_line(evidence.title),
        headline=one_line(evidence.headline),
        facts=tuple((one_line(label), one_line(value)) for label, value in evidence.facts),
        if_nothing="" if over else one_line(evidence.if_nothing),
        steps=()
        if over
        else tuple((one_line(step.text), _link(step.link, writing)) for step in evidence.next_steps),
        read=_read(evidence),
        over=over,
        due_on=finding.due_on,
        moved=moved,
    )


def _link(link: str | None, writing: Writing) -> str | None:
    if link is None or link.startswith("https://"):
        return link
    return f"{writing.public_url.rstrip('/')}{link}" if writing.public_url and link.startswith("/") else None


def _read(evidence: Evidence) -> str:
    source = f" from {evidence.source}" if evidence.source else ""
    if evidence.read_at is None:
        return one_line(f"Read{source}") if source else ""
    return one_line(f"Read {day(evidence.read_at.date())}, {evidence.read_at:%H:%M} UTC,{source}")


def _sections(items: Sequence[Item]) -> dict[str, Any]:
    """The first in full, many more as a row each, and only a count of what is beyond that."""
    return {
        "cards": items[:FULL_CARDS],
        "rows": items[FULL_CARDS : FULL_CARDS + SHORT_ROWS],
        "hidden": max(0, len(items) - FULL_CARDS - SHORT_ROWS),
    }


def _tally(items: Sequence[Item], over: int) -> str:
    """Such as "1 critical, 3 warnings, 2 over"."""
    severities = [item.severity for item in items]
    words: list[str] = []
    if critical := severities.count("critical"):
        words.append(f"{critical:,} critical")
    if warnings := severities.count("warning"):
        words.append(_counted(warnings, "warning"))
    if notes := severities.count("info"):
        words.append(_counted(notes, "note"))
    if over:
        words.append(f"{over:,} over")
    return ", ".join(words)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _deadlines(dues: Sequence[Due], writing: Writing, now: datetime) -> tuple[Attachment, ...]:
    entries = [
        Deadline(
            key=due.key,
            on=due.finding.due_on or due.before or now.date(),
            title=one_line(due.finding.evidence.title),
            description=one_line(f"{due.finding.evidence.headline} {due.finding.evidence.if_nothing}"),
            sequence=due.number,
            cancelled=due.kind == "closed" or due.finding.due_on is None,
            url=next(
                (link for step in due.finding.evidence.next_steps if (link := _link(step.link, writing))),
                None,
            ),
        )
        for due in dues
        if (due.finding.due_on or due.before or date.min) >= now.date()
    ][: FULL_CARDS + SHORT_ROWS]
    if not entries:
        return ()
    return (Attachment("deadlines.ics", "text/calendar", calendar(entries, writing.domain, now)),)


def _id(kind: str, parts: Iterable[str | None], domain: str) -> str:
    told = "\n".join(part or "" for part in parts)
    return f"<{kind}.{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"
