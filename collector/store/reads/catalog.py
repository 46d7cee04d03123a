"""The Models API's catalog as it was last read."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from collector.domain.types import CatalogModel, CostEntry
from collector.store import tables


def models_of(connection: Connection, location: str) -> list[CatalogModel]:
    """What the last reading of the location listed; empty where it was never read."""
    return _listed(connection, tables.catalog_model.c.location == location)


def all_models(connection: Connection) -> list[CatalogModel]:
    """What the last reading of every location listed."""
    return _listed(connection)


def _listed(connection: Connection, *conditions: ColumnElement[bool]) -> list[CatalogModel]:
    table = tables.catalog_model
    asked = select(table).where(table.c.gone_at.is_(None), *conditions).order_by(*table.primary_key)
    return [_model(row) for row in connection.execute(asked)]


def _model(row: Row[Any]) -> CatalogModel:
    told = row._mapping
    values = {name: told[name] for name in CatalogModel.__dataclass_fields__}
    values |= {
        "kinds": frozenset(row.kinds),
        "costs": tuple(CostEntry(**cost) for cost in row.costs),
        "capabilities": dict(row.capabilities),
    }
    return CatalogModel(**values)
