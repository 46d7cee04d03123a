"""Subscriptions, accounts and deployments in the shapes that ARM lists them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collector.domain.types import DeletedAccount, Subscription, TryLater, account_key
from collector.sources import AzureSources, open_sources
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION, an_account

OTHER = "00000000-0000-0000-0000-000000000002"


def a_deployment(name: str, model: str, **properties: Any) -> dict[str, Any]:
    said = {"model": {"format": "OpenAI", "name": model, "version": "1"}, "provisioningState": "Succeeded"}
    return {"name": name, "sku": {"name": "Standard", "capacity": 10}, "properties": said | properties}


def a_model(name: str, version: str = "1", base: tuple[str, str] | None = None) -> dict[str, Any]:
    more = {"baseModel": {"format": "OpenAI", "name": base[0], "version": base[1]}} if base else {}
    return {"format": "OpenAI", "name": name, "version": version} | more


def a_subscription(subscription_id: str, name: str) -> dict[str, Any]:
    return {
        "subscriptionId": subscription_id.upper(),
        "displayName": name,
        "state": "Enabled",
        "tenantId": "t",
        "tags": {"cost center": "42"},
    }


def test_every_page_of_a_list_is_followed(azure: Loopback, sources: AzureSources) -> None:
    azure.on("/deployments$", Reply({"value": [a_deployment("b", "gpt-4o")]}))
    first = {"value": [a_deployment("a", "gpt-4o")], "nextLink": f"{azure.url}/more/deployments?page=2"}
    azure.on("aoai-1/deployments$", Reply(first))
    azure.on("aoai-1/models$", Reply({"value": [a_model("gpt-4o")]}))
    assert ["a", "b"] == [one.name for one in sources.inventory.deployments(an_account())]


def test_a_missing_page_is_no_shorter_list(azure: Loopback, sources: AzureSources) -> None:
    first = {"value": [a_deployment("a", "gpt-4o")], "nextLink": f"{azure.url}/more/deployments?page=2"}
    azure.on("/more/deployments$", Reply({}, 503))
    azure.on("aoai-1/deployments$", Reply(first))
    with pytest.raises(TryLater, match="503"):
        sources.inventory.deployments(an_account())


def test_the_base_of_a_fine_tuned_model_comes_from_the_models_list(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on(
        "/deployments$",
        Reply({"value": [a_deployment("tuned", "claims-v7"), a_deployment("plain", "gpt-4o")]}),
    )
    azure.on(
        "aoai-1/models$",
        Reply({"value": [a_model("gpt-4o"), a_model("claims-v7", base=("gpt-4o-mini", "2024-07-18"))]}),
    )
    bases = {
        one.name: (one.base_model, one.base_version) for one in sources.inventory.deployments(an_account())
    }
    assert {"tuned": ("gpt-4o-mini", "2024-07-18"), "plain": (None, None)} == bases


def test_the_long_models_list_is_read_once_for_a_place_of_plain_models(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on("/deployments$", Reply({"value": [a_deployment("plain", "gpt-4o")]}))
    azure.on("/models$", Reply({"value": [a_model("gpt-4o")]}))
    for name in ("aoai-1", "aoai-2", "aoai-3"):
        sources.inventory.deployments(an_account(name))
    assert 1 == len(azure.paths("/models"))


def test_a_models_list_that_fails_makes_no_base_model_out_of_a_fine_tuned_one(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on("/deployments$", Reply({"value": [a_deployment("tuned", "claims-v7")]}))
    azure.on("/models$", Reply({}, 503))
    with pytest.raises(TryLater):
        sources.inventory.deployments(an_account())


def test_what_newer_api_versions_say_is_kept(azure: Loopback, sources: AzureSources) -> None:
    one = a_deployment(
        "ptu",
        "gpt-4o",
        serviceTier="Priority",
        deploymentState="Paused",
        spilloverDeploymentName="rest",
        raiPolicyName="Microsoft.DefaultV2",
        rateLimits=[
            {"key": "token", "count": 6000, "renewalPeriod": 60},
            {"key": "token", "count": 500, "renewalPeriod": 10},
            {"key": "request", "count": 3, "renewalPeriod": 10},
            {"count": 9, "renewalPeriod": 60},
        ],
    )
    azure.on("/deployments$", Reply({"value": [one]}))
    azure.on("/models$", Reply({"value": [a_model("gpt-4o")]}))
    (found,) = sources.inventory.deployments(an_account())
    assert ("Priority", "Paused", "rest") == (found.service_tier, found.state, found.spillover_to)
    assert (3000, 18, 10) == (found.limit_tpm, found.limit_rpm, found.capacity)


def test_a_deployment_that_says_next_to_nothing_has_unknowns(azure: Loopback, sources: AzureSources) -> None:
    said = {"name": "x", "properties": {"model": {"format": "OpenAI", "name": "ada", "version": "1"}}}
    azure.on("/deployments$", Reply({"value": [said]}))
    azure.on("/models$", Reply({"value": [a_model("ada")]}))
    (found,) = sources.inventory.deployments(an_account())
    assert (None, None, None, None, "") == (
        found.capacity,
        found.limit_tpm,
        found.limit_rpm,
        found.modified_at,
        found.sku,
    )


def test_an_account_that_says_nothing_of_its_posture_leaves_it_unknown(
    azure: Loopback, sources: AzureSources
) -> None:
    said = {
        "id": an_account().arm_id,
        "name": "aoai-1",
        "location": "JAPAN EAST",
        "kind": "OpenAI",
        "properties": {},
    }
    azure.on("/accounts$", Reply({"value": [said]}))
    (found,) = sources.inventory.accounts(SUBSCRIPTION)
    assert ("japaneast", "rg-AI") == (found.location, found.resource_group)
    assert (None,) * 5 == (
        found.public_network_access,
        found.local_auth_disabled,
        found.customer_managed_key,
        found.private_endpoints,
        found.identity,
    )


def test_all_readable_subscriptions_unless_some_are_named(azure: Loopback, sources: AzureSources) -> None:
    azure.on(
        "GET /subscriptions$",
        Reply(
            {
                "value": [a_subscription(SUBSCRIPTION, "one")],
                "nextLink": f"{azure.url}/page/subscriptions?p=2",
            }
        ),
    )
    azure.on("/page/subscriptions$", Reply({"value": [a_subscription(OTHER, "two")]}))
    tags = {"cost center": "42"}
    one, two = (
        Subscription(SUBSCRIPTION, "one", "t", "Enabled", tags),
        Subscription(OTHER, "two", "t", "Enabled", tags),
    )
    assert (one, two) == sources.inventory.subscriptions()
    missing = "00000000-0000-0000-0000-00000000000A"
    with open_sources(azure.settings(subscriptions=(OTHER, missing))) as named:
        # One that cannot be read stays, so that its accounts call says why.
        assert (two, Subscription(missing.lower(), missing)) == named.inventory.subscriptions()


def test_a_deleted_account_is_known_by_the_id_it_had(azure: Loopback, sources: AzureSources) -> None:
    said = {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/eastus2/resourceGroups/"
        "rg-AI/deletedAccounts/aoai-1",
        "location": "East US 2",
        "properties": {"deletionDate": "2026-11-20T10:00:00.1234567Z"},
    }
    azure.on("/deletedAccounts$", Reply({"value": [said]}))
    (found,) = sources.inventory.deleted_accounts(SUBSCRIPTION)
    assert (
        DeletedAccount(an_account().arm_id, "eastus2", datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC))
        == found
    )
    assert an_account().key == account_key(found.arm_id)


def test_tags_of_resource_groups_come_from_every_page(azure: Loopback, sources: AzureSources) -> None:
    azure.on("/more/groups$", Reply({"value": [{"name": "rg-b", "tags": {"team": "b"}}]}))
    first = {"value": [{"name": "RG-A"}], "nextLink": f"{azure.url}/more/groups?page=2"}
    azure.on(f"/subscriptions/{SUBSCRIPTION}/resourcegroups$", Reply(first))
    assert {"RG-A": {}, "rg-b": {"team": "b"}} == sources.inventory.group_tags(SUBSCRIPTION)
