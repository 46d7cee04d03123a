"""Doctor's questions: each kind of trouble has its own name, and a missing role its command."""

from datetime import UTC, datetime

import pytest

from collector.sources import AzureSources, open_sources
from collector.sources.probes import Probe, probe
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION, Monitor, an_account

NOW = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
REFUSAL = Reply({"error": {"code": "AuthorizationFailed", "message": "no"}}, 403)


def well(azure: Loopback) -> None:
    account = {
        "id": an_account().arm_id,
        "name": "aoai-1",
        "location": "eastus2",
        "kind": "OpenAI",
        "properties": {},
    }
    azure.on("/api/retail/prices$", Reply({"Items": [{"meterId": "1"}], "NextPageLink": None}))
    azure.on(
        "GET /subscriptions$", Reply({"value": [{"subscriptionId": SUBSCRIPTION, "displayName": "one"}]})
    )
    azure.on("/accounts$", Reply({"value": [account]}))
    for path in ("/deployments$", "/usages$", "/models$", "/metricDefinitions$"):
        azure.on(path, Reply({"value": []}))
    azure.on("getBatch", Monitor().batch)
    azure.on("/providers/Microsoft.Insights/metrics$", Monitor().single)
    azure.on("CostManagement/query$", Reply(b"", 204))


def probes(sources: AzureSources) -> dict[str, Probe]:
    return {one.name: one for one in probe(sources, NOW)}


def test_a_healthy_azure_works_throughout(azure: Loopback, sources: AzureSources) -> None:
    well(azure)
    found = probes(sources)
    assert {"works"} == {one.verdict for one in found.values()}
    assert [
        "retail prices",
        "subscriptions",
        "accounts",
        "bill",
        "deployments",
        "quotas",
        "models",
        "metric definitions",
        "metrics in batches",
        "metrics one by one",
    ] == list(found)


ROLES = {
    "/usages$": ("quotas", "Cognitive Services Usages Reader"),
    "getBatch": ("metrics in batches", "Monitoring Reader"),
    "/providers/Microsoft.Insights/metrics$": ("metrics one by one", "Monitoring Reader"),
    "CostManagement/query$": ("bill", "Cost Management Reader"),
}


@pytest.mark.parametrize("path", ROLES)
def test_a_missing_role_is_told_for_the_probe_that_lacks_it(
    azure: Loopback, sources: AzureSources, path: str
) -> None:
    well(azure)
    azure.on(path, REFUSAL)
    name, role = ROLES[path]
    found = probes(sources)
    assert [name] == [one.name for one in found.values() if not one.works]
    assert "missing role" == found[name].verdict
    assert f'--role "{role}"' in (found[name].grant or "")


def test_a_proxy_page_a_silence_and_a_closed_port_are_told_apart(azure: Loopback) -> None:
    well(azure)
    azure.on("getBatch", Reply(b"<html>Blocked by policy</html>", 403))
    azure.on("/usages$", Reply(b"<html>Sign in</html>"))
    azure.on("/models$", Reply(kind="delay", seconds=0.4))
    settings = azure.settings(retries=0, read_timeout_seconds=0.15, prices_endpoint="http://127.0.0.1:9")
    with open_sources(settings) as sources:
        found = probes(sources)
    assert ("proxy", "proxy", "timeout", "no answer") == (
        found["metrics in batches"].verdict,
        found["quotas"].verdict,
        found["models"].verdict,
        found["retail prices"].verdict,
    )


def test_a_name_that_nobody_knows_is_told(azure: Loopback) -> None:
    well(azure)
    settings = azure.settings(auth="default", retries=0, prices_endpoint="https://prices.invalid")
    with open_sources(settings) as sources:
        assert "no such name" == probes(sources)["retail prices"].verdict


def test_a_certificate_that_is_not_trusted_is_told(azure: Loopback) -> None:
    """Not TLS at all on the other side: what a looking-in proxy with a foreign certificate comes down to."""
    well(azure)
    with open_sources(
        azure.settings(retries=0, prices_endpoint=azure.url.replace("http:", "https:"))
    ) as sources:
        found = probes(sources)["retail prices"]
    assert ("certificate", True) == (found.verdict, "REQUESTS_CA_BUNDLE" in found.detail)


def test_an_identity_without_any_subscription_is_told(azure: Loopback, sources: AzureSources) -> None:
    well(azure)
    azure.on("GET /subscriptions$", Reply({"value": []}))
    found = probes(sources)
    assert "missing role" == found["subscriptions"].verdict
    assert '--role "Reader"' in (found["subscriptions"].grant or "")
