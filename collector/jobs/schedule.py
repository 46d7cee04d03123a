"""The clockwork of `serve`: which step runs when. What was done is known by watermarks, not by the scheduler."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from collector.domain.types import NeedsHuman, TryLater
from collector.jobs.context import Context

log = structlog.get_logger(__name__)

GRACE_SECONDS: Final = 8.0
_LOOK_UP_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """A named piece of work and its times: every so many minutes, or by a cron line in UTC."""

    name: str
    run: Callable[[Context], Any]
    every_minutes: int | None = None
    cron: str | None = None


def serve(context: Context, steps: list[Step]) -> None:
    """Run the steps on their times, one at a time, until SIGTERM or SIGINT; then end within ten seconds.

    A step asked to stop leaves what it stored; its watermark tells the next process where to go on. A call that
    nothing interrupts may hang on in a thread, so the process must be left without waiting for its threads.
    """
    # One thread: steps follow each other, so a nightly read never meets a cycle.
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": {"type": "threadpool", "max_workers": 1}},
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
    for step in steps:
        scheduler.add_job(_careful, _trigger(step), args=[step, context], id=step.name, name=step.name)
    scheduler.add_listener(
        lambda event: log.warning("step is still running, this start is left out", step=event.job_id),
        EVENT_JOB_MAX_INSTANCES,
    )
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.append(number))
    scheduler.start()
    log.info("collecting", steps=[step.name for step in steps])
    for step in steps:  # what is due after a stop is due now
        scheduler.modify_job(step.name, next_run_time=context.clock())
    # Looks up now and then: a signal that comes just before a wait does not end it, and a handler may take no lock.
    while not asked and not context.stopping.wait(_LOOK_UP_SECONDS):
        pass
    context.stopping.set()
    log.info("ending")
    _shut_down(scheduler)


def _shut_down(scheduler: BackgroundScheduler) -> None:
    ending = threading.Thread(target=lambda: scheduler.shutdown(wait=True), daemon=True)
    ending.start()
    ending.join(timeout=GRACE_SECONDS)
    if ending.is_alive():
        log.warning("a step did not end in time; what it had not stored is planned again")


def _trigger(step: Step) -> IntervalTrigger | CronTrigger:
    if step.cron is not None:
        return CronTrigger.from_crontab(step.cron, timezone="UTC")
    return IntervalTrigger(minutes=step.every_minutes or 5, timezone="UTC")


def _careful(step: Step, context: Context) -> None:
    if context.stopping.is_set():
        return
    try:
        step.run(context)
    except (TryLater, NeedsHuman) as error:
        log.warning("step failed", step=step.name, error=str(error))
    except Exception:
        # The top of a step: the next one must still run.
        log.exception("step failed", step=step.name)
