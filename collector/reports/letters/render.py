"""Renders one kind of letter and signs it, so that every letter of ours looks, threads and repeats alike."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from collector.domain.alerts.words import day
from collector.reports.letters.items import Item, one_line

_BACKTICKS = re.compile(r"`([^`]+)`")
_UNIT = re.compile(r"(?<=\d) (?=[A-Z]{3}\b|%)")


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
    items: tuple[Item, ...] = ()
    """The same as data, for webhooks."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How letters are signed: from whom, with links to which dashboard, and where one may ask to be left alone."""

    sender: str
    public_url: str | None = None
    unsubscribe: str | None = None
    zone: tzinfo = UTC
    """Whose day a digest is called by."""

    def local(self, now: datetime) -> datetime:
        return now.astimezone(self.zone)

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2].rstrip(">") or "localhost"


def finished(
    kind: str,
    to: str,
    subject: str,
    values: Mapping[str, Any],
    writing: Writing,
    now: datetime,
    *,
    due_ids: Sequence[str] = (),
    salt: str = "",
    thread: str | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> Letter:
    """A letter of one kind to one person. The id is made of what is told, to whom: composed again, it is the same."""
    told = tuple(sorted(due_ids))
    subject = one_line(subject)
    shown = {
        **values,
        "subject": subject,
        "kind": kind,
        "to": to,
        "now": writing.local(now),
        "zone": getattr(writing.zone, "key", "UTC"),
        "public_url": writing.public_url,
        "unsubscribe": writing.unsubscribe,
    }
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if writing.unsubscribe:
        headers["List-Unsubscribe"] = f"<{one_line(writing.unsubscribe)}>"
    return Letter(
        message_id=_id(kind, (to, salt, *told), writing.domain),
        kind=kind,
        sender=writing.sender,
        to=(to,),
        subject=subject,
        text=template(f"{kind}.txt").render(shown).strip() + "\n",
        html=template(f"{kind}.html").render(shown),
        written_at=now,
        in_reply_to=_id("alert", (thread,), writing.domain) if thread else None,
        attachments=attachments,
        headers=headers,
        due_ids=told,
        items=tuple(
            item
            for part in ("cards", "rows", "deadlines", "hurting", "advice")
            for item in values.get(part, ())
        ),
    )


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


def _id(kind: str, parts: Iterable[str | None], domain: str) -> str:
    told = "\n".join(part or "" for part in parts)
    return f"<{kind}.{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"
