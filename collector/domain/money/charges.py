"""What a deployment's day costs: quantities by kind and tier, each at the price of that day, or said to be unpriced.

Where the metrics cannot tell (cached from uncached input, long from short context), a charge carries what it would
be at the least and at the most; its cost then is the plain reading: uncached, short context.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from collector.domain.money.charge_prices import Pricing
from collector.domain.money.charge_types import (
    CALIBRATED,
    ESTIMATED,
    Charge,
    ChargedDeployment,
    Revision,
    Use,
)
from collector.domain.money.quantities import held_on, used_in
from collector.domain.periods import Window
from collector.domain.pricing import Priced, PriceQuestion, per, sku_terms
from collector.domain.room.rollup import StoredHour

OUT_OF_SCOPE: Final = "out of scope: publisher"
UNSEEN: Final = "deleted before it was first seen: its SKU is unknown"
_STANDARD: Final = "standard"
_PUBLISHER: Final = "OpenAI"


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
    for use in [*used_in(deployment, hours), *held_on(deployment, day, now)]:
        for charge in _charged(deployment, day.start.date(), use, tiers, pricing):
            key = (charge.model, charge.version, charge.sku, charge.kind, charge.tier, charge.currency)
            charges[key] = _sum(charges[key], charge) if key in charges else charge
    return list(charges.values())


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
