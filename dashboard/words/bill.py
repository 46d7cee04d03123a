"""What stands beside the bill of the running month."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from dashboard import formats

BILL: Final = "Bill so far"
OPEN_MONTH: Final = "Close the month: each account and meter"
CAUSES: Final = {
    "reservation": "units paid ahead (tell them in [[reservations]])",
    "negotiated rate": "negotiated rates (tell them in [[rates]])",
    "quantity": "used and not billed whole yet",
    "unpriced": "billed and not estimated",
    "long context": "long context",
    "cached share": "cached input",
    "tier": "service tiers",
}


def apart(share: Decimal) -> str:
    """`12 % below the estimate`; a difference that rounds to nothing is none."""
    size = formats.percent(abs(share))
    if size == formats.percent(0):
        return "as estimated"
    return f"{size} {'below' if share < 0 else 'above'} the estimate"


def why(share: Decimal, causes: Sequence[str]) -> str:
    return f"The bill is {apart(share)} of the same days: about {'; '.join(causes)}."


def bill_help(billed: str, estimate: str) -> str:
    """Text of the tile: what the estimate said for the same days and subscriptions."""
    return (
        f"Use as billed so far, reserved units at their part of the reservation: {billed}. For the same days and "
        f"subscriptions we estimate {estimate}, at list prices or your own rates. Azure adds to a day for up to three "
        "more."
    ).replace("$", "\\$")


def through_day(day: date) -> str:
    return f"through {day:%-d %b}"
