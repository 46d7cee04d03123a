"""Numbers, amounts and times as people read them; the exact value stays in tooltips and downloads."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

UNKNOWN = "unknown"
NONE = "–"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "CNY": "CN¥"}
_NO_CENTS = frozenset({"JPY", "KRW"})
_STEPS = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def money(amount: Decimal | None, currency: str) -> str:
    """`$1,234.56`; whole units from a hundred thousand on, since nobody reads cents there."""
    if amount is None:
        return UNKNOWN
    if 0 < abs(amount) < Decimal("0.01") and currency not in _NO_CENTS:
        return f"< {_sign(currency)}0.01"
    places = Decimal(1) if currency in _NO_CENTS or abs(amount) >= 100_000 else Decimal("0.01")
    rounded = amount.quantize(places, ROUND_HALF_UP)
    minus = "−" if rounded < 0 else ""
    return f"{minus}{_sign(currency)}{abs(rounded):,f}"


def short_money(amount: Decimal | float, currency: str, digits: int = 3) -> str:
    """`$12.3k`, for axes and tight places."""
    value = float(amount)
    for size, word in _STEPS:
        if abs(value) >= size:
            return f"{_sign(currency)}{value / size:.{digits}g}{word}"
    return f"{_sign(currency)}{value:.2f}" if abs(value) < 100 else f"{_sign(currency)}{value:.0f}"


def signed_money(amount: Decimal, currency: str) -> str:
    """`−$17.6k`, `+$300`: what a sum moves by."""
    return f"{'−' if amount < 0 else '+'}{short_money(abs(amount), currency)}"


def money_range(low: Decimal, high: Decimal, currency: str) -> str:
    """`$17.7–22.3k`: the sign and the thousands once where both ends share them."""
    first, last = short_money(low, currency), short_money(high, currency)
    if first == last and low != high:
        first, last = short_money(low, currency, 4), short_money(high, currency, 4)
    if first == last:
        return first
    words = {word for _, word in _STEPS}
    if first[-1] in words and first[-1] == last[-1]:
        first = first[:-1]
    return f"{first}–{last.removeprefix(_sign(currency))}"


def unit_price(per_unit: Decimal | None, currency: str, unit: str) -> str:
    """Token prices by the million, as price lists print them; others by their own unit."""
    if per_unit is None:
        return NONE
    if "token" in unit:
        return f"{_sign(currency)}{_plain(per_unit * 1_000_000)} per 1M tokens"
    return f"{_sign(currency)}{_plain(per_unit)} per {unit}"


def quantity(value: Decimal | float | None, unit: str = "") -> str:
    """`1.24 M tokens`."""
    if value is None:
        return UNKNOWN
    number, word = float(value), ""
    for size, name in _STEPS:
        if abs(number) >= size:
            number, word = number / size, f" {name}"
            break
    text = f"{number:,.0f}" if not word and number == int(number) else f"{number:.3g}"
    return f"{text}{word} {unit}".strip()


def plain(name: str) -> str:
    """A name as Markdown shows it and takes nothing from it: every sign is told to be itself."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", name)


def count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def percent(share: float | Decimal | None, places: int = 0) -> str:
    """`93 %`; a share just below 1 is never rounded up to a whole that it is not."""
    if share is None:
        return UNKNOWN
    value = float(share) * 100
    if value == 100:
        return "100 %"
    rounded = round(value, places)
    if rounded >= 100 > value:
        return f"{99.9 if places < 2 else 99.99} %"
    return f"{rounded:,.{places}f} %"


def change(now: Decimal, before: Decimal) -> str | None:
    """`+12 %` against before, None where before was nothing."""
    if before <= 0:
        return None
    share = float((now - before) / before) * 100
    return f"{share:+.0f} %" if abs(share) >= 1 else f"{share:+.1f} %"


def instant(moment: datetime | None) -> str:
    return UNKNOWN if moment is None else f"{moment.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def day(value: date | None) -> str:
    return NONE if value is None else f"{value:%-d %b %Y}"


def day_span(first: date, last: date) -> str:
    """`1–22 Nov 2026`, as short as it stays clear; both days included."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{first:%-d %b} – {day(last)}" if first.year == last.year else f"{day(first)} – {day(last)}"


def ago(span: timedelta) -> str:
    minutes = int(span / timedelta(minutes=1))
    if minutes < 1:
        return "just now"
    if minutes < 90:
        return f"{minutes} minute{'' if minutes == 1 else 's'} ago"
    hours = round(minutes / 60)
    return f"{hours} hours ago" if hours < 48 else f"{round(hours / 24)} days ago"


def age(span: timedelta) -> str:
    """`35 min`, `26 h`, `3 days`: where there is no room for a sentence."""
    minutes = int(span / timedelta(minutes=1))
    if minutes < 90:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else f"{round(minutes / 1440)} days"


def days_left(days: int | None) -> str:
    if days is None:
        return "no date"
    if days == 0:
        return "today"
    word = "day" if abs(days) == 1 else "days"
    return f"in {days:,} {word}" if days > 0 else f"{-days:,} {word} ago"


def plural(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _sign(currency: str) -> str:
    return _SYMBOLS.get(currency, f"{currency} ")


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0")
    return f"{whole}.{rest.ljust(2, '0')}" if rest else f"{whole}.00"
