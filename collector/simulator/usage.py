"""What of a deployment-day is charged: quantities by meter, whole tokens and hours, before any price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from collector.simulator import facts
from collector.simulator.estate import Deployment, Revision
from collector.simulator.facts import Meter
from collector.simulator.traffic import MINUTES, Traffic

WRITTEN_TO_CACHE = 15
TOKENS_PER_IMAGE = 1056
SECONDS_PER_TRANSCRIPTION = 42
TOKENS_PER_TRAINING_HOUR = 1_200_000


@dataclass(frozen=True, slots=True)
class Charge:
    """`quantity` in single tokens, hours, units x hours or images; `meter` None where the simulator labels none."""

    deployment: Deployment
    day: date
    model: str
    version: str
    sku: str
    kind: str
    tier: str
    context: str
    quantity: Decimal
    meter: Meter | None


def day_sums(traffic: Traffic, deployment: Deployment, day: date, begin: int, end: int) -> dict[str, int]:
    """Sums of every column over minutes of a day; whole days come from the kept hours."""
    if (begin, end) == (0, MINUTES):
        return {name: int(hours.sum()) for name, hours in traffic.hours(deployment, day).items()}
    block = traffic.block(deployment, day)
    return {name: int(column[begin:end].sum(dtype="int64")) for name, column in block.columns.items()}


def charges(traffic: Traffic, deployment: Deployment, day: date) -> Iterator[Charge]:
    for revision, begin, end in segments(deployment, day):
        first, last = traffic.alive(deployment, day)
        minutes = max(0, min(end, last) - max(begin, first))
        if minutes == 0:
            continue
        sums = day_sums(traffic, deployment, day, begin, end)
        name, version = deployment.base_model or (revision.model, revision.version)
        for kind, tier, context, quantity in _quantities(deployment, revision, sums, minutes):
            if not quantity:
                continue
            tuned = deployment.base_model is not None
            meter = facts.meter_for(name, version, revision.sku, kind, tier, context, tuned)
            shown = "batch" if "Batch" in revision.sku else tier
            yield Charge(
                deployment,
                day,
                revision.model,
                revision.version,
                revision.sku,
                kind,
                shown,
                context,
                Decimal(quantity),
                meter,
            )


def segments(deployment: Deployment, day: date) -> list[tuple[Revision, int, int]]:
    """Revisions in force in a day with their minutes [from, to)."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    starts = [0]
    for revision in deployment.revisions[1:]:
        seconds = (revision.from_at - midnight) // timedelta(seconds=1)
        starts.append(min(MINUTES, max(0, -(-seconds // 60))))
    ends = [*starts[1:], MINUTES]
    return [(r, a, b) for r, a, b in zip(deployment.revisions, starts, ends, strict=True) if a < b]


def _quantities(
    deployment: Deployment, revision: Revision, sums: dict[str, int], minutes: int
) -> Iterator[tuple[str, str, str, Decimal | int]]:
    profile = deployment.profile
    if deployment.format != "OpenAI":
        yield "input", "standard", "short", sums.get("prompt", 0)
        yield "output", "standard", "short", sums.get("completion", 0)
        return
    if "Provisioned" in revision.sku:
        yield "ptu_hour", "standard", "short", Decimal(revision.capacity * minutes) / 60
        return
    if deployment.base_model is not None and revision.sku != "DeveloperTier":
        yield "hosting_hour", "standard", "short", Decimal(minutes) / 60
    if profile.kind == "transcription":
        yield "audio_hour", "standard", "short", Decimal(sums.get("ok", 0) * SECONDS_PER_TRANSCRIPTION) / 3600
        return
    yield "training_token", "standard", "short", sums.get("training", 0) * TOKENS_PER_TRAINING_HOUR
    audio_cached = _cached_audio(revision, sums)
    yield "cached_audio_input", "standard", "short", audio_cached
    yield "audio_input", "standard", "short", sums.get("audio_in", 0) - audio_cached
    yield "audio_output", "standard", "short", sums.get("audio_out", 0)
    yield "image_output", "standard", "short", sums.get("images", 0) * TOKENS_PER_IMAGE
    tokens = {
        "input": sums.get("prompt", 0) - sums.get("audio_in", 0),
        "output": sums.get("completion", 0) - sums.get("audio_out", 0),
    }
    tokens |= _cached(deployment, revision, tokens["input"], sums.get("cached", 0) - audio_cached)
    for kind, count in tokens.items():
        for tier, in_tier in _split(count, profile.priority_share, "priority", "standard"):
            for context, part in _split(in_tier, profile.long_share, "long", "short"):
                yield kind, tier, context, part


def _cached_audio(revision: Revision, sums: dict[str, int]) -> int:
    """Cached tokens are audio in the share that audio has of the prompt, where audio has a cached meter."""
    if not facts.meter_for(revision.model, revision.version, revision.sku, "cached_audio_input"):
        return 0
    return sums.get("cached", 0) * sums.get("audio_in", 0) // max(1, sums.get("prompt", 0))


def _cached(deployment: Deployment, revision: Revision, prompt: int, cached: int) -> dict[str, int]:
    """Input split into cached, written to the cache and plain, as far as the model has meters for them."""
    name, version = deployment.base_model or (revision.model, revision.version)
    tuned = deployment.base_model is not None
    out: dict[str, int] = {}
    if facts.meter_for(name, version, revision.sku, "cached_input", fine_tuned=tuned):
        out["cached_input"] = cached
        prompt -= cached
    if facts.meter_for(name, version, revision.sku, "cache_write", fine_tuned=tuned):
        out["cache_write"] = prompt * WRITTEN_TO_CACHE // 100
        prompt -= out["cache_write"]
    return out | {"input": prompt}


def _split(count: int, share: float, name: str, rest: str) -> list[tuple[str, int]]:
    part = count * round(share * 1000) // 1000
    return [(rest, count - part), (name, part)] if part else [(rest, count)]
