"""What a deployment really did in each minute of a UTC day, from the seed alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from collector.simulator import facts
from collector.simulator.estate import Deployment, Profile
from collector.simulator.limiter import Refused, admitted_by_provisioned, admitted_by_tokens, request_windows
from collector.simulator.world import World

MINUTES = 1440
CAUSES = ("at_limit", "burst", "max_tokens", "service_load", "spilled")
COUNTS = (
    "ok",
    "bad",
    "failed",
    *CAUSES,
    "spilled_in",
    "prompt",
    "completion",
    "cached",
    "audio_in",
    "audio_out",
    "images",
    "realtime",
    "training",
)
Counts = NDArray[np.int32]
SECONDS_PER_SESSION = 35
_NOTHING: Counts = np.zeros(MINUTES, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class DayBlock:
    """Minute columns of one deployment-day; a column that is absent is zero all day."""

    columns: dict[str, Counts]
    ptu_mean: NDArray[np.float32] | None
    ptu_max: NDArray[np.float32] | None
    ptu_refused: NDArray[np.bool_] | None

    def minute(self, name: str) -> Counts:
        return self.columns.get(name, _NOTHING)

    def hours(self, name: str) -> NDArray[np.int64]:
        return self.minute(name).reshape(24, 60).sum(axis=1, dtype=np.int64)


class Traffic:
    """Day blocks on demand, the recent ones kept; hours of a day are kept longer, being sixty times smaller."""

    def __init__(self, world: World, keep_days: int = 2500, keep_hours: int = 60_000) -> None:
        self.world = world
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[int, int], DayBlock] = OrderedDict()
        self._hours: OrderedDict[tuple[int, int], dict[str, NDArray[np.int64]]] = OrderedDict()
        self._keep_days, self._keep_hours = keep_days, keep_hours
        self._weeks = {name: _week(name) for name in ("office", "flat", "night", "cron", "idle")}

    def block(self, deployment: Deployment, day: date) -> DayBlock:
        key = (deployment.index, day.toordinal())
        with self._lock:
            found = self._blocks.get(key)
            if found is not None:
                self._blocks.move_to_end(key)
                return found
        made = self._generate(deployment, day)
        with self._lock:
            self._blocks[key] = made
            while len(self._blocks) > self._keep_days:
                self._blocks.popitem(last=False)
        return made

    def hours(self, deployment: Deployment, day: date) -> dict[str, NDArray[np.int64]]:
        key = (deployment.index, day.toordinal())
        with self._lock:
            found = self._hours.get(key)
            if found is not None:
                return found
        block = self.block(deployment, day)
        made = {name: block.hours(name) for name in block.columns}
        with self._lock:
            self._hours[key] = made
            while len(self._hours) > self._keep_hours:
                self._hours.popitem(last=False)
        return made

    def alive(self, deployment: Deployment, day: date) -> tuple[int, int]:
        """Minutes of the day in which the deployment took calls, as [from, to)."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        begin = max(deployment.created_at, self.world.start)
        first = _minute_of(begin, midnight, ceil=True)
        last = (
            MINUTES if deployment.ended_at is None else _minute_of(deployment.ended_at, midnight, ceil=False)
        )
        return first, max(first, last)

    def _arrivals(self, deployment: Deployment, day: date, rng: np.random.Generator) -> NDArray[np.int64]:
        world, profile = self.world, deployment.profile
        offset = facts.OFFICE_HOURS_OFFSET[deployment.account.location] * 60
        week = self._weeks[profile.shape]
        at = (day.weekday() * MINUTES + offset) % week.size
        shape = np.take(week, np.arange(at, at + MINUTES), mode="wrap")
        weeks = (day - world.start.date()).days / 7
        noise = np.repeat(rng.gamma(30.0, 1 / 30.0, 96), 15) * rng.gamma(60.0, 1 / 60.0)
        times = world.story.times_as_busy(deployment.role, day) if world.story else 1.0
        rate = times * deployment.peak_rpm * (1 + profile.growth) ** weeks * shape * noise
        return rng.poisson(rate)

    def _generate(self, deployment: Deployment, day: date) -> DayBlock:
        first, last = self.alive(deployment, day)
        if first >= last:
            return DayBlock({}, None, None, None)
        rng = np.random.Generator(np.random.SFC64([self.world.size.seed, deployment.index, day.toordinal()]))
        arrivals = self._arrivals(deployment, day, rng)
        spilled_in = np.zeros(MINUTES, dtype=np.int64)
        for source in self.world.spilling_into(deployment):
            spilled_in += self.block(source, day).minute("spilled")
        arrivals = arrivals + spilled_in
        arrivals[:first] = 0
        arrivals[last:] = 0
        return _answer(deployment, day, arrivals, spilled_in, rng)


def _answer(
    deployment: Deployment,
    day: date,
    arrivals: NDArray[np.int64],
    spilled_in: NDArray[np.int64],
    rng: np.random.Generator,
) -> DayBlock:
    profile = deployment.profile
    busy = np.maximum(arrivals, 1)
    prompt_each = profile.prompt * _mean_of(busy * 1.5, rng)
    completion_each = np.minimum(profile.completion * _mean_of(busy * 2.5, rng), profile.max_tokens or np.inf)
    cached_each = np.clip(profile.cached * _mean_of(np.full(MINUTES, 40.0), rng), 0.0, 0.95)
    if deployment.provisioned:
        refused, ptu = _provisioned(deployment, day, arrivals, prompt_each, completion_each, cached_each, rng)
    else:
        refused, ptu = _standard(deployment, day, arrivals, prompt_each, completion_each, rng), None
    served = arrivals - refused.total()
    bad = rng.binomial(served, profile.bad_requests)
    failed = rng.binomial(served - bad, profile.server_errors)
    ok = served - bad - failed
    columns = _tokens(profile, ok, prompt_each, completion_each, cached_each)
    columns |= {"ok": ok, "bad": bad, "failed": failed, **{name: getattr(refused, name) for name in CAUSES}}
    columns["spilled_in"] = ok * np.minimum(spilled_in, arrivals) // busy
    if deployment.base_model is not None and day == deployment.trained_on:
        columns["training"] = np.zeros(MINUTES, dtype=np.int64)
        columns["training"][[660, 720, 780]] = 1
    kept = {name: values.astype(np.int32) for name, values in columns.items() if values.any()}
    return DayBlock(kept, *(ptu or (None, None, None)))


def _standard(
    deployment: Deployment,
    day: date,
    arrivals: NDArray[np.int64],
    prompt_each: NDArray[np.float64],
    completion_each: NDArray[np.float64],
    rng: np.random.Generator,
) -> Refused:
    profile = deployment.profile
    rpm, tpm = _limits(deployment, day)
    at_limit = burst = max_tokens = service = np.zeros_like(arrivals)
    if rpm is not None:
        bunched = np.zeros(MINUTES, dtype=bool)
        if profile.bursts:
            bunched[::15] = True
        at_limit, burst = request_windows(arrivals, rpm, bunched, rng)
    waiting = arrivals - at_limit - burst
    if profile.service_load:
        service = rng.binomial(waiting, _service_load(rng))
        waiting = waiting - service
    if tpm is not None and profile.prompt:
        admitted = admitted_by_tokens(waiting, prompt_each + profile.max_tokens, tpm)
        over = waiting - admitted
        true_tokens = admitted * (prompt_each + completion_each)
        full = true_tokens >= 0.9 * tpm
        at_limit = at_limit + np.where(full, over, 0)
        max_tokens = np.where(full, 0, over)
    return Refused(at_limit, burst, max_tokens, service, np.zeros_like(arrivals))


def _provisioned(
    deployment: Deployment,
    day: date,
    arrivals: NDArray[np.int64],
    prompt_each: NDArray[np.float64],
    completion_each: NDArray[np.float64],
    cached_each: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[Refused, tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]]:
    name = (deployment.base_model or (deployment.revisions[0].model, ""))[0]
    per_unit, weight = facts.PTU_THROUGHPUT.get(name, (2500, 4))
    units = _per_minute(deployment, day, [r.capacity for r in deployment.revisions])
    cost = prompt_each * (1 - cached_each) + weight * completion_each
    admitted = admitted_by_provisioned(arrivals, cost, units, per_unit)
    over = arrivals - admitted
    mean = np.clip(100.0 * admitted * cost / (units * per_unit), 0.0, 100.0)
    swing = 1 + rng.gamma(2.0, 0.04, MINUTES)
    peak = np.where(over > 0, 100.0 + rng.integers(0, 4, MINUTES), np.minimum(99.5, mean * swing))
    none = np.zeros_like(arrivals)
    spills = deployment.spillover_to is not None
    refused = Refused(none if spills else over, none, none, none, over if spills else none)
    return refused, (mean.astype(np.float32), peak.astype(np.float32), over > 0)


def _tokens(
    profile: Profile,
    ok: NDArray[np.int64],
    prompt_each: NDArray[np.float64],
    completion_each: NDArray[np.float64],
    cached_each: NDArray[np.float64],
) -> dict[str, NDArray[np.int64]]:
    prompt = np.rint(ok * prompt_each).astype(np.int64)
    completion = np.rint(ok * completion_each).astype(np.int64)
    columns = {
        "prompt": prompt,
        "completion": completion,
        "cached": np.floor(prompt * cached_each).astype(np.int64),
    }
    if profile.audio_share:
        columns["audio_in"] = np.floor(prompt * profile.audio_share).astype(np.int64)
        columns["audio_out"] = np.floor(completion * profile.audio_share).astype(np.int64)
    if profile.kind == "image":
        columns["images"] = ok
    if profile.kind == "realtime":
        columns["realtime"] = ok * SECONDS_PER_SESSION
    return columns


def _service_load(rng: np.random.Generator) -> NDArray[np.float64]:
    """Now and then the service itself is short of room for some minutes, whatever the caller's quota."""
    chance = np.zeros(MINUTES)
    for _ in range(int(rng.poisson(0.6))):
        begin = int(rng.integers(0, MINUTES - 20))
        chance[begin : begin + int(rng.integers(3, 20))] = float(rng.uniform(0.05, 0.4))
    return chance


def _mean_of(samples: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The mean of that many positive draws around one."""
    return rng.standard_gamma(samples) / samples


def _limits(deployment: Deployment, day: date) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    pairs = [deployment.limits(r) for r in deployment.revisions]
    rpm = None if pairs[0][0] is None else _per_minute(deployment, day, [p[0] or 0 for p in pairs])
    tpm = None if pairs[0][1] is None else _per_minute(deployment, day, [p[1] or 0 for p in pairs])
    return rpm, tpm


def _per_minute(deployment: Deployment, day: date, values: list[int]) -> NDArray[np.int64]:
    """The value of the revision in force in each minute of the day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    out = np.full(MINUTES, values[0], dtype=np.int64)
    for revision, value in zip(deployment.revisions[1:], values[1:], strict=True):
        out[_minute_of(revision.from_at, midnight, ceil=True) :] = value
    return out


def _minute_of(at: datetime, midnight: datetime, ceil: bool) -> int:
    seconds = (at - midnight) // timedelta(seconds=1)
    return int(np.clip(-(-seconds // 60) if ceil else seconds // 60, 0, MINUTES))


def _week(shape: str) -> NDArray[np.float64]:
    """Relative load in each minute of a local week that starts on Monday."""
    minute = np.arange(7 * MINUTES)
    hour, weekday = (minute % MINUTES) / 60, minute // MINUTES
    if shape == "flat":
        return 0.75 + 0.25 * np.sin((hour - 9) / 24 * 2 * np.pi)
    if shape == "night":
        return np.where((hour >= 1) & (hour < 4), 1.0, 0.0)
    if shape == "cron":
        return np.where(minute % 15 == 0, 1.0, 0.04)
    if shape == "idle":
        return np.where((weekday == 2) & (hour >= 10) & (hour < 10.1), 0.02, 0.0)
    bump = np.exp(-(((hour - 10.5) / 2.2) ** 2)) + 0.9 * np.exp(-(((hour - 15.0) / 2.4) ** 2))
    return np.where(weekday < 5, 0.03 + 0.97 * bump / 1.05, 0.03 + 0.08 * bump)
