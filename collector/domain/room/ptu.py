"""Provisioned units: how well they are used, and which number of them would cost least.

What a minute needs in units follows from its tokens and from how many tokens a unit carries,
which is a dated fact with a source or is calibrated from utilisation that was observed. Where
neither exists nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.float64] | NDArray[np.int64]

HOURS_PER_MONTH: Final = 730
_FEW_MINUTES: Final = 60
_FITS: Final = 0.8
_APART: Final = 0.002  # squared sine of the angle between prompt and completion minutes
_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True)
class UnitRate:
    """How many tokens a minute one unit carries, and from where that is known.

    An output token weighs as much as `output_weight` input tokens.
    """

    input_tpm: float
    output_weight: float
    source: str


@dataclass(frozen=True, slots=True)
class UnitSizes:
    """What sizes the SKU is sold in."""

    minimum: int
    increment: int

    def at_least(self, units: float) -> int:
        """The smallest size on sale that holds so many units."""
        steps = math.ceil(max(units - self.minimum, 0) / self.increment - 1e-9)
        return self.minimum + steps * self.increment


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """What one token costs where it is paid by the token, in one currency."""

    input: Decimal
    output: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class UnitUse:
    """How well a deployment's units were used over a period; percent, None where not published."""

    units: int
    mean: float | None
    p95: float | None
    peak: float | None
    minutes_full: int
    minutes_known: int
    idle_units: int | None
    spilled: int
    spillover_share: float | None


@dataclass(frozen=True, slots=True)
class SizePoint:
    """A size and what the period's own minutes would have cost with it.

    `spilled_share` is the share of the load that would not have fitted and is paid by the token.
    """

    units: int
    unit_cost: Decimal
    spilled_cost: Decimal
    spilled_share: float
    minutes_full: int
    utilisation: float

    @property
    def cost(self) -> Decimal:
        return self.unit_cost + self.spilled_cost


@dataclass(frozen=True, slots=True)
class UnitCurve:
    """Units against paying by the token, on the deployment's own minutes.

    `break_even_utilisation` is the mean utilisation at which a unit pays; above 1 it never does.
    """

    currency: str
    hours: float
    hourly: Decimal
    rate: UnitRate
    token_cost: Decimal
    points: tuple[SizePoint, ...]
    cheapest: SizePoint
    never_throttles: SizePoint
    break_even_utilisation: float | None

    @property
    def saves(self) -> Decimal:
        """What the cheapest size saves against paying every token, over the period; negative if it costs."""
        return self.token_cost - self.cheapest.cost

    def per_month(self, amount: Decimal) -> Decimal:
        return (amount * Decimal(HOURS_PER_MONTH) / Decimal(str(self.hours))).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class NotCalibrated:
    reason: str


def unit_use(
    units: int,
    ptu_max: Floats,
    *,
    mean: float | None,
    requests: int,
    spilled: int,
    sizes: UnitSizes | None = None,
) -> UnitUse:
    """Utilisation from the highest percentage of each minute (NaN is not published).

    Idle units are those that the busiest minute left unused, in whole increments above the minimum.
    """
    known = ptu_max[~np.isnan(ptu_max)]
    peak = float(known.max()) if known.size else None
    idle = None
    if peak is not None:
        needed = math.ceil(units * peak / 100)
        idle = max(0, units - (sizes.at_least(needed) if sizes else needed))
    return UnitUse(
        units=units,
        mean=mean,
        p95=float(np.quantile(known, 0.95, method="inverted_cdf")) if known.size else None,
        peak=peak,
        minutes_full=int((known >= 100).sum()),
        minutes_known=int(known.size),
        idle_units=idle,
        spilled=spilled,
        spillover_share=spilled / requests if requests else None,
    )


def units_needed(prompt: Numbers, completion: Numbers, rate: UnitRate) -> Floats:
    """Units that each minute's tokens take up."""
    return (prompt + rate.output_weight * completion.astype(np.float64)) / rate.input_tpm


def calibrated(
    prompt: Numbers, completion: Numbers, utilisation: Floats, units: int
) -> UnitRate | NotCalibrated:
    """Tokens per unit from observed minutes: utilisation × units explained by their tokens.

    Only minutes between 2 and 95 percent count, where utilisation is neither idle noise nor capped.
    """
    used = (utilisation >= 2) & (utilisation <= 95) & (prompt + completion > 0)
    minutes = int(used.sum())
    if minutes < _FEW_MINUTES:
        return NotCalibrated(f"only {minutes} minutes show use below the limit; {_FEW_MINUTES} are needed")
    tokens = np.column_stack((prompt[used], completion[used])).astype(np.float64)
    taken = utilisation[used] / 100 * units
    per_token = _least_squares(tokens, taken)
    if per_token is None or (per_token <= 0).any():
        return NotCalibrated(
            "prompt and completion tokens rise and fall together: their weights cannot be told"
        )
    left = taken - tokens @ per_token
    explained = 1 - float((left**2).sum()) / max(float(((taken - taken.mean()) ** 2).sum()), 1e-12)
    if explained < _FITS:
        return NotCalibrated(f"tokens explain only {max(explained, 0):.0%} of the utilisation")
    return UnitRate(
        input_tpm=float(1 / per_token[0]),
        output_weight=float(per_token[1] / per_token[0]),
        source=f"calibrated from {minutes:,} minutes, which it explains to {explained:.0%}",
    )


def unit_curve(
    prompt: Numbers,
    completion: Numbers,
    *,
    rate: UnitRate,
    sizes: UnitSizes,
    hourly: Decimal,
    prices: TokenPrices,
) -> UnitCurve:
    """The cost of every size on these minutes, of which each counts as one minute of the period."""
    if prompt.shape != completion.shape or not prompt.size:
        raise ValueError(
            f"{prompt.size} prompt and {completion.size} completion minutes: expected as many, and at least one"
        )
    needed = units_needed(prompt, completion, rate).reshape(-1)
    token_costs = prompt.reshape(-1) * float(prices.input) + completion.reshape(-1) * float(prices.output)
    hours = needed.size / 60
    largest = sizes.at_least(float(needed.max()))
    points = tuple(
        _point(units, needed, token_costs, hours, hourly) for units in _sizes_up_to(sizes, largest)
    )
    full = float(needed.sum()) / 60
    by_token = float(token_costs.sum())
    return UnitCurve(
        currency=prices.currency,
        hours=hours,
        hourly=hourly,
        rate=rate,
        token_cost=_money(by_token),
        points=points,
        cheapest=min(points, key=lambda point: (point.cost, point.units)),
        never_throttles=points[-1],
        break_even_utilisation=float(hourly) * full / by_token if by_token else None,
    )


def curves_by_term(
    prompt: Numbers,
    completion: Numbers,
    *,
    rate: UnitRate,
    sizes: UnitSizes,
    hourly_by_term: Mapping[str, Decimal],
    prices: TokenPrices,
) -> dict[str, UnitCurve]:
    """A curve for each way to buy units (`hourly`, `monthly`, `yearly`), each at its rate per hour."""
    return {
        term: unit_curve(prompt, completion, rate=rate, sizes=sizes, hourly=hourly, prices=prices)
        for term, hourly in hourly_by_term.items()
    }


def _least_squares(tokens: Floats, taken: Floats) -> Floats | None:
    """Units per prompt and per completion token; None where both kinds move together."""
    prompt, completion = tokens[:, 0], tokens[:, 1]
    pp, pc, cc = float(prompt @ prompt), float(prompt @ completion), float(completion @ completion)
    apart = pp * cc - pc * pc
    if apart <= _APART * pp * cc:
        return None
    pt, ct = float(prompt @ taken), float(completion @ taken)
    return np.array([(pt * cc - ct * pc) / apart, (ct * pp - pt * pc) / apart])


def _sizes_up_to(sizes: UnitSizes, largest: int) -> list[int]:
    """Every size on sale up to the largest, or evenly many of them where there are too many."""
    count = (largest - sizes.minimum) // sizes.increment
    stride = sizes.increment * max(1, math.ceil(count / _MOST_POINTS))
    found = list(range(sizes.minimum, largest, stride))
    return [*found, largest]


def _point(units: int, needed: Floats, token_costs: Floats, hours: float, hourly: Decimal) -> SizePoint:
    over = np.maximum(needed - units, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spilled = np.where(needed > 0, over / needed, 0)
    total = float(needed.sum())
    return SizePoint(
        units=units,
        unit_cost=(hourly * units * Decimal(str(hours))).quantize(Decimal("0.01")),
        spilled_cost=_money(float((token_costs * spilled).sum())),
        spilled_share=float(over.sum()) / total if total else 0.0,
        minutes_full=int((needed > units).sum()),
        utilisation=float(np.minimum(needed, units).mean()) / units,
    )


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))
