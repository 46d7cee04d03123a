"""What went wrong, in two kinds: try later, or a person must act; and then the command that mends it."""

import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from collector.domain.types import NeedsHuman, TryLater
from collector.sources.failures import Faulty, OtherTenant, Refused, Rejected, Unreachable, Untrusted
from collector.sources.pipeline import RETRIED, retry_after_seconds

# What an SDK raises on a body that is not what was promised: HTML, null, malformed, other types.
BROKEN_BODY = (ValueError, TypeError, AttributeError, KeyError, IndexError)

WEB_PAGE = "a web page, not Azure's answer"

_OBJECT_ID = re.compile(r"object id '([0-9a-fA-F-]{36})'")
_SECRET = re.compile(
    r"(?i)(\bbearer\s+|[?&;\s](?:sig|code|access_token|client_secret|password)=)[^\s&\"',;]+|\beyJ[\w-]{8,}(?:\.[\w.-]*)?"
)
_LONGEST_MESSAGE = 300

Found = TypeVar("Found", bound=BaseException)


class Role(Enum):
    """The smallest built-in role that answers a question."""

    READER = "Reader"
    MONITORING_READER = "Monitoring Reader"
    USAGES_READER = "Cognitive Services Usages Reader"
    COST_READER = "Cost Management Reader"
    LOG_READER = "Log Analytics Reader"


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked, in words for a message; `service` is what a circuit guards together with the subscription."""

    what: str
    subscription_id: str | None = None
    service: str = "arm"
    role: Role | None = None

    @property
    def resource(self) -> str | None:
        return f"/subscriptions/{self.subscription_id}" if self.subscription_id else None

    def grant(self, message: str) -> str | None:
        """The command that gives the missing role; the refusal itself often names whom to give it to."""
        if self.role is None or (self.resource is None and self.role is not Role.LOG_READER):
            return None
        found = _OBJECT_ID.search(message)
        who = found[1] if found else "<object id of the collector's identity>"
        return f'az role assignment create --assignee "{who}" --role "{self.role.value}" --scope "{self.resource or "<resource id of the workspace>"}"'


def translated(error: Exception, scope: Scope) -> TryLater | NeedsHuman:
    """The error in our words, naming scope, status and code."""
    if isinstance(error, (TryLater, NeedsHuman)):
        return error
    if isinstance(error, ClientAuthenticationError) and error.response is None:
        return NeedsHuman(
            f"{scope.what}: no identity for Azure ({_short(error)}); sign in with 'az login' or give the machine a "
            "managed identity"
        )
    if isinstance(error, HttpResponseError) and (status := error.status_code) and status >= 400:
        return _refusal(error, status, scope)
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return _unreachable(error, scope)
    kind = type(error).__name__
    return Faulty(f"{scope.what}: the answer is not what Azure promises ({kind}: {_short(error)})")


def _refusal(error: HttpResponseError, status: int, scope: Scope) -> TryLater | NeedsHuman:
    code, said = error_body(error)
    told = f"{scope.what}: {status} {code}: {said}" if said else f"{scope.what}: {status} {code}"
    if status in RETRIED:
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        kind = Faulty if status == 500 else TryLater
        return kind(told.rstrip(": "), retry_after_seconds(headers))
    if "not registered" in said or "MissingSubscriptionRegistration" in code:
        provider = "Microsoft.Insights" if "insights" in said.lower() else "Microsoft.CognitiveServices"
        return Refused(
            told, f'az provider register --namespace {provider} --subscription "{scope.subscription_id}"'
        )
    if status == 404 and code == "SubscriptionNotFound":
        why = "mistyped, of another tenant, or without a role for this identity"
        return Refused(f"{told} ({why})", scope.grant(said))
    if status == 401 and code == "InvalidAuthenticationTokenTenant":
        return OtherTenant(told)
    if status in {401, 403}:
        grant = scope.grant(said)
        if grant is None:
            return Refused(told)
        return Refused(f"{told} (missing role: {scope.role.value if scope.role else ''})", grant)
    if status == 404 and code in {"ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound"}:
        return TryLater(f"{told} (gone since it was listed; the next inventory will tell)")
    return Rejected(told.rstrip(": "), status, code, said)


def _unreachable(error: AzureError, scope: Scope) -> TryLater | NeedsHuman:
    if has_cause(error, requests.exceptions.SSLError):
        return Untrusted(
            f"{scope.what}: the server's certificate is not trusted ({_distrust(error)}); name the company's root "
            "certificates in REQUESTS_CA_BUNDLE"
        )
    return Unreachable(f"{scope.what}: no answer ({_silence(error)})")


def _distrust(error: AzureError) -> str:
    found = cause(error, ssl.SSLError)
    return str(getattr(found, "verify_message", "") or getattr(found, "reason", "") or _short(error))


def _silence(error: AzureError) -> str:
    """What the person who has to mend it needs to know; the libraries' own words hold whole addresses and retries."""
    asked = cause(error, requests.exceptions.RequestException)
    parts = urlsplit(str(getattr(asked.request, "url", None) or "")) if asked is not None else None
    host = parts.netloc if parts and parts.netloc else "the host"
    if has_cause(error, requests.exceptions.ProxyError):
        return f"ProxyError: the proxy did not connect to {host}: {_short(error)}"
    if has_cause(error, socket.gaierror):
        return f"{host} is a name that nobody here knows"
    if has_cause(error, ConnectionRefusedError):
        return f"{host} refuses connections"
    return f"{type(error).__name__}: {_short(error)}"


def has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether an error of this kind lies under another, however deep."""
    return cause(error, kind) is not None


def cause(error: BaseException, kind: type[Found]) -> Found | None:
    """The error of this kind that lies under another, however deep."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            return seen
        inner = getattr(seen, "inner_exception", None)
        seen = (
            inner
            if isinstance(inner, BaseException) and inner is not seen
            else seen.__cause__ or seen.__context__
        )
    return None


def error_body(error: HttpResponseError) -> tuple[str, str]:
    """Code and message of an error in either of Azure's shapes, `{error: {...}}` or `{code, message}`."""
    reason = str(error.reason or "")
    response: Any = error.response
    body: Any = None
    try:
        body = response.json() if response is not None else None
    except (ValueError, AttributeError, TypeError):
        return reason or "no code", WEB_PAGE if _is_web_page(response) else ""
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            return str(inner.get("code") or reason), _cut(str(inner.get("message") or ""))
    return reason or "no code", ""


def _is_web_page(response: Any) -> bool:
    """By its content: not every proxy says text/html."""
    return bytes(getattr(response, "content", b"")).lstrip()[:1] == b"<"


def _short(error: Exception) -> str:
    lines = str(getattr(error, "message", None) or error).strip().splitlines()
    return _cut(lines[0] if lines else type(error).__name__)


def _cut(text: str) -> str:
    # A proxy may quote in its refusal what it was sent.
    text = _SECRET.sub(lambda found: f"{found[1] or ''}(not shown)", " ".join(text.split()))
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
