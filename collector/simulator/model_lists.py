"""The models lists: each version with its SKUs, limits, meters and dates, on a day; dates move both ways."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from collector.simulator import facts
from collector.simulator.estate import Account, Subscription
from collector.simulator.facts import ModelFact, Replacement, SkuFact
from collector.simulator.story import Story
from collector.simulator.world import NAMESPACE, World

Body = dict[str, Any]
_COST_KINDS = {
    "ContextToken": "input",
    "NoCachedContextToken": "input",
    "TotalToken": "input",
    "CachedContextToken": "cached_input",
    "GeneratedToken": "output",
    "AudioContextToken": "audio_input",
    "NoCachedAudioContextToken": "audio_input",
    "CachedAudioContextToken": "cached_audio_input",
    "AudioGeneratedToken": "audio_output",
    "ImageContextToken": "image_input",
    "ImageGeneratedToken": "image_output",
    "Hosting": "hosting_hour",
}


# What moves while the world is watched: (model, version, days before the world's now, new date). The last three
# keep models in service that the recordings of August 2026 end before November, as later announcements did.
OUR_MOVES = (
    ("gpt-5-nano", "2025-08-07", 10, "2027-01-12"),
    ("text-embedding-3-small", "1", 3, "2028-05-09"),
    ("gpt-4o", "2024-05-13", 40, "2026-12-09"),
    ("o3", "2025-04-16", 33, "2027-01-28"),
    ("o4-mini", "2025-04-16", 38, "2027-01-28"),
    ("gpt-4.1-nano", "2025-04-14", 41, "2027-04-14"),
)


# Whom the world's Azure names as successor, so many days before the world's now: as the policy has it, 90 to 120 days
# before the end. (model, version, named so many days ago, (successor, version, upgrades start in so many days, lead)).
OUR_REPLACEMENTS = (
    ("gpt-5-nano", "2025-08-07", 10, ("gpt-5.4-nano", "2026-03-17", 25, 14)),
    ("o4-mini", "2025-04-16", 20, ("gpt-5.4-mini", "2026-03-17", 12, 14)),
    ("o3", "2025-04-16", 33, ("gpt-5.4", "2026-03-05", 40, 21)),
    ("gpt-5-mini", "2025-08-07", 5, ("gpt-5.4-mini", "2026-03-17", 50, 14)),
)


@lru_cache(maxsize=64)
def listed(world: World, day: date) -> tuple[ModelFact, ...]:
    """The models of a day: what was recorded with each later move undone, and the moves of the world's own."""
    undone: dict[tuple[str, str], list[facts.Move]] = {}
    for move in facts.moves():
        if day < move.on:
            undone.setdefault((move.model, move.version), []).append(move)
    out: list[ModelFact] = []
    for m in facts.models():
        if m.created_on > day.isoformat():
            continue
        for move in sorted(undone.get((m.name, m.version), ()), key=lambda mv: mv.on, reverse=True):
            m = _moved_back(m, move)
        out.append(_as_told(m, world.story, day) if world.story else _by_our_moves(m, world, day))
    return tuple(out)


def _by_our_moves(m: ModelFact, world: World, day: date) -> ModelFact:
    for name, version, days_before, on in OUR_MOVES:
        moved_on = (world.now - timedelta(days=days_before)).date()
        if (m.name, m.version) == (name, version) and day >= moved_on:
            m = _dated(m, on)
    for name, version, days_before, (successor, its_version, starts_in, lead) in OUR_REPLACEMENTS:
        named_on = (world.now - timedelta(days=days_before)).date()
        if (m.name, m.version) == (name, version) and day >= named_on:
            starts_on = (world.now + timedelta(days=starts_in)).date().isoformat()
            m = replace(m, replacement=Replacement(successor, its_version, starts_on, lead))
    return m


def _as_told(m: ModelFact, story: Story, day: date) -> ModelFact:
    mine = (m.name, m.version)
    for move in story.moves:
        if (move.model, move.version) == mine and move.on <= day:
            m = _dated(m, move.ends_on) if move.sku is None else _sku_dated(m, move.sku, move.ends_on)
    for named in story.named:
        if (named.model, named.version) == mine and named.on <= day:
            m = replace(m, replacement=named.replacement)
    return m


def _moved_back(m: ModelFact, move: facts.Move) -> ModelFact:
    if move.what == "status":
        return replace(m, status=move.before or m.status)
    if move.what == "inference":
        return replace(m, inference=move.before)
    if move.what == "replacement":
        return replace(m, replacement=Replacement(*json.loads(move.before)) if move.before else None)
    skus = tuple(
        replace(s, ends_on=move.before) if f"{s.name}|{s.usage_name}" == move.what else s for s in m.skus
    )
    return replace(m, skus=skus)


def _dated(m: ModelFact, on: str) -> ModelFact:
    """Another date for the model and its plain SKUs; fine-tuned twins keep theirs."""
    skus = tuple(s if s.fine_tuned else replace(s, ends_on=on) for s in m.skus)
    return replace(m, inference=on, skus=skus)


def _sku_dated(m: ModelFact, sku: str, on: str) -> ModelFact:
    skus = tuple(replace(s, ends_on=on) if s.name == sku and not s.fine_tuned else s for s in m.skus)
    return replace(m, skus=skus)


@lru_cache(maxsize=128)
def _bodies(world: World, location: str, kind: str, day: date) -> tuple[Body, ...]:
    """Model bodies are many and the same for every page and account of a day: made once, never changed."""
    return tuple(_model(m, location) for m in listed(world, day) if kind in m.kinds)


def models(world: World, subscription_id: str, location: str, now: datetime) -> list[Body]:
    """Each model once per kind, fine-tuned SKUs beside the plain ones."""
    spelled = facts.DISPLAY_LOCATION.get(location, location)
    return [
        {
            "id": f"/subscriptions/{subscription_id}/providers/Microsoft.CognitiveServices/locations/{spelled}/models/"
            f"{body['format']}.{body['name']}.{body['version']}",
            "type": "Microsoft.CognitiveServices/locations/models",
            "name": f"{body['format']}.{body['name']}.{body['version']}",
            "location": spelled,
            "kind": kind,
            "skuName": "S0",
            "model": body,
        }
        for kind in ("OpenAI", "AIServices", "MaaS")
        for body in _bodies(world, location, kind, now.date())
    ]


def account_models(world: World, a: Account, now: datetime) -> list[Body]:
    """The account's own list: the location's models and its fine-tuned ones with their base."""
    plain = _bodies(world, a.location, a.kind, now.date())
    tuned: dict[str, Body] = {}
    for d in world.deployments_of(a):
        if d.base_model is not None and d.created_at <= now:
            base = next(m for m in listed(world, now.date()) if (m.name, m.version) == d.base_model)
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
    if m.replacement is not None:
        body["replacementConfig"] = {
            "targetModelName": m.replacement.model,
            "targetModelVersion": m.replacement.version,
            "autoUpgradeStartDate": f"{m.replacement.starts_on}T00:00:00.000Z",
            "upgradeOnExpiryLeadTimeDays": m.replacement.lead_days,
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


def model_capacities(
    world: World, subscription: Subscription, query: Mapping[str, str], now: datetime
) -> list[Body]:
    found = [
        m
        for m in listed(world, now.date())
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
