"""A store of each engine, at this program's revision and empty."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url

from collector.store import partitions, schema, tables
from collector.store.engine import open_engine
from collector.store.lease_holders import held_leases
from tests.conftest import an_empty_database, lacking


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: migrating once is enough."""
    path = tmp_path_factory.mktemp("store") / "migrated.db"
    engine = open_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """A database that the tests of one process empty and use again."""
    server, name = make_url(postgres_url), f"aoai_store_{uuid.uuid4().hex}"
    _alone(server, "create database {}", name)
    url = server.set(database=name).render_as_string(hide_password=False)
    engine = open_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    yield url
    _alone(server, "drop database {} with (force)", name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each engine in turn."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "store.db")
        return f"sqlite:///{copy}"
    url = request.getfixturevalue("migrated_postgres")
    _empty(url)
    return url


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a store of each engine in turn that a whole file fills once and reads."""
    if request.param == "sqlite":
        copy = tmp_path_factory.mktemp("shared") / "store.db"
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), copy)}"
    else:
        with an_empty_database(request.getfixturevalue("postgres_url")) as url:
            yield url


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    yield from _opened(store_url)


@pytest.fixture
def store(store_url: str) -> Iterator[Connection]:
    """A connection that cannot write, since the tests after this one may read the same rows."""
    engine = open_engine(store_url)
    with engine.connect() as connection:
        postgres = connection.dialect.name == "postgresql"
        connection.exec_driver_sql("set transaction read only" if postgres else "pragma query_only = on")
        yield connection
    engine.dispose()


@pytest.fixture
def postgres(migrated_postgres: str) -> Iterator[Engine]:
    _empty(migrated_postgres)
    yield from _opened(migrated_postgres)


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:
    yield from _opened(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'store.db')}")


def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def _empty(url: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"truncate {', '.join(tables.metadata.tables)}")
        for table in tables.PARTITIONED:
            for month in partitions.existing(connection, table):
                connection.exec_driver_sql(f"drop table {partitions.partition_name(table, month)}")
    engine.dispose()


def _alone(server: URL, statement: str, name: str) -> None:
    libpq = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(libpq, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))  # pyright: ignore[reportArgumentType] # texts of this file


def when_nobody_holds(engine: Engine) -> None:
    """PostgreSQL notices a dead client as soon as it looks at the connection."""
    for _ in range(2_000):
        if not held_leases(engine):
            return
    lacking("the server keeps the dead client's locks")
