"""What Azure says, one client per question, and the only room that imports an Azure SDK."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from collector.domain.types import Misconfigured
from collector.folders import folder
from collector.ports import BillSource, Sources
from collector.sources.bill_ways import BillsEitherWay
from collector.sources.bills import AzureBills
from collector.sources.connection import Connection
from collector.sources.exports import ExportedBills
from collector.sources.inventory import AzureInventory
from collector.sources.logs import AzureCallers
from collector.sources.metrics import AzureMetrics
from collector.sources.models import AzureModels
from collector.sources.prices import AzurePrices
from collector.sources.quotas import AzureQuotas
from collector.sources.settings import AzureSettings


@dataclass(frozen=True, slots=True)
class AzureSources(Sources):
    """The ports over one connection, which `close` gives back."""

    connection: Connection

    def close(self) -> None:
        self.connection.close()


def build_sources(settings: AzureSettings, monotonic: Callable[[], float] = time.monotonic) -> AzureSources:
    """Every port over one connection. Nothing is asked yet; a setting that cannot be right raises NeedsHuman."""
    connection = Connection(settings, monotonic)
    return AzureSources(
        inventory=AzureInventory(connection),
        quotas=AzureQuotas(connection),
        models=AzureModels(connection),
        metrics=AzureMetrics(connection),
        prices=AzurePrices(connection),
        bills=_bills(connection, settings.bill_exports),
        callers=AzureCallers(connection),
        calls=connection.ledger,
        connection=connection,
    )


def _bills(connection: Connection, exports: str | None) -> BillSource:
    query = AzureBills(connection)
    if not exports:
        return query
    try:
        place = folder(exports)
    except Misconfigured as error:
        raise Misconfigured(f"AOAI_BILLS_EXPORTS: {error}") from error
    return BillsEitherWay(query, ExportedBills(replace(place, said=f"AOAI_BILLS_EXPORTS={exports}")))


@contextmanager
def open_sources(
    settings: AzureSettings, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[AzureSources]:
    sources = build_sources(settings, monotonic)
    try:
        yield sources
    finally:
        sources.close()


__all__ = ["AzureSettings", "AzureSources", "build_sources", "open_sources"]
