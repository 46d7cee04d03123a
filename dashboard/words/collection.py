"""What Collection says."""

from datetime import datetime, timedelta
from typing import Final

from dashboard import formats

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
SCOPES_TEXT: Final = "Accounts, subscriptions and locations by name; the download holds their Azure ids."
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
