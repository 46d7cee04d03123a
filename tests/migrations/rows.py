"""A row in every table that a database has, at whatever revision it stands."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, MetaData, Table, types
from sqlalchemy.dialects.postgresql import JSONB

from collector.domain.periods import month_of
from collector.store import partitions

INSTANT = datetime(2026, 10, 3, 12, tzinfo=UTC)


def a_row_in_every_table(engine: Engine) -> None:
    reflected = _reflected(engine)
    with engine.begin() as connection:
        partitions.ensure_months(connection, {month_of(INSTANT)})
        for table in reflected:
            connection.execute(
                table.insert().values({column.name: _value(column) for column in table.columns})
            )


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {table.name: len(connection.execute(table.select()).all()) for table in _reflected(engine)}


def _reflected(engine: Engine) -> list[Table]:
    """The tables as they are, not as this program's models have them."""
    metadata = MetaData()
    metadata.reflect(engine)
    return [
        table
        for table in metadata.sorted_tables
        if table.name != "alembic_version"
        and not any(table.name.startswith(f"{name}_2") for name in partitions.PARTITIONED)
    ]


def _value(column: Any) -> Any:
    if column.name == "status":
        return "ok"
    kind = column.type
    if isinstance(kind, types.Uuid):
        return UUID(int=1)
    if isinstance(kind, types.JSON | JSONB):
        return {}
    if isinstance(kind, types.DateTime):
        return INSTANT
    if isinstance(kind, types.Date):
        return date(2026, 10, 3)
    if isinstance(kind, types.Boolean):
        return True
    if isinstance(kind, types.LargeBinary):
        return b"\x00"
    if isinstance(kind, types.Integer | types.Numeric):
        return 1
    return "1"
