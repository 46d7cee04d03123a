"""What the deeper room screens say."""

from typing import Final

HURTS_TITLE: Final = "Throttling"
HURTS_HELP: Final = "Why requests were refused, and which deployments fill next."
HURTS_NOW: Final = "Hurts now"
HURTS_NOW_TEXT: Final = (
    "Deployments whose requests were refused or spilled in the period, most refused first."
)
NOBODY: Final = "No request was refused or spilled in this period, as far as is known."
WHY: Final = "Why"
WILL_HURT: Final = "Will hurt"
WILL_HURT_TEXT: Final = "When the busiest minute of a day reaches the limit, from up to 90 days of daily peaks. An interval, not a date; where the days cannot carry one, the reason."
CHOOSE: Final = "Deployment"
CHOOSE_DAY: Final = "Day (UTC)"
MINUTES: Final = "Minutes against the limit"
MINUTES_TEXT: Final = (
    "Marks are minutes with 429s; the larger, the more. Bands begin at 80, 90 and 100 % of the limit."
)
NO_MINUTES: Final = "The minutes of this day are not known."
CAUSES: Final = {
    "token_limit": "token limit",
    "request_limit": "request limit",
    "ptu_full": "units full",
    "large_estimates": "large max_tokens",
    "bursts": "bursts",
    "service_load": "service load",
    "spilled_only": "spilled, nobody failed",
    "unknown": "unknown",
}
CAUSE_COLUMN: Final = "The likely cause of most refusals; the paragraph below gives the evidence"
SURE_COLUMN: Final = "A guess from few figures is called one"
MAP_TITLE: Final = "Free quota"
MAP_HELP: Final = "Where quota is free, over-allocated or stranded."
MAP: Final = "Free quota by model and location"
MAP_TEXT: Final = "Share of the line that is free, of the subscription with most left there. Lines of Global and Data Zone SKUs may share one pool behind several locations, so nothing is added up. A ring (°) marks stranded quota: nobody uses the line there; grey is a limit of 0. Click a cell for the line behind it."
LINES: Final = "Lines that somebody holds, lie stranded, or have something to say"
STRANDED_COLUMN: Final = "Free on a line whose holders are all idle, or that nobody holds"
OVER_COLUMN: Final = (
    "Held beyond the busiest minute of 30 well-known days; empty where that is not known well enough"
)
UNEXPLAINED_COLUMN: Final = "Allocated by Azure's word, but not held by a deployment that we see"
DELETED_COLUMN: Final = "Accounts deleted under 48 hours ago whose deployments fit into what is unexplained"
REVISIONS: Final = "What changed of it"
LINE: Final = "One line close up"
CHOOSE_LINE: Final = "Quota line"
HISTORY: Final = "Limit and allocation, reading by reading"
NEVER_MOVED: Final = "Neither its limit nor its allocation moved since it was first read."
HOLDERS: Final = "Who holds the line"
NO_HOLDER: Final = "No deployment that we see holds this line."
NO_QUOTA: Final = "no quota"
TO_LINES: Final = "Free quota: who holds a line, and how it moved"
NO_COURSE: Final = "No day of it is known yet."
COURSE_OF_PEAKS: Final = "Busiest minute of each day, and when it likely reaches the limit"
CHANGES: Final = "What changed"
CHANGES_TEXT: Final = "Every move of a limit or an allocation that was seen, newest first."
UNITS_TITLE: Final = "Provisioned units"
UNITS_HELP: Final = "How well provisioned units are used, what spills, and which size would cost least."
UNITS_TEXT: Final = "The last 30 days, on each deployment's own minutes."
NO_UNITS: Final = "No deployment with provisioned units is there."
UNALLOCATED: Final = "Quota of units"
UNALLOCATED_TEXT: Final = "Units that were given and are deployed nowhere cost nothing. One pool may stand behind the lines of several locations, so nothing is added up."
CURVE: Final = "Cost of each size on its own minutes"
CURVE_TEXT: Final = "Units are paid by the hour whether used or not; what does not fit is paid by the token at list price. The dotted line is every token paid by the token."
IDLE_COLUMN: Final = "Units that even the busiest minute left unused, in whole steps above the minimum"
SPILL_COLUMN: Final = "Requests that another deployment answered"
LATENCY_COLUMN: Final = "Mean of 30 days on these units, and by the token over deployments of the same model; empty where Azure publishes none"
BREAK_EVEN_COLUMN: Final = "Mean utilisation at which a unit pays for itself; above 100 % it never does"
FASTER: Final = "Answers of the same model, provisioned beside paid by the token"
ADVICE_TITLE: Final = "What to do about room"
ADVICE_HELP: Final = "Recommendations on room, most urgent first, with the exact change."
ADVICE_TEXT: Final = "From the last 30 days. Free units are promised once; nothing is changed by looking."
NO_ADVICE: Final = "Nothing to do about room, as far as is known."
KINDS: Final = {
    "raise": "Raise the limit",
    "move_quota": "Move quota",
    "move_load": "Move load",
    "ask_for_more": "Ask for more",
    "resize_units": "Resize units",
    "batch": "Use batch",
    "lower": "Lower",
}
URGENCIES: Final = {0: "throttled now", 1: "full soon", 2: "saves money", 3: "tidies up"}
EFFECT_COLUMN: Final = "Tokens a minute gained where it hurts, or set free"
SAVES_COLUMN: Final = (
    "A month, negative where it costs; empty where the price is unknown or nothing is paid for it"
)
EXACT: Final = "The exact change"
EVIDENCE: Final = "Evidence"
SUPPOSES: Final = "Supposes"
REQUEST: Final = "For Azure's request form"
FIT_TITLE: Final = "Where a model fits"
FIT_HELP: Final = "Every subscription and location that can take a new deployment, best first."
FIT_TEXT: Final = "Quota is known where an account lies; what Azure could deploy is known for models in use."
FIT_MODEL: Final = "Model"
FIT_TPM: Final = "Tokens a minute"
FIT_SKU: Final = "SKU"
FIT_ZONE: Final = "Stays in"
ANY: Final = "any"
ZONES: Final = {"any": None, "European Union": "eu", "United States": "us"}
NO_MODELS: Final = "No models list that names tokens a minute was read yet."
NOWHERE: Final = (
    "Nothing fits. The column *could be freed* names what neighbours on the line could give away."
)
MILLION_COLUMN: Final = "A million tokens at list price or your own rate"
ELSEWHERE: Final = "Elsewhere"
ELSEWHERE_TEXT: Final = "Azure could deploy the model there, and none of our accounts lies there: quota is unknown until one does."
FREE_UNITS_COLUMN: Final = "Empty where Azure told no such line: unknown, and not 0"
PRICE_COLUMN: Final = "Price ÷ the cheapest place, for four prompt tokens to one answer token"
AVAILABLE_COLUMN: Final = "Units that Azure says it could deploy now; empty where it was not asked"
ACCOUNT_COLUMN: Final = "Whether an account that takes the model lies there already, and how many more Azure lets the subscription make there"
HAS_ENDED: Final = "ended"
NO_MORE_ACCOUNTS: Final = "no more accounts"
QUALITY_TITLE: Final = "Latency and availability"
QUALITY_HELP: Final = "Latency, availability and content filter; operations and api-versions in use."
QUALITY_TEXT: Final = "Means of the hours that publish a figure; worst is the worst hour's mean. Empty where Azure publishes nothing."
QUALITY_ROWS: Final = "Deployments, slowest first"
BY_PLACE: Final = "By model and location"
BY_PLACE_TEXT: Final = (
    "Means over deployments by their known hours, answers that stream and those that do not apart."
)
AVAILABLE: Final = "Availability by the hour"
COURSE: Final = "Time to first token, with the load beside it"
NOTHING_PUBLISHED: Final = "Azure publishes nothing of this for these deployments, or it was not collected."
USES: Final = "How they are called"
USES_TEXT: Final = 'Requests by operation and api-version; "unversioned" is the v1 interface or one that Azure does not tell.'
POSTURE_TITLE: Final = "Security and residency"
POSTURE_HELP: Final = "How accounts are reached and secured, and where prompts are processed."
POSTURE_TEXT: Final = (
    "Facts of the inventory as it was last read; no scores. Empty is what Azure did not say."
)
ACCOUNTS: Final = "Accounts"
RESIDENCY: Final = "Where prompts are processed, farthest first"
PUBLIC: Final = "Publicly reachable"
PUBLIC_HELP: Final = "Accounts that can be reached from public networks."
KEYS: Final = "Keys allowed"
KEYS_HELP: Final = "Accounts that take a key beside an identity of Entra ID."
MICROSOFTS_KEY: Final = "On Microsoft's key"
MICROSOFTS_KEY_HELP: Final = (
    "Accounts whose data at rest is encrypted with a key of Microsoft's, not of the customer's."
)
WORLDWIDE: Final = "Processed worldwide"
WORLDWIDE_HELP: Final = (
    "Deployments of a Global SKU: prompts and answers may be processed in any Azure region."
)
UNFILTERED: Final = "No filter named"
UNFILTERED_HELP: Final = (
    "Deployments of which Azure names no content filter; Azure's default one may be at work."
)
DEVIATES_COLUMN: Final = "What a strict reading would ask about"


def not_said(count: int) -> str:
    return f" Azure said nothing of {count}, which count in neither number."


def minutes_alt(day: str, throttled: int) -> str:
    return f"Tokens per minute of {day} against the limit, with {throttled:,} refused requests drawn in"


def curve_alt(cheapest: int) -> str:
    return f"Cost over the number of units; the cheapest size has {cheapest:,}"


def map_alt(rows: int, columns: int) -> str:
    return f"Share of quota that is free, {rows} models by {columns} locations"


def available_alt(hours: int) -> str:
    return f"Availability of {hours} hours, in percent"


def history_alt(readings: int) -> str:
    return f"Limit and allocation of the quota line over {readings} readings"


def filling_alt(days: int) -> str:
    return (
        f"Busiest minute of {days} days as a share of the limit, and the span in which it is likely reached"
    )


def course_alt(hours: int) -> str:
    return f"Time to first token over {hours} hours, and tokens per hour"
