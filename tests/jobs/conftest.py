"""Quiet logs: what these tests expect to fail is asserted, not printed."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.store.conftest import migrated_sqlite, shared_url

__all__ = ["migrated_sqlite", "shared_url"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
