"""Who calls with which api-version: a reading of the last 30 days of each configured workspace, replaced whole."""

from typing import Final

from collector.domain.periods import DAY, Window
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.store import writes
from collector.store.engine import retrying

CALLERS: Final = "callers"
LOOKED_BACK: Final = 30 * DAY


def collect_callers(context: Context) -> RunResult | None:
    """None where no workspace is configured: nothing is asked then, and nothing that was known is kept."""
    if context.limits.workspaces:
        return run_job(context, CALLERS, _callers)
    retrying(context.engine, lambda connection: writes.keep_callers(connection, (), "count"))
    return None


def _callers(tally: Tally) -> None:
    context, limits = tally.context, tally.context.limits
    # What may no longer be known goes first, whether or not the next reading succeeds.
    retrying(
        context.engine,
        lambda connection: writes.keep_callers(connection, limits.workspaces, limits.caller_detail),
    )
    for workspace in limits.workspaces:
        with tally.scope(workspace):
            now = context.clock()
            uses = context.sources.callers.callers(
                workspace, Window(now - LOOKED_BACK, now), limits.caller_detail
            )
            retrying(
                context.engine,
                lambda connection, workspace=workspace, uses=uses, now=now: writes.record_callers(
                    connection, workspace, limits.caller_detail, uses, at=now
                ),
            )
            tally.succeed(workspace, rows=len(uses))
