"""A store of each engine at this program's revision, and quiet logs."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.store.conftest import engine, migrated_postgres, migrated_sqlite, postgres, sqlite, store_url

__all__ = ["engine", "migrated_postgres", "migrated_sqlite", "postgres", "sqlite", "store_url"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
