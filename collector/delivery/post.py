"""Where a letter goes out: by mail, or to the webhook that its recipient names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collector.delivery.errors import NoAnswer, Refused, TryLater
from collector.delivery.mail import Mail
from collector.delivery.webhook import BadWebhook, Webhook, WebhookSender
from collector.ports import Handover
from collector.reports.letters.render import Letter

WEBHOOK = "webhook:"
NO_MAIL_SERVER = "no mail server configured: set AOAI_SMTP_URL"


class Post:
    """Every way out that is configured; a failure is an answer here, not an error."""

    def __init__(self, mail: Mail | None, webhooks: Mapping[str, WebhookSender]) -> None:
        self._mail = mail
        self._webhooks = webhooks

    def closed(self, *, webhooks: bool) -> str | None:
        return NO_MAIL_SERVER if not webhooks and self._mail is None else None

    def send(self, letter: Letter) -> Handover:
        to = letter.to[0] if letter.to else ""
        try:
            if to.startswith(WEBHOOK):
                return self._to_webhook(letter, to.removeprefix(WEBHOOK))
            return self._by_mail(letter)
        except Refused as error:
            return Handover("never", str(error))
        except TryLater as error:
            return Handover("later", str(error), error.retry_after, maybe=isinstance(error, NoAnswer))

    def _to_webhook(self, letter: Letter, name: str) -> Handover:
        sender = self._webhooks.get(name)
        if sender is None:
            return Handover("later", f"no webhook {name!r} is configured under [[webhooks]]")
        sender.send(letter)
        return Handover("taken")

    def _by_mail(self, letter: Letter) -> Handover:
        if self._mail is None:
            return Handover("later", NO_MAIL_SERVER)
        delivered = self._mail.send(letter)
        if delivered.later:
            return Handover("later", "; ".join(delivered.later.values()))
        if delivered.refused and not delivered.accepted:
            return Handover("never", "; ".join(delivered.refused.values()))
        return Handover("taken")


_KEYS = ("name", "url", "secret", "secret_file", "style")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def parse_webhooks(tables: Sequence[Mapping[str, Any]]) -> dict[str, Webhook]:
    """The `[[webhooks]]` tables by name. A message never holds an address or a secret."""
    found: dict[str, Webhook] = {}
    for number, table in enumerate(tables, 1):
        place = f"[[webhooks]] number {number}"
        stray = sorted(set(table) - set(_KEYS))
        if stray:
            raise BadWebhook(f"{place}: no key {stray[0]!r}; expected {', '.join(_KEYS)}")
        name, url, style = table.get("name"), table.get("url"), table.get("style", "json")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise BadWebhook(f"{place}: name={name!r}: expected a word such as 'ops'")
        if name in found:
            raise BadWebhook(f"{place}: name={name!r} stands twice")
        if not isinstance(url, str):
            raise BadWebhook(f"{place}: url is missing, expected https://...")
        if style not in ("json", "teams"):
            raise BadWebhook(f"{place}: style={style!r}: expected json or teams")
        found[name] = Webhook(url, _secret(place, table), style)
    return found


def _secret(place: str, table: Mapping[str, Any]) -> str | None:
    path = table.get("secret_file")
    if path is None:
        return table.get("secret")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, TypeError) as error:
        raise BadWebhook(f"{place}: secret_file={path!r}: expected a readable file") from error
