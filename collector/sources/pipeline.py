"""The one pipeline under every client: language, retries, counting, and nothing of a secret in a log."""

import random
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from azure.core.exceptions import HttpResponseError, IncompleteReadError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    HeadersPolicy,
    HTTPPolicy,
    ProxyPolicy,
    RedirectPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SensitiveHeaderCleanupPolicy,
    UserAgentPolicy,
)

from collector.ports import CallCounts
from collector.sources.failures import WebPage

log = structlog.get_logger(__name__)

THROTTLED = frozenset({429, 529})
RETRIED = frozenset({408, 429, 500, 502, 503, 504, 529})
# Cost Management says how long to wait under names of its own, one per budget that ran out.
_OWN_RETRY_AFTER = re.compile(r"x-ms-ratelimit-.*retry-after", re.IGNORECASE)


class PatientRetry(RetryPolicy[Any, Any]):
    """The SDK's retries, also for our POSTs (all of them only read), with no wait longer than `longest_wait`.

    The SDK alone sleeps a `Retry-After: 3600` through, lets `Retry-After: soon` escape as a ValueError and
    gives up a POST at the first 429 without the header.
    """

    def __init__(self, *, retries: int, backoff_seconds: float, longest_wait_seconds: float) -> None:
        super().__init__(
            retry_total=retries,
            # A firewall that drops is silent for the whole connect timeout, each time.
            retry_connect=min(retries, 2),
            retry_read=retries,
            retry_status=retries,
            retry_backoff_factor=backoff_seconds,
            retry_backoff_max=longest_wait_seconds,
        )
        self._method_whitelist = self._method_whitelist | {"POST"}
        self._retry_on_status_codes = RETRIED
        self._longest = longest_wait_seconds

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """By status alone: a `Retry-After` on a 403 does not make it worth asking again."""
        return bool(settings["total"]) and response.http_response.status_code in RETRIED

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        asked = retry_after_seconds(response.http_response.headers)
        return None if asked is None else min(asked, self._longest)

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Full jitter from the first retry on: many threads meet the same throttle at the same moment."""
        tries = max(len(settings["history"]), 1)
        longest = min(self._longest, settings["backoff"] * 2 ** (tries - 1))
        return random.uniform(longest / 2, longest)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The longest wait that an answer asks for, None where it names none that can be read."""
    waits: list[float] = []
    for name, text in headers.items():
        name = name.lower()
        if name in {"retry-after-ms", "x-ms-retry-after-ms"}:
            waits.append(_seconds(text) / 1000)
        elif name == "retry-after" or _OWN_RETRY_AFTER.fullmatch(name):
            waits.append(_seconds(text))
    longest = max(waits, default=0.0)
    return longest if longest > 0 else None


def _seconds(text: str) -> float:
    """Seconds of a number or of hh:mm:ss; a date or a word counts as none, and the backoff applies."""
    try:
        parts = [float(part) for part in text.strip().split(":")]
    except ValueError:
        return 0.0
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds if 0 < seconds < float("inf") else 0.0


class CountingPolicy(HTTPPolicy[Any, Any]):
    """Counts what leaves for Azure, each retry too, and reads the body where a retry can still mend a cut one."""

    def __init__(self, ledger: "CallLedger") -> None:
        super().__init__()
        self._ledger = ledger

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        began = time.monotonic()
        status: int | str = "no answer"
        url = urlsplit(request.http_request.url)
        try:
            response = self.next.send(request)
            status = response.http_response.status_code
            # A streamed body is read here, below the retries; the SDK would read it above them.
            response.http_response.read()
            _refuse_web_page(response.http_response, url.netloc)
            return response
        except IncompleteReadError as error:
            raise ServiceResponseError(f"the body was cut: {error}") from error
        finally:
            self._ledger.add(throttled=status in THROTTLED)
            log.debug(
                "azure call",
                method=request.http_request.method,
                host=url.netloc,
                path=url.path,
                status=status,
                milliseconds=round(1000 * (time.monotonic() - began)),
            )


class HonestStatus(HTTPPolicy[Any, Any]):
    """An error status is an error with its status, whatever its body: an SDK that finds a web page or nothing in the
    body of a 502 forgets the 502."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = self.next.send(request)
        if response.http_response.status_code >= 400:
            raise HttpResponseError(response=response.http_response)
        return response


class CallLedger:
    """Calls and throttles since it was built; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._throttles = 0

    def add(self, *, throttled: bool) -> None:
        with self._lock:
            self._calls += 1
            self._throttles += throttled

    def counts(self) -> CallCounts:
        with self._lock:
            return CallCounts(self._calls, self._throttles)


def policies(*, retry: RetryPolicy[Any, Any], ledger: CallLedger, authentication: Any = None) -> list[Any]:
    """The chain of one client. Ours and not the SDK's own, which logs bodies on demand and, on a 409, would
    register a resource provider in the customer's subscription: we only ever read."""
    chain = [
        HonestStatus(),
        RequestIdPolicy(),
        HeadersPolicy(base_headers={"Accept-Language": "en-US"}),
        UserAgentPolicy(base_user_agent="aoai-monitor"),
        ProxyPolicy(),
        ContentDecodePolicy(),
        RedirectPolicy(),
        retry,
        authentication,
        CountingPolicy(ledger),
        SensitiveHeaderCleanupPolicy(),
    ]
    return [policy for policy in chain if policy is not None]


def _refuse_web_page(response: Any, host: str) -> None:
    """A login or block page with status 200 would reach each SDK as another riddle."""
    content_type = str(response.headers.get("Content-Type", ""))
    if response.status_code < 300 and content_type.startswith("text/html"):
        raise WebPage(
            f"a web page came in place of an answer of {host}: a proxy or a firewall speaks for Azure"
        )
