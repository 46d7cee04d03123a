"""What the cost screens say."""

from decimal import Decimal
from typing import Final

from collector.domain.money.forecast import MonthForecast
from collector.store.reads.cost import Dimension
from dashboard import formats
from dashboard.periods import Period
from dashboard.words import plain_text

COST_OF_PERIOD: Final = "Estimated cost"
COMPARED: Final = "vs before"
COMPARED_HELP: Final = "The change compares whole days with as many days before; today is left out."
RANGE: Final = "Lowest – highest"
RANGE_HELP: Final = (
    "Metrics do not tell cached from uncached input, nor long from short context. Low: all input cached. "
    "High: none cached, long-context price where one exists."
)
PER_DAY: Final = "A day, on average"
PER_DAY_HELP: Final = "Mean of the whole days of the period; an estimate like the sum."
MONTH_END: Final = "Month end, estimated"
NO_FORECAST: Final = "no forecast"
PAST_ERROR: Final = "past error"
HOW_PRICED: Final = "How priced"
HOW_SURE: Final = "How sure"
SURE_COLUMN: Final = "How far below and above the cost may lie, where metrics do not tell cached input, long context or tier; exact: they tell all"
UNPRICED: Final = "Without a price"
UNPRICED_HELP: Final = "Used, but no price could be found, so it is in no sum. The table below says why."
UNPRICED_TITLE: Final = "Used without a price"
UNPRICED_TEXT: Final = "These quantities are in no sum above. A wrong price would be worse than none."
OUT_OF_SCOPE_TITLE: Final = "Other publishers' models"
OUT_OF_SCOPE_TEXT: Final = "Their room and endings are watched, their cost is not ours to estimate."
SHOW_CHARGES: Final = "Show every charge and the price it came from"
CHARGES_TITLE: Final = "Every charge and its price"
CHARGES_TEXT: Final = (
    "Quantity × price = cost. Each line says which meter it was priced by and how that was matched."
)
SPENDING_TITLE: Final = "Cost per day"
SLICES_TITLE: Final = "Where it goes"
COST_COLUMN: Final = "Estimated, as listed under Basis. The download holds every digit."
SHARE_COLUMN: Final = "Share of the period's cost in this currency"
TREND_COLUMN: Final = "Cost per UTC day over the period"
LOW_COLUMN: Final = "If everything that metrics cannot tell were at its cheapest"
HIGH_COLUMN: Final = "If everything that metrics cannot tell were at its dearest"
UNIT_PRICE_COLUMN: Final = "The price that applied; a price change within the period gives two lines"
BASIS_COLUMN: Final = (
    "estimated: metered × list price or your rate. calibrated: with the cached share of your own bill"
)
STEP_COLUMN: Final = "How the price was found, most certain first: your own rate, the model's own meter id, the meter's name, the shipped snapshot"
TODAY_PARTIAL: Final = "The pale bar is today so far (UTC)"
SO_FAR: Final = "so far"
UNNAMED: Final = "(none)"
OTHERS_TOGETHER: Final = "all others together"
NO_KEY: Final = {"team": "(no team)", "step": "(no price)"}
DIMENSIONS: Final = {
    "model": "Model",
    "deployment": "Deployment",
    "account": "Account",
    "subscription": "Subscription",
    "team": "Team",
    "sku": "SKU",
    "kind": "Kind",
    "location": "Location",
    "tier": "Tier",
    "step": "How priced",
}
SPLITS: Final[dict[str, Dimension]] = {
    "Model": "model",
    "Deployment": "deployment",
    "Account": "account",
    "Subscription": "subscription",
    "Team": "team",
    "SKU": "sku",
    "Kind": "kind",
    "Location": "location",
}
KINDS: Final = {
    "input": "Input tokens",
    "cached_input": "Cached input tokens",
    "cache_write": "Cache writes",
    "output": "Output tokens",
    "audio_input": "Audio input",
    "audio_output": "Audio output",
    "cached_audio_input": "Cached audio input",
    "image_input": "Image input",
    "image_output": "Image output",
    "cached_image_input": "Cached image input",
    "image": "Images",
    "video_second": "Video seconds",
    "audio_hour": "Audio hours",
    "training_hour": "Training hours",
    "training_token": "Training tokens",
    "hosting_hour": "Hosting hours",
    "ptu_hour": "PTU hours",
    "session": "Sessions",
    "storage_gb_day": "Storage",
    "tool_call": "Tool calls",
}
STEPS: Final = {
    "rate": "your own rate",
    "meter-id": "the model's own meter",
    "meter-name": "the meter's name",
    "snapshot": "shipped snapshot",
    "reservation": "a reservation",
}


def in_currency(text: str, currency: str) -> str:
    return f"{text} ({currency})" if currency else text


def cost_help(period: Period, currency: str, cost: Decimal) -> str:
    exact = f"Exactly {cost:f} {currency}." if currency else ""
    return (
        f"{formats.day_span(period.first_day, period.last_day)}, UTC days. An estimate at list prices, or at your own "
        f"rates where configured; not a bill. {exact} {COMPARED_HELP}"
    )


def cost_range(low: Decimal, high: Decimal, currency: str) -> str:
    return formats.money_range(low, high, currency) if currency else formats.UNKNOWN


def run_rate_help(days: int) -> str:
    return f"Mean of the last {formats.plural(days, 'whole day')} within the period (UTC); an estimate like the sum."


def sureness(cost: Decimal, low: Decimal, high: Decimal) -> str:
    """`−3 % +6 %`, or that metrics tell all."""
    if not cost or low == high == cost:
        return "exact"
    below, above = (formats.percent(abs(part - cost) / cost) for part in (low, high))
    return f"−{below} +{above}"


def month_end_help(forecast: MonthForecast, currency: str) -> str:
    return (
        f"{forecast.month}: four times in five the month should end in this range. Known so far "
        f"{plain_text(formats.money(forecast.known, currency))} over {formats.plural(forecast.known_days, 'whole day')}, "
        f"{forecast.forecast_days} to come. Such forecasts were off by {formats.percent(forecast.error)} on this "
        f"series' own past; repeating the last week by {formats.percent(forecast.seasonal_error)}."
    )


def no_forecast(reason: str) -> str:
    return f"No forecast is shown: {reason}."


def cost_chart_alt(total: str, period: str, largest: str) -> str:
    return f"Stacked bars of estimated cost per day, {period}: {total} in all, most of it {largest}."


def months_alt(months: int) -> str:
    return f"Bars of estimated cost of the last {formats.plural(months, 'month')}."


MONTHS_TITLE: Final = "Month by month"
