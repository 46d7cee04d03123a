"""What the world really did, to the token: asked in process or at /_sim/truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import numpy as np

from collector.simulator.bills import Bills
from collector.simulator.estate import Deployment
from collector.simulator.prices import price_on
from collector.simulator.readings import minute_index
from collector.simulator.traffic import CAUSES, MINUTES, Traffic
from collector.simulator.usage import charges
from collector.simulator.world import World

_STEP = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Usage:
    """One deployment in one stretch of time. `throttled` are 429s that nobody served: all but the spilled ones."""

    account: str
    deployment: str
    role: str
    model: str
    version: str
    sku: str
    start: datetime
    end: datetime
    requests: int
    ok: int
    client_errors: int
    server_errors: int
    throttled: int
    at_limit: int
    burst: int
    max_tokens: int
    service_load: int
    spilled: int
    spilled_in: int
    prompt: int
    completion: int
    cached: int
    audio_prompt: int
    audio_completion: int
    images: int
    ptu_mean: float | None
    ptu_max: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """A true charge of a day: `unit_price` is the list price in USD a single token, hour or image."""

    account: str
    deployment: str
    day: date
    model: str
    version: str
    sku: str
    kind: str
    tier: str
    context: str
    quantity: Decimal
    meter: str | None
    meter_id: str | None
    unit_price: Decimal | None
    list_cost_usd: Decimal | None
    billed_cost: Decimal | None
    currency: str


class Truth:
    def __init__(self, world: World, traffic: Traffic, bills: Bills) -> None:
        self.world, self.traffic, self.bills = world, traffic, bills

    def usage(
        self,
        start: datetime,
        end: datetime,
        by: str = "total",
        deployments: Sequence[Deployment] | None = None,
    ) -> Iterator[Usage]:
        """Rows for each deployment, model version and step in which it existed; steps are cut at `start` and `end`."""
        if by != "total" and by not in _STEP:
            raise ValueError(f"by={by!r}: expected minute, hour, day or total")
        for deployment in deployments if deployments is not None else self.world.deployments:
            at = start
            while at < end:
                stop = end if by == "total" else min(end, _next(at, by))
                yield from self._between(deployment, at, stop)
                at = stop

    def costs(
        self, first: date, last: date, deployments: Sequence[Deployment] | None = None
    ) -> Iterator[Cost]:
        """True charges of the days [first, last)."""
        for deployment in deployments if deployments is not None else self.world.deployments:
            location = deployment.account.location
            day = first
            while day < last:
                for charge in charges(self.traffic, deployment, day):
                    price = (
                        None if charge.meter is None else price_on(self.world, charge.meter, location, day)
                    )
                    meter = charge.meter
                    per = None if price is None or meter is None else price / meter.units_per_price
                    yield Cost(
                        deployment.account.id,
                        deployment.name,
                        day,
                        charge.model,
                        charge.version,
                        charge.sku,
                        charge.kind,
                        charge.tier,
                        charge.context,
                        charge.quantity,
                        meter.name if meter else None,
                        meter.meter_id(location) if meter else None,
                        per,
                        None if per is None else per * charge.quantity,
                        None if price is None else self.bills.cost(charge, price, charge.quantity),
                        deployment.account.subscription.currency,
                    )
                day += timedelta(days=1)

    def _between(self, deployment: Deployment, start: datetime, end: datetime) -> Iterator[Usage]:
        starts = [r.from_at for r in deployment.revisions[1:]]
        edges = [minute_index(start), *(minute_index(s) + 1 for s in starts), minute_index(end)]
        for i, revision in enumerate(deployment.revisions):
            first = max(edges[0], edges[i] if i else edges[0])
            last = min(edges[-1], edges[i + 1])
            if first >= last:
                continue
            sums, ptu_mean, ptu_max, alive = self._sums(deployment, first, last)
            if alive:
                yield _row(
                    deployment,
                    revision.model,
                    revision.version,
                    revision.sku,
                    first,
                    last,
                    sums,
                    ptu_mean,
                    ptu_max,
                )

    def _sums(
        self, deployment: Deployment, first: int, last: int
    ) -> tuple[dict[str, int], float | None, float | None, bool]:
        sums: dict[str, int] = {}
        means: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
        peaks: list[float] = []
        alive = False
        at = first
        while at < last:
            number, begin = divmod(at, MINUTES)
            end = min(MINUTES, begin + last - at)
            day = date(1970, 1, 1) + timedelta(days=number)
            from_minute, to_minute = self.traffic.alive(deployment, day)
            low, high = max(begin, from_minute), min(end, to_minute)
            if low < high:
                alive = True
                self._add_day(deployment, day, low, high, sums, means, peaks)
            at += end - begin
        mean = float(np.concatenate(means).mean()) if means else None
        return sums, mean, max(peaks, default=None), alive

    def _add_day(
        self,
        deployment: Deployment,
        day: date,
        low: int,
        high: int,
        sums: dict[str, int],
        means: list[np.ndarray[tuple[int], np.dtype[np.float32]]],
        peaks: list[float],
    ) -> None:
        if (low, high) == (0, MINUTES) and not deployment.provisioned:
            for name, hours in self.traffic.hours(deployment, day).items():
                sums[name] = sums.get(name, 0) + int(hours.sum())
            return
        block = self.traffic.block(deployment, day)
        for name, column in block.columns.items():
            sums[name] = sums.get(name, 0) + int(column[low:high].sum(dtype=np.int64))
        if block.ptu_mean is not None and block.ptu_max is not None:
            means.append(block.ptu_mean[low:high])
            peaks.append(float(block.ptu_max[low:high].max()))


@lru_cache(maxsize=8)
def truth_of(world: World) -> Truth:
    """Made once for a world, and shared by whoever serves it and whoever asks it."""
    traffic = Traffic(world)
    return Truth(world, traffic, Bills(world, traffic))


def _next(at: datetime, by: str) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    if by in ("hour", "day"):
        floor = floor.replace(minute=0)
    if by == "day":
        floor = floor.replace(hour=0)
    return floor + _STEP[by]


def _row(
    d: Deployment,
    model: str,
    version: str,
    sku: str,
    first: int,
    last: int,
    sums: dict[str, int],
    ptu_mean: float | None,
    ptu_max: float | None,
) -> Usage:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    causes = {name: sums.get(name, 0) for name in CAUSES}
    throttled = sum(causes.values()) - causes["spilled"]
    ok, bad, failed = sums.get("ok", 0), sums.get("bad", 0), sums.get("failed", 0)
    return Usage(
        account=d.account.id,
        deployment=d.name,
        role=d.role,
        model=model,
        version=version,
        sku=sku,
        start=epoch + timedelta(minutes=first),
        end=epoch + timedelta(minutes=last),
        requests=ok + bad + failed + throttled + causes["spilled"],
        ok=ok,
        client_errors=bad,
        server_errors=failed,
        throttled=throttled,
        **causes,
        spilled_in=sums.get("spilled_in", 0),
        prompt=sums.get("prompt", 0),
        completion=sums.get("completion", 0),
        cached=sums.get("cached", 0),
        audio_prompt=sums.get("audio_in", 0),
        audio_completion=sums.get("audio_out", 0),
        images=sums.get("images", 0),
        ptu_mean=ptu_mean,
        ptu_max=ptu_max,
    )
