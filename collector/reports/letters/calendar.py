"""Deadlines as calendar entries (RFC 5545): a stable UID, so a moved date moves the entry and a gone one cancels it.

All-day events need no time zones and no recurrence, so this is a writer of six properties and one rule about
folding lines; a calendar library would bring more than it saves.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_FOLD = 75


@dataclass(frozen=True, slots=True)
class Deadline:
    """`sequence` rises with every change: calendars ignore an update that does not."""

    key: str
    on: date
    title: str
    description: str
    sequence: int
    cancelled: bool = False
    url: str | None = None
    warn_days: tuple[int, ...] = (14, 1)


def calendar(
    deadlines: Iterable[Deadline], domain: str, written_at: datetime, name: str = "Azure OpenAI endings"
) -> bytes:
    """An iCalendar file that people can import, or subscribe to when it is served."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//aoai-monitor//endings//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for deadline in deadlines:
        lines += _event(deadline, domain, written_at)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) for line in lines).encode()


def uid(key: str, domain: str) -> str:
    """The same for every letter about one alert, whatever its date."""
    return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}"


def _event(deadline: Deadline, domain: str, written_at: datetime) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{uid(deadline.key, domain)}",
        f"DTSTAMP:{written_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{deadline.sequence}",
        f"STATUS:{'CANCELLED' if deadline.cancelled else 'CONFIRMED'}",
        f"DTSTART;VALUE=DATE:{deadline.on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{deadline.on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(deadline.title)}",
        f"DESCRIPTION:{_text(deadline.description)}",
        "TRANSP:TRANSPARENT",
    ]
    if deadline.url:
        lines.append(f"URL:{_plain(deadline.url)}")
    if not deadline.cancelled:
        for days in deadline.warn_days:
            lines += [
                "BEGIN:VALARM",
                "ACTION:DISPLAY",
                f"DESCRIPTION:{_text(deadline.title)}",
                f"TRIGGER:-P{days}D",
                "END:VALARM",
            ]
    lines.append("END:VEVENT")
    return lines


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _plain(escaped.replace("\r\n", "\n").replace("\n", "\\n"))


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


def _folded(line: str) -> str:
    """At most 75 octets a line, never inside a character; what goes on begins with a space."""
    parts: list[str] = []
    part, octets = "", 0
    for sign in line:
        size = len(sign.encode())
        if octets + size > _FOLD:
            parts.append(part)
            part, octets = " ", 1
        part += sign
        octets += size
    parts.append(part)
    return "\r\n".join(parts) + "\r\n"
