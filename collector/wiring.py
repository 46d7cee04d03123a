"""The one place that builds things; everybody else receives them. Nothing is built before it is asked for."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from collector.jobs.context import Context, Limits, NoProgress
from collector.ports import Progress, Sources
from collector.settings import Settings
from collector.store import schema
from collector.store.engine import Engine, open_engine

if TYPE_CHECKING:
    from collector.jobs.schedule import Step


def utc_now() -> datetime:
    return datetime.now(UTC)


def set_up_logging(settings: Settings) -> None:
    """Log lines on stderr: for people, or one JSON object each. The SDK's own lines stay out below warning."""
    level = getattr(logging, settings.log.level.upper())
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.log.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def build_engine(settings: Settings, *, read_only: bool = False, any_revision: bool = False) -> Engine:
    """The store; refuses a revision that this program does not know unless a migration is what is wanted."""
    engine = open_engine(settings.database.url, read_only=read_only)
    if not any_revision:
        schema.require_current(engine)
    return engine


def build_sources(settings: Settings) -> Sources:
    # Azure's packages take a second to import: only what speaks to Azure pays for it.
    from collector.sources import AzureSettings, build_sources as build

    return build(
        AzureSettings(
            cloud=settings.cloud,
            auth=settings.auth,
            arm_endpoint=settings.arm_endpoint,
            metrics_endpoint=settings.metrics_endpoint,
            logs_endpoint=settings.logs_endpoint,
            prices_endpoint=settings.prices_endpoint,
            subscriptions=tuple(settings.subscriptions),
            top=settings.collect.top,
        )
    )


def limits_of(settings: Settings) -> Limits:
    return Limits(
        backfill_days=settings.collect.backfill_days,
        minute_backfill_days=settings.collect.minute_backfill_days,
        trailing_minutes=settings.collect.trailing_minutes,
        nightly_hours=settings.collect.nightly_hours,
        threads=settings.collect.threads,
        subscriptions=tuple(settings.subscriptions),
        currency=settings.currency,
    )


def build_context(
    settings: Settings,
    engine: Engine,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Context:
    return Context(engine, build_sources(settings), clock, limits_of(settings), progress or NoProgress())


def build_steps(settings: Settings) -> "list[Step]":
    """What `serve` runs and when; times are UTC."""
    from collector.jobs import steps

    return steps.of(settings.collect.every_minutes)
