"""What a deployment's day costs: quantities by kind and tier, each at the price of that day, or said to be unpriced.

Where the metrics cannot tell (cached from uncached input, long from short context), a charge carries what it would
be at the least and at the most; its cost then is the plain reading: uncached, short context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Final
from uuid import UUID

from collector.domain.periods import Window, floor_minute
from collector.domain.pricing import Answer, PriceBook, Priced, PriceQuestion, per, sku_terms
from collector.domain.room.rollup import StoredHour

OUT_OF_SCOPE: Final = "out of scope: publisher"
UNSEEN: Final = "deleted before it was first seen: its SKU is unknown"
ESTIMATED: Final = "estimated"
CALIBRATED: Final = "calibrated"

EXACT: Final = Context(prec=100)
"""Prices by the hour have more digits than Python keeps of a sum by itself."""

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


Shares = Mapping[str, Decimal]
"""The part of a kind's tokens that was billed as each other kind: `{"cached_input": Decimal("0.4")}`."""


def _nothing_learned(account_key: UUID, revision: Revision, kind: str, day: date) -> Shares | None:
    return None


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices, and how an account's own bill of earlier days parted the tokens of a deployment's model and SKU.

    Azure's prompt tokens hold the cached ones unless `prompt_includes_cached` is False.
    """

    book: PriceBook
    learned: Callable[[UUID, Revision, str, date], Shares | None] = _nothing_learned
    prompt_includes_cached: bool = True
    _known: dict[PriceQuestion, Bounded] = field(default_factory=dict["PriceQuestion", "Bounded"], repr=False)

    def bounded(self, asked: PriceQuestion) -> Bounded:
        """The price with what a unit may have cost at the least and at the most; asked once for all deployments alike."""
        known = self._known.get(asked)
        if known is None:
            answer = self.book.price_at(asked)
            bounds = _bounds(asked, answer, self.book) if isinstance(answer, Priced) else None
            known = self._known[asked] = (answer, bounds)
        return known


Bounded = tuple[Answer, tuple[Decimal, Decimal] | None]


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


def _held(deployment: ChargedDeployment, day: Window, now: datetime) -> Iterator[Use]:
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


def _charged(
    deployment: ChargedDeployment, day: date, use: Use, tiers: Mapping[str, int], pricing: Pricing
) -> Iterator[Charge]:
    revision = use.revision
    for kind, quantity in use.quantities.items():
        if revision is None:
            yield _unpriced(deployment, day, use, kind, _STANDARD, quantity, UNSEEN)
            continue
        if revision.format != _PUBLISHER:
            why = f"{OUT_OF_SCOPE} {revision.format}"
            yield _unpriced(deployment, day, use, kind, _STANDARD, quantity, why)
            continue
        terms = sku_terms(revision.sku)
        if terms is not None and terms.provisioned and kind != "ptu_hour":
            continue  # tokens of provisioned units are paid by the hour
        told = _by_tier(quantity, kind, terms.tier if terms else _STANDARD, tiers)
        for tier, part in told.items():
            asked = _question(deployment, day, use, revision, kind, tier)
            found = list(_priced(deployment, use, revision, asked, part, pricing))
            yield from _any_tier(found, asked, told, pricing) if len(told) > 1 else found


def _by_tier(quantity: Decimal, kind: str, own: str, tiers: Mapping[str, int]) -> dict[str, Decimal]:
    """A quantity split by the day's requests of each service tier; batch has no other tier."""
    told = {tier: count for tier, count in tiers.items() if tier in {"priority", "flex"} and count}
    all_requests = sum(tiers.values())
    if own != _STANDARD or not told or kind.endswith("_hour"):
        return {own: quantity}
    found = {tier: (quantity * count / all_requests).to_integral_value() for tier, count in told.items()}
    left = quantity - sum(found.values())
    return {tier: part for tier, part in {**found, _STANDARD: left}.items() if part}


def _any_tier(
    charges: Iterable[Charge], asked: PriceQuestion, told: Iterable[str], pricing: Pricing
) -> Iterator[Charge]:
    """Requests are told by tier and tokens are not, so any of the day's tiers bounds each token."""
    for charge in charges:
        if charge.cost is None or charge.low is None or charge.high is None:
            yield charge
            continue
        low, high = charge.low, charge.high
        for tier in told:
            answer, bounds = pricing.bounded(replace(asked, kind=charge.kind, tier=tier))
            if isinstance(answer, Priced) and bounds and answer.currency == charge.currency:
                least, most = bounds
                low, high = min(low, charge.quantity * least), max(high, charge.quantity * most)
        yield replace(charge, low=low, high=high)


def _priced(
    deployment: ChargedDeployment,
    use: Use,
    revision: Revision,
    asked: PriceQuestion,
    quantity: Decimal,
    pricing: Pricing,
) -> Iterator[Charge]:
    """One charge, or one for each kind that the account's own bill told the tokens to be."""
    answer, bounds = pricing.bounded(asked)
    if not isinstance(answer, Priced) or bounds is None:
        why = "" if isinstance(answer, Priced) else answer.why
        yield _unpriced(deployment, asked.on, use, asked.kind, asked.tier, quantity, why)
        return
    low, high = bounds
    parts = _learned_parts(deployment.account_key, revision, asked, answer, pricing)
    if parts is None:
        yield _charge(deployment, asked.on, use, asked.kind, asked.tier, quantity, answer, low, high)
        return
    held = Decimal(1) if pricing.prompt_includes_cached else 1 - sum(share for _, _, share in parts)
    whole = (quantity / held).to_integral_value() if held > 0 else quantity
    left = whole
    for kind, price, share in parts:
        part = (whole * share).to_integral_value()
        left -= part
        yield _calibrated(deployment, asked, use, kind, part, price, low, high)
    yield _calibrated(deployment, asked, use, asked.kind, left, answer, low, high)


def _learned_parts(
    account_key: UUID, revision: Revision, asked: PriceQuestion, plain: Priced, pricing: Pricing
) -> list[tuple[str, Priced, Decimal]] | None:
    """The other kinds that the account's bill knew, each with its price and share; None where nothing was learned."""
    if asked.kind not in {"input", "audio_input"}:
        return None
    shares = pricing.learned(account_key, revision, asked.kind, asked.on)
    if shares is None:
        return None
    parts: list[tuple[str, Priced, Decimal]] = []
    for kind, share in sorted(shares.items()):
        price = pricing.book.price_at(replace(asked, kind=kind))
        if share and isinstance(price, Priced) and not price.billed_as and price.currency == plain.currency:
            parts.append((kind, price, share))
    return parts


def _calibrated(
    deployment: ChargedDeployment,
    asked: PriceQuestion,
    use: Use,
    kind: str,
    quantity: Decimal,
    price: Priced,
    low: Decimal,
    high: Decimal,
) -> Charge:
    least, most = min(low, price.unit_price), max(high, price.unit_price)
    charge = _charge(deployment, asked.on, use, kind, asked.tier, quantity, price, least, most)
    return replace(charge, basis=CALIBRATED)


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
    """The least and the most that a unit may have cost: all cached, or none of it, written to the cache, long context."""
    low = high = found.unit_price
    if asked.kind == "input":
        written = book.price_at(replace(asked, kind="cache_write"))
        high = max(high, _comparable(written, found) or high)
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
    alike: dict[tuple[object, ...], list[Charge]] = {}
    for charge in charges:
        priced = (charge.unit_price, charge.step, charge.meter_id, charge.basis, charge.team, charge.why)
        alike.setdefault((_identity(charge), priced), []).append(charge)
    sums = {key: _whole(parts) for key, parts in alike.items()}
    numbered: dict[object, int] = {}
    found: list[tuple[int, Charge]] = []
    for (identity, _), charge in sorted(sums.items(), key=lambda item: item[1].day):
        part = numbered.get(identity, 0)
        numbered[identity] = part + 1
        found.append((part, charge))
    return found


def _whole(parts: Sequence[Charge]) -> Charge:
    """The sum of charges at one price, to the last digit."""
    if len(parts) == 1:
        return parts[0]
    with localcontext(EXACT):
        return replace(
            parts[0],
            day=min(part.day for part in parts),
            quantity=sum((part.quantity for part in parts), Decimal(0)),
            **{name: _sum_known([getattr(part, name) for part in parts]) for name in ("cost", "low", "high")},
        )


def _sum_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


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
