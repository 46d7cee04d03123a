"""Months of the hour facts on PostgreSQL: made before rows need them, dropped whole when they are old."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection

from collector.domain.periods import Month, month_of
from collector.store.tables import PARTITIONED


def ensure_months(
    connection: Connection, wanted: Iterable[Month], tables: Collection[str] = tuple(PARTITIONED)
) -> None:
    """Make these months; nothing on SQLite, and nothing where they are there.

    To be called first in a transaction, before rows are written: two writers that need one month then wait for
    each other here and nowhere else.
    """
    if connection.dialect.name != "postgresql":
        return
    needed = set(wanted)
    for table in tables:
        if needed <= existing(connection, table):
            continue
        connection.exec_driver_sql(
            "select pg_advisory_xact_lock(hashtext(%s))", (f"aoai-monitor partitions {table}",)
        )
        for month in sorted(needed - existing(connection, table)):
            _make(connection, table, month)


def existing(connection: Connection, table: str) -> set[Month]:
    """The months that the partitioned table has."""
    rows = connection.exec_driver_sql(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = to_regclass(%s)",
        (table,),
    )
    found = (re.fullmatch(rf"{table}_(\d{{4}})_(\d{{2}})", name) for (name,) in rows)
    return {Month(int(match[1]), int(match[2])) for match in found if match}


def drop_before(connection: Connection, table: str, instant: datetime) -> list[Month]:
    """Drop the months that end at or before `instant`; returns them."""
    old = sorted(month for month in existing(connection, table) if month.shifted(1) <= month_of(instant))
    if old:
        connection.exec_driver_sql("set local lock_timeout = '10s'")
    for month in old:
        connection.exec_driver_sql(f"drop table if exists {partition_name(table, month)}")
    return old


def partition_name(table: str, month: Month) -> str:
    return f"{table}_{month.year:04d}_{month.month:02d}"


def _make(connection: Connection, table: str, month: Month) -> None:
    start, end = month.window.start, month.window.end
    connection.exec_driver_sql(
        f"create table if not exists {partition_name(table, month)} partition of {table}"
        f" for values from ('{start.isoformat()}') to ('{end.isoformat()}')"
    )
