"""One seeded store of each engine for a file of tests that only read."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from collector.store.engine import open_engine
from tests.dashboard.seed import Seed


def seeded(url: str, seed: Seed) -> str:
    """The store's URL, with the seed in it."""
    engine = open_engine(url)
    seed.write(engine)
    engine.dispose()
    return url


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection that cannot write, since the tests after this one read the same rows."""
    engine = open_engine(url)
    with engine.connect() as connection:
        postgres = connection.dialect.name == "postgresql"
        connection.exec_driver_sql("set transaction read only" if postgres else "pragma query_only = on")
        yield connection
    engine.dispose()
