"""What a deployment needs: how urgent it is, how large it should be, and what it could give away."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from collector.domain.advice.types import Evidence, Money, Seat
from collector.domain.room.fullness import UntilFull
from collector.domain.usage.minutes import MinuteBlock

TARGET_SHARE: Final = Decimal("0.8")
"""A raised limit is sized so that the busiest minute takes this share of it."""

LOWERED_SHARE: Final = Decimal("0.7")
"""A lowered limit leaves more room than a raised one: taking away must not hurt."""

SOON_DAYS: Final = 30
_TIGHT_SHARE: Final = 0.9
_LEAST_DAYS: Final = 28
_LEAST_COVERAGE: Final = 0.99
_MOST_RETRIES: Final = 2.0


def unthrottled_peak(block: MinuteBlock) -> int | None:
    """Tokens of the busiest minute, had its refused requests been served at the size of the served ones.

    Retries are refused again, so this at most doubles a minute.
    """
    arrived = np.where(block.covered, block.requests, 0)
    served = np.maximum(arrived - block.throttled - block.spilled, 0)
    factor = np.where(served > 0, np.minimum(arrived / np.maximum(served, 1), _MOST_RETRIES), 1.0)
    return int((block.tokens * factor)[block.covered].max()) if block.covered.any() else None


def urgency_of(seat: Seat) -> int | None:
    """0 where requests are refused at the limit now, 1 where they soon will be, None where there is room.

    429s that more quota does not help (bursts, the service's own load) are no want of room.
    """
    if seat.throttled_at_limit > 0 and seat.cause not in ("bursts", "service_load"):
        return 0
    if seat.used_share is not None and seat.used_share >= _TIGHT_SHARE:
        return 1
    until = seat.until_full
    if isinstance(until, UntilFull) and until.days is not None and until.days <= SOON_DAYS:
        return 1
    return None


def units_wanted(seat: Seat, share: Decimal = TARGET_SHARE, *, refused_too: bool = True) -> int | None:
    """The capacity at which the busiest minute takes `share` of the limit; None where it cannot be told."""
    tokens = seat.demand_tpm if refused_too and seat.demand_tpm is not None else seat.peak_tpm
    pairs = ((tokens, seat.tokens_per_unit), (seat.peak_rpm, seat.requests_per_unit))
    known = [Decimal(peak) / share / per_unit for peak, per_unit in pairs if peak is not None and per_unit]
    return seat.steps.up(max(known)) if known else None


def well_known(seat: Seat) -> bool:
    """Weeks of whole minutes: only then is what was not used known to be spare."""
    return seat.days >= _LEAST_DAYS and (seat.minute_coverage or 0) >= _LEAST_COVERAGE


def spare_units(seat: Seat) -> int:
    """Units that a deployment could give away and still keep its busiest minute at the lowered share.

    None where requests were refused for its own load: estimates and bursts fill a limit that billed tokens leave empty.
    """
    if seat.throttled and seat.cause != "service_load":
        return 0
    wanted = units_wanted(seat, LOWERED_SHARE)
    if seat.provisioned or seat.units is None or wanted is None or not well_known(seat):
        return 0
    return 0 if urgency_of(seat) is not None else max(0, seat.units - max(wanted, seat.steps.minimum))


def part_of_cost(seat: Seat, share: Decimal) -> Money | None:
    cost = seat.cost_per_month
    return None if cost is None else Money((cost.amount * share).quantize(Decimal("0.01")), cost.currency)


def evidence_of(seat: Seat) -> tuple[Evidence, ...]:
    found = [Evidence("period", f"{seat.days} days")]
    if seat.peak_tpm is not None:
        found.append(Evidence("busiest minute", f"{seat.peak_tpm:,} of {seat.limit_tpm or 0:,} tokens"))
    if seat.peak_rpm is not None and seat.limit_rpm:
        found.append(Evidence("busiest minute, requests", f"{seat.peak_rpm:,} of {seat.limit_rpm:,}"))
    if seat.throttled:
        found.append(
            Evidence(
                "throttled",
                f"{seat.throttled:,} of {seat.requests:,}, {seat.throttled_at_limit:,} at the limit",
            )
        )
    return tuple(found)
