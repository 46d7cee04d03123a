"""One door to Azure: the SDK's clients, built once each, and every call's errors in our two words."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.monitor.querymetrics import MetricsClient
from requests.adapters import HTTPAdapter

from collector.domain.types import NeedsHuman, TryLater
from collector.sources.circuit import Circuits
from collector.sources.credentials import authentication, credential_for
from collector.sources.errors import BROKEN_BODY, Scope, translated
from collector.sources.failures import Faulty
from collector.sources.pipeline import CallLedger, PatientRetry, policies
from collector.sources.settings import AzureSettings

Client = TypeVar("Client")

_CONNECTIONS = 32
# The SDK reads a body 4 KiB at a time: of a day of minutes, which has megabytes, that was a third of the work.
_BLOCK_BYTES = 1 << 20


class Connection:
    """The clients and what they share: retries, token, ledger, circuits. Safe from any thread."""

    def __init__(self, settings: AzureSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.endpoints = settings.endpoints
        self.ledger = CallLedger()
        self.monotonic = monotonic
        self._credential: TokenCredential = credential_for(settings.auth, self.endpoints)
        self._circuits = Circuits(
            monotonic, threshold=settings.failures_to_open, rest_seconds=settings.circuit_rest_seconds
        )
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._doors: dict[str, threading.BoundedSemaphore] = {}

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    @contextmanager
    def asking(self, scope: Scope) -> Iterator[None]:
        """Every call to Azure happens inside: bounded per subscription, guarded by its circuit, errors translated."""
        name = scope.subscription_id or "no subscription"
        self._circuits.enter(name, scope.service, scope.what)
        try:
            with self._door(name):
                yield
        except (AzureError, TryLater, NeedsHuman, *BROKEN_BODY) as error:
            told = translated(error, scope)
            # One bad answer says nothing of the service; silence and throttling do.
            if isinstance(told, TryLater) and not isinstance(told, Faulty):
                self._circuits.failed(name, scope.service, told.retry_after)
            else:
                self._circuits.succeeded(name, scope.service)
            raise told from error
        except BaseException:
            self._circuits.failed(name, scope.service, None)
            raise
        self._circuits.succeeded(name, scope.service)

    def cognitive(self, subscription_id: str) -> CognitiveServicesManagementClient:
        return self._client(
            f"cognitive {subscription_id}",
            lambda: CognitiveServicesManagementClient(
                self._credential,
                subscription_id,
                base_url=self.endpoints.arm,
                credential_scopes=[self.endpoints.arm_scope],
                policies=self._policies(self.endpoints.arm, self.endpoints.arm_scope, arm=True),
                transport=self._transport(),
            ),
        )

    def metrics(self, location: str) -> MetricsClient:
        url, audience = self.endpoints.metrics_at(location), self.endpoints.metrics_audience
        return self._client(
            f"metrics {url}",
            lambda: MetricsClient(
                url,
                self._credential,
                audience=audience,
                policies=self._policies(url, f"{audience}/.default"),
                transport=self._transport(),
            ),
        )

    def logs(self) -> Any:
        from azure.monitor.query import LogsQueryClient

        url, audience = self.endpoints.logs, self.endpoints.logs_audience
        return self._client(
            "logs",
            lambda: LogsQueryClient(
                self._credential,
                endpoint=url,
                audience=audience,
                policies=self._policies(url, f"{audience}/.default"),
                transport=self._transport(),
            ),
        )

    def arm(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        allowed: Sequence[int] = (200,),
    ) -> HttpResponse:
        """A call that no client of ours has, down the same pipeline; `path` may be a whole `nextLink` of ARM's own."""
        client: PipelineClient[Any, Any] = self._client("arm", self._arm_client)
        return self._sent(client, self.endpoints.arm, method, path, params, body, allowed)

    def web(self, path: str, *, params: Mapping[str, Any] | None = None) -> HttpResponse:
        """A call to the public price feed: no token goes with it."""
        client: PipelineClient[Any, Any] = self._client("prices", self._prices_client)
        return self._sent(client, self.endpoints.prices, "GET", path, params, None, (200,))

    def _sent(
        self,
        client: PipelineClient[Any, Any],
        base: str,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Any,
        allowed: Sequence[int],
    ) -> HttpResponse:
        url = path if path.startswith("http") else f"{base}{path}"
        if not same_host(url, base):
            raise ValueError(f"a link to another host than {base} is not followed")
        request = HttpRequest(method, url, params=params, json=body)
        response: HttpResponse = client.send_request(request, stream=True)
        if response.status_code not in allowed:
            raise ValueError(f"status {response.status_code} where one of {allowed} was expected")
        return response

    def _arm_client(self) -> PipelineClient[Any, Any]:
        arm = self.endpoints.arm
        return PipelineClient(
            arm, policies=self._policies(arm, self.endpoints.arm_scope, arm=True), transport=self._transport()
        )

    def _prices_client(self) -> PipelineClient[Any, Any]:
        return PipelineClient(
            self.endpoints.prices,
            policies=policies(retry=self._retry(), ledger=self.ledger),
            transport=self._transport(),
        )

    def _policies(self, url: str, scope: str, *, arm: bool = False) -> list[Any]:
        token = authentication(self._credential, url, scope, arm=arm)
        return policies(retry=self._retry(), ledger=self.ledger, authentication=token)

    def _retry(self) -> PatientRetry:
        return PatientRetry(
            retries=self.settings.retries,
            backoff_seconds=self.settings.backoff_seconds,
            longest_wait_seconds=self.settings.longest_wait_seconds,
        )

    def _transport(self) -> RequestsTransport:
        """One pool of connections a client, wide enough for the threads of several subscriptions."""
        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        return RequestsTransport(
            session=session,
            connection_timeout=self.settings.connect_timeout_seconds,
            read_timeout=self.settings.read_timeout_seconds,
            connection_data_block_size=_BLOCK_BYTES,
        )

    def _client(self, name: str, build: Callable[[], Client]) -> Client:
        with self._lock:
            if name not in self._clients:
                self._clients[name] = build()
            return self._clients[name]

    def _door(self, subscription: str) -> threading.BoundedSemaphore:
        with self._lock:
            if subscription not in self._doors:
                self._doors[subscription] = threading.BoundedSemaphore(self.settings.calls_at_once)
            return self._doors[subscription]


def body_of(response: HttpResponse) -> dict[str, Any]:
    """The JSON object of an answer; anything else is an unreadable answer, never an empty one."""
    return json_object(response.read())


def json_object(content: bytes) -> dict[str, Any]:
    parsed = orjson.loads(content)
    if isinstance(parsed, str):
        # The batch API has been seen to send its object as a string; the SDK knows of it too.
        parsed = orjson.loads(parsed)
    if not isinstance(parsed, dict):
        raise TypeError(f"a JSON object was promised, {type(parsed).__name__} came")
    return parsed


def same_host(url: str, base: str) -> bool:
    one, other = urlsplit(url), urlsplit(base)
    return (one.scheme, one.hostname) == (other.scheme, other.hostname)
