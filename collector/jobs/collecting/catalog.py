"""Quotas, and the models that each location offers with their dates."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Final

from collector.domain.endings.catalog_events import catalog_events
from collector.domain.endings.offers import offer_of
from collector.domain.types import CatalogModel, QuotaLine, TryLater
from collector.jobs.collecting.reprice import mark_locations
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.jobs.parallel import in_parallel
from collector.store import writes
from collector.store.engine import Connection
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
        _store_quotas(context, place, answer)
        tally.succeed(scope, rows=len(answer))
        context.progress.advance(note=scope)


def _store_quotas(context: Context, place: tuple[str, str], lines: Sequence[QuotaLine]) -> None:
    now = context.clock()
    writes.retrying(
        context.engine, lambda connection: writes.record_quotas(connection, *place, lines, at=now)
    )


def _models(tally: Tally) -> None:
    """One subscription of each location speaks for it: the list is the same for all of them."""
    context = tally.context
    with context.engine.connect() as connection:
        places = inventory.places(connection, context.limits.subscriptions)
    askers = {location: subscription for subscription, location in reversed(places)}
    locations = sorted(askers)
    context.progress.start("models", len(locations))

    def ask(location: str) -> Sequence[CatalogModel]:
        return context.sources.models.models(askers[location], location)

    for location, answer in in_parallel(context, locations, ask):
        if isinstance(answer, BaseException):
            tally.fail(location, answer)
            continue
        with tally.scope(location):
            _store_models(context, location, answer)
            tally.succeed(location, rows=len(answer))
        context.progress.advance(note=location)


def _store_models(context: Context, location: str, listed: Sequence[CatalogModel]) -> None:
    now = context.clock()

    def store(connection: Connection) -> None:
        stored = catalog.models_of(connection, location)
        if stored and not listed:
            raise TryLater(
                f"the models list of {location} came back empty, where {len(stored)} offers are known: "
                "not taken, since that would say that every model was withdrawn"
            )
        before = [offer_of(row) for row in stored] or None
        events = catalog_events(before, [offer_of(row) for row in listed])
        writes.record_catalog(connection, location, listed, events, at=now)
        if _meters(stored) != _meters(listed):
            mark_locations(connection, {location: None})

    writes.retrying(context.engine, store)


def _meters(models: Iterable[CatalogModel]) -> set[Hashable]:
    """Which meters the Models API names for what: a change prices the past anew."""
    return {
        (one.format, one.model, one.version, one.sku, one.fine_tuned, one.costs)
        for one in models
        if one.costs
    }
