"""What Overview says."""

from typing import Final

from collector.domain.money.forecast import MonthForecast
from dashboard import formats
from dashboard.periods import Period
from dashboard.words import plain_text
from dashboard.words.limits import rate

ROOM_HEADLINE: Final = "Deployments at 80 % of a limit or more"
ENDINGS_HEADLINE: Final = "Deployments ending within 30 days"
COST_HEADLINE_HELP: Final = (
    "An estimate from metered tokens at list prices unless your own rates are configured. The Cost screen says how "
    "each figure was priced. The change compares whole days with as many days before; today is left out."
)
QUESTIONS: Final = ("What does it cost?", "How much room is left?", "What ends when?")
ON_THE_DAY: Final = {"upgraded": "upgraded", "stops": "stops", "unknown": "unknown"}
OPEN: Final = ("Open Cost", "Open Room", "Open Endings")


def cost_headline(period: Period) -> str:
    return f"Estimated cost, {formats.day_span(period.first_day, period.last_day)}"


def also_in(amount: str) -> str:
    return f"and {plain_text(amount)} in another currency"


def forecast_line(forecast: MonthForecast, currency: str) -> str:
    shown = plain_text(formats.money_range(forecast.low, forecast.high, currency))
    return f"Month end: {shown} (estimate, 4 times in 5; past error {formats.percent(forecast.error)})"


def unpriced_line(rows: int, *, priced: bool) -> str:
    """Empty where nothing was priced either: then nothing is known of prices."""
    if not rows:
        return "Everything used has a price" if priced else ""
    return f"{formats.plural(rows, 'use has', 'uses have')} no price and {'is' if rows == 1 else 'are'} not in this sum"


def throttle_line(throttled: int, requests: int) -> str:
    if not requests:
        return "No requests are known in this period"
    return f"{formats.count(throttled)} requests refused with 429 ({rate(throttled, requests)})"


def quota_line(full: int, lines: int) -> str:
    if not lines:
        return "No quota line in use"
    return f"{full} of {formats.plural(lines, 'quota line')} in use at 90 % or more"


def over_line(over: int) -> str:
    return (
        f"{formats.plural(over, 'deployment')} past the end date already"
        if over
        else "None past its end date"
    )


def stops_line(stops: int, soon: int) -> str:
    return (
        f"{stops} of these {soon} {'stops' if stops == 1 else 'stop'} working on that day"
        if soon
        else "Nothing stops within 30 days"
    )


def later_line(later: int) -> str:
    return f"{formats.plural(later, 'ends', 'end')} within 180 days"
