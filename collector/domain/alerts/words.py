"""How figures and days read in a finding's sentences: plain, exact, and the same everywhere."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

_SMALL = Decimal("0.01")


def day(on: date | None) -> str:
    return "unknown" if on is None else f"{on.day} {on:%B %Y}"


def span(days: int) -> str:
    """ "in 39 days", "today", "12 days ago"."""
    if days == 0:
        return "today"
    unit = "day" if abs(days) == 1 else "days"
    return f"in {days} {unit}" if days > 0 else f"{-days} {unit} ago"


def count(number: int | Decimal | None) -> str:
    if number is None:
        return "unknown"
    whole = number == int(number)
    return f"{int(number):,}" if whole else f"{number:,.1f}"


def percent(share: Decimal | None) -> str:
    """One digit below 10 %, none above. What is not zero never reads as 0 %, nor what is not whole as 100 %."""
    if share is None:
        return "unknown"
    points = share * 100
    if 0 < points < Decimal("0.1"):
        return "under 0.1 %"
    if Decimal(99) < points < 100:
        return f"{points.quantize(Decimal('0.1'), ROUND_DOWN):f} %"
    digits = Decimal("0.1") if abs(points) < 10 and points != int(points) else Decimal(1)
    return f"{points.quantize(digits, ROUND_HALF_UP):f} %"


def money(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return "unknown"
    if 0 < amount < _SMALL:
        return f"under 0.01 {currency}"
    return f"{amount.quantize(_SMALL, ROUND_HALF_UP):,} {currency}"


def sums(amounts: Iterable[tuple[str, Decimal]]) -> str:
    """Amounts of different currencies stand side by side and are never added."""
    shown = [money(amount, currency) for currency, amount in amounts]
    return " and ".join(shown) if shown else "unknown"


def names(parts: Iterable[str | None], joint: str = " ") -> str:
    return joint.join(part for part in parts if part)
