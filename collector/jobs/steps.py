"""What `serve` does, and when (UTC)."""

from datetime import datetime, timedelta

from collector.jobs.charges import MoneyRules
from collector.jobs.collect import collect
from collector.jobs.context import Context
from collector.jobs.derive import derive
from collector.jobs.schedule import Step
from collector.store.lease import lease
from collector.store.prune import Retention, prune
from collector.store.reads.collection import Run, last_runs

# How long the newest run of a job stays new: the slow jobs follow the cycle only when they are due.
_EVERY = {
    "inventory": timedelta(minutes=15),
    "quotas": timedelta(minutes=15),
    "models": timedelta(hours=6),
    "prices": timedelta(days=1),
    "bills": timedelta(hours=12),
}
_PARTIAL_AGAIN = timedelta(minutes=15)


def steps(rules: MoneyRules, retention: Retention, every_minutes: int) -> list[Step]:
    """A cycle of what is due, a nightly read of the longer trailing window, and pruning."""
    return [
        Step("cycle", lambda context: _cycle(context, rules), every_minutes=every_minutes),
        Step("night", lambda context: _night(context, rules), cron="20 2 * * *"),
        Step("prune", lambda context: _prune(context, retention), cron="50 3 * * *"),
    ]


def _cycle(context: Context, rules: MoneyRules) -> None:
    now = context.clock()
    with context.engine.connect() as connection:
        newest = last_runs(connection)
    for job, every in _EVERY.items():
        if due(newest.get(job), every, now):
            collect(context, only=job)
    collect(context, only="metrics")
    if not context.stopping.is_set():
        derive(context.engine, rules, context.clock(), stopping=context.stopping)


def due(newest: Run | None, every: timedelta, now: datetime) -> bool:
    """A good run is due again when it is old, a partial one soon, a failed or killed one at once.

    A run in the future is one that a clock set wrong has left.
    """
    if newest is None or newest.status not in {"ok", "partial"} or newest.started_at > now:
        return True
    return now - newest.started_at >= (every if newest.status == "ok" else min(every, _PARTIAL_AGAIN))


def _night(context: Context, rules: MoneyRules) -> None:
    collect(context, only="metrics", nightly=True)
    if not context.stopping.is_set():
        derive(context.engine, rules, context.clock(), stopping=context.stopping)


def _prune(context: Context, retention: Retention) -> None:
    with lease(context.engine, "prune", stop=context.stopping):
        prune(context.engine, retention, context.clock())
