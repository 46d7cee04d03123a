"""What Room says of limits and quota lines."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from dashboard import formats

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
NO_HOURS: Final = "No hours of this deployment are known in this period."
PICK: Final = "Open shows what stands behind a row."
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
