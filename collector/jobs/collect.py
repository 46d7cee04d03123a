"""A collection: the jobs in the order in which each needs what the one before found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import structlog

from collector.domain.periods import Window
from collector.jobs.collecting.callers import collect_callers
from collector.jobs.collecting.capacities import collect_capacities
from collector.jobs.collecting.catalog import collect_models, collect_quotas
from collector.jobs.collecting.inventory import collect_inventory
from collector.jobs.collecting.metrics import collect_usage
from collector.jobs.collecting.money import collect_bills, collect_prices
from collector.jobs.collecting.quality import collect_api_use, collect_quality
from collector.jobs.context import Context, RunResult
from collector.store.lease import lease

log = structlog.get_logger(__name__)

STEP: Final = "collect"
LATER: Final = ("capacities", "callers", "quality", "bills")
"""Parts that the first screen does without."""
JOBS: Final = ("inventory", "models", "quotas", "metrics", "prices", "bills")


def collect(
    context: Context,
    *,
    only: str | None = None,
    span: Window | None = None,
    nightly: bool = False,
    wait: bool = True,
    without: Collection[str] = (),
) -> list[RunResult]:
    """One pass over all jobs or one of them, under the lease of collecting; `without` leaves parts of them out.

    Raises `LeaseHeld` where another process collects and `wait` is False.
    """
    with lease(context.engine, STEP, wait=wait, on_wait=_tell, stop=context.stopping) as ours:
        held = replace(context, confirm=ours.confirm)
        results: list[RunResult] = []
        for job in JOBS if only is None else (only,):
            for name, part in _parts(span, nightly=nightly)[job].items():
                if name in without:
                    continue
                if context.stopping.is_set():
                    return results
                ours.confirm()
                if (done := part(held)) is not None:
                    results.append(done)
        return results


def _parts(
    span: Window | None, *, nightly: bool
) -> Mapping[str, Mapping[str, Callable[[Context], RunResult | None]]]:
    """Each job's parts in their order."""
    return MappingProxyType(
        {
            "inventory": {"inventory": collect_inventory},
            "models": {
                "models": collect_models,
                "capacities": collect_capacities,
                "callers": collect_callers,
            },
            "quotas": {"quotas": collect_quotas},
            "metrics": {
                "usage": lambda context: collect_usage(context, nightly=nightly, span=span),
                "api_use": lambda context: collect_api_use(context, span=span),
                "quality": lambda context: collect_quality(context, span=span),
            },
            "prices": {"prices": collect_prices},
            "bills": {"bills": collect_bills},
        }
    )


def _tell(holder: object) -> None:
    log.info("waiting: another process collects", holder=str(holder))
