"""What a deployment's day costs: quantities by kind and tier, each at the price of that day, or said to be unpriced.

Where the metrics cannot tell (cached from uncached input, long from short context), a charge carries what it would
be at the least and at the most; its cost then is the plain reading: uncached, short context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from collector.domain.periods import Window
from collector.domain.pricing import PriceBook, Priced, PriceQuestion, per, sku_terms
from collector.domain.rollup import StoredHour

OUT_OF_SCOPE: Final = "out of scope: publisher"
UNSEEN: Final = "deleted before it was first seen: its SKU is unknown"
ESTIMATED: Final = "estimated"
CALIBRATED: Final = "calibrated"

_MINUTE: Final = timedelta(minutes=1)
_STANDARD: Final = "standard"
_PUBLISHER: Final = "OpenAI"


@dataclass(frozen=True, slots=True)
class Revision:
    """What a deployment was from an instant until another; `ends_at` None is in force."""

    starts_at: datetime
    ends_at: datetime | None
    format: str
    model: str
    version: str | None
    sku: str
    capacity: int | None
    base_model: str | None = None
    base_version: str | None = None


@dataclass(frozen=True, slots=True)
class ChargedDeployment:
    """A deployment as charges see it; `deleted_at` ends what is paid by the hour."""

    account_key: UUID
    deployment: str
    location: str
    currency: str
    team: str | None
    created_at: datetime | None
    deleted_at: datetime | None
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """One kind of use of one day. `cost` None is unpriced, with the reason in `why`; `low` and `high` bound it."""

    account_key: UUID
    deployment: str
    day: date
    model: str
    version: str
    sku: str
    kind: str
    tier: str
    currency: str
    location: str
    team: str | None
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    cost: Decimal | None
    low: Decimal | None
    high: Decimal | None
    basis: str
    step: str | None
    meter_id: str | None
    meter_name: str | None
    price_effective_from: datetime | None
    price_captured_at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """What one revision's model version did on a day: quantities by kind."""

    revision: Revision | None
    model: str
    version: str
    quantities: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])


def _nothing_learned(account_key: UUID, model: str, sku: str, day: date) -> Decimal | None:
    return None


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices, and the share of cached input that an account's own bill taught for a model, SKU and day."""

    book: PriceBook
    cached_share: Callable[[UUID, str, str, date], Decimal | None] = _nothing_learned


def charges_of_day(
    deployment: ChargedDeployment,
    day: Window,
    hours: Sequence[StoredHour],
    tiers: Mapping[str, int],
    pricing: Pricing,
    now: datetime,
) -> list[Charge]:
    """Every charge of one deployment and UTC day.

    `tiers` counts the day's answered requests by service tier as Azure told them, empty where it tells none.
    """
    charges: dict[tuple[str, ...], Charge] = {}
    for use in [*_used(deployment, hours), *_held(deployment, day, now)]:
        for charge in _charged(deployment, day.start.date(), use, tiers, pricing):
            key = (charge.model, charge.version, charge.sku, charge.kind, charge.tier, charge.currency)
            charges[key] = _sum(charges[key], charge) if key in charges else charge
    return list(charges.values())


def _used(deployment: ChargedDeployment, hours: Iterable[StoredHour]) -> Iterator[Use]:
    """Quantities by revision and model version; the metric's own model and version go before the inventory's."""
    sums: dict[tuple[Revision | None, str, str], dict[str, Decimal]] = {}
    for hour in hours:
        revision = revision_at(deployment.revisions, hour.hour)
        for model, version, quantities in _quantities(hour):
            named = model or (revision.model if revision else "")
            dated = version or (revision.version if revision else None) or ""
            total = sums.setdefault((revision, named, dated), {})
            for kind, quantity in quantities.items():
                if quantity:
                    total[kind] = total.get(kind, Decimal(0)) + quantity
    for (revision, model, version), quantities in sums.items():
        if quantities:
            yield Use(revision, model, version, quantities)


def _quantities(hour: StoredHour) -> Iterator[tuple[str | None, str | None, dict[str, Decimal]]]:
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
) -> dict[str, Decimal]:
    found = {
        "input": Decimal(max(0, (prompt or 0) - audio_in)),
        "output": Decimal(max(0, (completion or 0) - audio_out)),
        "audio_input": Decimal(audio_in),
        "audio_output": Decimal(audio_out),
    }
    if media is not None:
        found["image"] = Decimal(media.images or 0)
        found["training_hour"] = media.training_hours or Decimal(0)
    return found


def _held(deployment: ChargedDeployment, day: Window, now: datetime) -> Iterator[Use]:
    """What is paid by the hour whether used or not: provisioned units, and hosting of fine-tuned models."""
    for revision in deployment.revisions:
        minutes = _minutes_in_force(deployment, revision, day, now)
        terms = sku_terms(revision.sku)
        if not minutes or terms is None:
            continue
        hours = Decimal(minutes) / 60
        model, version = revision.model, revision.version or ""
        if terms.provisioned:
            if revision.capacity is not None:
                yield Use(revision, model, version, {"ptu_hour": hours * revision.capacity})
        elif revision.base_model and not terms.developer and terms.tier != "batch":
            yield Use(revision, model, version, {"hosting_hour": hours})


def _minutes_in_force(deployment: ChargedDeployment, revision: Revision, day: Window, now: datetime) -> int:
    start = max(day.start, revision.starts_at, deployment.created_at or revision.starts_at)
    end = min(day.end, now, revision.ends_at or day.end, deployment.deleted_at or day.end)
    return max(0, (end - start) // _MINUTE)


def _charged(
    deployment: ChargedDeployment, day: date, use: Use, tiers: Mapping[str, int], pricing: Pricing
) -> Iterator[Charge]:
    revision = use.revision
    for kind, quantity in use.quantities.items():
        plain = _unpriced(deployment, day, use, kind, _STANDARD, quantity, "")
        if revision is None:
            yield replace(plain, why=UNSEEN)
            continue
        if revision.format != _PUBLISHER:
            yield replace(plain, why=f"{OUT_OF_SCOPE} {revision.format}")
            continue
        terms = sku_terms(revision.sku)
        if terms is not None and terms.provisioned and kind != "ptu_hour":
            continue  # tokens of provisioned units are paid by the hour
        for tier, part in _by_tier(quantity, kind, terms.tier if terms else _STANDARD, tiers):
            yield from _priced(deployment, day, use, revision, kind, tier, part, pricing)


def _by_tier(
    quantity: Decimal, kind: str, own: str, tiers: Mapping[str, int]
) -> Iterator[tuple[str, Decimal]]:
    """A quantity split by the day's requests of each service tier; batch has no other tier."""
    told = {tier: count for tier, count in tiers.items() if tier in {"priority", "flex"} and count}
    all_requests = sum(tiers.values())
    if own != _STANDARD or not told or kind.endswith("_hour"):
        yield own, quantity
        return
    left = quantity
    for tier, count in told.items():
        part = (quantity * count / all_requests).to_integral_value()
        left -= part
        yield tier, part
    if left:
        yield _STANDARD, left


def _priced(
    deployment: ChargedDeployment,
    day: date,
    use: Use,
    revision: Revision,
    kind: str,
    tier: str,
    quantity: Decimal,
    pricing: Pricing,
) -> Iterator[Charge]:
    asked = _question(deployment, day, use, revision, kind, tier)
    answer = pricing.book.price_at(asked)
    if not isinstance(answer, Priced):
        yield _unpriced(deployment, day, use, kind, tier, quantity, answer.why)
        return
    low, high = _bounds(asked, answer, pricing.book)
    charge = _charge(deployment, day, use, kind, tier, quantity, answer, low, high)
    share = (
        pricing.cached_share(deployment.account_key, use.model, revision.sku, day)
        if kind == "input"
        else None
    )
    cached = pricing.book.price_at(replace(asked, kind="cached_input")) if share else None
    if share is None or not isinstance(cached, Priced) or cached.billed_as:
        yield charge
        return
    part = (quantity * share).to_integral_value()
    yield replace(
        _charge(deployment, day, use, kind, tier, quantity - part, answer, low, high), basis=CALIBRATED
    )
    yield replace(
        _charge(deployment, day, use, "cached_input", tier, part, cached, cached.unit_price, high),
        basis=CALIBRATED,
    )


def _question(
    deployment: ChargedDeployment, day: date, use: Use, revision: Revision, kind: str, tier: str
) -> PriceQuestion:
    tuned = revision.base_model is not None
    return PriceQuestion(
        model=revision.base_model or use.model,
        version=(revision.base_version if tuned else use.version) or None,
        sku=revision.sku,
        location=deployment.location,
        kind=kind,
        on=day,
        tier=tier,
        fine_tuned=tuned,
        currency=deployment.currency,
    )


def _bounds(asked: PriceQuestion, found: Priced, book: PriceBook) -> tuple[Decimal, Decimal]:
    """The least and the most that a unit may have cost: all cached, or none and long context."""
    low = high = found.unit_price
    if asked.kind in {"input", "audio_input"}:
        cached = book.price_at(replace(asked, kind=f"cached_{asked.kind}"))
        low = _comparable(cached, found) or low
    if asked.kind in {"input", "output", "cached_input"}:
        long = book.price_at(replace(asked, context="long"))
        high = max(high, _comparable(long, found) or high)
    return min(low, found.unit_price), high


def _comparable(other: object, found: Priced) -> Decimal | None:
    return other.unit_price if isinstance(other, Priced) and other.currency == found.currency else None


def _charge(
    deployment: ChargedDeployment,
    day: date,
    use: Use,
    kind: str,
    tier: str,
    quantity: Decimal,
    price: Priced,
    low: Decimal,
    high: Decimal,
) -> Charge:
    plain = _unpriced(deployment, day, use, kind, tier, quantity, "")
    return replace(
        plain,
        currency=price.currency,
        unit=price.per,
        unit_price=price.unit_price,
        cost=quantity * price.unit_price,
        low=quantity * low,
        high=quantity * high,
        step=price.step,
        meter_id=price.meter_id,
        meter_name=price.meter_name,
        price_effective_from=price.effective_from,
        price_captured_at=price.captured_at,
        why=None,
    )


def _unpriced(
    deployment: ChargedDeployment, day: date, use: Use, kind: str, tier: str, quantity: Decimal, why: str
) -> Charge:
    return Charge(
        account_key=deployment.account_key,
        deployment=deployment.deployment,
        day=day,
        model=use.model,
        version=use.version,
        sku=use.revision.sku if use.revision else "",
        kind=kind,
        tier=tier,
        currency=deployment.currency,
        location=deployment.location,
        team=deployment.team,
        quantity=quantity,
        unit=per(kind),
        unit_price=None,
        cost=None,
        low=None,
        high=None,
        basis=ESTIMATED,
        step=None,
        meter_id=None,
        meter_name=None,
        price_effective_from=None,
        price_captured_at=None,
        why=why or None,
    )


def _sum(one: Charge, other: Charge) -> Charge:
    """Two parts of a day at the same price: a deployment resized at noon."""
    return replace(
        one,
        quantity=one.quantity + other.quantity,
        cost=_plus(one.cost, other.cost),
        low=_plus(one.low, other.low),
        high=_plus(one.high, other.high),
    )


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def revision_at(revisions: Sequence[Revision], instant: datetime) -> Revision | None:
    """The revision in force; before the oldest one, the oldest. None for a deployment that has none."""
    found = revisions[0] if revisions else None
    for revision in revisions:
        if revision.starts_at <= instant:
            found = revision
    return found


def month_parts(charges: Iterable[Charge]) -> list[tuple[int, Charge]]:
    """A month's charges summed by all that makes them different, numbered apart where only their price differs.

    The `day` of a sum is the first of its days.
    """
    sums: dict[tuple[object, ...], Charge] = {}
    for charge in charges:
        priced = (charge.unit_price, charge.step, charge.meter_id, charge.basis, charge.team, charge.why)
        key = (_identity(charge), priced)
        sums[key] = (
            replace(_sum(sums[key], charge), day=min(sums[key].day, charge.day)) if key in sums else charge
        )
    numbered: dict[object, int] = {}
    found: list[tuple[int, Charge]] = []
    for (identity, _), charge in sorted(sums.items(), key=lambda item: item[1].day):
        part = numbered.get(identity, 0)
        numbered[identity] = part + 1
        found.append((part, charge))
    return found


def _identity(charge: Charge) -> tuple[object, ...]:
    return (
        charge.account_key,
        charge.deployment,
        charge.model,
        charge.version,
        charge.sku,
        charge.kind,
        charge.tier,
        charge.currency,
    )
