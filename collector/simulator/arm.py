"""Inventory as ARM tells it: subscriptions, accounts, deployments, models, quota lines, capacities, deleted accounts."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from collector.simulator import facts
from collector.simulator.estate import Account, Deployment, Subscription
from collector.simulator.facts import ModelFact, SkuFact
from collector.simulator.metrics_wire import stamp
from collector.simulator.world import NAMESPACE, World

Body = dict[str, Any]
HELD_AFTER_DELETION = timedelta(hours=48)
_COST_KINDS = {
    "ContextToken": "input",
    "NoCachedContextToken": "input",
    "TotalToken": "input",
    "CachedContextToken": "cached_input",
    "GeneratedToken": "output",
    "AudioContextToken": "audio_input",
    "AudioGeneratedToken": "audio_output",
    "ImageContextToken": "image_input",
    "ImageGeneratedToken": "image_output",
    "Hosting": "hosting_hour",
}


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


def models_at(now: datetime) -> list[ModelFact]:
    """The models list of a day: what was recorded, with each later move undone and two of our own."""
    undone: dict[tuple[str, str], list[facts.Move]] = {}
    for move in facts.moves():
        if now.date() < move.on:
            undone.setdefault((move.model, move.version), []).append(move)
    out: list[ModelFact] = []
    for m in facts.models():
        if m.created_on > now.date().isoformat():
            continue
        for move in sorted(undone.get((m.name, m.version), ()), key=lambda mv: mv.on, reverse=True):
            m = _moved_back(m, move)
        out.append(m)
    return out


def _moved_back(m: ModelFact, move: facts.Move) -> ModelFact:
    if move.what == "status":
        return replace(m, status=move.before or m.status)
    if move.what == "inference":
        return replace(m, inference=move.before)
    skus = tuple(
        replace(s, ends_on=move.before) if f"{s.name}|{s.usage_name}" == move.what else s for s in m.skus
    )
    return replace(m, skus=skus)


def our_moves(world: World, models: list[ModelFact], now: datetime) -> list[ModelFact]:
    """Dates move while the world is watched: one earlier ten days before its now, one later three days before."""
    out: list[ModelFact] = []
    for m in models:
        if (m.name, m.version) == ("gpt-5-nano", "2025-08-07") and now >= world.now - timedelta(days=10):
            m = _dated(m, "2027-01-12")
        if (m.name, m.version) == ("text-embedding-3-small", "1") and now >= world.now - timedelta(days=3):
            m = _dated(m, "2028-05-09")
        out.append(m)
    return out


def _dated(m: ModelFact, on: str) -> ModelFact:
    return replace(m, inference=on, skus=tuple(replace(s, ends_on=on) for s in m.skus))


def models(world: World, subscription_id: str, location: str, now: datetime) -> list[Body]:
    """Each model once per kind, fine-tuned SKUs beside the plain ones."""
    spelled = facts.DISPLAY_LOCATION.get(location, location)
    listed = our_moves(world, models_at(now), now)
    return [
        {
            "id": f"/subscriptions/{subscription_id}/providers/Microsoft.CognitiveServices/locations/{spelled}/models/"
            f"{m.format}.{m.name}.{m.version}",
            "type": "Microsoft.CognitiveServices/locations/models",
            "name": f"{m.format}.{m.name}.{m.version}",
            "location": spelled,
            "kind": kind,
            "skuName": "S0",
            "model": _model(m, location),
        }
        for kind in ("OpenAI", "AIServices", "MaaS")
        for m in listed
        if kind in m.kinds
    ]


def account_models(world: World, a: Account, now: datetime) -> list[Body]:
    """The account's own list: the location's models and its fine-tuned ones with their base."""
    kinds = {"OpenAI": "OpenAI", "AIServices": "AIServices"}[a.kind]
    listed = our_moves(world, models_at(now), now)
    plain = [_model(m, a.location) for m in listed if kinds in m.kinds]
    tuned: dict[str, Body] = {}
    for d in world.deployments_of(a):
        if d.base_model is not None and d.created_at <= now:
            base = next(m for m in listed if (m.name, m.version) == d.base_model)
            body = _model(replace(base, skus=tuple(s for s in base.skus if s.fine_tuned)), a.location)
            body |= {
                "name": d.revisions[0].model,
                "version": d.revisions[0].version,
                "isDefaultVersion": False,
                "baseModel": {"format": base.format, "name": base.name, "version": base.version},
                "source": a.id,
            }
            tuned[d.revisions[0].model] = body
    return [*plain, *tuned.values()]


def _model(m: ModelFact, location: str) -> Body:
    deprecation: Body = {}
    if m.fine_tune:
        deprecation["fineTune"] = f"{m.fine_tune}T00:00:00Z"
    if m.inference:
        deprecation["inference"] = f"{m.inference}T00:00:00Z"
    body: Body = {
        "format": m.format,
        "name": m.name,
        "version": m.version,
        "isDefaultVersion": m.is_default,
        "skus": [_sku(m, s, location) for s in m.skus],
        "maxCapacity": 3,
        "capabilities": dict(m.capabilities),
        "deprecation": deprecation,
        "lifecycleStatus": m.status,
        "systemData": {
            "createdBy": "Microsoft",
            "createdByType": "Application",
            "createdAt": f"{m.created_on}T00:00:00Z",
            "lastModifiedBy": "Microsoft",
            "lastModifiedByType": "Application",
            "lastModifiedAt": f"{m.created_on}T00:00:00Z",
        },
    }
    if m.format != "OpenAI":
        body["publisher"] = m.format
    return body


def _sku(m: ModelFact, s: SkuFact, location: str) -> Body:
    capacity = {"minimum": s.minimum, "maximum": s.maximum, "step": s.step, "default": s.default}
    body: Body = {
        "name": s.name,
        "usageName": s.usage_name,
        "capacity": {k: v for k, v in capacity.items() if v is not None},
    }
    if s.ends_on:
        body["deprecationDate"] = f"{s.ends_on}T00:00:00Z"
    limits = [("request", s.requests), ("token", s.tokens)]
    if s.requests or s.tokens:
        body["rateLimits"] = [
            {"key": key, "renewalPeriod": pair[1], "count": pair[0]}
            for key, pair in limits
            if pair is not None
        ]
    if m.format == "OpenAI":
        body["costs"] = list(_costs(m, s, location))
    return body


def _costs(m: ModelFact, s: SkuFact, location: str) -> Iterator[Body]:
    """Meter ids are named for the older models only, as in the recordings of 2026; newer ones have an empty text."""
    named = m.created_on < "2025-06-01"
    for name in s.cost_names:
        unit = "1 Unit/Hour" if name == "Hosting" and not s.fine_tuned else "1K Tokens"
        kind = "ptu_hour" if name == "Hosting" and "Provisioned" in s.name else _COST_KINDS.get(name, "")
        meter = facts.meter_for(m.name, m.version, s.name, kind, fine_tuned=s.fine_tuned) if kind else None
        known = meter is not None and location in meter.prices and (named or kind == "ptu_hour")
        entry: Body = {
            "name": name,
            "meterId": meter.meter_id(location) if known and meter else "",
            "unit": unit,
        }
        if not entry["meterId"]:
            entry["offeringId"] = str(uuid.uuid5(NAMESPACE, f"offer{m.name}{s.name}{name}"))
        yield entry


def usages(world: World, subscription: Subscription, location: str, now: datetime) -> list[Body]:
    """Quota lines with what this subscription holds; a subscription's second location has no lines at all."""
    held = _held(world, subscription, location, now)
    if subscription == world.subscriptions[-1] and location == "francecentral":
        return []
    rows: list[Body] = []
    for name, text, recorded in facts.usage_lines():
        used = held.get(name.casefold(), 0)
        rows.append(
            {
                "name": {"value": name, "localizedValue": text},
                "currentValue": used,
                "limit": quota_limit(world, subscription, location, name, recorded, used, now),
                "unit": "Count",
            }
        )
    if location == "westeurope" and rows:
        rows[5] |= {"name": {"value": rows[5]["name"]["value"], "localizedValue": rows[5]["name"]["value"]}}
        rows[6] |= {"currentValue": float(rows[6]["currentValue"]), "limit": float(rows[6]["limit"])}
    return rows


def _held(world: World, subscription: Subscription, location: str, now: datetime) -> dict[str, int]:
    held: dict[str, int] = {}
    for d in world.deployments:
        a = d.account
        if a.subscription != subscription or a.location != location or d.created_at > now:
            continue
        if d.deleted_at is not None and d.deleted_at <= now:
            continue
        if a.deleted_at is not None and a.deleted_at + HELD_AFTER_DELETION <= now:
            continue
        revision = d.revision_at(now)
        name = d.sku_fact(revision).usage_name.casefold()
        held[name] = held.get(name, 0) + revision.capacity
    return held


def quota_limit(
    world: World,
    subscription: Subscription,
    location: str,
    name: str,
    recorded: int,
    used: int,
    now: datetime,
) -> int:
    """A limit that fits the estate; it grew once a third of the world's days ago, and one line is over its limit."""
    if used == 0:
        return recorded
    mixed = int(
        hashlib.sha256(f"{world.size.seed}{subscription.id}{location}{name}".encode()).hexdigest()[:6], 16
    )
    step = 50 if used < 1000 else 500
    before = (int(used * (1.15 + (mixed % 60) / 100)) // step + 1) * step
    if mixed % 11 == 0:
        return max(1, used * 4 // 5)
    raised = now >= world.now - timedelta(days=world.size.days) / 3
    return before * 2 if raised and mixed % 3 == 0 else before


def model_capacities(
    world: World, subscription: Subscription, query: Mapping[str, str], now: datetime
) -> list[Body]:
    found = [
        m
        for m in models_at(now)
        if (m.format, m.name, m.version)
        == tuple(query.get(k, "") for k in ("modelformat", "modelname", "modelversion"))
    ]
    rows: list[Body] = []
    for m in found:
        for location in facts.price_locations():
            spelled = facts.DISPLAY_LOCATION[location]
            for s in m.skus:
                if s.fine_tuned:
                    continue
                mixed = sum(map(ord, location + s.usage_name)) % 40
                rows.append(
                    {
                        "id": f"/subscriptions/{subscription.id}/providers/Microsoft.CognitiveServices/locations/{spelled}"
                        f"/models/{m.format}.{m.name}.{m.version}/skuCapacities/{s.name}",
                        "type": "Microsoft.CognitiveServices/locations/models/skuCapacities",
                        "name": s.name,
                        "location": spelled,
                        "properties": {
                            "model": {"format": m.format, "name": m.name, "version": m.version},
                            "skuName": s.name,
                            "availableCapacity": mixed * 50,
                            "availableFinetuneCapacity": 0,
                        },
                    }
                )
    return rows


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
