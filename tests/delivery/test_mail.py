"""Letters reach a real mail server, and what stands in their way is told apart by type."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from collector.delivery.errors import Refused, TryLater
from collector.delivery.mail import BadSmtpUrl, Mail, message_of, smtp_server
from tests.delivery.letters import a_letter
from tests.delivery.servers import (
    Certificate,
    Postbox,
    certificate,
    closed_port,
    mail_server,
    only,
    silent_server,
)

pytestmark = pytest.mark.smtp

TO = "ann@contoso.com"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


def plain(port: int) -> Mail:
    return Mail(smtp_server(f"smtp://127.0.0.1:{port}?starttls=false"))


def test_a_letter_arrives_whole() -> None:
    postbox, letter = Postbox(), a_letter(subject="Größe: 5 % — 部署", in_reply_to="<alert.1@contoso.com>")
    with mail_server(postbox) as port:
        delivered = plain(port).send(letter)
    (message,) = postbox.taken
    assert (TO,) == delivered.accepted
    assert letter.subject == message["Subject"]
    assert letter.message_id == message["Message-ID"]
    assert "<alert.1@contoso.com>" == message["In-Reply-To"] == message["References"]
    assert "<https://aoai.contoso.com/stop>" == message["List-Unsubscribe"]
    assert letter.text.split() == message.get_body(("plain",)).get_content().split()
    assert letter.html.split() == message.get_body(("html",)).get_content().split()
    (calendar,) = message.iter_attachments()
    assert ("text/calendar", "deadlines.ics") == (calendar.get_content_type(), calendar.get_filename())


def test_starttls_is_verified_and_used(own: Certificate) -> None:
    postbox = Postbox()
    with mail_server(postbox, tls_context=own.context(), require_starttls=True) as port:
        Mail(smtp_server(f"smtp://127.0.0.1:{port}?starttls=true&ca={own.pem}")).send(a_letter())
        with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED"):
            Mail(smtp_server(f"smtp://127.0.0.1:{port}?starttls=true")).send(a_letter())
    assert 1 == len(postbox.taken)


def test_a_server_without_starttls_gets_nothing_when_we_ask_for_it() -> None:
    postbox = Postbox()
    with mail_server(postbox) as port, pytest.raises(TryLater, match="STARTTLS"):
        Mail(smtp_server(f"smtp://127.0.0.1:{port}?starttls=true")).send(a_letter())
    assert [] == postbox.taken


def test_tls_from_the_first_byte(own: Certificate) -> None:
    postbox = Postbox()
    with mail_server(postbox, ssl_context=own.context()) as port:
        Mail(smtp_server(f"smtps://127.0.0.1:{port}?ca={own.pem}")).send(a_letter())
    assert 1 == len(postbox.taken)


def test_a_login_with_signs_that_urls_escape(own: Certificate) -> None:
    postbox = Postbox()
    how = {"authenticator": only("me@contoso.com", "p@ss:w/rd"), "auth_required": True}
    with mail_server(postbox, tls_context=own.context(), **how) as port:
        where = f"127.0.0.1:{port}?starttls=true&ca={own.pem}"
        Mail(smtp_server(f"smtp://me%40contoso.com:p%40ss%3Aw%2Frd@{where}")).send(a_letter())
        with pytest.raises(TryLater, match="535"):
            Mail(smtp_server(f"smtp://me%40contoso.com:wrong@{where}")).send(a_letter())
    assert 1 == len(postbox.taken)


def test_a_recipient_refused_for_good_is_refused() -> None:
    postbox = Postbox(rcpt={TO: "550 5.1.1 no such user"})
    with mail_server(postbox) as port, pytest.raises(Refused) as caught:
        plain(port).send(a_letter())
    assert {TO: "550 5.1.1 no such user"} == caught.value.recipients


def test_a_greylisting_server_is_tried_later() -> None:
    postbox = Postbox(rcpt={TO: "451 4.7.1 greylisted, come back"})
    with mail_server(postbox) as port, pytest.raises(TryLater, match="greylisted"):
        plain(port).send(a_letter())


def test_of_several_recipients_each_has_its_own_answer() -> None:
    postbox = Postbox(rcpt={"bob@contoso.com": "550 no", "cy@contoso.com": "450 busy"})
    letter = a_letter(to=(TO, "bob@contoso.com", "cy@contoso.com"))
    with mail_server(postbox) as port:
        delivered = plain(port).send(letter)
    assert (TO,) == delivered.accepted
    assert {"bob@contoso.com": "550 no"} == delivered.refused
    assert {"cy@contoso.com": "450 busy"} == delivered.later
    assert 1 == len(postbox.taken)


def test_if_one_of_those_who_did_not_get_it_may_get_it_later_it_is_later() -> None:
    postbox = Postbox(rcpt={TO: "450 busy", "bob@contoso.com": "550 no"})
    with mail_server(postbox) as port, pytest.raises(TryLater):
        plain(port).send(a_letter(to=(TO, "bob@contoso.com")))


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("554 5.7.1 this is spam", Refused),
        ("552 too large", Refused),
        ("451 4.3.0 disk full", TryLater),
        ("530 5.7.0 log in first", TryLater),
    ],
)
def test_the_answer_to_the_letter_itself_decides(answer: str, failure: type[Exception]) -> None:
    postbox = Postbox(data=answer)
    with mail_server(postbox) as port, pytest.raises(failure, match=answer[:3]):
        plain(port).send(a_letter())


def test_a_server_that_drops_the_line_in_mid_letter_is_tried_later() -> None:
    postbox = Postbox(drop_in_data=True)
    with mail_server(postbox) as port, pytest.raises(TryLater, match=r"127\.0\.0\.1"):
        plain(port).send(a_letter())


def test_a_server_that_hangs_is_left_after_the_timeout() -> None:
    with silent_server() as port, pytest.raises(TryLater, match="timed out"):
        Mail(smtp_server(f"smtp://127.0.0.1:{port}?starttls=false&timeout=0.2")).send(a_letter())


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with pytest.raises(TryLater, match=r"127\.0\.0\.1"):
        plain(closed_port()).send(a_letter())


def test_the_way_can_be_checked_without_a_letter() -> None:
    postbox = Postbox()
    with mail_server(postbox) as port:
        plain(port).check()
    assert [] == postbox.taken == postbox.asked


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "hi\r\nBcc: everyone@contoso.com"},
        {"to": ("ann@contoso.com\nBcc: x@y.z",)},
        {"headers": {"List-Unsubscribe": "<x>\r\nX-Evil: 1"}},
        {"message_id": "<a@b>\r\nX-Evil: 1"},
    ],
)
def test_a_poisoned_letter_is_refused_before_any_server_sees_it(broken: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="unusable header"):
        message_of(a_letter(**broken))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.contoso.com", ("mail.contoso.com", 587, "starttls")),
        ("smtp://mail.contoso.com:25?starttls=false", ("mail.contoso.com", 25, "plain")),
        ("smtp://localhost:1025", ("localhost", 1025, "plain")),
        ("smtp://user:pass@mail.contoso.com:587?starttls=true", ("mail.contoso.com", 587, "starttls")),
        ("smtps://user:pass@mail.contoso.com", ("mail.contoso.com", 465, "tls")),
    ],
)
def test_urls_say_where_and_how(url: str, expected: tuple[str, int, str]) -> None:
    server = smtp_server(url)
    assert expected == (server.host, server.port, server.mode)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://mail", "has to look like"),
        ("smtp://", "has to look like"),
        ("smtp://mail:notaport", "no usable port"),
        ("smtp://mail?tls=yes", "unknown option 'tls'"),
        ("smtp://mail?starttls=maybe", "expected true or false"),
        ("smtp://mail?timeout=0", "expected seconds"),
        ("smtp://u:secret@mail.contoso.com?starttls=false", "password in the clear"),
    ],
)
def test_bad_urls_are_refused_without_showing_the_password(url: str, message: str) -> None:
    with pytest.raises(BadSmtpUrl, match=message) as caught:
        smtp_server(url)
    assert "secret" not in str(caught.value)


def test_passwords_do_not_show_in_what_is_printed() -> None:
    assert "hunter2" not in repr(smtp_server("smtps://u:hunter2@mail.contoso.com"))


def test_certificates_are_verified_by_default(own: Certificate, tmp_path: Path) -> None:
    assert ssl.create_default_context(cafile=str(own.pem)).verify_mode == ssl.CERT_REQUIRED
    with (
        mail_server(Postbox(), ssl_context=own.context()) as port,
        pytest.raises(TryLater, match="CERTIFICATE"),
    ):
        Mail(smtp_server(f"smtps://127.0.0.1:{port}")).check()
