"""Quotas, and the models that each location offers with their dates."""

from typing import Final

from collector.domain.catalog_events import catalog_changes
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.jobs.parallel import in_parallel
from collector.store import writes
from collector.store.reads import catalog, inventory

QUOTAS: Final = "quotas"
MODELS: Final = "models"


def collect_quotas(context: Context) -> RunResult:
    return run_job(context, QUOTAS, _quotas)


def collect_models(context: Context) -> RunResult:
    return run_job(context, MODELS, _models)


def _quotas(tally: Tally) -> None:
    context = tally.context
    with context.engine.connect() as connection:
        places = inventory.places(connection, context.limits.subscriptions)
    context.progress.start("quotas", len(places))
    for place, answer in in_parallel(context, places, lambda place: context.sources.quotas.quotas(*place)):
        scope = "/".join(place)
        if isinstance(answer, BaseException):
            tally.fail(scope, answer)
            continue
        now = context.clock()
        writes.retrying(
            context.engine,
            lambda connection: writes.record_quotas(connection, *place, answer, at=now),  # noqa: B023  # called before the next turn
        )
        tally.succeed(scope, now, rows=len(answer))
        context.progress.advance(note=scope)


def _models(tally: Tally) -> None:
    """One subscription of each location speaks for it: the list is the same for all of them."""
    context = tally.context
    with context.engine.connect() as connection:
        places = inventory.places(connection, context.limits.subscriptions)
    askers = {location: subscription for subscription, location in reversed(places)}
    locations = sorted(askers)
    context.progress.start("models", len(locations))
    ask = lambda location: context.sources.models.models(askers[location], location)  # noqa: E731  # one use, named for the reader
    for location, answer in in_parallel(context, locations, ask):
        if isinstance(answer, BaseException):
            tally.fail(location, answer)
            continue
        now = context.clock()
        with context.engine.begin() as connection:
            before = catalog.models_of(connection, location)
            events = catalog_changes(before, answer) if before else ()
            writes.record_catalog(connection, location, answer, events, at=now)
        tally.succeed(location, now, rows=len(answer))
        context.progress.advance(note=location)
