"""A store of each engine, at this program's revision."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from collector.store import schema
from collector.store.engine import open_engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    schema.upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def postgres(postgres_database: str) -> Iterator[Engine]:
    opened = open_engine(postgres_database)
    schema.upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite(sqlite_database: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_database)
    schema.upgrade(opened)
    yield opened
    opened.dispose()
