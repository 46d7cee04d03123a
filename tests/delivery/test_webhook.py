"""Webhooks can be verified by their receiver, and fail by the same two types as mail."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from collector.delivery.errors import Refused, TryLater
from collector.delivery.webhook import (
    DELIVERY,
    SIGNATURE,
    TIMESTAMP,
    BadWebhook,
    Webhook,
    WebhookSender,
    card,
)
from tests.delivery.letters import a_letter
from tests.delivery.servers import Receiver, closed_port, receiving, silent_server

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECRET = "a long secret"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """As docs/alerts.md tells a receiver to work it out."""
    return "sha256=" + hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()


def sender(url: str, **how: Any) -> WebhookSender:
    return WebhookSender(replace(Webhook(url, SECRET), **how), lambda: NOW)


def test_a_letter_arrives_as_json_and_its_signature_can_be_checked() -> None:
    receiver, letter = Receiver(), a_letter()
    with receiving(receiver) as url:
        sender(url).send(letter)
    ((headers, body),) = receiver.came
    assert NOW == datetime.fromtimestamp(int(headers[TIMESTAMP]), UTC)
    assert signature(SECRET, headers[TIMESTAMP], body) == headers[SIGNATURE]
    assert letter.message_id == headers[DELIVERY]
    said = orjson.loads(body)
    assert {
        "id": letter.message_id,
        "kind": "digest",
        "subject": letter.subject,
        "written_at": "2026-11-22T08:00:00Z",
        "to": ["ann@contoso.com"],
        "text": letter.text,
    } == {key: value for key, value in said.items() if key != "alerts"}
    (alert,) = said["alerts"]
    assert ("model_ending|contoso-prod/chat", "2027-01-14") == (alert["key"], alert["due_on"])


def test_without_a_secret_nothing_is_signed() -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        sender(url, secret=None).send(a_letter())
    assert SIGNATURE not in receiver.came[0][0]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413])
def test_what_the_receiver_will_never_take_is_refused(status: int) -> None:
    with receiving(Receiver(status)) as url, pytest.raises(Refused, match=str(status)):
        sender(url).send(a_letter())


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_it_may_take_later_is_tried_later(status: int) -> None:
    receiver = Receiver(status, headers={"Retry-After": "30"})
    with receiving(receiver) as url, pytest.raises(TryLater, match=str(status)) as caught:
        sender(url).send(a_letter())
    assert 30 == caught.value.retry_after


def test_a_redirect_is_not_followed() -> None:
    elsewhere = Receiver()
    with receiving(elsewhere) as other:
        receiver = Receiver(307, headers={"Location": other})
        with receiving(receiver) as url, pytest.raises(Refused, match="307"):
            sender(url).send(a_letter())
    assert [] == elsewhere.came


def test_a_receiver_that_is_not_there_or_hangs_is_tried_later() -> None:
    with pytest.raises(TryLater, match=r"127\.0\.0\.1"):
        sender(f"http://127.0.0.1:{closed_port()}/").send(a_letter())
    with silent_server() as port, pytest.raises(TryLater, match="timed out"):
        sender(f"http://127.0.0.1:{port}/", timeout_seconds=0.2).send(a_letter())


def test_no_failure_shows_the_path_which_may_be_a_secret() -> None:
    with receiving(Receiver(404)) as url, pytest.raises(Refused) as caught:
        sender(url).send(a_letter())
    assert "of-ours" not in str(caught.value)


def test_teams_gets_a_card_small_enough_and_with_links() -> None:
    receiver, letter = Receiver(), a_letter()
    letter = replace(letter, items=letter.items * 40)
    with receiving(receiver) as url:
        sender(url, style="teams").send(letter)
    body = receiver.came[0][1]
    assert len(body) < 28_000, "Teams refuses more"
    (attachment,) = orjson.loads(body)["attachments"]
    assert "application/vnd.microsoft.card.adaptive" == attachment["contentType"]
    assert attachment["content"]["actions"][0]["url"].startswith("https://")


def test_teams_throttling_inside_a_200_is_seen() -> None:
    receiver = Receiver(
        answer=b"Webhook message delivery failed with error: ... returned HTTP error 429 with ..."
    )
    with receiving(receiver) as url, pytest.raises(TryLater, match="throttling"):
        sender(url, style="teams").send(a_letter())


def test_a_name_can_not_write_markdown_into_a_card() -> None:
    letter = a_letter(subject="[click](https://evil.example)")
    assert (
        r"\[click\]\(https://evil.example\)" == card(letter)["attachments"][0]["content"]["body"][0]["text"]
    )


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "ftp://127.0.0.1/", "https://", "file:///etc/passwd"]
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(BadWebhook, match="https://"):
        Webhook(url)
