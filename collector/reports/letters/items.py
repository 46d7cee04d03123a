"""An alert as a letter shows it: sentences made safe, links made whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from collector.domain.alerts.rules import SEVERITIES, Evidence, Finding, Severity
from collector.domain.alerts.types import AlertState, Due
from collector.domain.alerts.words import day

KIND_WORDS = {
    "opened": "New",
    "escalated": "More urgent",
    "date_moved": "Date moved",
    "reopened": "Back again",
    "reminder": "Reminder",
    "closed": "No longer so",
}
DAY_PASSED = "The day has passed"


@dataclass(frozen=True, slots=True)
class Item:
    """One alert as a letter shows it."""

    key: str
    severity: Severity
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


def item_of_due(due: Due, public_url: str | None) -> Item:
    moved = f"{day(due.before)} → {day(due.finding.due_on)}" if due.kind == "date_moved" else None
    badge = DAY_PASSED if due.kind == "escalated" and due.finding.day_passed else KIND_WORDS[due.kind]
    return _item(due.finding, badge, public_url, over=due.kind == "closed", moved=moved)


def item_of_state(state: AlertState, public_url: str | None) -> Item:
    badge = "Acknowledged" if state.status == "acknowledged" else "Open"
    return _item(state.finding, badge, public_url, over=False, moved=None)


def urgency(finding: Finding) -> tuple[int, date, str]:
    """Sorts the most urgent first: by severity, then by day."""
    return -SEVERITIES[finding.severity], finding.due_on or date.max, finding.key


def tally(severities: Sequence[Severity], over: int = 0) -> str:
    """Such as "1 critical, 3 warnings, 2 over"."""
    words: list[str] = []
    if critical := severities.count("critical"):
        words.append(f"{critical:,} critical")
    if warnings := severities.count("warning"):
        words.append(counted(warnings, "warning"))
    if notes := severities.count("info"):
        words.append(counted(notes, "note"))
    if over:
        words.append(f"{over:,} over")
    return ", ".join(words)


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def one_line(text: str) -> str:
    """Safe in a header and in a line of text: no control signs, no line breaks, no direction tricks."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())


def whole_link(link: str | None, public_url: str | None) -> str | None:
    """A path leads to the dashboard, where there is one to lead to."""
    if link is None or link.startswith("https://"):
        return link
    return f"{public_url.rstrip('/')}{link}" if public_url and link.startswith("/") else None


def _item(finding: Finding, badge: str, public_url: str | None, *, over: bool, moved: str | None) -> Item:
    evidence = finding.evidence
    return Item(
        key=finding.key,
        severity=finding.severity,
        badge=badge,
        title=one_line(evidence.title),
        headline=one_line(f"As it was when last seen: {evidence.headline}" if over else evidence.headline),
        facts=() if over else tuple((one_line(label), one_line(value)) for label, value in evidence.facts),
        if_nothing="" if over else one_line(evidence.if_nothing),
        steps=()
        if over
        else tuple((one_line(step.text), whole_link(step.link, public_url)) for step in evidence.next_steps),
        read=_read(evidence),
        over=over,
        due_on=finding.due_on,
        moved=moved,
    )


def _read(evidence: Evidence) -> str:
    source = f" from {evidence.source}" if evidence.source else ""
    if evidence.read_at is None:
        return one_line(f"Read{source}") if source else ""
    return one_line(f"Read {day(evidence.read_at.date())}, {evidence.read_at:%H:%M} UTC,{source}")
