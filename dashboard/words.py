"""Every sentence that a user of the dashboard sees. Names from Azure never pass through here."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from collector.domain.money.forecast import MonthForecast
from collector.store.reads.cost import Dimension
from dashboard import formats
from dashboard.periods import MONTH_TO_DATE, ROLLING, Period

PRODUCT: Final = "aoai-monitor"
OVERVIEW_TITLE: Final = "Your Azure OpenAI estate"
COST_TITLE: Final = "Cost"
ROOM_TITLE: Final = "Room"
ENDINGS_TITLE: Final = "Endings"
COLLECTION_TITLE: Final = "Collection"
TRUST_TITLE: Final = "What it rests on"
OVERVIEW_HELP: Final = "What it costs, how much room is left, and what ends next, on one page."
COST_HELP: Final = "What the period cost, by whom and by what, and what has no price."
ROOM_HELP: Final = "Deployments against their limits, refused requests, and quota lines."
ENDINGS_HELP: Final = "Which deployments stop or are upgraded when, and which api-versions are still called."
COLLECTION_HELP: Final = "How far everything is known, what failed, and what would mend it."

# Filters
FILTERS: Final = "Filters"
PERIOD: Final = "Period"
PERIOD_HELP: Final = "Days and months are UTC. Rolling periods include today, which is not over yet."
SUBSCRIPTION: Final = "Subscription"
ACCOUNT: Final = "Account"
TAG: Final = "Tag"
TAG_HELP: Final = (
    "Tags as they are today, of the deployment or its account. Values of one tag are alternatives."
)
MODEL: Final = "Model"
LOCATION: Final = "Location"
ALL: Final = "All"
SHARE_HINT: Final = "The address of this page keeps the filters: copy it to share what you see."
CURRENCY: Final = "Currency"
CURRENCY_HELP: Final = "Amounts of different currencies are never added or converted."
BY: Final = "Split by"
DEPLOYMENT: Final = "Deployment"
DOWNLOAD: Final = "Download CSV"
UTC_NOTE: Final = "All times are UTC."

# Freshness
WELL_COVERED: Final = 0.99
NOTHING_COLLECTED: Final = "Nothing has been collected yet."
EMPTY_TITLE: Final = "Nothing has been collected yet"
EMPTY_TEXT: Final = (
    "The store is ready and empty. Let the collector read your Azure once, and this page fills itself. "
    "The first command tells what is missing, the second reads everything, the third keeps it up to date."
)
EMPTY_COMMANDS: Final = "aoai-monitor doctor\naoai-monitor collect\naoai-monitor serve"
EMPTY_DEMO: Final = "Only looking around? `aoai-monitor demo` shows a made-up estate and needs no Azure."
NO_FIGURES: Final = "No figures for these filters in this period."
NO_FIGURES_HINT: Final = "Choose a longer period or fewer filters."
FAILED_TITLE: Final = "The store cannot be read"
FAILED_TEXT: Final = (
    "The dashboard shows nothing rather than something old or wrong. This is what the store says:"
)
SCREEN_FAILED: Final = (
    "This screen could not be drawn. The log of the dashboard says why; the other screens are not affected."
)


JOBS: Final = {
    "metrics": "usage",
    "inventory": "the inventory",
    "quotas": "quotas",
    "models": "the models lists",
    "prices": "prices",
    "bills": "the bill",
    "api_use": "api-versions",
}


def freshness_line(
    by_job: Sequence[tuple[str, datetime]], usage: datetime | None, now: datetime, coverage: float | None
) -> str:
    """As of the oldest thing that the figures rest on, which is named, and how far usage is known beside it."""
    if not by_job:
        return f"As of: unknown. {UTC_NOTE}"
    job, as_of = by_job[0]
    parts = [f"As of {formats.instant(as_of)} ({JOBS.get(job, job)}, {formats.ago(now - as_of)})"]
    if usage is not None and usage != as_of:
        parts.append(f"usage through {formats.instant(usage)}")
    if coverage is not None:
        parts.append(f"{formats.percent(coverage, 1)} of the period's minutes collected")
    return " · ".join(parts)


def stale(late: tuple[str, datetime] | None, now: datetime) -> str:
    if late is None:
        return "Some of what this screen needs was never collected. The figures below are not whole."
    job, at = late
    what = JOBS.get(job, job)
    verb = "is" if what in ("usage", "the inventory", "the bill") else "are"
    return f"These figures are old: {what} {verb} known only through {formats.instant(at)}, {formats.ago(now - at)}."


def scopes_failed(failed: int, scopes: int) -> str:
    return (
        f"{formats.plural(failed, 'scope')} of {scopes} could not be read last time, so figures may be missing here. "
        "The Collection screen names the reason and what would mend it."
    )


def partly_covered(coverage: float) -> str:
    return (
        f"Only {formats.percent(coverage, 1)} of the period's minutes were collected: sums are at least what is shown, "
        "and a busier minute may have been missed."
    )


def period_name(key: str) -> str:
    """What a link says, too: it must mean the same next month."""
    if key == MONTH_TO_DATE:
        return "Month to date"
    if key in ROLLING:
        days = ROLLING[key]
        return "Today" if days == 1 else f"Last {days} days"
    return f"{date.fromisoformat(f'{key}-01'):%B %Y}"


def period_span(period: Period) -> str:
    return f"{formats.day_span(period.first_day, period.last_day)} (UTC)"


def estate(subscriptions: int, accounts: int, deployments: int) -> str:
    return " · ".join(
        (
            formats.plural(subscriptions, "subscription"),
            formats.plural(accounts, "account"),
            formats.plural(deployments, "deployment"),
        )
    )


# Overview
ROOM_HEADLINE: Final = "Deployments at 80 % of a limit or more"
ENDINGS_HEADLINE: Final = "Deployments ending within 30 days"
COST_HEADLINE_HELP: Final = (
    "An estimate from metered tokens at list prices unless your own rates are configured. The Cost screen says how "
    "each figure was priced. The change compares whole days with as many days before; today is left out."
)
QUESTIONS: Final = ("What does it cost?", "How much room is left?", "What ends when?")
OPEN: Final = ("Open Cost", "Open Room", "Open Endings")


def cost_headline(period: Period) -> str:
    return f"Estimated cost, {formats.day_span(period.first_day, period.last_day)}"


def also_in(amount: str) -> str:
    return f"and {_plain(amount)} in another currency"


def forecast_line(forecast: MonthForecast, currency: str) -> str:
    shown = _plain(formats.money_range(forecast.low, forecast.high, currency))
    return f"Month end: {shown} (estimate, 4 times in 5; past error {formats.percent(forecast.error)})"


def unpriced_line(rows: int) -> str:
    if not rows:
        return "Everything used has a price"
    return f"{formats.plural(rows, 'use has', 'uses have')} no price and {'is' if rows == 1 else 'are'} not in this sum"


def throttle_line(throttled: int, requests: int) -> str:
    if not requests:
        return "No requests in this period"
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
    return f"{stops} of these {soon} stop working on that day" if soon else "Nothing stops within 30 days"


def later_line(later: int) -> str:
    return f"{later} end within 180 days"


# Cost
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
        f"{_plain(formats.money(forecast.known, currency))} over {formats.plural(forecast.known_days, 'whole day')}, "
        f"{forecast.forecast_days} to come. Such forecasts were off by {formats.percent(forecast.error)} on this "
        f"series' own past; repeating the last week by {formats.percent(forecast.seasonal_error)}."
    )


def no_forecast(reason: str) -> str:
    return f"No forecast is shown: {reason}."


# Room
TIGHTEST: Final = "Nearest to a limit"
TIGHTEST_HELP: Final = (
    "The busiest minute of any deployment as a share of the limit that binds it (TPM, RPM or PTU)."
)
TIGHT: Final = "At 80 % or more"
THROTTLED: Final = "429 rate"
SPILLED: Final = "Spilled over"
SPILLED_HELP: Final = "Requests that another deployment served in its place: not failures."
QUOTA_LINES: Final = "Quota at 90 % or more"
QUOTA_HELP: Final = "Of the quota lines in use (subscription, location, model and SKU), those of which 90 % or more is allocated."
ROOM_DEPLOYMENTS: Final = "Deployments, nearest to their limit first"
ROOM_LIMITS: Final = (
    "Azure's limiter counts prompt tokens plus max_tokens when a request arrives; metrics count billed tokens of "
    "requests that succeeded. A 429 below the limit is therefore possible."
)
QUOTA_TITLE: Final = "Quota lines, fullest first"
QUOTA_TEXT: Final = "Free quota of Global and Data Zone lines is not added over locations: one pool may stand behind several lines."
CLOSEUP_TITLE: Final = "One deployment close up"
CLOSEUP_CHOOSE: Final = "Deployment to look at"
PEAKS_TITLE: Final = "Busiest minute of each hour, against the limit in force"
WEEK_TITLE: Final = "Shape of the week: busiest minute by weekday and hour (UTC)"
MINUTES_TITLE: Final = "The busiest day, minute by minute"
NO_HOURS: Final = "No hours of this deployment are known in this period."
PICK: Final = "Click a row to see what stands behind it."
PICK_HOUR: Final = "Click an hour to see the minutes of its day."
AT_LEAST: Final = "Some minutes of this period are unknown: the peak was at least what is shown."
MEASURES: Final = {"tpm": "tokens per minute", "rpm": "requests per minute", "ptu": "% PTU utilisation"}
LIMIT: Final = "limit"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
USED_SHARE_COLUMN: Final = (
    "Busiest minute of the period ÷ the limit now, for the limit that binds (TPM, RPM or PTU)"
)
ROOM_TREND_COLUMN: Final = "Busiest minute of each day as a share of the limit, oldest first"
BINDING_COLUMN: Final = "Which limit would be reached first"
HEADROOM_COLUMN: Final = (
    "Limit now − busiest minute of the period; negative where the limit was passed or lowered since"
)
PEAK_COLUMN: Final = "Busiest minute, exact"
P99_COLUMN: Final = "99 of 100 minutes were at or below this, idle ones included (within 1 %)"
RATE_COLUMN: Final = "Requests answered 429 and served by nobody ÷ all requests"
AT_LIMIT_COLUMN: Final = "In minutes at 90 % of TPM or RPM or more, or PTU at 100 %"
BELOW_LIMIT_COLUMN: Final = "In quieter minutes: bursts, large max_tokens, or load on Azure's side"
P95_COLUMN: Final = "95 of 100 minutes were at or below this, idle ones included (within 1 %)"
MEDIAN_COLUMN: Final = "Half of all minutes were at or below this, idle ones included"
BURST_COLUMN: Final = "Busiest minute ÷ p95: how far a burst stands above a busy minute"
OVER_COLUMN: Final = "Minutes at that share of the limit of their time, or more"
MINUTE_COVERAGE_COLUMN: Final = (
    "Share of the deployment's minutes known one by one; below 100 % a peak is 'at least'"
)
ALLOCATED_COLUMN: Final = "Allocated to deployments ÷ limit of the line"
FREE_COLUMN: Final = "Limit − allocated, in the line's unit; can be negative after Azure lowered a limit"
UNIT_COLUMN: Final = "Read from Azure's text; unknown where it names none"
UNTIL_COLUMN: Final = "When the line fills if it grows as it did (an interval), or why no date is given"
POOL_COLUMN: Final = "How far the line reaches"
READINGS_COLUMN: Final = "What was allocated, at each change"
BINDINGS: Final = {"tpm": "tokens per minute", "rpm": "requests per minute", "ptu": "PTU utilisation"}
REACHES: Final = {
    "location": "this location",
    "global": "global, may share a pool",
    "data_zone": "data zone, may share a pool",
}
_UNITS: Final = {
    "tokens_per_minute": "TPM",
    "requests_per_minute": "RPM",
    "enqueued_tokens": "enqueued tokens",
    "ptu": "PTU",
    "accounts": "accounts",
    "deployments": "deployments",
}


def unit(name: str | None, per_unit: Decimal | None) -> str:
    """`1k TPM`: what one unit of a quota line stands for."""
    if name is None:
        return "units"
    word = _UNITS.get(name, name.replace("_", " "))
    return word if per_unit is None or per_unit == 1 else f"× {formats.quantity(per_unit)} {word}"


def in_unit(amount: Decimal, name: str | None, per_unit: Decimal | None) -> str:
    """`950 k TPM`: an amount of a quota line as the limit it means."""
    word = "units" if name is None else _UNITS.get(name, name.replace("_", " "))
    return formats.quantity(amount * (per_unit or 1), word)


def unique_labels(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Key by label; a label that two keys bear is told apart by the key."""
    times = Counter(label for _, label in pairs)
    return {label if times[label] == 1 else f"{label} ({key})": key for key, label in pairs}


def minutes_of(name: str) -> str:
    return f"Minutes of {name}"


def rate(throttled: int, requests: int) -> str:
    if not requests:
        return formats.UNKNOWN
    share = throttled / requests
    return "0 %" if not throttled else "< 0.01 %" if share < 0.0001 else formats.percent(share, 2)


def tight_help(unknown: int) -> str:
    left = (
        f" {formats.plural(unknown, 'deployment')} without a known limit or peak left out." if unknown else ""
    )
    return f"Deployments whose busiest minute reached 80 % of a limit in the period.{left}"


def throttled_help(throttled: int, at_limit: int, requests: int) -> str:
    return (
        f"{formats.count(throttled)} of {formats.count(requests)} requests were refused with 429 and served by nobody; "
        f"{formats.count(at_limit)} of them in minutes at the deployment's own limit."
    )


def lines_full(shares: Sequence[float]) -> str:
    return f"{sum(1 for share in shares if share >= 0.9)} of {len(shares)}" if shares else formats.UNKNOWN


# Endings
ALREADY_OVER: Final = "Past the date"
ALREADY_OVER_HELP: Final = "Deployments whose end date has passed. Calls to a retired model answer 410."
ENDS_SOON: Final = "Within 30 days"
ENDS_LATER: Final = "Within 180 days"
STOPS: Final = "Of these, stop"
STOPS_HELP: Final = (
    "Within 180 days and not upgraded by Azure: provisioned, batch, fine-tuned, or set to NoAutoUpgrade."
)
NO_END_DATE: Final = "Without a date"
NO_END_DATE_HELP: Final = "Azure's models list states no date for these yet, or was not read."
API_VERSIONS_ENDING: Final = "Api-versions"
API_VERSIONS_ENDING_HELP: Final = "Called in the last 30 days and announced to end, or ended. Superseded versions without a date are advice, not alarm."
TIMELINE_TITLE: Final = "Days left, soonest first"
ENDINGS_TABLE: Final = "Deployments and their ends"
ENDINGS_TEXT: Final = (
    "The date is that of the deployment's own SKU in its own region, as Azure's models list states it."
)
API_TITLE: Final = "Api-versions that clients name"
API_TEXT: Final = (
    "From Azure's request metrics of the last 30 days. Calls to /openai/v1/ carry no api-version."
)
CHANGES_TITLE: Final = "What moved in the models lists, last 90 days"
NO_CHANGES: Final = "No date or stage moved in the last 90 days."
NO_API_USE: Final = "No api-versions were seen in the last 30 days."
TODAY_ON: Final = "Days left count from today (UTC)"
NO_ENDINGS: Final = "No deployment is known for these filters."
ENDS_ON_COLUMN: Final = "UTC day, of the deployment's own SKU and location"
DAYS_LEFT_COLUMN: Final = "From today, UTC"
ON_THE_DAY_COLUMN: Final = "What Azure does with the deployment on that day"
REPLACEMENT_COLUMN: Final = "The replacement that Azure names"
LIFECYCLE_COLUMN: Final = "In the words of Microsoft's documents, which differ from the API's"
REQUESTS_COLUMN: Final = "Requests of the last 30 days: who would feel it"
COST_30D_COLUMN: Final = "Estimated cost of the last 30 days"
FIRMNESS_COLUMN: Final = "How sure the date is"
API_STATE_COLUMN: Final = "announced and retired have a date; superseded has none and is advice"
ON_THE_DAY: Final = {"upgraded": "upgraded by Azure", "stops": "stops working", "unknown": "unknown"}
LIFECYCLES: Final = {
    "preview": "Preview",
    "ga": "Generally available",
    "legacy": "Legacy",
    "deprecated": "Deprecated",
    "retired": "Retired",
    "unknown": "Unknown",
}
FIRMNESS: Final = {
    "planned": "planned",
    "tentative": "tentative",
    "not_sooner_than": "not sooner than",
    "listed": "as listed",
    "own": "your own deadline",
    "no_date": "no date",
}
API_STATES: Final = {
    "retired": "retired",
    "announced": "announced",
    "unknown": "unknown",
    "superseded": "superseded, no date",
    "current": "current",
    "unversioned": "unversioned (v1)",
}


def ends_help(days: int) -> str:
    return f"Deployments whose own SKU ends within {days} days from today (UTC), upgraded or stopped."


# Collection
OLDEST_SCOPE: Final = "Furthest behind"
OLDEST_SCOPE_HELP: Final = (
    "Age of what is known of the scope that is furthest behind, of all that were ever read."
)
SCOPES_FAILED: Final = "Scopes that failed"
SCOPES_FAILED_HELP: Final = (
    "Scopes whose last attempt failed. What was known before stays, and is shown with its age."
)
COVERAGE_24H: Final = "Collected today"
COVERAGE_HELP: Final = (
    "Mean share of the deployments' minutes of today (UTC) that are known, the newest 15 left out."
)
GAPS: Final = "Gaps that stay"
CALLS_24H: Final = "Calls, 24 hours"
CALL_COST: Final = "Cost of calls"
CALL_COST_HELP: Final = (
    "Calls of this month × the configured price of 1,000 calls; unknown until that is configured."
)
FAULTS_TITLE: Final = "What needs a person"
ALL_WELL: Final = "Every scope was read without an error the last time."
SCOPES_TITLE: Final = "Scopes, furthest behind first"
GAPS_TITLE: Final = "Gaps"
NO_GAPS: Final = "No gaps: everything that Azure keeps was read."
RUNS_TITLE: Final = "Last runs"
NO_RUNS: Final = "No job has run yet."
NO_REASON: Final = "no reason was recorded"
NEVER: Final = "never"
REMEDY: Final = "This would mend it:"
THROUGH_COLUMN: Final = "Everything up to this instant is known"
STATUSES: Final = {"ok": "ok", "partial": "partial", "failed": "failed", "running": "running"}


def gaps_help(lost: timedelta) -> str:
    return f"Spans that Azure no longer keeps and that were never read: {lost / timedelta(hours=1):,.0f} hours of scopes in all."


def calls_help(throttles: int) -> str:
    return (
        f"Calls that left for Azure in the last 24 hours; {formats.count(throttles)} of them were throttled."
    )


def last_good(succeeded_at: datetime | None, now: datetime) -> str:
    return f"last read well {formats.ago(now - succeeded_at)}" if succeeded_at else "never read well"


# Descriptions of charts for those who do not see them
def cost_chart_alt(total: str, period: str, largest: str) -> str:
    return f"Stacked bars of estimated cost per day, {period}: {total} in all, most of it {largest}."


def peaks_alt(highest: str, limit: str) -> str:
    return f"Line of the busiest minute of each hour: highest {highest}, limit {limit}, with bands from 80, 90 and 100 percent."


def week_alt(when: str) -> str:
    return f"Heat map of the busiest minute by weekday and hour in UTC; busiest on {when}."


def minutes_alt(day: str, highest: str) -> str:
    return f"Line of each minute of {day}: highest {highest}."


def quota_alt(lines: int, full: int) -> str:
    return (
        f"Bars of {formats.plural(lines, 'quota line')} by the share allocated; {full} at 90 percent or more."
    )


def timeline_alt(rows: int, first: str) -> str:
    return f"Timeline of {formats.plural(rows, 'deployment')} by days left until the end; the first ends {first}."


def months_alt(months: int) -> str:
    return f"Bars of estimated cost of the last {formats.plural(months, 'month')}."


OPEN_TO_ALL: Final = (
    "This dashboard is without login and listens beyond this machine: whoever can reach its address sees every "
    "figure. Set AOAI_OIDC_* for login, or let it listen on 127.0.0.1."
)
SIGN_OUT: Final = "Sign out"


def signed_in(person: str) -> str:
    return f"Signed in as {person}"


MONTHS_TITLE: Final = "Month by month"


def _plain(text: str) -> str:
    """A dollar sign that Markdown does not take for the start of a formula."""
    return text.replace("$", "\\$")
