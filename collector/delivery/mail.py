"""Hands a finished letter to a mail server, and tells what will never go from what may go later.

What is wrong with the way (no network, a refused login, a bad certificate, 4xx) is `TryLater`: the next letter
would fare no better. What is wrong with this letter or its recipient (5xx) is `Refused`.
"""

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from collector.delivery.errors import NoAnswer, Refused, TryLater
from collector.domain.places import is_loopback
from collector.reports.letters.render import Letter

Mode = Literal["plain", "starttls", "tls"]

_LOGIN_CODES = frozenset({530, 534, 535, 538})
"""5xx that speak of the login, not of the letter."""


class BadSmtpUrl(ValueError):
    """The message never holds the URL itself, which may hold a password."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    mode: Mode
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """Who of the letter's recipients the server took, refused, or asked us to try again."""

    accepted: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    later: Mapping[str, str] = field(default_factory=dict[str, str])


def smtp_server(url: str) -> SmtpServer:
    """Read `smtp://user:pass@host:587?starttls=true` or `smtps://…`; `timeout=` (seconds) and `ca=` (file) may follow.

    STARTTLS is the default except on loopback, and a password never travels in the clear.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadSmtpUrl("the SMTP URL has no usable port: expected smtp://host:587") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadSmtpUrl(
            "the SMTP URL has to look like smtp://user:pass@host:587?starttls=true or smtps://host"
        )
    options = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    stray = sorted(options.keys() - {"starttls", "timeout", "ca"})
    if stray:
        raise BadSmtpUrl(f"the SMTP URL has an unknown option {stray[0]!r}: expected starttls, timeout or ca")
    mode = _mode(parts.scheme, parts.hostname, options.get("starttls"))
    if parts.username and mode == "plain" and not is_loopback(parts.hostname):
        raise BadSmtpUrl("the SMTP URL would send a password in the clear: use starttls=true or smtps://")
    return SmtpServer(
        host=parts.hostname,
        port=port or {"tls": 465, "starttls": 587, "plain": 25}[mode],
        mode=mode,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        timeout_seconds=_seconds(options.get("timeout", "30")),
        ca_file=options.get("ca"),
    )


class Mail:
    """One connection a letter: letters are few, and a broken connection then costs one attempt, not the queue."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def send(self, letter: Letter) -> Delivered:
        """Raises `Refused` if nobody may ever get it, `TryLater` if the way is closed."""
        message = message_of(letter)
        with self._connected() as connection:
            try:
                missed = connection.send_message(message, to_addrs=list(letter.to))
            except smtplib.SMTPRecipientsRefused as error:
                return _nobody(letter, error.recipients)
            except smtplib.SMTPResponseException as error:
                raise _response(error, letter) from error
            except smtplib.SMTPNotSupportedError as error:
                raise Refused(f"{letter.message_id}: {error}") from error
            except (smtplib.SMTPException, OSError) as error:
                where = f"{self._server.host}:{self._server.port}"
                raise NoAnswer(f"mail server {where}: {_reason(error)}") from error
        return _some(letter.to, missed)

    def check(self) -> None:
        """Connect and log in, send nothing: what `doctor` asks. Raises `TryLater` with the reason."""
        with self._connected():
            pass

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        where = f"{self._server.host}:{self._server.port}"
        connection: smtplib.SMTP | None = None
        try:
            connection = self._open()
            yield connection
        except (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError) as error:
            raise TryLater(f"mail server {where}: {_reason(error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise TryLater(f"mail server {where}: {_reason(error)}") from error
        finally:
            if connection is not None:
                # The server has taken or refused the letter by now: how it says goodbye changes nothing.
                with suppress(smtplib.SMTPException, OSError):
                    connection.quit()
                connection.close()

    def _open(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context(cafile=server.ca_file) if server.mode != "plain" else None
        if server.mode == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_seconds, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
        try:
            if server.mode == "starttls":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


def message_of(letter: Letter) -> EmailMessage:
    """The letter as a message; a value that would break a header is refused here, before any server sees it."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = letter.sender
        message["To"] = ", ".join(letter.to)
        message["Subject"] = letter.subject
        message["Date"] = letter.written_at
        message["Message-ID"] = letter.message_id
        if letter.in_reply_to:
            message["In-Reply-To"] = letter.in_reply_to
            message["References"] = letter.in_reply_to
        for name, value in letter.headers.items():
            message[name] = value
    except (ValueError, IndexError) as error:
        raise Refused(f"{letter.message_id!r} has an unusable header: {error}") from error
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for attachment in letter.attachments:
        kind, _, subtype = attachment.content_type.partition("/")
        message.add_attachment(attachment.content, kind, subtype or "octet-stream", filename=attachment.name)
    return message


def _some(to: Sequence[str], missed: Mapping[str, tuple[int, bytes]]) -> Delivered:
    refused = {address: _words(answer) for address, answer in missed.items() if answer[0] >= 500}
    later = {address: _words(answer) for address, answer in missed.items() if answer[0] < 500}
    return Delivered(tuple(address for address in to if address not in missed), refused, later)


def _nobody(letter: Letter, answers: Mapping[str, tuple[int, bytes]]) -> Delivered:
    """All refused for good is `Refused`; if even one may be taken later, later it is."""
    outcome = _some(letter.to, answers)
    told = "; ".join(f"{address}: {_words(answer)}" for address, answer in answers.items())
    if outcome.later:
        raise TryLater(f"{letter.message_id} was not taken yet: {told}")
    raise Refused(f"{letter.message_id} was refused: {told}", outcome.refused)


def _response(error: smtplib.SMTPResponseException, letter: Letter) -> Exception:
    told = f"{letter.message_id}: {_reason(error)}"
    final = error.smtp_code >= 500 and error.smtp_code not in _LOGIN_CODES
    return Refused(told) if final else TryLater(told)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _words((error.smtp_code, error.smtp_error))
    return str(error) or type(error).__name__


def _words(answer: tuple[int, bytes | str]) -> str:
    code, said = answer
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:300]


def _mode(scheme: str, host: str, starttls: str | None) -> Mode:
    if starttls is not None and starttls.casefold() not in ("true", "false"):
        raise BadSmtpUrl(f"the SMTP URL has starttls={starttls!r}: expected true or false")
    if scheme == "smtps":
        return "tls"
    wanted = starttls.casefold() == "true" if starttls is not None else not is_loopback(host)
    return "starttls" if wanted else "plain"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise BadSmtpUrl(f"the SMTP URL has timeout={text!r}: expected seconds between 0 and 600")
    return seconds
