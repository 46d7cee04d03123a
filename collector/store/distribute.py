"""The distributed layout: the same tables spread over the nodes of a Citus cluster by account."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from collector.store.engine import has_citus, where
from collector.store.errors import CitusAbsent, StoreError, clear_errors, driver_error
from collector.store.lease import lease
from collector.store.lease_holders import STEPS
from collector.store.schema import LOCK_TIMEOUT, require
from collector.store.tables import GROWING, REFERENCE

KEY: Final = "account_key"
ANCHOR: Final = "usage_hour"
"""The table that the others lie beside."""

SEQUENTIAL: Final = "set local citus.multi_shard_modify_mode to 'sequential'"
AS_REFERENCE: Final = "select create_reference_table(%s)"
FIRST: Final = "select create_distributed_table(%s, %s, colocate_with => 'none', shard_count => %s)"
BESIDE: Final = "select create_distributed_table(%s, %s, colocate_with => %s)"
KNOWS_ITSELF: Final = "select 1 from pg_dist_node where groupid = 0"
EMPTY_COORDINATOR: Final = "select truncate_local_data_after_distributing_table(to_regclass(%s))"
PLACED: Final = (
    "select partmethod, column_to_column_name(logicalrelid, partkey), repmodel, colocationid from pg_dist_partition"
    " where logicalrelid = to_regclass(%s)"
)

Kind = Literal["reference", "distributed"]


@dataclass(frozen=True, slots=True)
class Placement:
    table: str
    kind: Kind
    was_there: bool

    def __str__(self) -> str:
        how = f"distributed by {KEY}" if self.kind == "distributed" else "a reference table"
        return f"{self.table}: {how}{' already' if self.was_there else ' now'}"


def layout() -> list[tuple[str, Kind]]:
    """Every table that leaves the coordinator, in the order in which it must: reference tables first."""
    others = [name for name in GROWING if name != ANCHOR]
    growing: list[tuple[str, Kind]] = [(name, "distributed") for name in (ANCHOR, *others)]
    return [*((name, "reference") for name in REFERENCE), *growing]


def distribute(engine: Engine, *, shard_count: int = 16) -> list[Placement]:
    """Spread the tables; all of them or none, and nothing for those that are spread already.

    To be run after every `upgrade`: a table that a migration added is local until then. Refused while anybody works
    on the store, where the database has no Citus extension, and where a table is spread by another column.
    """
    require(engine)
    with ExitStack() as held, _told(engine):
        for step in STEPS:
            held.enter_context(lease(engine, step, wait=False))
        with engine.begin() as connection:
            if not has_citus(connection):
                raise CitusAbsent(
                    f"{where(engine)} has no citus extension: expected a Citus coordinator on which `create extension citus` "
                    "was run; without it nothing needs to be distributed"
                )
            connection.exec_driver_sql(SEQUENTIAL)
            # A table that waits behind a long read would make every later read wait behind it.
            connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
            placed = [_place(connection, table, kind, shard_count) for table, kind in layout()]
        for placement in placed:
            # What was copied to the shards still lies on the coordinator, unseen.
            with engine.begin() as connection:
                connection.exec_driver_sql(EMPTY_COORDINATOR, (placement.table,))
    return placed


def yet_to_be_spread(engine: Engine) -> list[str]:
    """Tables of the layout that lie on the coordinator alone although others are spread: an upgrade added them.

    They work there as they are, at the price of rows that travel. Empty where nothing is distributed.
    """
    with clear_errors(where(engine)), engine.connect() as connection:
        if not has_citus(connection):
            return []
        found = {table: connection.exec_driver_sql(PLACED, (table,)).first() for table, _ in layout()}
    local = [table for table, row in found.items() if row is None or _is_local(row[0], row[2], row[3])]
    return [] if len(local) == len(found) else local


def advice(engine: Engine) -> str | None:
    """What would make the layout quicker: reference tables have a copy beside the coordinator's own tables, with which
    they are joined, only where the coordinator is among its nodes. None where it is, and where there is no Citus.
    """
    with clear_errors(where(engine)), engine.connect() as connection:
        if not has_citus(connection) or connection.exec_driver_sql(KNOWS_ITSELF).first():
            return None
    return (
        f"{where(engine)} is not among its own nodes, so that joins with its own tables travel: run "
        "`select citus_set_coordinator_host('HOST', 5432)` with the name by which its nodes reach it"
    )


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    """What Citus refuses (a node that is away, a right, a version) in its own words."""
    try:
        with clear_errors(where(engine)):
            yield
    except DBAPIError as error:
        raise StoreError(
            f"{where(engine)} could not be distributed: {driver_error(error)}; what was not spread stays as it was, and "
            "the same command goes on from there"
        ) from error


def _place(connection: Connection, table: str, kind: Kind, shard_count: int) -> Placement:
    found = connection.exec_driver_sql(PLACED, (table,)).first()
    if found is not None and not _is_local(found[0], found[2], found[3]):
        _check(table, kind, found[0], found[1])
        return Placement(table, kind, was_there=True)
    if kind == "reference":
        connection.exec_driver_sql(AS_REFERENCE, (table,))
    elif table == ANCHOR:
        connection.exec_driver_sql(FIRST, (table, KEY, shard_count))
    else:
        connection.exec_driver_sql(BESIDE, (table, KEY, ANCHOR))
    return Placement(table, kind, was_there=False)


def _is_local(method: str, replication: str, colocation: int) -> bool:
    """Citus lists local tables too that it manages on the coordinator; they are yet to be spread."""
    return method == "n" and replication != "t" and colocation == 0


def _check(table: str, kind: Kind, method: str, column: str | None) -> None:
    """`method` is Citus's letter: n for reference tables, h for those spread by hash."""
    as_it_should = method == "n" if kind == "reference" else method == "h" and column == KEY
    if not as_it_should:
        how = f"by {column}" if column else "as a reference table"
        wanted = "as a reference table" if kind == "reference" else f"by {KEY}"
        raise StoreError(
            f"{table} is distributed {how}: expected {wanted}; call undistribute_table('{table}') and run this again"
        )
