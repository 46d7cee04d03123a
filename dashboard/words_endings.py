"""What the endings screen says beside the words that every screen shares."""

from typing import Final

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
