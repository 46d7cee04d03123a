"""Money that a deployment need not cost: units it does not use, and load that can wait."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from collector.domain.advice.need import evidence_of, part_of_cost, well_known
from collector.domain.advice.types import Evidence, Money, Recommendation, Seat, residency_change, unit_change
from collector.domain.room.ptu import UnitCurve
from collector.domain.types import BATCH_SKUS

BATCH_DISCOUNT: Final = Decimal("0.5")


def resized(seat: Seat) -> Recommendation | None:
    """Provisioned units at their cheapest size, or without those that were never used."""
    curve, units = seat.unit_curve, seat.units
    if not seat.provisioned or units is None:
        return None
    if curve is not None and seat.throttled_at_limit > 0 and curve.never_throttles.units > units:
        return _enlarged(seat, curve, units)
    if curve is not None:
        return _resized_by_curve(seat, curve, units)
    used = seat.unit_use
    if used is None or not used.idle_units or not well_known(seat):
        return None
    after = units - used.idle_units
    return Recommendation(
        kind="resize_units",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=f"Give back {used.idle_units:,} of {units:,} provisioned units: the busiest minute used "
        f"{used.peak or 0:.0f} %.",
        effect_tpm=None,
        saves=part_of_cost(seat, Decimal(used.idle_units) / units),
        evidence=(
            Evidence("highest utilisation", f"{used.peak or 0:.0f} %"),
            Evidence("units", f"{units:,}"),
            *_latency(seat),
        ),
        assumption="A reservation is not reduced by giving units back.",
        urgency=2,
        changes=(unit_change(seat, after),),
    )


def _enlarged(seat: Seat, curve: UnitCurve, units: int) -> Recommendation:
    """Where requests are refused and nothing catches them, room comes before money."""
    enough = curve.never_throttles
    dearer = curve.per_month(curve.hourly * (enough.units - units) * Decimal(str(curve.hours)))
    return Recommendation(
        kind="resize_units",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=f"Raise {seat.deployment} from {units:,} to {enough.units:,} provisioned units, or turn on spillover: "
        "requests are refused while it is full.",
        effect_tpm=int((enough.units - units) * curve.rate.input_tpm),
        saves=Money(-dearer, curve.currency),
        evidence=(*evidence_of(seat), Evidence("tokens per unit", curve.rate.source), *_latency(seat)),
        assumption="The busiest served minute shows the whole demand; what was refused comes on top.",
        urgency=0,
        changes=(unit_change(seat, enough.units),),
    )


def _resized_by_curve(seat: Seat, curve: UnitCurve, units: int) -> Recommendation | None:
    best = curve.cheapest
    by_token = curve.token_cost <= best.cost
    now = min(curve.points, key=lambda point: abs(point.units - units))
    cost_now = (curve.hourly * units * Decimal(str(curve.hours))) + (
        now.spilled_cost if units <= now.units else 0
    )
    saved = curve.per_month(cost_now - min(best.cost, curve.token_cost))
    if saved <= 0 or (best.units == units and not by_token):
        return None
    what = "pay by the token instead" if by_token else f"run it on {best.units:,} units"
    return Recommendation(
        kind="resize_units",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=f"{seat.deployment} has {units:,} provisioned units; on its own minutes it is cheapest to {what}.",
        effect_tpm=None,
        saves=Money(saved, curve.currency),
        evidence=(
            Evidence("cost by the token", f"{curve.token_cost:,} {curve.currency}"),
            Evidence(f"cost with {best.units:,} units", f"{best.cost:,} {curve.currency}"),
            Evidence("share that would spill", f"{best.spilled_share:.1%}"),
            Evidence("never throttles with", f"{curve.never_throttles.units:,} units"),
            Evidence("tokens per unit", curve.rate.source),
            *_latency(seat),
        ),
        assumption="What does not fit is served by the token at list price; a reservation is not reduced.",
        urgency=2,
        changes=() if by_token else (unit_change(seat, best.units),),
    )


def _latency(seat: Seat) -> tuple[Evidence, ...]:
    """Units are not bought for money alone: they answer sooner, or they do not."""
    return () if seat.latency is None else (Evidence("time to first token", seat.latency.in_words()),)


def batched(seat: Seat) -> Recommendation | None:
    share = seat.batchable_share
    if not share or seat.provisioned or seat.sku in BATCH_SKUS or seat.cost_per_month is None:
        return None
    saved = part_of_cost(seat, Decimal(str(share)) * BATCH_DISCOUNT)
    if saved is None or saved.amount <= 0:
        return None
    return Recommendation(
        kind="batch",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=f"Send the {share:.0%} of {seat.deployment} that can wait to batch, at half the price.",
        effect_tpm=None,
        saves=saved,
        evidence=(Evidence("share that can wait", f"{share:.0%}"), *evidence_of(seat)),
        assumption="Answers within 24 hours are soon enough for that share.",
        urgency=2,
        residency=residency_change(
            seat.sku,
            seat.location,
            "DataZoneBatch" if seat.sku.startswith("DataZone") else "GlobalBatch",
            seat.location,
        ),
    )
