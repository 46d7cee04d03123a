"""A store moved to another database, on either engine: every row of every table, checked before it counts.

All in one transaction of the target: killed, stopped or found different, the target is as empty as before, and the
same command begins anew. The source is read as of one instant, while nobody works on it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.exc import DBAPIError

from collector.domain.periods import month_of
from collector.domain.types import NeedsHuman
from collector.ports import Progress
from collector.store import partitions, schema, tables
from collector.store.engine import where
from collector.store.errors import StoreError, clear_errors, driver_error
from collector.store.lease import lease
from collector.store.lease_holders import STEPS
from collector.store.tables import PARTITIONED, to_database
from collector.store.writes.bulk import column_names, json_text, upsert

_BATCH: Final = 5_000


class CopyRefused(StoreError, NeedsHuman):
    """Nothing was copied, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table holds: its rows, and the sum of their digests, which does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def plus(self, row: Sequence[Any]) -> "Sum":
        said = "\x1f".join(map(_spelled, row)).encode("utf-8", "surrogatepass")
        added = int.from_bytes(hashlib.blake2b(said, digest_size=16).digest())
        return Sum(self.rows + 1, (self.digest + added) % 2**128)

    def __str__(self) -> str:
        return f"{self.rows} rows, checksum {self.digest:032x}"


@dataclass(frozen=True, slots=True)
class Copied:
    table: str
    sum: Sum

    def __str__(self) -> str:
        return f"{self.table}: {self.sum}"


def copy(source: Engine, target: Engine, progress: Progress) -> list[Copied]:
    """Copy every table into an empty database, which is migrated first; what is there afterwards is what was read.

    Raises `CopyRefused` where the target holds rows, `LeaseHeld` where somebody works on either side.
    """
    schema.require(source)
    _refuse_full(target)
    schema.upgrade(target)
    with ExitStack() as held:
        for engine in (source, target):
            for step in STEPS:
                held.enter_context(lease(engine, step, wait=False))
        with clear_errors(where(source)), source.connect() as reading:
            _as_of_one_instant(reading)
            return _copy_all(reading, target, progress)


def summed(connection: Connection, table: Table) -> Sum:
    """The rows that a table holds."""
    found = Sum()
    for row in _rows(connection, table):
        found = found.plus(row)
    return found


def _refuse_full(target: Engine) -> None:
    """Said before anything is touched: a database of somebody else's is not even migrated."""
    state = schema.check(target)
    if state.status in {"behind", "newer"}:
        raise CopyRefused(f"{where(target)} is {state}: expected an empty database")
    if state.status == "current":
        with clear_errors(where(target)), target.connect() as connection:
            _expect_empty(connection, target)


def _expect_empty(connection: Connection, target: Engine) -> None:
    for name, table in tables.metadata.tables.items():
        if connection.execute(select(1).select_from(table).limit(1)).first() is not None:
            raise CopyRefused(
                f"{where(target)} already holds rows (table {name}): expected an empty database; nothing was copied"
            )


def _copy_all(reading: Connection, target: Engine, progress: Progress) -> list[Copied]:
    done: list[Copied] = []
    with clear_errors(where(target)), target.begin() as writing:
        _expect_empty(writing, target)
        for name, table in tables.metadata.tables.items():
            try:
                sent = _copy_table(reading, writing, table, progress)
            except DBAPIError as error:
                raise StoreError(
                    f"{name} could not be copied to {where(target)}, which stays empty: {driver_error(error)}"
                ) from error
            arrived = summed(writing, table)
            if arrived != sent:
                raise StoreError(
                    f"{name} did not arrive as it was: {sent} left, {arrived} came; {where(target)} stays empty"
                )
            done.append(Copied(name, sent))
        progress.done()
    return done


def _copy_table(reading: Connection, writing: Connection, table: Table, progress: Progress) -> Sum:
    progress.start(table.name, reading.scalar(select(func.count()).select_from(table)))
    sent, rows = Sum(), _rows(reading, table)
    hour = column_names(table).index(PARTITIONED[table.name]) if table.name in PARTITIONED else None
    while batch := list(islice(rows, _BATCH)):
        for row in batch:
            sent = sent.plus(row)
        if hour is not None:
            partitions.ensure_months(writing, {month_of(row[hour]) for row in batch}, (table.name,))
        upsert(writing, table, batch)
        progress.advance(len(batch))
    return sent


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Each row as Python values, a bounded number of them in memory."""
    asked = select(table).execution_options(yield_per=_BATCH)
    for row in connection.execute(asked):
        yield tuple(row)


def _as_of_one_instant(connection: Connection) -> None:
    """SQLite's transactions are so by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")


def _spelled(value: Any) -> str:
    """One text for one value, whichever engine it comes from."""
    if isinstance(value, bool):
        return f"b{value:d}"
    if isinstance(value, bytes | memoryview):
        return f"x{bytes(value).hex()}"
    if isinstance(value, Decimal):
        return f"n{to_database(value, 'sqlite')}"
    if isinstance(value, datetime):
        return f"t{to_database(value, 'sqlite')}"
    if isinstance(value, dict | list):
        return f"j{json_text(_plain(value))}"
    return "0" if value is None else f"{type(value).__name__[0]}{value}"


def _plain(value: Any) -> Any:
    """JSONB keeps numbers, not their spelling: 1e3 comes back as 1000."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
