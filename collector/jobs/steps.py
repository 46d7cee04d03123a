"""What `serve` does, and when (UTC)."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from collector.domain.alerts.settings import AlertRules
from collector.jobs.alert import alert
from collector.jobs.charges import MoneyRules
from collector.jobs.closing import tend_months
from collector.jobs.collect import collect
from collector.jobs.context import Context
from collector.jobs.derive import derive
from collector.jobs.facts.look import Look
from collector.jobs.finance_mail import write_finance_mail
from collector.jobs.outbox import send_letters
from collector.jobs.schedule import Step
from collector.ports import Clock, LetterSender
from collector.reports.letters.compose import Writing
from collector.store.engine import Engine
from collector.store.errors import LeaseHeld, LeaseLost
from collector.store.lease import lease
from collector.store.prune import Retention, prune
from collector.store.reads.collection import Run, last_runs
from collector.store.reads.finance_report import FinanceRules

log = structlog.get_logger(__name__)

# How long the newest run of a job stays new: the slow jobs follow the cycle only when they are due.
_EVERY = {
    "inventory": timedelta(minutes=15),
    "quotas": timedelta(minutes=15),
    "models": timedelta(hours=6),
    "prices": timedelta(days=1),
    "bills": timedelta(hours=12),
}
_PARTIAL_AGAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Telling:
    """What the alert step judges by and writes with, and the way out for its letters."""

    look: Look
    rules: AlertRules
    writing: Writing
    post: LetterSender
    finance: FinanceRules
    finance_to: tuple[str, ...] = ()


def steps(rules: MoneyRules, retention: Retention, every_minutes: int, telling: Telling) -> list[Step]:
    """A cycle of what is due, a nightly read of the longer trailing window, pruning, and closing of months."""
    return [
        Step("cycle", lambda context: _cycle(context, rules, telling), every_minutes=every_minutes),
        Step("night", lambda context: _night(context, rules), cron="20 2 * * *"),
        Step("prune", lambda context: _prune(context, retention), cron="50 3 * * *"),
        Step("close", lambda context: _close(context, telling.finance), cron="35 4 * * *"),
    ]


def _close(context: Context, finance: FinanceRules) -> None:
    tend_months(context.engine, context.clock(), finance)


def _cycle(context: Context, rules: MoneyRules, telling: Telling) -> None:
    now = context.clock()
    with context.engine.connect() as connection:
        newest = last_runs(connection)
    for job, every in _EVERY.items():
        if due(newest.get(job), every, now):
            collect(context, only=job)
    collect(context, only="metrics")
    if not context.stopping.is_set():
        derive(context.engine, rules, context.clock(), stopping=context.stopping)
    if not context.stopping.is_set():
        tell(context.engine, context.clock, telling, context.stopping)


def tell(engine: Engine, clock: Clock, telling: Telling, stopping: threading.Event | None = None) -> None:
    """Alerts after figures, the mail about closed months, then the outbox. What another process does is left to it."""
    try:
        alert(engine, telling.look, telling.rules, telling.writing, clock(), wait=False)
    except LeaseHeld as error:
        log.info("alerts are left to another process", why=str(error))
    write_finance_mail(
        engine, telling.finance, telling.finance_to, telling.writing, telling.rules.config, clock()
    )
    try:
        send_letters(engine, telling.post, clock, wait=False, stopping=stopping)
    except (LeaseHeld, LeaseLost) as error:
        log.info("letters are left to another process", why=str(error))


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
