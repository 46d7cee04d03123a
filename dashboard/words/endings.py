"""What Endings says."""

from typing import Final

from dashboard import formats

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


def timeline_alt(rows: int, first: str) -> str:
    return f"Timeline of {formats.plural(rows, 'deployment')} by days left until the end; the first ends {first}."


OWNER: Final = "Owner"
OWNER_HELP: Final = "Whom the tags of a deployment, its account, its resource group or its subscription name."
EVERYBODY: Final = "Everybody"
NOBODY: Final = "Nobody is named"
OWNER_COLUMN: Final = "The first of the tags of deployment, account, resource group and subscription"
OFFERED_COLUMN: Final = "Whether it can be deployed with the same SKU in the same location"
OFFERED: Final = {True: "yes", False: "not with this SKU", None: "not known"}
FREE_FOR_IT_COLUMN: Final = "Free of the quota line that the replacement draws from"
ITS_PRICE_COLUMN: Final = (
    "List price of the replacement with the same SKU in the same location, beside today's"
)
LAST_USED_COLUMN: Final = "The last day with a request, looking back 90 days"
API_SHARE_COLUMN: Final = "Of the deployment's requests in the last 30 days"
API_SHARE_BEFORE_COLUMN: Final = "Its share in the 30 days before: a falling one is a migration under way"
CALLERS_COLUMN: Final = "By the request logs of the last 30 days, as far as AOAI_CALLERS_DETAIL allows"
FIRST_SEEN_COLUMN: Final = "Empty: it was called more than 60 days ago already"
API_WEEKS_TITLE: Final = "On the way to newer api-versions"
API_WEEKS_TEXT: Final = "Share of all requests by what Microsoft says of their api-version, week by week; the first and the last week may be partial."


def api_weeks_alt(weeks: int, newest: str) -> str:
    return f"Shares of requests by state of their api-version over {weeks} weeks. {newest}"
