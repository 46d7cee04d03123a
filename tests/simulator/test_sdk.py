"""The real Azure clients speak to it as they speak to Azure."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.identity import ManagedIdentityCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.monitor.query import LogsQueryClient
from azure.monitor.querymetrics import MetricsClient

from collector.simulator.server import Simulator
from collector.simulator.world import World
from tests.simulator.test_logs import QUERY


class _Token:
    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("test", 4102444800)


class _Bearer(SansIOHTTPPolicy):
    """The clients refuse to send a token over plain http; a policy of one's own may."""

    def on_request(self, request: PipelineRequest) -> None:
        request.http_request.headers["Authorization"] = "Bearer test"


@pytest.fixture
def arm(azure: Simulator, world: World) -> CognitiveServicesManagementClient:
    return CognitiveServicesManagementClient(
        _Token(),
        world.subscriptions[0].id,
        base_url=azure.url,
        authentication_policy=_Bearer(),
    )


def test_every_account_of_the_subscription_is_listed_over_pages(
    arm: CognitiveServicesManagementClient, world: World, azure: Simulator
) -> None:
    expected = {
        a.name for a in world.accounts if a.subscription == world.subscriptions[0] and a.exists(azure.now())
    }
    assert expected | {"speech-1"} == {a.name for a in arm.accounts.list()}


def test_deployments_carry_sku_limits_and_options(
    arm: CognitiveServicesManagementClient, world: World
) -> None:
    hot = world.deployment("hot")
    listed = {d.name: d for d in arm.deployments.list(hot.account.resource_group, hot.account.name)}
    found = listed[hot.name]
    limits = {limit.key: (limit.count, limit.renewal_period) for limit in found.properties.rate_limits}
    assert ("GlobalStandard", 300) == (found.sku.name, found.sku.capacity)
    assert {"request": (300, 10), "token": (300_000, 60)} == limits
    assert "OnceNewDefaultVersionAvailable" == found.properties.version_upgrade_option


def test_the_spilling_deployment_names_where_it_spills(world: World, azure: Simulator) -> None:
    spilling = world.deployment("provisioned-spilling")
    client = CognitiveServicesManagementClient(
        _Token(),
        spilling.account.subscription.id,
        base_url=azure.url,
        authentication_policy=_Bearer(),
    )
    listed = {
        d.name: d for d in client.deployments.list(spilling.account.resource_group, spilling.account.name)
    }
    assert "copilot-overflow" == listed[spilling.name].properties.spillover_deployment_name


def test_models_usages_capacities_and_deleted_accounts_are_read(
    arm: CognitiveServicesManagementClient,
) -> None:
    models = list(arm.models.list("eastus2"))
    keys = [(m.kind, m.model.name, m.model.version) for m in models]
    assert len(keys) == len(set(keys))
    assert {("OpenAI", "gpt-4o", "2024-11-20"), ("AIServices", "gpt-4o", "2024-11-20")} <= set(keys)
    usages = {u.name.value: u for u in arm.usages.list("eastus2")}
    for model in models:
        if model.kind == "OpenAI":
            assert {s.usage_name for s in model.model.skus} <= set(usages)
    assert list(arm.model_capacities.list("OpenAI", "gpt-4o", "2024-11-20"))
    list(arm.deleted_accounts.list())


def test_fine_tuned_models_name_their_base_in_the_accounts_list(azure: Simulator, world: World) -> None:
    tuned = world.deployment("fine-tuned")
    client = CognitiveServicesManagementClient(
        _Token(),
        tuned.account.subscription.id,
        base_url=azure.url,
        authentication_policy=_Bearer(),
    )
    listed = {
        m.name: m for m in client.accounts.list_models(tuned.account.resource_group, tuned.account.name)
    }
    assert "gpt-4.1-mini" == listed[tuned.revisions[0].model].base_model.name


def test_the_batch_client_reads_every_series_and_keeps_the_raw_body(azure: Simulator, world: World) -> None:
    hot = world.deployment("hot")
    client = MetricsClient(azure.url, _Token(), authentication_policy=_Bearer())
    asked: dict[str, Any] = {
        "resource_ids": [hot.account.id],
        "metric_namespace": "microsoft.cognitiveservices/accounts",
        "metric_names": ["AzureOpenAIRequests"],
        "timespan": (azure.now() - timedelta(hours=3), azure.now() - timedelta(hours=2)),
        "granularity": timedelta(minutes=1),
        "aggregations": ["Total"],
        "filter": "ModelDeploymentName eq '*' and StatusCode eq '*'",
        "max_results": 1000,
    }
    [result] = client.query_resources(**asked)
    names = {series.metadata_values["modeldeploymentname"] for series in result.metrics[0].timeseries}
    assert hot.name in names
    raw: list[Any] = []

    def take(response: Any, *_: object) -> object:
        raw.append(orjson.loads(response.http_response.read()))
        return {"values": ()}

    client.query_resources(**asked, stream=True, cls=take)
    assert hot.account.id == raw[0]["values"][0]["resourceid"]


def test_the_production_credential_chain_gets_a_token(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    with ManagedIdentityCredential() as credential:
        token = credential.get_token("https://management.azure.com/.default")
    assert token.token.startswith("simulated.")


def test_the_logs_client_reads_a_typed_table(azure: Simulator) -> None:
    client = LogsQueryClient(_Token(), endpoint=azure.url, authentication_policy=_Bearer())
    answer: Any = client.query_workspace("w", QUERY, timespan=(azure.now() - timedelta(hours=3), azure.now()))
    row = answer.tables[0].rows[0]
    assert row["first"].tzinfo is not None
    assert row["requests"] > 0
