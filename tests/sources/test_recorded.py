"""Bodies that Azure really sent, through the real SDK clients and our sources."""

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collector.domain.types import CatalogModel
from collector.sources import AzureSources
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION, an_account

MODELS = {
    "eastus2": "examples/arm-models-list-eastus2.json",
    "southeastasia": "examples/arm-models-list-southeastasia-filtered.json",
    "eastus": "recorded/models_eastus_2026-06.json",
    "westeurope": "recorded/models_westeurope_2026-06.json",
}


def said(recorded: Path, name: str) -> Any:
    body = json.loads((recorded / "azure" / name).read_text())
    return body["responses"]["200"]["body"] if "responses" in body else body


def models_of(
    azure: Loopback, sources: AzureSources, body: Any, location: str = "eastus2"
) -> list[CatalogModel]:
    azure.on("/models$", Reply(body))
    return list(sources.models.models(SUBSCRIPTION, location))


@pytest.mark.parametrize(("location", "name"), MODELS.items(), ids=MODELS)
def test_every_model_version_and_sku_is_listed_once(
    azure: Loopback, sources: AzureSources, recorded: Path, location: str, name: str
) -> None:
    body = said(recorded, name)
    listed = {
        (
            one["model"]["format"],
            one["model"]["name"],
            one["model"]["version"],
            sku.get("name", ""),
            sku.get("usageName", "").casefold().endswith("-finetune"),
        )
        for one in body["value"]
        for sku in one["model"].get("skus") or [{}]
    }
    found = models_of(azure, sources, body, location)
    keys = Counter((one.format, one.model, one.version, one.sku, one.fine_tuned) for one in found)
    assert listed == set(keys)
    assert {1} == set(keys.values())
    assert {location} == {one.location for one in found}


def test_all_436_entries_of_eastus2_are_218_models_of_both_kinds(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    body = said(recorded, MODELS["eastus2"])
    found = models_of(azure, sources, body)
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for one in found:
        kinds.setdefault((one.format, one.model, one.version), set()).update(one.kinds)
    assert 436 == len(body["value"]) == sum(len(of_model) for of_model in kinds.values())
    assert 218 == len(kinds)
    assert {"OpenAI", "AIServices"} == kinds["OpenAI", "gpt-4o", "2024-08-06"]


def test_a_fine_tuned_twin_keeps_its_own_date_and_quota_line(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    found = models_of(azure, sources, said(recorded, MODELS["eastus2"]))
    twins = {
        one.fine_tuned: (one.usage_name, one.sku_retires_at)
        for one in found
        if (one.model, one.version, one.sku) == ("gpt-4o", "2024-08-06", "GlobalStandard")
    }
    assert {
        False: ("OpenAI.GlobalStandard.gpt-4o", datetime(2026, 10, 1, tzinfo=UTC)),
        True: ("OpenAI.GlobalStandard.gpt-4o-finetune", datetime(2027, 10, 1, tzinfo=UTC)),
    } == twins


def test_what_the_sdk_models_lose_is_read(azure: Loopback, sources: AzureSources, recorded: Path) -> None:
    body = said(recorded, MODELS["eastus2"])
    costs: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}
    for one in body["value"]:
        for sku in one["model"].get("skus", []):
            key = (
                one["model"]["format"],
                one["model"]["name"],
                one["model"]["version"],
                sku["name"],
                sku["usageName"],
            )
            mine = [(cost["name"], cost.get("meterId", ""), cost["unit"]) for cost in sku.get("costs", [])]
            # One model's costs stand under one of the two kinds only.
            costs[key] = mine or costs.get(key, [])
    found = models_of(azure, sources, body)
    assert costs == {
        (one.format, one.model, one.version, one.sku, one.usage_name): [
            (cost.name, cost.meter_id, cost.unit) for cost in one.costs
        ]
        for one in found
        if one.sku
    }
    gpt = next(
        one for one in found if (one.model, one.version, one.sku) == ("gpt-4o", "2024-11-20", "Standard")
    )
    assert (Decimal(1000), Decimal(6)) == (gpt.tpm_per_unit, gpt.rpm_per_unit)
    o1 = next(one for one in found if one.model == "o1" and one.sku == "GlobalStandard")
    assert (Decimal(6000), Decimal(1)) == (o1.tpm_per_unit, o1.rpm_per_unit)


def test_every_usage_name_of_a_model_finds_its_quota_line(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    azure.on("/usages$", Reply(said(recorded, "examples/arm-usages-list-eastus2.json")))
    lines = {line.usage_name for line in sources.quotas.quotas(SUBSCRIPTION, "eastus2")}
    wanted = {
        one.usage_name
        for one in models_of(azure, sources, said(recorded, MODELS["eastus2"]))
        if one.usage_name and one.usage_name.startswith("OpenAI.")
    }
    every = {
        one.usage_name
        for one in models_of(azure, sources, said(recorded, MODELS["eastus2"]))
        if one.usage_name
    }
    assert 202 == len(lines)
    assert set() == wanted - lines
    assert 198 == len(every & lines) == len(every)


def test_a_quota_can_be_used_beyond_its_limit(azure: Loopback, sources: AzureSources, recorded: Path) -> None:
    azure.on("/usages$", Reply(said(recorded, "examples/arm-usages-list-canadacentral.json")))
    lines = sources.quotas.quotas(SUBSCRIPTION, "canadacentral")
    assert 126 == len(lines)
    over = [(one.limit, one.current) for one in lines if one.current > one.limit]
    assert [(Decimal(100), Decimal(400)), (Decimal(2000), Decimal(9747))] == sorted(over)


def test_dates_with_milliseconds_and_limits_without_a_key(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    found = models_of(azure, sources, said(recorded, "catalog_history/models_eastus2_2026-06-03.json"))
    whisper = next(one for one in found if one.model == "whisper" and one.sku == "Standard")
    assert datetime(2026, 12, 15, tzinfo=UTC) == whisper.sku_retires_at == whisper.inference_retires_at
    assert {(None, None)} == {(one.tpm_per_unit, one.rpm_per_unit) for one in found}


def test_the_recorded_deployment_has_6_requests_and_1000_tokens_a_minute(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    azure.on("/deployments$", Reply(said(recorded, "examples/arm-deployments-list-recorded.json")))
    azure.on("/accounts/[^/]+/models$", Reply({"value": []}))
    account = an_account("cs_cli_test_000002")
    (found,) = sources.inventory.deployments(account)
    assert ("dpy", "Standard", 1, 1000, 6) == (
        found.name,
        found.sku,
        found.capacity,
        found.limit_tpm,
        found.limit_rpm,
    )
    assert ("OpenAI", "gpt-35-turbo", "0125", None) == (
        found.format,
        found.model,
        found.version,
        found.base_model,
    )
    assert "OnceNewDefaultVersionAvailable" == found.upgrade_option
    assert datetime(2025, 10, 28, 14, 48, 25, 393632, tzinfo=UTC) == found.modified_at
    assert account.key == found.account_key


def test_an_account_without_deployments_has_none(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    azure.on("/deployments$", Reply(said(recorded, "examples/arm-deployments-list-empty.json")))
    assert () == sources.inventory.deployments(an_account())


def test_a_foundry_account_is_read_with_its_posture(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    body = said(recorded, "examples/arm-account-get-aiservices.json")
    azure.on("/accounts$", Reply({"value": [body]}))
    (found,) = sources.inventory.accounts(SUBSCRIPTION)
    assert (body["id"], "AIServices", "S0") == (found.arm_id, found.kind, found.sku)
    assert body["location"].lower() == found.location
    assert (body["properties"]["publicNetworkAccess"] == "Enabled") is found.public_network_access
    assert body["properties"].get("disableLocalAuth") is found.local_auth_disabled
    assert len(body["properties"]["privateEndpointConnections"]) == found.private_endpoints
    assert body["identity"]["type"] == found.identity
    assert body["properties"]["dateCreated"][:19] == f"{found.created_at:%Y-%m-%dT%H:%M:%S}"


def test_accounts_of_other_kinds_are_left_out(azure: Loopback, sources: AzureSources, recorded: Path) -> None:
    azure.on("/accounts$", Reply(said(recorded, "examples/arm-accounts-list-by-subscription.json")))
    assert () == sources.inventory.accounts(SUBSCRIPTION)


def test_capacities_name_their_location_in_our_spelling(
    azure: Loopback, sources: AzureSources, recorded: Path
) -> None:
    azure.on("/modelCapacities$", Reply(said(recorded, "examples/arm-model-capacities-list.json")))
    (found,) = sources.models.capacities(SUBSCRIPTION, "OpenAI", "ada", "1")
    assert ("westus", "Standard", Decimal(300)) == (found.location, found.sku, found.available)
