"""Empty stores of both engines, and what they weigh."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from collector.store import schema, tables
from collector.store.engine import open_engine

SERVER = "AOAI_TEST_DATABASE_URL"
_LOCAL = "postgresql://127.0.0.1:5432/postgres"


@dataclass(frozen=True, slots=True)
class Store:
    """A store at this program's revision; `name` is its engine's for a person to read."""

    name: str
    url: str
    engine: Engine

    def sizes(self) -> dict[str, int]:
        """Bytes by table, indexes with them."""
        with self.engine.connect() as connection:
            if self.name == "SQLite":
                rows = connection.exec_driver_sql(
                    "select m.tbl_name, sum(s.pgsize) from dbstat s join sqlite_master m on m.name = s.name group by 1"
                )
                return {name: int(size) for name, size in rows}
            found = dict.fromkeys(tables.metadata.tables, 0)
            rows = connection.exec_driver_sql(
                "select c.relname, pg_total_relation_size(c.oid) from pg_class c"
                " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
            )
            for name, size in rows:
                whole = next((table for table in tables.PARTITIONED if name.startswith(f"{table}_2")), name)
                found[whole] = found.get(whole, 0) + int(size)
            return found


def engines() -> list[str]:
    """The engines that this machine has."""
    return ["SQLite", "PostgreSQL"] if _server() else ["SQLite"]


@contextmanager
def empty_store(name: str) -> Iterator[Store]:
    with _sqlite() if name == "SQLite" else _postgresql() as store:
        schema.upgrade(store.engine)
        yield store
        store.engine.dispose()


@contextmanager
def _sqlite() -> Iterator[Store]:
    place = Path(tempfile.mkdtemp(prefix="aoai-bench-"))
    try:
        url = f"sqlite:///{place / 'bench.db'}"
        yield Store("SQLite", url, open_engine(url))
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _postgresql() -> Iterator[Store]:
    server = _server()
    if server is None:
        raise LookupError(f"no PostgreSQL: expected one at {_LOCAL} or where {SERVER} says")
    name = f"aoai_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    try:
        url = make_url(server).set(drivername="postgresql", database=name)
        text = url.render_as_string(hide_password=False)
        yield Store("PostgreSQL", text, open_engine(text))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)".encode())


def _server() -> str | None:
    for url in (os.environ.get(SERVER), _LOCAL):
        if url:
            plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            try:
                psycopg.connect(plain, connect_timeout=3).close()
            except psycopg.OperationalError:
                continue
            return plain
    return None


def settled(store: Store) -> None:
    """As a store that has been there for a while: planned from statistics, its log written back."""
    with store.engine.connect() as connection:
        if store.name == "SQLite":
            connection.exec_driver_sql("commit")
            connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
            connection.exec_driver_sql("begin")
        else:
            connection.commit()
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.autocommit = True
            connection.exec_driver_sql("vacuum analyze")
            driver.autocommit = False
