"""The Models API's catalog, every change seen in it, and what could be deployed now."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from collector.domain.endings.catalog_events import CatalogEvent
from collector.domain.types import CatalogModel, ModelCapacity
from collector.store import tables
from collector.store.writes.bulk import column_names, upsert

_KEY = tuple(column.name for column in tables.catalog_model.primary_key)
_SEEN = ("first_seen_at", "last_seen_at", "gone_at")
_STATED = tuple(name for name in column_names(tables.catalog_model) if name not in _SEEN)


def record_catalog(
    connection: Connection,
    location: str,
    models: Iterable[CatalogModel],
    events: Iterable[CatalogEvent] = (),
    *,
    at: datetime,
) -> int:
    """Store a whole reading of one location; an entry that is no longer listed is gone from `at` on."""
    table = tables.catalog_model
    rows = [(*_stated(model), at, at, None) for model in models]
    listed = {tuple(row[: len(_KEY)]) for row in rows}
    upsert(connection, table, rows, (*_STATED, *_SEEN), keep=("first_seen_at",))
    there = connection.execute(select(table).where(table.c.location == location, table.c.gone_at.is_(None)))
    gone = [row._mapping for row in there if tuple(row[: len(_KEY)]) not in listed]
    upsert(
        connection, table, [[{**row, "gone_at": at}[name] for name in column_names(table)] for row in gone]
    )
    record_catalog_events(connection, events, at=at)
    return len(rows)


def record_catalog_events(connection: Connection, events: Iterable[CatalogEvent], *, at: datetime) -> int:
    """Keep what changed at this reading; a change that concerns every SKU of a version has an empty one."""
    rows = (
        (e.location, e.format, e.model, e.version, e.sku or "", e.fine_tuned, at, e.change, e.before, e.after)
        for e in events
    )
    return upsert(connection, tables.catalog_event, rows)


def record_capacities(
    connection: Connection, subscription_id: str, capacities: Iterable[ModelCapacity], *, at: datetime
) -> int:
    rows = (
        (subscription_id, c.location, c.format, c.model, c.version, c.sku, c.available, at)
        for c in capacities
    )
    return upsert(connection, tables.model_capacity, rows)


def _stated(model: CatalogModel) -> list[Any]:
    values: dict[str, Any] = {
        "kinds": sorted(model.kinds),
        "costs": [asdict(cost) for cost in model.costs],
        "capabilities": dict(model.capabilities),
    }
    return [values[name] if name in values else getattr(model, name) for name in _STATED]
