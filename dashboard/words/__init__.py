"""Every sentence that a user of the dashboard sees. Names from Azure never pass through here.

What all screens say stands here; what one of them says, in a file of its own.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

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
NOT_HERE: Final = "Changes nothing on this page; what is chosen holds on the others."
SHARE_HINT: Final = "The address of this page keeps the filters: copy it to share what you see."
CURRENCY: Final = "Currency"
CURRENCY_HELP: Final = "Amounts of different currencies are never added or converted."
BY: Final = "Split by"
DEPLOYMENT: Final = "Deployment"
DOWNLOAD: Final = "Download CSV"
OPEN: Final = "Open"
OPEN_HELP: Final = "Shows what stands behind the row."
UTC_NOTE: Final = "All times are UTC."
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
WAITING_TITLE: Final = "The figures are being worked out"
WAITING_HINT: Final = "Usage is collected; charges and room follow by themselves. Reload in a minute."
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
    "quality": "latencies",
    "capacities": "what Azure has left",
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


def waiting(days: int) -> str:
    return (
        f"Figures of {formats.plural(days, 'earlier day')} are still being worked out: sums and peaks below lack them. "
        "They follow by themselves; reload in a minute."
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


OPEN_TO_ALL: Final = (
    "This dashboard is without login and listens beyond this machine: whoever can reach its address sees every "
    "figure. Set AOAI_OIDC_* for login, or let it listen on 127.0.0.1."
)
SIGN_OUT: Final = "Sign out"


def signed_in(person: str) -> str:
    return f"Signed in as {person}"


def plain_text(text: str) -> str:
    """A dollar sign that Markdown does not take for the start of a formula."""
    return text.replace("$", "\\$")
