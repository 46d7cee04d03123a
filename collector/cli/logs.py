"""Where log lines go, and which."""

import logging
import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import structlog

from collector.domain.plain_text import harmless

if TYPE_CHECKING:
    from collector.settings import Settings


def set_up_logging(settings: "Settings", *, watched: bool = False) -> None:
    """Log lines on stderr: for people, or one JSON object each. The SDK's own lines stay out below warning.

    `watched`: a person sees a bar and then a summary of the same, so only what is in neither is logged, unless
    a level was asked for.
    """
    level = getattr(logging, settings.log.level.upper())
    if watched and "level" not in settings.log.model_fields_set:
        level = logging.ERROR
    if level > logging.DEBUG:
        # Sixteen lines on every way to an identity that was not taken; the job says in one what is missing.
        logging.getLogger("azure.identity").setLevel(logging.ERROR)
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    renderers = (
        [structlog.processors.JSONRenderer()]
        if settings.log.format == "json"
        else [_harmless_values, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _harmless_values(_: object, __: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Names and errors of others steer nobody's terminal; JSON escapes them by itself."""
    return {name: harmless(value) if isinstance(value, str) else value for name, value in said.items()}
