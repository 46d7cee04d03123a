"""Bad weather: each fault on each kind of call is outlived, or ends as one of our two words."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from collector.domain.types import NeedsHuman, TryLater
from collector.sources import AzureSources, open_sources
from tests.sources.loopback import Asked, Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION, Monitor, a_question, an_account

BILL = {
    "properties": {"columns": [{"name": "Currency", "type": "String"}], "rows": [["EUR"]], "nextLink": None}
}
DEFINITIONS = {"value": [{"name": {"value": "InputTokens"}}]}
PRICES = {"BillingCurrency": "USD", "Items": [{"meterId": "1"}], "NextPageLink": None, "Count": 1}

# Each call: its path, a good answer, and how our sources make it.
CALLS: dict[str, tuple[str, Any, Callable[[AzureSources], Any]]] = {
    "subscriptions": (
        "GET /subscriptions$",
        {"value": [{"subscriptionId": SUBSCRIPTION}]},
        lambda sources: sources.inventory.subscriptions(),
    ),
    "accounts": ("/accounts$", {"value": []}, lambda sources: sources.inventory.accounts(SUBSCRIPTION)),
    "deployments": (
        "/deployments$",
        {"value": []},
        lambda sources: sources.inventory.deployments(an_account()),
    ),
    "deleted": (
        "/deletedAccounts$",
        {"value": []},
        lambda sources: sources.inventory.deleted_accounts(SUBSCRIPTION),
    ),
    "quotas": ("/usages$", {"value": []}, lambda sources: sources.quotas.quotas(SUBSCRIPTION, "eastus2")),
    "models": ("/models$", {"value": []}, lambda sources: sources.models.models(SUBSCRIPTION, "eastus2")),
    "capacities": (
        "/modelCapacities$",
        {"value": []},
        lambda sources: sources.models.capacities(SUBSCRIPTION, "OpenAI", "gpt-4o", "1"),
    ),
    "definitions": (
        "/metricDefinitions$",
        DEFINITIONS,
        lambda sources: sources.metrics.published(an_account()),
    ),
    "batch": ("getBatch", None, lambda sources: list(sources.metrics.read(a_question()))),
    "prices": ("/api/retail/prices$", PRICES, lambda sources: list(sources.prices.prices("USD"))),
    "bill": ("CostManagement/query$", BILL, lambda sources: sources.bills.billing_currency(SUBSCRIPTION)),
}

PASSING = {
    "408": Reply(status=408),
    "429": Reply(status=429),
    "429 with Retry-After": Reply(status=429, headers={"Retry-After": "1"}),
    "429 with an hour": Reply(status=429, headers={"Retry-After": "3600"}),
    "429 with a word": Reply(status=429, headers={"Retry-After": "soon"}),
    "429 with milliseconds": Reply(status=429, headers={"x-ms-retry-after-ms": "5"}),
    "429 of Cost Management": Reply(
        status=429, headers={"x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after": "7"}
    ),
    "500": Reply(status=500),
    "502": Reply(b"<html>bad gateway</html>", 502),
    "503": Reply(status=503),
    "529": Reply(status=529),
    "reset": Reply(kind="reset"),
    "cut": Reply({"value": [0] * 100}, kind="cut"),
}

LASTING: dict[str, tuple[Reply, type[Exception], str]] = {
    "429": (
        Reply({"error": {"code": "TooManyRequests", "message": "slow"}}, 429),
        TryLater,
        "429 TooManyRequests",
    ),
    "503": (Reply({"error": {"code": "Down", "message": ""}}, 503), TryLater, "503 Down"),
    "529": (Reply(status=529), TryLater, "529"),
    "500": (
        Reply({"code": "InternalServerError", "message": "oh"}, 500),
        TryLater,
        "500 InternalServerError",
    ),
    "reset": (Reply(kind="reset"), TryLater, "no answer"),
    "cut": (Reply({"value": [0] * 100}, kind="cut"), TryLater, "no answer"),
    "malformed": (Reply(b'{"value": [{'), TryLater, "not what Azure promises"),
    "empty": (Reply(b""), TryLater, "not what Azure promises"),
    "null": (Reply(b"null"), TryLater, "not what Azure promises"),
    "nulls": (
        Reply({"value": None, "values": None, "Items": None, "properties": None}),
        TryLater,
        "not what Azure promises",
    ),
    "a list": (Reply([]), TryLater, "not what Azure promises"),
    "another object": (Reply({"hello": "world"}), TryLater, "not what Azure promises"),
    "a web page": (Reply(b"<html>Sign in to the proxy</html>"), TryLater, "web page"),
    "a refused web page": (Reply(b"<html>Blocked</html>", 403), NeedsHuman, "403"),
    "401": (
        Reply({"error": {"code": "InvalidAuthenticationToken", "message": "old"}}, 401),
        NeedsHuman,
        "401 Inv",
    ),
    "403": (Reply({"error": {"code": "AuthorizationFailed", "message": "no"}}, 403), NeedsHuman, "403 Auth"),
    "404": (Reply({"error": {"code": "SubscriptionNotFound", "message": "?"}}, 404), NeedsHuman, "404 Sub"),
    "400": (Reply({"code": "BadRequest", "message": "what"}, 400), NeedsHuman, "400 BadRequest: what"),
}


def good(call: str) -> Callable[[Asked], Reply]:
    monitor = Monitor()
    answer = CALLS[call][1]
    return monitor.batch if answer is None else lambda asked: Reply(answer)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_outlived(azure: Loopback, sources: AzureSources, call: str, fault: str) -> None:
    path, _, ask = CALLS[call]
    azure.on(path, PASSING[fault], PASSING[fault], good(call))
    ask(sources)
    assert 3 == sources.calls.counts().calls
    assert (2 if fault.startswith(("429", "529")) else 0) == sources.calls.counts().throttles


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", LASTING)
def test_a_lasting_fault_has_a_name(azure: Loopback, call: str, fault: str) -> None:
    path, _, ask = CALLS[call]
    reply, kind, told = LASTING[fault]
    azure.on(path, reply)
    azure.on("/providers/Microsoft.Insights/metrics$", reply)
    with (
        open_sources(azure.settings(retries=1)) as sources,
        pytest.raises((TryLater, NeedsHuman), match=re.escape(told)) as raised,
    ):
        ask(sources)
    assert isinstance(raised.value, kind)
    assert (fault in {"401", "403", "404"} and call not in {"subscriptions", "prices"}) == bool(
        getattr(raised.value, "grant", None)
    ) or fault == "a refused web page"


@pytest.mark.parametrize("call", ["accounts", "batch", "bill", "prices"])
def test_a_server_that_says_nothing_is_given_up(azure: Loopback, call: str) -> None:
    path, _, ask = CALLS[call]
    azure.on(path, Reply(kind="delay", seconds=0.3))
    azure.on("/providers/Microsoft.Insights/metrics$", Reply(kind="delay", seconds=0.3))
    with (
        open_sources(azure.settings(retries=0, read_timeout_seconds=0.05)) as sources,
        pytest.raises(TryLater, match="Timeout"),
    ):
        ask(sources)


def test_how_long_a_throttle_lasts_is_told(azure: Loopback, sources: AzureSources) -> None:
    azure.on("/accounts$", Reply(status=429, headers={"Retry-After": "120"}))
    with pytest.raises(TryLater) as raised:
        sources.inventory.accounts(SUBSCRIPTION)
    assert 120 == raised.value.retry_after


@pytest.mark.parametrize(
    ("call", "role"),
    [
        ("accounts", "Reader"),
        ("deployments", "Reader"),
        ("models", "Reader"),
        ("quotas", "Cognitive Services Usages Reader"),
        ("batch", "Monitoring Reader"),
        ("definitions", "Monitoring Reader"),
        ("bill", "Cost Management Reader"),
    ],
)
def test_a_missing_role_is_named_with_the_command_that_grants_it(
    azure: Loopback, call: str, role: str
) -> None:
    refusal = Reply(
        {"error": {"code": "AuthorizationFailed", "message": f"object id '{SUBSCRIPTION}' does not have it"}},
        403,
    )
    azure.on(CALLS[call][0], refusal)
    azure.on("/providers/Microsoft.Insights/metrics$", refusal)
    with open_sources(azure.settings()) as sources, pytest.raises(NeedsHuman, match="missing role") as raised:
        CALLS[call][2](sources)
    assert (
        f'az role assignment create --assignee "{SUBSCRIPTION}" --role "{role}" --scope "/subscriptions/{SUBSCRIPTION}"'
    ) == raised.value.grant


def test_an_unregistered_provider_is_named_with_its_command(azure: Loopback, sources: AzureSources) -> None:
    body = {
        "error": {
            "code": "Forbidden",
            "message": "The subscription is not registered to use namespace 'Microsoft.Insights'",
        }
    }
    azure.on("getBatch", Reply(body, 403))
    azure.on("/providers/Microsoft.Insights/metrics$", Reply(body, 403))
    with pytest.raises(NeedsHuman) as raised:
        list(sources.metrics.read(a_question()))
    assert (
        f'az provider register --namespace Microsoft.Insights --subscription "{SUBSCRIPTION}"'
        == raised.value.grant
    )


def test_a_missing_registration_is_never_mended_by_us(azure: Loopback, sources: AzureSources) -> None:
    """The SDK would answer this 409 with a POST that registers the provider in the customer's subscription."""
    azure.on("/accounts$", Reply({"error": {"code": "MissingSubscriptionRegistration", "message": "x"}}, 409))
    with pytest.raises(NeedsHuman):
        sources.inventory.accounts(SUBSCRIPTION)
    assert ["GET"] == [asked.method for asked in azure.asked]


def test_an_account_that_went_since_it_was_listed_is_no_persons_business(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on("/deployments$", Reply({"error": {"code": "ResourceNotFound", "message": "gone"}}, 404))
    with pytest.raises(TryLater, match="gone since it was listed"):
        sources.inventory.deployments(an_account())


def test_a_bill_page_cut_in_the_middle_gives_no_bill(azure: Loopback, sources: AzureSources) -> None:
    azure.on(
        "CostManagement/query$", Reply({"properties": {"columns": [{"name": "Cost"}], "rows": [[1, 2]]}})
    )
    with pytest.raises(TryLater, match="not what Azure promises"):
        sources.bills.read(SUBSCRIPTION, date(2026, 11, 1), date(2026, 11, 2))
