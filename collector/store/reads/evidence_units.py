"""A provisioned deployment's own minutes: how well its units are used, what a unit carries there, and what each size would cost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from collector.domain.advice.prices import RoomPrices
from collector.domain.advice.types import Seat
from collector.domain.periods import last_days
from collector.domain.room.ptu import (
    NotCalibrated,
    TokenPrices,
    UnitCurve,
    UnitRate,
    UnitSizes,
    UnitUse,
    calibrated,
    curves_by_term,
    unit_use,
)
from collector.store.reads.evidence import DeploymentMinutes, deployment_evidence
from collector.store.reads.quotas import QuotaRow
from collector.store.reads.seats import DAYS

Numbers = NDArray[np.float64]

_MOST_RETRIES: Final = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class UnitStory:
    """`prompt` and `completion` are what each known minute would have used had nothing been refused or spilled.

    `spilled_tokens` and `spilled_cost` suppose that spilled requests are as large as the served ones; the cost is at
    list price by the token, None where that is unknown. `curves` is empty where units or tokens have no price or the
    minutes do not tell what a unit carries; `why_no_curve` then says so.
    """

    seat: Seat
    use: UnitUse
    rate: UnitRate | NotCalibrated
    prompt: Numbers
    completion: Numbers
    spilled_tokens: int
    spilled_cost: Decimal | None
    token_prices: TokenPrices | None
    curves: dict[str, UnitCurve]
    why_no_curve: str | None

    @property
    def seat_with_units(self) -> Seat:
        return replace(self.seat, unit_use=self.use, unit_curve=self.curves.get("hourly"))


def unit_story(
    connection: Connection,
    seat: Seat,
    prices: RoomPrices | None,
    now: datetime,
    days: int = DAYS,
    *,
    growth: float = 1.0,
) -> UnitStory | None:
    """The last days of a provisioned deployment; None where its units are unknown or it has no minute.

    With `growth`, each minute's load is so many times as large: use may pass 100 %, which is what would not fit.
    """
    if not seat.provisioned or not seat.units:
        return None
    evidence = deployment_evidence(
        connection, seat.account_key, seat.deployment.casefold(), last_days(now.date(), days)
    )
    if not evidence.covered:
        return None
    block, covered = evidence.block, evidence.block.covered
    sizes = UnitSizes(seat.steps.minimum, seat.steps.step)
    calm = covered & (block.throttled == 0) & (block.spilled == 0)
    rate = calibrated(block.prompt[calm], block.completion[calm], block.ptu_max[calm], seat.units)
    factor = _unrefused(evidence) * growth
    prompt, completion = (block.prompt * factor)[covered], (block.completion * factor)[covered]
    tokens = None if prices is None else _by_token(prices, seat)
    spilled = _spilled(evidence)
    curves, why = _curves(seat, rate, prompt, completion, sizes, prices, tokens)
    known = block.ptu_max[covered & ~np.isnan(block.ptu_max)]
    return UnitStory(
        seat=seat,
        use=unit_use(
            seat.units,
            np.where(covered, block.ptu_max * growth, np.nan).reshape(-1),
            mean=float(known.mean()) * growth if known.size else None,
            requests=round(sum(evidence.requests) * growth),
            spilled=round(sum(evidence.spilled) * growth),
            sizes=sizes,
        ),
        rate=rate,
        prompt=prompt,
        completion=completion,
        spilled_tokens=int(spilled[0] + spilled[1]),
        spilled_cost=None
        if tokens is None
        else (
            tokens.input * Decimal(round(spilled[0])) + tokens.output * Decimal(round(spilled[1]))
        ).quantize(Decimal("0.01")),
        token_prices=tokens,
        curves=curves,
        why_no_curve=why,
    )


def unit_lines(rows: Iterable[QuotaRow]) -> list[QuotaRow]:
    """Quota lines of provisioned units where any were given or taken: what is free of them is deployed nowhere."""
    return [row for row in rows if row.unit == "ptu" and (row.limit or row.current)]


def _served(evidence: DeploymentMinutes) -> Numbers:
    block = evidence.block
    return np.maximum(block.requests - block.throttled - block.spilled, 0).astype(np.float64)


def _unrefused(evidence: DeploymentMinutes) -> Numbers:
    """Refused requests are retried and refused again, so they at most double a minute."""
    served = _served(evidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.minimum(evidence.block.requests / served, _MOST_RETRIES)
    return np.where(served > 0, factor, 1.0)


def _spilled(evidence: DeploymentMinutes) -> tuple[float, float]:
    """Prompt and completion tokens that were served elsewhere, at the size of the minute's served requests."""
    block, served = evidence.block, _served(evidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where((served > 0) & block.covered, block.spilled / served, 0.0)
    return float((block.prompt * share).sum()), float((block.completion * share).sum())


def _by_token(prices: RoomPrices, seat: Seat) -> TokenPrices | None:
    return prices.beside_units(seat.model, seat.version, seat.sku, seat.location)


def _curves(
    seat: Seat,
    rate: UnitRate | NotCalibrated,
    prompt: Numbers,
    completion: Numbers,
    sizes: UnitSizes,
    prices: RoomPrices | None,
    tokens: TokenPrices | None,
) -> tuple[dict[str, UnitCurve], str | None]:
    if isinstance(rate, NotCalibrated):
        return {}, f"what a unit carries is unknown: {rate.reason}"
    hourly = {} if prices is None else prices.units(seat.model, seat.version, seat.sku, seat.location)
    if not hourly:
        return {}, "the price of a unit is unknown"
    if tokens is None:
        return {}, "the price by the token is unknown"
    return (
        curves_by_term(prompt, completion, rate=rate, sizes=sizes, hourly_by_term=hourly, prices=tokens),
        None,
    )
