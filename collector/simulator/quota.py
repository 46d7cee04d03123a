"""Quota lines of a subscription in a location: units in their texts, limits that grow, holders that were deleted."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from collector.simulator import facts
from collector.simulator.arm import HELD_AFTER_DELETION
from collector.simulator.estate import Subscription
from collector.simulator.world import World

Body = dict[str, Any]


def usages(
    world: World, subscription: Subscription, location: str, now: datetime, german: bool = False
) -> list[Body]:
    """Quota lines with what this subscription holds; in one location its list is empty, which means unknown."""
    held = _held(world, subscription, location, now)
    if subscription == world.subscriptions[-1] and location == "francecentral":
        return []
    rows: list[Body] = []
    for name, text, recorded in facts.usage_lines():
        used = held.get(name.casefold(), 0)
        told = world.story.limit(name, now.date()) if world.story else None
        rows.append(
            {
                "name": {"value": name, "localizedValue": _german(text) if german else text},
                "currentValue": used,
                "limit": told or quota_limit(world, subscription, location, name, recorded, used, now),
                "unit": "Count",
            }
        )
    if location == "westeurope" and rows:
        rows[5] |= {"name": {"value": rows[5]["name"]["value"], "localizedValue": rows[5]["name"]["value"]}}
        rows[6] |= {"currentValue": float(rows[6]["currentValue"]), "limit": float(rows[6]["limit"])}
    return rows


def _german(text: str) -> str:
    """Texts follow the caller's language; who reads units from them must ask in English."""
    for english, word in (
        ("Tokens Per Minute", "Token pro Minute"),
        ("(thousands)", "(in Tausend)"),
        ("Requests Per Minute", "Anforderungen pro Minute"),
        ("Enqueued tokens", "Token in Warteschlange"),
    ):
        text = text.replace(english, word)
    return text


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
