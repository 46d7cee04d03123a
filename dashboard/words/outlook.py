"""What the cost screens beside Cost say: forecast and budgets, unit costs, savings, and why it changed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from collector.domain.money.burn import BudgetState
from collector.domain.money.saving_types import Saving
from collector.domain.periods import Month
from collector.store.reads.cost import Dimension
from dashboard import formats
from dashboard.words import period_name
from dashboard.words.cost import DIMENSIONS, STEPS

if TYPE_CHECKING:
    from dashboard.views.outlook import Course
    from dashboard.views.unit_costs import Beside

FORECAST_TITLE: Final = "Forecast and budgets"
FORECAST_HELP: Final = (
    "What the month will come to by part of the estate, how budgets burn, and strange days."
)
UNITS_TITLE: Final = "Unit costs"
UNITS_HELP: Final = (
    "What a million tokens and a request came to, and provisioned units beside the same by the token."
)
SAVINGS_TITLE: Final = "Savings"
SAVINGS_HELP: Final = "Money that need not be spent, each with what it assumes and what speaks for it."

# The month so far and to come
COURSE_TITLE: Final = "The month so far, and to come"
COURSE_TEXT: Final = (
    "Summed up day by day (UTC), estimated. The band holds the month's way four times in five."
)
KNOWN: Final = "known"
TO_COME: Final = "forecast"
BAND: Final = "4 times in 5"
MONTH_BEFORE: Final = "Month before"
MONTH_BEFORE_HELP: Final = "The whole month before, estimated."
BILLED: Final = "billed"
BUDGET: Final = "budget"
NO_BILL: Final = "no bill read"

# Forecast of parts
FORECAST_BY: Final = "Forecast by"
FORECAST_SPLITS: Final[dict[str, Dimension]] = {
    "Team": "team",
    "Subscription": "subscription",
    "Account": "account",
    "Model": "model",
    "Deployment": "deployment",
}
PARTS_TITLE: Final = "What each part will come to"
PARTS_TEXT: Final = (
    "Every forecast comes with its interval, which holds four times in five, and with how far such forecasts were off "
    "on the part's own past. Where repeating the last day or week did better, no forecast is shown."
)
LARGEST_ONLY: Final = "Only the dearest are told apart here, the others are one line; `aoai-monitor cost forecast --by deployment` tells all."
SPENT_COLUMN: Final = "Estimated, through the last whole day (UTC)"
LOW_COLUMN: Final = "In one of ten cases the month ends lower"
HIGH_COLUMN: Final = "In one of ten cases the month ends higher"
FORECAST_COLUMN: Final = "The middle of the interval; an estimate"
ERROR_COLUMN: Final = "Mean error that this way of forecasting made on the part's own past, as far ahead as the month's end is now (at most 14 days)"
WEEK_COLUMN: Final = "The same error, had the last week been repeated instead"
DAY_COLUMN: Final = "The same error, had the last day been repeated instead"
CHANGE_COLUMN: Final = "Forecast against the whole month before"

# Budgets
BUDGETS_TITLE: Final = "Budgets"
BUDGETS_TEXT: Final = "Against the estimate, through the last whole day. Azure does not stop at a budget."
BUDGETS_WITHIN: Final = "Budgets within plan"
BUDGETS_HELP: Final = "Budgets that are neither spent nor expected to be spent before the month ends."
BUDGET_USED: Final = "Budget used"
NO_BUDGETS: Final = "No budget is configured: [[budgets]] in aoai-monitor.toml sets one for everything or for a subscription, account, deployment, model, team or tag."
STANDING_COLUMN: Final = "Spent: all of it is gone. Will be spent: the whole interval lies above it. May be spent: the interval reaches above it."
USED_COLUMN: Final = "Spent ÷ amount"
SPENT_ON_COLUMN: Final = (
    "The day on which it is used up at the mean of the last seven days; empty: not this month"
)
BAD: Final = frozenset({"spent", "will be spent"})

# Strange days
STRANGE: Final = "Strange days"
STRANGE_TITLE: Final = "Days that cost what nobody would have expected"
STRANGE_TEXT: Final = "Judged by the days before, weekday by weekday; off by five usual deviations, a quarter of what was expected, and a unit of money."
STRANGE_HELP: Final = (
    "Days of the last five weeks far outside what their weekday and the weeks before let expect, in any part."
)
NONE_STRANGE: Final = "No day of the last five weeks stands out."
EXPECTED_COLUMN: Final = "From the same weekday and the two weeks before"
CAUSE_COLUMN: Final = "Volume: more or fewer units. Price: the same at another price. Mix: other things than before. Against the same weekday of four weeks."

# Why it changed
CHANGES_TITLE: Final = "Why it changed"
MOVERS_TITLE: Final = "What moved most"
SUM_ABOUT: Final = "Estimated, over whole days (UTC); today is left out."
VOLUME: Final = "Volume"
PRICE: Final = "Price"
MIX: Final = "Mix"
VOLUME_ABOUT: Final = "More or fewer units at the old average price."
PRICE_ABOUT: Final = "The same thing at another price."
MIX_ABOUT: Final = "Other models, SKUs, kinds or tiers than before."
MOVED_COLUMN: Final = "Cost now − cost before, of one model, SKU, kind and tier"

# Unit costs
UNIT_BY: Final = "Unit costs of"
UNIT_TABLE: Final = "A million tokens, and a thousand requests"
UNIT_TEXT: Final = "Cost ÷ use, estimated. Provisioned units and hosting are left out here: they cost the same whatever they serve."
PER_INPUT_COLUMN: Final = "Uncached input, cache writes, audio and image input"
PER_CACHED_COLUMN: Final = "Input that was read from the cache; known where a bill or a rate tells it apart"
BLENDED_COLUMN: Final = "Cost of all tokens ÷ all tokens"
PER_REQUEST_COLUMN: Final = "Cost ÷ answered requests, per 1,000 requests"
UNITS_MONTH: Final = "Units are weighed by the whole month (UTC) in which the period at the side ends."
UNITS_SECTION: Final = "Provisioned units, beside the same by the token"
UNITS_TEXT: Final = (
    "What the units cost for a million tokens at the utilisation they reached, and what the very tokens they served "
    "would have cost by the token of the same reach, uncached, at list price."
)
THROUGH_UNITS: Final = "through units"
PAID_SINGLY: Final = "by the token"
PAYS_FROM_COLUMN: Final = "Mean utilisation from which the units would cost less than the same tokens, if load grew evenly; over 100 %: never"
SPILLED_COLUMN: Final = "What requests that the units had no room for cost on the deployment that served them, by its requests; in its cost, not in the units'"
NO_UNITS: Final = "No provisioned units in this period."
IDLE_COLUMN: Final = "Cost × the share of the units that stood idle on average"
TIMES_COLUMN: Final = "Through units ÷ by the token"

# Savings
SAVINGS_TEXT: Final = "At most this much a month, at the prices of the month's last day. Savings of one deployment exclude each other."
LIKELY: Final = "Likely"
LIKELY_HELP: Final = "The figures speak for these. Of each deployment only the largest one is counted."
POSSIBLE: Final = "Possible on top"
POSSIBLE_HELP: Final = (
    "Whether these can be done depends on what no metric tells: latency, quota, whether answers may wait."
)
OF_COST: Final = "Of the month's cost"
OF_COST_HELP: Final = "Likely savings ÷ everything estimated for the month in this currency."
NO_SAVINGS: Final = "Nothing was found that would save a unit of money or more."
SAVINGS_MONTH: Final = "Month (UTC)"
SAVING_KINDS: Final = {
    "idle": "Give back what stands idle",
    "by token": "Pay by the token instead of by units",
    "reservation": "Reserve the units",
    "newer model": "Newer and cheaper model",
    "cheaper SKU": "Cheaper SKU, same residency",
    "batch": "Send to batch what can wait",
    "caching": "Have prompts begin alike",
}
SAVING_COLUMN: Final = "At most, a month: what the deployment cost less what it would have cost so"
SURE_COLUMN: Final = "likely: the figures speak for it. possible: it depends on what no metric tells"
SAVINGS_KIND: Final = "Way to save"
ALL_KINDS: Final = "All ways"
LARGEST_SAVINGS: Final = "The largest"
ALL_SAVINGS: Final = "Every saving"
ONE_DEPLOYMENT: Final = "Of each deployment, the savings exclude each other."
DRILL_HINT: Final = "Open does the same. The address keeps the way; the download holds every digit."
LOOK_INSIDE: Final = "Look inside"
DRILL_END: Final = "The download holds every digit."
EVERYTHING: Final = "Everything"
BACK: Final = "Back"
SAVINGS_TOP: Final = "Money that need not be spent"
AHEAD_TOP: Final = "Budgets and strange days"
OPEN_SAVINGS: Final = "Open Savings"
OPEN_FORECAST: Final = "Open Forecast and budgets"


def way_priced(step: str | None) -> str:
    """How a price was found."""
    return STEPS.get(step or "", step or "the bill")


def budget_help(one: BudgetState) -> str:
    amount, spent = formats.money(one.amount, one.currency), formats.money(one.spent, one.currency)
    when = f" At the present pace it is used up on {formats.day(one.spent_on)}." if one.spent_on else ""
    return f"{spent} of {amount} for this month, counted through the last whole day.{when}".replace(
        "$", "\\$"
    )


def course_alt(course: "Course") -> str:
    """For who cannot see the chart."""
    so_far = formats.money(course.known[-1] if course.known else None, course.currency)
    end = course.ahead[-1] if course.ahead else None
    coming = f" and {formats.money_range(end.low, end.high, course.currency)} by its end" if end else ""
    return f"Cost of the month summed up by day: {so_far} so far{coming}."


def beside_alt(rows: "Sequence[Beside]") -> str:
    return f"Cost of a million tokens through {formats.plural(len(rows), 'provisioned deployment')} and by the token."


def units_title(month: Month) -> str:
    return f"Every provisioned deployment in {month.first_day:%B %Y}"


def running(month: Month) -> str:
    return f"{period_name(str(month))} (UTC), estimated, through the last whole day"


def up_to(sure: str) -> str:
    return f"At most, a month ({sure})"


def evidence(one: Saving) -> str:
    return f"Seen: {one.evidence}."


def assumption(one: Saving) -> str:
    return f"Assumes that {one.assumes}."


def signed(amount: Decimal, currency: str) -> str:
    """`+$1,234.00`"""
    return f"{'+' if amount > 0 else ''}{formats.money(amount, currency)}"


def strange_line(days: int, first: str | None) -> str:
    """How many days stand out; the names stand in the table of the other screen."""
    if not days:
        return NONE_STRANGE
    found = f"{formats.plural(days, 'strange day')} of single models in the last five weeks; the largest: {first}."
    return found.replace("$", "\\$")


def strange_tile(dimension: Dimension) -> str:
    """A day may be strange for a team and not for any model, so the count says of what."""
    return f"{STRANGE}, by {DIMENSIONS[dimension].lower()}"


def change_words(change: str, share: str | None, cause: str | None) -> str:
    """`+$1,234.00 (+4 %), most of it by volume.`"""
    by = f", most of it by {cause}" if cause else ""
    return f"{change}{f' ({share})' if share else ''}{by}.".replace("$", "\\$")


def sure_words(shares: Mapping[str, Decimal]) -> str:
    """`the model's own meter 84 %, shipped snapshot 16 %`."""
    whole = sum(shares.values(), Decimal(0))
    if not whole:
        return ""
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{name} {formats.percent(cost / whole)}" for name, cost in ranked if cost / whole >= Decimal("0.005")
    )
