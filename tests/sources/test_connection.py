"""Endpoints, credentials, retries, circuits and counts: what every call shares."""

import logging
from typing import Any

import pytest
import structlog

from collector.domain.types import NeedsHuman, TryLater
from collector.sources import AzureSettings, AzureSources, build_sources, open_sources
from collector.sources.circuit import Circuits
from collector.sources.credentials import LoopbackBearer, Placeholder, credential_for
from collector.sources.endpoints import CLOUDS, endpoints_of, is_loopback
from collector.sources.pipeline import retry_after_seconds
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another cloud": ({"cloud": "mars"}, "AOAI_CLOUD='mars': expected one of public, usgov"),
    "plain http": ({"arm_endpoint": "http://azure.example"}, "AOAI_ARM_ENDPOINT=.*loopback addresses only"),
    "plain http to a name like localhost": (
        {"prices_endpoint": "http://localhost.example"},
        "AOAI_PRICES_ENDPOINT=.*loopback",
    ),
    "no address": ({"logs_endpoint": "azure"}, "AOAI_LOGS_ENDPOINT='azure': expected an address"),
    "a region where none belongs": (
        {"arm_endpoint": "https://{region}.x"},
        "only AOAI_METRICS_ENDPOINT may hold",
    ),
    "no authentication with Azure": ({"auth": "none"}, "AOAI_AUTH='none': accepted only where"),
    "half a loopback": ({"auth": "none", "arm_endpoint": "http://127.0.0.1:1"}, "AOAI_AUTH='none'"),
    "another way to sign in": ({"auth": "password"}, "AOAI_AUTH='password': expected 'default' or 'none'"),
}


@pytest.mark.parametrize(("given", "told"), REFUSED.values(), ids=REFUSED)
def test_a_setting_that_cannot_be_right_names_itself(given: dict[str, Any], told: str) -> None:
    with pytest.raises(NeedsHuman, match=told):
        build_sources(AzureSettings(**given))


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:80", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1.example", False),
        ("http://10.0.0.1", False),
        ("https://management.azure.com", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_else(url: str, local: bool) -> None:
    assert local is is_loopback(url)


@pytest.mark.parametrize(("cloud", "end"), [("public", ".com"), ("usgov", ".us")])
def test_each_cloud_has_its_own_batch_host_and_audience(cloud: str, end: str) -> None:
    endpoints = endpoints_of(cloud)
    assert f"https://eastus2.metrics.monitor.azure{end}" == endpoints.metrics_at("eastus2")
    assert f"https://metrics.monitor.azure{end}" == endpoints.metrics_audience
    assert CLOUDS[cloud] == endpoints


def test_one_endpoint_can_be_replaced_alone() -> None:
    endpoints = endpoints_of("public", metrics="https://proxy.example/{region}/")
    assert "https://proxy.example/uksouth" == endpoints.metrics_at("uksouth")
    assert CLOUDS["public"].arm == endpoints.arm


def test_nobodys_own_login_goes_to_a_loopback_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    endpoints = endpoints_of("public", arm="http://127.0.0.1:1", metrics="http://127.0.0.1:1")
    assert Placeholder() == credential_for("default", endpoints)


def test_the_real_credential_chain_gets_its_token_from_a_managed_identity(
    azure: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    token = {
        "access_token": "of-the-identity",
        "expires_on": "4102444800",
        "resource": "x",
        "token_type": "Bearer",
    }
    azure.on("/msi/token$", Reply(token))
    azure.on("/accounts$", Reply({"value": []}))
    with open_sources(azure.settings(auth="default")) as sources:
        sources.inventory.accounts(SUBSCRIPTION)
        sources.inventory.accounts(SUBSCRIPTION)
    asked = {one.path: one for one in azure.asked}
    assert "secret" == asked["/msi/token"].headers["x-identity-header"]
    assert "https://management.azure.com" == asked["/msi/token"].query["resource"]
    (path,) = set(azure.paths("/accounts"))
    assert "Bearer of-the-identity" == asked[path].headers["authorization"]
    assert 1 == len(azure.paths("/msi/token"))


def test_a_missing_identity_needs_a_human(azure: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    azure.on("/msi/token$", Reply({"error": "invalid_request"}, 400))
    with (
        open_sources(azure.settings(auth="default")) as sources,
        pytest.raises(NeedsHuman, match="no identity for Azure"),
    ):
        sources.inventory.accounts(SUBSCRIPTION)


WAITS: dict[str, tuple[dict[str, str], float | None]] = {
    "none": ({}, None),
    "seconds": ({"Retry-After": "17"}, 17),
    "a word": ({"Retry-After": "soon"}, None),
    "a date": ({"Retry-After": "Sat, 21 Nov 2026 00:00:00 GMT"}, None),
    "negative": ({"retry-after": "-4"}, None),
    "infinite": ({"retry-after": "inf"}, None),
    "milliseconds": ({"x-ms-retry-after-ms": "1500"}, 1.5),
    "hours": ({"retry-after": "00:01:30"}, 90),
    "the longest of Cost Management's budgets": (
        {
            "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after": "5",
            "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after": "32",
            "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "0",
        },
        32,
    ),
}


@pytest.mark.parametrize(("headers", "wait"), WAITS.values(), ids=WAITS)
def test_how_long_azure_asks_to_wait(headers: dict[str, str], wait: float | None) -> None:
    assert wait == retry_after_seconds(headers)


def test_calls_are_counted_with_their_retries_and_throttles(azure: Loopback, sources: AzureSources) -> None:
    azure.on("/accounts$", Reply({}, 429), Reply({}, 503), Reply({"value": []}))
    sources.inventory.accounts(SUBSCRIPTION)
    counts = sources.calls.counts()
    assert (3, 1) == (counts.calls, counts.throttles)


def test_an_open_circuit_rests_then_lets_one_call_through() -> None:
    now = [0.0]
    circuits = Circuits(lambda: now[0], threshold=2, rest_seconds=60)
    for _ in range(2):
        circuits.enter("sub", "arm", "quotas")
        circuits.failed("sub", "arm", None)
    with pytest.raises(TryLater, match="quotas: not asked, since 2 calls in a row to arm"):
        circuits.enter("sub", "arm", "quotas")
    circuits.enter("other", "arm", "quotas")
    circuits.enter("sub", "metrics", "metrics")
    now[0] = 61
    circuits.enter("sub", "arm", "quotas")
    with pytest.raises(TryLater):
        circuits.enter("sub", "arm", "quotas")
    circuits.succeeded("sub", "arm")
    circuits.enter("sub", "arm", "quotas")


def test_a_long_retry_after_keeps_a_circuit_open_as_long() -> None:
    now = [0.0]
    circuits = Circuits(lambda: now[0], threshold=1, rest_seconds=60)
    circuits.failed("sub", "arm", 300.0)
    now[0] = 200
    with pytest.raises(TryLater) as raised:
        circuits.enter("sub", "arm", "quotas")
    assert 100 == raised.value.retry_after


def test_no_log_line_holds_a_token_or_a_query(azure: Loopback) -> None:
    azure.on("/accounts$", Reply({"value": []}))
    with structlog.testing.capture_logs() as lines, open_sources(azure.settings()) as sources:
        sources.inventory.accounts(SUBSCRIPTION)
    (line,) = [line for line in lines if line["event"] == "azure call"]
    assert {"event", "log_level", "method", "host", "path", "status", "milliseconds"} == set(line)
    assert "loopback" not in str(lines)
    assert "api-version" not in str(lines)


def test_a_token_is_used_until_it_is_about_to_end() -> None:
    class Counting(Placeholder):
        asked = 0

        def get_token(self, *scopes: str, **_: Any) -> Any:
            type(self).asked += 1
            return super().get_token(*scopes)

    class Request:
        class http_request:  # noqa: N801  # as the SDK names it
            headers: dict[str, str] = {}

    policy = LoopbackBearer(Counting(), "scope")
    for _ in range(3):
        policy.on_request(Request())  # pyright: ignore[reportArgumentType]  # all of a request that it touches
    assert 1 == Counting.asked


def test_building_asks_nothing(azure: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        build_sources(azure.settings()).close()
    assert [] == azure.asked
