"""How much of each kind a deployment's day holds: what was used, and what is paid for whether used or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from collector.domain.money.charge_types import ChargedDeployment, Revision, Use
from collector.domain.periods import Window, floor_minute
from collector.domain.pricing import sku_terms
from collector.domain.room.rollup import StoredHour

_MINUTE: Final = timedelta(minutes=1)


def used_in(deployment: ChargedDeployment, hours: Iterable[StoredHour]) -> Iterator[Use]:
    """Quantities by revision and model version; the metric's own model and version go before the inventory's."""
    sums: dict[tuple[Revision | None, str, str], dict[str, int | Decimal]] = {}
    for hour in hours:
        revision = revision_at(deployment.revisions, hour.hour)
        for model, version, quantities in _quantities(hour):
            named = model or (revision.model if revision else "")
            dated = version or (revision.version if revision else None) or ""
            total = sums.setdefault((revision, named, dated), {})
            for kind, quantity in quantities.items():
                if quantity:
                    total[kind] = total.get(kind, 0) + quantity
    for (revision, model, version), quantities in sums.items():
        if quantities:
            yield Use(revision, model, version, {kind: Decimal(sum_) for kind, sum_ in quantities.items()})


def _quantities(hour: StoredHour) -> Iterator[tuple[str | None, str | None, dict[str, int | Decimal]]]:
    """Kinds of one hour, by model version. Audio is told apart from the text that Azure counts it with."""
    audio_in, audio_out = hour.audio_prompt_tokens or 0, hour.audio_completion_tokens or 0
    parts = hour.by_version or ()
    if not parts:
        yield (
            hour.model,
            hour.version,
            _kinds(hour.prompt_tokens, hour.completion_tokens, hour, audio_in, audio_out),
        )
        return
    for index, part in enumerate(parts):
        # Audio, images and training are not told by version: they count for the hour's main one.
        whole = part["version"] == hour.version or (index == 0 and hour.version is None)
        audio = (audio_in, audio_out) if whole else (0, 0)
        yield (
            part["model"],
            part["version"],
            _kinds(part["prompt_tokens"], part["completion_tokens"], hour if whole else None, *audio),
        )


def _kinds(
    prompt: int | None, completion: int | None, media: StoredHour | None, audio_in: int, audio_out: int
) -> dict[str, int | Decimal]:
    found: dict[str, int | Decimal] = {
        "input": max(0, (prompt or 0) - audio_in),
        "output": max(0, (completion or 0) - audio_out),
        "audio_input": audio_in,
        "audio_output": audio_out,
    }
    if media is not None:
        found["image"] = media.images or 0
        found["training_hour"] = media.training_hours or 0
    return found


def held_on(deployment: ChargedDeployment, day: Window, now: datetime) -> Iterator[Use]:
    """What is paid by the hour whether used or not: provisioned units, and hosting of fine-tuned models."""
    for revision in deployment.revisions:
        minutes = _minutes_in_force(deployment, revision, day, now)
        terms = sku_terms(revision.sku)
        if not minutes or terms is None:
            continue
        model, version = revision.model, revision.version or ""
        if terms.provisioned:
            if revision.capacity is not None:
                yield Use(revision, model, version, {"ptu_hour": Decimal(minutes * revision.capacity) / 60})
        elif revision.base_model and not terms.developer and terms.tier != "batch":
            yield Use(revision, model, version, {"hosting_hour": Decimal(minutes) / 60})


def _minutes_in_force(deployment: ChargedDeployment, revision: Revision, day: Window, now: datetime) -> int:
    """Whole minutes; the minute in which a revision gave way to the next is the older one's, and counted once."""
    span = in_force(revision, deployment.created_at, deployment.deleted_at, floor_minute(now))
    inside = span.overlap(day) if span else None
    return inside.length // _MINUTE if inside else 0


def in_force(
    revision: Revision, created_at: datetime | None, deleted_at: datetime | None, until: datetime
) -> Window | None:
    """The whole minutes in which a revision is paid for; the one in which it gave way to the next is its own."""
    start = _ceil_minute(max(revision.starts_at, created_at or revision.starts_at))
    ends_at = until if revision.ends_at is None else _ceil_minute(revision.ends_at)
    end = min(until, ends_at, floor_minute(deleted_at or until))
    return Window(start, end) if start < end else None


def _ceil_minute(instant: datetime) -> datetime:
    floor = floor_minute(instant)
    return floor if floor == instant else floor + _MINUTE


def revision_at(revisions: Sequence[Revision], instant: datetime) -> Revision | None:
    """The revision in force; before the oldest one, the oldest. None for a deployment that has none."""
    found = revisions[0] if revisions else None
    for revision in revisions:
        if revision.starts_at <= instant:
            found = revision
    return found
