"""Hands a finished letter to a web address: plain JSON that the receiver can verify, or a card for Teams.

The signature covers the time of sending and the body, so a copy replayed later is told from the original;
the delivery id stays the same over retries, so a receiver can drop what it has seen.
"""

import hashlib
import hmac
import http.client
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from collector.delivery.errors import NoAnswer, Refused, TryLater
from collector.domain.places import is_loopback
from collector.reports.letters.items import Item
from collector.reports.letters.render import Letter

Style = Literal["json", "teams"]

TIMESTAMP = "X-Aoai-Timestamp"
SIGNATURE = "X-Aoai-Signature"
DELIVERY = "X-Aoai-Delivery"

_LATER = frozenset({408, 425, 429})
_UNAVAILABLE = 503
_TEAMS_ITEMS = 5
"""Teams refuses a message above 28 kB."""
_TEAMS_COLOURS = {"critical": "attention", "warning": "warning", "info": "accent"}


class BadWebhook(ValueError):
    """The message names no secret and no path, which may hold one."""


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    style: Style = "json"
    timeout_seconds: float = 15.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and parts.hostname and is_loopback(parts.hostname):
            return
        raise BadWebhook("a webhook's address has to begin with https:// (http:// on loopback only)")


class WebhookSender:
    def __init__(self, webhook: Webhook, clock: Callable[[], datetime]) -> None:
        self._webhook = webhook
        self._clock = clock
        host = urlsplit(webhook.url).hostname or ""
        handlers: list[urllib.request.BaseHandler] = (
            [urllib.request.ProxyHandler({})] if is_loopback(host) else []
        )
        if bundle := os.environ.get("REQUESTS_CA_BUNDLE"):
            # The company's root certificates, as for every call to Azure.
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=bundle)))
        # A signed letter is for one address: redirects are not followed.
        self._opener = urllib.request.build_opener(_NoRedirects, *handlers)

    def send(self, letter: Letter) -> None:
        """Raises `Refused` or `TryLater`, as mail does."""
        body = orjson.dumps(card(letter) if self._webhook.style == "teams" else payload(letter))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "aoai-monitor",
            DELIVERY: letter.message_id,
        }
        if self._webhook.secret:
            headers |= signed(self._webhook.secret, body, self._clock())
        request = urllib.request.Request(self._webhook.url, data=body, headers=headers, method="POST")  # noqa: S310 -- the scheme is checked when the address is read
        host = urlsplit(self._webhook.url).hostname
        try:
            with self._opener.open(request, timeout=self._webhook.timeout_seconds) as answer:
                said = answer.read(2_000).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                raise _failure(error, host) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            told = f"webhook {host}: {reason or type(error).__name__}"
            unheard = isinstance(reason, ConnectionRefusedError | socket.gaierror)
            raise (TryLater(told) if unheard else NoAnswer(told)) from error
        if self._webhook.style == "teams" and "HTTP error 429" in said:
            # Teams' older connectors answer 200 and put their own throttling into the text.
            raise TryLater(f"webhook {host}: Teams is throttling")

    def check(self) -> None:
        """Raises `TryLater` where nothing answers. No letter is sent, and any answer will do: it expects letters only."""
        who = {"User-Agent": "aoai-monitor"}
        request = urllib.request.Request(self._webhook.url, headers=who, method="HEAD")  # noqa: S310 -- as above
        try:
            self._opener.open(request, timeout=self._webhook.timeout_seconds).close()
        except urllib.error.HTTPError as error:
            error.close()
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise TryLater(f"webhook {urlsplit(self._webhook.url).hostname}: {reason}") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


def signed(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that prove who sent this body, and when."""
    timestamp = str(int(at.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: f"sha256={_digest(secret, timestamp, body)}"}


def payload(letter: Letter) -> dict[str, Any]:
    """The letter as plain JSON: keys are added, none renamed."""
    return {
        "id": letter.message_id,
        "kind": letter.kind,
        "subject": letter.subject,
        "written_at": letter.written_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "to": list(letter.to),
        "text": letter.text,
        "alerts": [_alert(item) for item in letter.items],
    }


def card(letter: Letter) -> dict[str, Any]:
    """An Adaptive Card in the envelope that Teams' workflows take."""
    body: list[dict[str, Any]] = [_block(letter.subject, size="large", weight="bolder")]
    for item in letter.items[:_TEAMS_ITEMS]:
        body += _card_item(item)
    hidden = len(letter.items) - _TEAMS_ITEMS
    if hidden > 0:
        body.append(_block(f"And {hidden} more in the mail and on the Alerts screen.", isSubtle=True))
    if not letter.items:
        body.append(_block(letter.text[:2_000]))
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": _links(letter),
        "msteams": {"width": "Full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _alert(item: Item) -> dict[str, Any]:
    return {
        "key": item.key,
        "severity": item.severity,
        "what": item.badge,
        "over": item.over,
        "title": item.title,
        "headline": item.headline,
        "facts": [{"label": label, "value": value} for label, value in item.facts],
        "if_nothing_is_done": item.if_nothing or None,
        "next_steps": [{"text": text, "link": link} for text, link in item.steps],
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "moved": item.moved,
        "read": item.read or None,
    }


def _card_item(item: Item) -> list[dict[str, Any]]:
    colour = "good" if item.over else _TEAMS_COLOURS[item.severity]
    blocks = [
        _block(item.title, weight="bolder", color=colour, separator=True, spacing="medium"),
        _block(item.headline),
    ]
    if item.facts:
        facts = [{"title": _escaped(label), "value": _escaped(value)} for label, value in item.facts[:8]]
        blocks.append({"type": "FactSet", "facts": facts})
    if item.if_nothing:
        blocks.append(_block(f"If nothing is done: {item.if_nothing}"))
    return blocks


def _links(letter: Letter) -> list[dict[str, Any]]:
    found = {link: text for item in letter.items[:_TEAMS_ITEMS] for text, link in item.steps if link}
    return [
        {"type": "Action.OpenUrl", "title": text[:80], "url": link} for link, text in list(found.items())[:4]
    ]


def _block(text: str, **how: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _escaped(text), "wrap": True, **how}


def _escaped(text: str) -> str:
    """Cards read Markdown: a name must not become a link or a heading."""
    return "".join(f"\\{sign}" if sign in r"\`*_[]()#<>!|~" else sign for sign in text)


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _failure(error: urllib.error.HTTPError, host: str | None) -> Exception:
    told = f"webhook {host}: {error.code} {error.reason}"
    if error.code in _LATER or error.code >= 500:
        after = error.headers.get("Retry-After", "")
        # A gateway answers for a receiver that may have done its work.
        kind = NoAnswer if error.code >= 500 and error.code != _UNAVAILABLE else TryLater
        return kind(told, float(after) if after.isdecimal() else None)
    return Refused(told)
