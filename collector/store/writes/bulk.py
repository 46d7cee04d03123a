# ruff: noqa: S608 # statements are built of our own table and column names; values are always bound
"""The one way in for rows: an upsert by natural key that writes only what differs, on both engines.

SQLite takes one prepared statement for all rows; PostgreSQL a binary COPY into a temporary table and a merge.
Rows go in the order of their keys, since two writers in different orders would deadlock. Citus accepts every
statement here: no function in DO UPDATE SET, no key in it, no MERGE, no multi-row VALUES.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, Column, ColumnElement, Connection, Date, Table, Uuid, select, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType

from collector.store.tables import Instant, Money, to_database

_BATCH: Final = 20_000
_Row = tuple[Any, ...]
_Converter = Callable[[Any], Any]


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Sequence[Any]],
    columns: Sequence[str] | None = None,
    *,
    keep: Sequence[str] = (),
    unless_changed: Sequence[str] = (),
) -> int:
    """Insert rows, or make the row of the same key equal to them; returns the rows sent, not the rows changed.

    `rows` are Python values in the order of `columns` (all of the table's by default); of two with one key the
    later holds. Columns in `keep` stay as first written. A difference in `unless_changed` alone writes nothing:
    such a column says when the others were read.
    """
    columns = tuple(columns) if columns is not None else column_names(table)
    ready = _in_key_order(table, columns, rows, connection.dialect.name)
    _put(connection, table, columns, ready, tuple(keep), tuple(unless_changed))
    return len(ready)


def replace_rows(
    connection: Connection, table: Table, rows: Iterable[Sequence[Any]], *inside: ColumnElement[bool]
) -> int:
    """Make what lies `inside` exactly these rows, which all lie in it; returns how many rows there are.

    Only what differs is written: what is there is read as the driver tells it and compared, which costs a fifth of
    writing it once more. `rows` are Python values in the order of the table's columns.
    """
    columns = column_names(table)
    ready = _in_key_order(table, columns, rows, connection.dialect.name)
    key_of = itemgetter(*(columns.index(column.name) for column in table.primary_key))
    plain = select(*(type_coerce(column, NullType()) for column in table.columns)).where(*inside)
    stored = {key_of(row): tuple(row) for row in connection.execute(plain)}
    fresh = {key_of(row) for row in ready}
    _take(
        connection, table, tuple(column.name for column in table.primary_key), sorted(stored.keys() - fresh)
    )
    _put(connection, table, columns, [row for row in ready if stored.get(key_of(row)) != row])
    return len(ready)


def _put(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    ready: list[_Row],
    keep: tuple[str, ...] = (),
    unless_changed: tuple[str, ...] = (),
) -> None:
    """Rows as the driver takes them, in the order of their keys."""
    if not ready:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_sqlite_upsert(table, columns, keep, unless_changed), ready)
        return
    merge = _merge(table, columns, keep, unless_changed)
    for start in range(0, len(ready), _BATCH):
        _stage(connection, table, columns, ready[start : start + _BATCH])
        connection.exec_driver_sql(merge)


def column_names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def delete_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Delete the rows whose `columns` equal one of `rows`; `columns` begin with the table's key."""
    columns = tuple(columns)
    ready = _in_key_order(table, columns, rows, connection.dialect.name)
    _take(connection, table, columns, ready)
    return len(ready)


def _take(connection: Connection, table: Table, columns: tuple[str, ...], ready: list[_Row]) -> None:
    if not ready:
        return
    if connection.dialect.name == "sqlite":
        matches = " and ".join(f"{_quoted(name)} = ?" for name in columns)
        connection.exec_driver_sql(f"delete from {table.name} where {matches}", ready)
        return
    matches = " and ".join(f"t.{_quoted(name)} = s.{_quoted(name)}" for name in columns)
    for start in range(0, len(ready), _BATCH):
        _stage(connection, table, columns, ready[start : start + _BATCH])
        connection.exec_driver_sql(f"delete from {table.name} t using {_stage_name(table)} s where {matches}")


def _in_key_order(
    table: Table, columns: tuple[str, ...], rows: Iterable[Sequence[Any]], dialect: str
) -> list[_Row]:
    """The rows as the driver takes them, one per key, sorted by key."""
    converters = _converters(table, columns, dialect)
    keys = [position for position, name in enumerate(columns) if table.c[name].primary_key]
    by_key: dict[_Row, _Row] = {}
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(
                f"{table.name}: a row of {len(row)} values, expected {len(columns)}: {', '.join(columns)}"
            )
        values = list(row)
        for position, convert in converters:
            if values[position] is not None:
                values[position] = convert(values[position])
        by_key[tuple([values[position] for position in keys])] = tuple(values)
    return [by_key[key] for key in sorted(by_key)]


@lru_cache(maxsize=256)
def _converters(table: Table, columns: tuple[str, ...], dialect: str) -> tuple[tuple[int, _Converter], ...]:
    found = ((position, _converter(table.c[name], dialect)) for position, name in enumerate(columns))
    return tuple((position, convert) for position, convert in found if convert is not None)


def _converter(column: Column[Any], dialect: str) -> _Converter | None:
    kind = column.type
    if isinstance(kind, Instant):
        return _seconds if dialect == "sqlite" else _whole_second
    if isinstance(kind, Money | Date):
        return lambda value: to_database(value, dialect)
    if isinstance(kind, Uuid):
        return (lambda value: value.hex) if dialect == "sqlite" else None
    if isinstance(kind, JSON):
        # One text for one value, so that SQLite's comparison of texts compares values.
        return json_text if dialect == "sqlite" else lambda value: json.loads(json_text(value))
    return None


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp()) if instant.tzinfo is UTC else to_database(instant, "sqlite")


def _whole_second(instant: datetime) -> datetime:
    return (
        instant if instant.tzinfo is UTC and not instant.microsecond else to_database(instant, "postgresql")
    )


def json_text(value: Any) -> str:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Decimal):
        return to_database(value, "sqlite")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{value!r} is no JSON: expected text, numbers, lists or mappings of them")


def _quoted(name: str) -> str:
    # `limit`, `current`, `before` and `type` are words of SQL.
    return f'"{name}"'


@lru_cache(maxsize=256)
def _sqlite_upsert(
    table: Table, columns: tuple[str, ...], keep: tuple[str, ...], unless_changed: tuple[str, ...]
) -> str:
    names = ", ".join(map(_quoted, columns))
    marks = ", ".join("?" * len(columns))
    return f"insert into {table.name} ({names}) values ({marks}) {_on_conflict(table, columns, keep, unless_changed, 'is not')}"


@lru_cache(maxsize=256)
def _merge(
    table: Table, columns: tuple[str, ...], keep: tuple[str, ...], unless_changed: tuple[str, ...]
) -> str:
    names = ", ".join(map(_quoted, columns))
    tail = _on_conflict(table, columns, keep, unless_changed, "is distinct from")
    order = ", ".join(_quoted(column.name) for column in table.primary_key)
    return f"insert into {table.name} as t ({names}) select {names} from {_stage_name(table)} order by {order} {tail}"


def _on_conflict(
    table: Table,
    columns: tuple[str, ...],
    keep: tuple[str, ...],
    unless_changed: tuple[str, ...],
    differs: str,
) -> str:
    key = ", ".join(_quoted(column.name) for column in table.primary_key)
    own = table.name if differs == "is not" else "t"
    changing = [name for name in columns if not table.c[name].primary_key and name not in keep]
    compared = [name for name in changing if name not in unless_changed]
    if not changing:
        return f"on conflict ({key}) do nothing"
    sets = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in changing)
    where = " or ".join(f"{own}.{_quoted(name)} {differs} excluded.{_quoted(name)}" for name in compared)
    return f"on conflict ({key}) do update set {sets} where {where}"


def _stage_name(table: Table) -> str:
    return f"pg_temp.stage_{table.name}"


def _stage(connection: Connection, table: Table, columns: tuple[str, ...], rows: list[_Row]) -> None:
    """The rows in an empty temporary table of their own, gone with the transaction."""
    types = [_postgresql_type(table.c[name]) for name in columns]
    definition = ", ".join(f"{_quoted(name)} {kind}" for name, kind in zip(columns, types, strict=True))
    connection.exec_driver_sql(f"drop table if exists {_stage_name(table)}")
    connection.exec_driver_sql(f"create temporary table stage_{table.name} ({definition}) on commit drop")
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"copy {_stage_name(table)} from stdin (format binary)") as copy,
    ):
        copy.set_types(types)
        write = copy.write_row
        for row in rows:
            write(row)


@lru_cache(maxsize=1024)
def _postgresql_type(column: Column[Any]) -> str:
    name = column.type.compile(dialect=postgresql.dialect()).lower()
    return "float8" if name == "float" else name
