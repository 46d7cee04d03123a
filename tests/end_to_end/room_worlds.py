"""Pretend estates whose limiter works by mechanism, so that the cause of every 429 is known: their minutes and their truth."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collector.domain.room.diagnosis import Diagnosis, diagnose
from collector.domain.room.headroom import LimitRevision, limits_by_minute
from collector.domain.room.throttling import ThrottleClasses, classify, summarise
from collector.domain.usage.minutes import MinuteBlock
from collector.simulator.estate import Deployment
from collector.simulator.traffic import CAUSES, Traffic
from collector.simulator.truth import truth_of
from collector.simulator.world import World, _peak_rpm

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Minutes:
    """What a deployment's minutes would read like in the store, and who really refused in each of them."""

    name: str
    hours: list[datetime]
    block: MinuteBlock
    limits: list[LimitRevision]
    refused: dict[str, NDArray[np.int64]]

    @property
    def total(self) -> dict[str, int]:
        return {cause: int(counts.sum()) for cause, counts in self.refused.items()}

    def classes(self) -> ThrottleClasses:
        return classify(self.hours, self.block, limits_by_minute(self.limits, self.hours))

    def diagnosis(self) -> Diagnosis | None:
        classes = self.classes()
        return diagnose(summarise(self.hours, self.block, classes), self.block, classes)


def minutes_of(traffic: Traffic, deployment: Deployment, days: int, until: datetime = NOW) -> Minutes:
    """The last whole days of a deployment."""
    first = until - timedelta(days=days)
    blocks = [traffic.block(deployment, (first + timedelta(days=day)).date()) for day in range(days)]

    def column(name: str) -> NDArray[np.int64]:
        return np.concatenate([one.minute(name) for one in blocks]).astype(np.int64).reshape(-1, 60)

    refused = {cause: column(cause) for cause in CAUSES}
    spilled = refused["spilled"]
    throttled = sum((refused[cause] for cause in CAUSES if cause != "spilled"), np.zeros_like(spilled))
    block = MinuteBlock.empty(days * 24)
    block.prompt[:], block.completion[:] = column("prompt"), column("completion")
    block.throttled[:], block.spilled[:], block.covered[:] = throttled, spilled, True
    block.requests[:] = column("ok") + column("bad") + column("failed") + throttled + spilled
    used = [one.ptu_max for one in blocks if one.ptu_max is not None]
    if len(used) == len(blocks):
        block.ptu_max[:] = np.concatenate(used).reshape(-1, 60)
    limits = [
        LimitRevision(revision.from_at, *reversed(deployment.limits(revision)))
        for revision in deployment.revisions
    ]
    return Minutes(
        deployment.name, [first + timedelta(hours=hour) for hour in range(days * 24)], block, limits, refused
    )


def with_deployments(world: World, changed: dict[int, Deployment]) -> World:
    """The same world in which some deployments differ: their limits, their load or their callers."""
    world.deployments = tuple(changed.get(one.index, one) for one in world.deployments)
    by_account: dict[str, list[Deployment]] = {}
    for one in world.deployments:
        by_account.setdefault(one.account.id.lower(), []).append(one)
    world._by_account = by_account
    truth_of.cache_clear()
    return world


def with_capacity(deployment: Deployment, capacity: int) -> Deployment:
    """Another limit under the same load."""
    return replace(
        deployment, revisions=tuple(replace(one, capacity=capacity) for one in deployment.revisions)
    )


def with_profile(deployment: Deployment, **differently: Any) -> Deployment:
    """Other callers under the same limit."""
    changed = replace(deployment, profile=replace(deployment.profile, **differently))
    return replace(changed, peak_rpm=_peak_rpm(changed))


HARD: dict[str, dict[str, Any]] = {
    "hot, answers a third of max_tokens": {"load": 1.05, "prompt": 900, "completion": 260, "max_tokens": 800},
    "hot, max_tokens a little too large": {"load": 1.15, "prompt": 900, "completion": 260, "max_tokens": 420},
    "max_tokens, sharp": {"load": 1.3, "prompt": 300, "completion": 120, "max_tokens": 6000},
    "bursts near the limit": {"load": 0.75, "prompt": 300, "completion": 60, "max_tokens": 90, "bursts": True},
    "bursts, rarely": {"load": 0.12, "prompt": 300, "completion": 60, "max_tokens": 90, "shape": "cron", "bursts": True},
    "service load on a quiet deployment": {"load": 0.05, "service_load": True},
    "service load on a busy deployment": {"load": 0.85, "max_tokens": 280, "service_load": True},
    "service load where requests bind": {"load": 0.6, "prompt": 90, "completion": 30, "max_tokens": 60, "service_load": True},
    "service load and the limit": {"load": 1.1, "prompt": 1100, "completion": 300, "max_tokens": 320, "service_load": True},
    "service load and max_tokens": {"load": 1.05, "max_tokens": 3000, "service_load": True},
    "service load and bursts": {"load": 0.4, "prompt": 300, "completion": 60, "max_tokens": 90, "shape": "cron", "bursts": True, "service_load": True},
}  # fmt: skip
"""Ways in which causes mix or hardly show; the rule gets some of them wrong, and that is counted."""


def estates(days: int, seeds: int = 6) -> Iterator[tuple[str, Minutes]]:
    """Believable estates, and beside them deployments that are hard to judge; (what it is, its minutes)."""
    for seed in range(1, seeds + 1):
        world = World(seed=seed, accounts=9, deployments=40, days=days + 2, now=NOW)
        traffic = Traffic(world)
        for deployment in world.deployments:
            if deployment.deleted_at is None and deployment.account.deleted_at is None:
                yield deployment.role.rstrip("-0123456789"), minutes_of(traffic, deployment, days)
    for what, differently in HARD.items():
        for seed in range(1, seeds + 1):
            world = World(seed=100 + seed, accounts=3, deployments=12, days=days + 2, now=NOW)
            plain = world.deployment("hot")
            changed = with_profile(plain, **differently)
            world = with_deployments(world, {plain.index: changed})
            yield what, minutes_of(Traffic(world), changed, days)


def drawn(days: int, count: int, seed: int = 2026) -> Iterator[tuple[str, Minutes]]:
    """Deployments drawn at random, so that nobody chose what the rule has to tell apart."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        world = World(seed=1000 + number, accounts=3, deployments=12, days=days + 2, now=NOW)
        plain = world.deployment(("hot", "greedy", "resized")[number % 3])
        completion = float(rng.uniform(20, 600))
        changed = with_profile(
            with_capacity(plain, int(rng.choice([10, 50, 150, 400]))),
            shape=str(rng.choice(["office", "flat", "cron"], p=[0.6, 0.25, 0.15])),
            load=float(rng.uniform(0.1, 1.4)),
            prompt=float(np.exp(rng.uniform(3, 7.8))),
            completion=completion,
            max_tokens=completion * (float(np.exp(rng.uniform(0, 2.5))) if rng.random() < 0.4 else 1.0),
            bursts=bool(rng.random() < 0.4),
            service_load=bool(rng.random() < 0.4),
        )
        yield "drawn", minutes_of(Traffic(with_deployments(world, {plain.index: changed})), changed, days)
