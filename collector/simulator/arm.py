"""Inventory as ARM tells it: subscriptions, accounts, deployments, models, quota lines, capacities, deleted accounts."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from collector.simulator import facts
from collector.simulator.estate import Account, Deployment, Subscription
from collector.simulator.metrics_wire import stamp
from collector.simulator.world import NAMESPACE, World

Body = dict[str, Any]
HELD_AFTER_DELETION = timedelta(hours=48)


def subscriptions(world: World) -> list[Body]:
    return [
        {
            "id": f"/subscriptions/{s.id}",
            "subscriptionId": s.id,
            "tenantId": s.tenant_id,
            "displayName": s.name,
            "state": "Enabled",
            "authorizationSource": "RoleBased",
            "tags": s.tags,
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "EnterpriseAgreement_2014-09-01",
                "spendingLimit": "Off",
            },
        }
        for s in world.subscriptions
    ]


def resource_groups(world: World, subscription: Subscription, now: datetime) -> list[Body]:
    """Every group of the subscription's accounts; a third of them names an owner that its accounts do not."""
    found = {a.resource_group: a for a in world.accounts if a.subscription == subscription and a.exists(now)}
    rows: list[Body] = []
    for name, a in sorted(found.items()):
        row: Body = {
            "id": f"/subscriptions/{subscription.id}/resourceGroups/{name}",
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": a.location,
            "properties": {"provisioningState": "Succeeded"},
        }
        rows.append(
            row | ({} if a.index % 3 == 0 else {"tags": {"owner": f"{_stem(name)}.group@contoso.example"}})
        )
    return rows


def _stem(group: str) -> str:
    return group.removeprefix("rg-").split("-")[0]


def accounts(world: World, subscription: Subscription, now: datetime) -> list[Body]:
    """All Cognitive Services accounts, also of kinds that hold no models."""
    found = [account(world, a) for a in world.accounts if a.subscription == subscription and a.exists(now)]
    speech = {
        "id": f"/subscriptions/{subscription.id}/resourceGroups/rg-speech/providers/Microsoft.CognitiveServices"
        "/accounts/speech-1",
        "name": "speech-1",
        "type": "Microsoft.CognitiveServices/accounts",
        "location": "westus",
        "kind": "SpeechServices",
        "sku": {"name": "S0"},
        "tags": {},
        "etag": '"00000000-0000-0000-0000-000000000000"',
        "properties": {
            "endpoint": "https://westus.api.cognitive.microsoft.com/",
            "provisioningState": "Succeeded",
        },
    }
    return [*found, speech]


def account(world: World, a: Account) -> Body:
    host = f"https://{a.name}.openai.azure.com/"
    born = stamp(a.created_at)
    properties: Body = {
        "endpoint": f"https://{a.name}.cognitiveservices.azure.com/",
        "endpoints": {"OpenAI Language Model Instance API": host, "OpenAI Realtime API": host},
        "internalId": _hex(a.id),
        "dateCreated": born,
        "provisioningState": "Succeeded",
        "isMigrated": False,
        "customSubDomainName": a.name,
        "publicNetworkAccess": "Enabled" if a.public_network else "Disabled",
        "networkAcls": {
            "defaultAction": "Allow" if a.public_network else "Deny",
            "virtualNetworkRules": [],
            "ipRules": [],
        },
        "callRateLimit": {
            "rules": [
                {
                    "key": "openai.dalle.post",
                    "renewalPeriod": 1,
                    "count": 30,
                    "matchPatterns": [{"path": "dalle/*", "method": "POST"}],
                },
                {
                    "key": "default",
                    "renewalPeriod": 1,
                    "count": 30,
                    "matchPatterns": [{"path": "*", "method": "*"}],
                },
            ]
        },
        "capabilities": [{"name": "VirtualNetworks"}, {"name": "CustomerManagedKey"}],
        "privateEndpointConnections": [_private_endpoint(a)] if a.private_endpoint else [],
    }
    if a.local_auth_disabled:
        properties["disableLocalAuth"] = True
    if a.customer_key:
        properties["encryption"] = {
            "keySource": "Microsoft.KeyVault",
            "keyVaultProperties": {
                "keyName": "cmk",
                "keyVersion": "1",
                "keyVaultUri": "https://kv.vault.azure.net/",
            },
        }
    if a.kind == "AIServices":
        properties |= {
            "allowProjectManagement": True,
            "defaultProject": "main",
            "associatedProjects": ["main"],
        }
    body: Body = {
        "id": a.id,
        "name": a.name,
        "type": "Microsoft.CognitiveServices/accounts",
        "etag": f'"{uuid.uuid5(NAMESPACE, a.id)}"',
        "location": a.spelled_location,
        "sku": {"name": "S0"},
        "kind": a.kind,
        "properties": properties,
        "systemData": _system(a.created_at, a.created_at),
    }
    if a.tags or a.index % 2:
        body["tags"] = a.tags
    if a.index % 2 == 0:
        body["identity"] = {
            "type": "SystemAssigned",
            "principalId": str(uuid.uuid5(NAMESPACE, "p" + a.id)),
            "tenantId": a.subscription.tenant_id,
        }
    return body


def deployments(world: World, a: Account, now: datetime) -> list[Body]:
    return [deployment(d, now) for d in world.deployments_of(a) if d.exists(now)]


def deployment(d: Deployment, now: datetime) -> Body:
    revision = d.revision_at(now)
    rpm, tpm = d.sku_fact(revision).requests, d.sku_fact(revision).tokens
    model: Body = {"format": d.format, "name": revision.model, "version": revision.version}
    if d.publisher:
        model["publisher"] = d.publisher
    properties: Body = {
        "model": model,
        "versionUpgradeOption": d.upgrade_option,
        "currentCapacity": revision.capacity,
        "capabilities": dict(facts.model(*d.base_model).capabilities)
        if d.base_model
        else {"chatCompletion": "true"},
        "provisioningState": "Succeeded",
        "raiPolicyName": "Microsoft.DefaultV2",
    }
    limits: list[Body] = []
    if rpm is not None:
        limits.append({"key": "request", "renewalPeriod": rpm[1], "count": rpm[0] * revision.capacity})
    if tpm is not None:
        limits.append({"key": "token", "renewalPeriod": tpm[1], "count": tpm[0] * revision.capacity})
    if limits:
        properties["rateLimits"] = limits
    if d.spillover_to:
        properties["spilloverDeploymentName"] = d.spillover_to
    if d.profile.priority_share:
        properties["serviceTier"] = "Priority"
    return {
        "id": d.id,
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "name": d.name,
        "sku": {"name": revision.sku, "capacity": revision.capacity},
        "properties": properties,
        "systemData": _system(d.created_at, max(d.created_at, revision.from_at)),
        "etag": f'"{uuid.uuid5(NAMESPACE, d.id + stamp(revision.from_at))}"',
    }


def deleted_accounts(world: World, subscription: Subscription, now: datetime) -> list[Body]:
    return [
        {
            "id": f"/subscriptions/{subscription.id}/providers/Microsoft.CognitiveServices/locations/{a.location}"
            f"/resourceGroups/{a.resource_group}/deletedAccounts/{a.name}",
            "name": a.name,
            "type": "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts",
            "location": a.location,
            "kind": a.kind,
            "sku": {"name": "S0"},
            "properties": {
                "deletionDate": stamp(a.deleted_at),
                "scheduledPurgeDate": stamp(a.deleted_at + HELD_AFTER_DELETION),
                "provisioningState": "Deleted",
            },
        }
        for a in world.accounts
        if a.subscription == subscription
        and a.deleted_at is not None
        and a.deleted_at <= now < a.deleted_at + HELD_AFTER_DELETION
    ]


def _private_endpoint(a: Account) -> Body:
    return {
        "id": f"{a.id}/privateEndpointConnections/pe1",
        "name": "pe1",
        "properties": {
            "privateEndpoint": {
                "id": f"/subscriptions/{a.subscription.id}/resourceGroups/{a.resource_group}"
                "/providers/Microsoft.Network/privateEndpoints/pe1"
            },
            "privateLinkServiceConnectionState": {
                "status": "Approved",
                "description": "",
                "actionsRequired": "None",
            },
            "provisioningState": "Succeeded",
            "groupIds": ["account"],
        },
    }


def _system(created_at: datetime, modified_at: datetime) -> Body:
    return {
        "createdBy": "pipeline@contoso.example",
        "createdByType": "User",
        "createdAt": created_at.strftime("%Y-%m-%dT%H:%M:%S.3936328Z"),
        "lastModifiedBy": "pipeline@contoso.example",
        "lastModifiedByType": "User",
        "lastModifiedAt": modified_at.strftime("%Y-%m-%dT%H:%M:%S.3936328Z"),
    }


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
