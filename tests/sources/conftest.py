"""An Azure on loopback whose answers the test writes, and our sources that ask it."""

from collections.abc import Iterator

import pytest

from collector.sources import AzureSources, open_sources
from tests.sources.loopback import Loopback


@pytest.fixture
def azure() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def sources(azure: Loopback) -> Iterator[AzureSources]:
    with open_sources(azure.settings()) as opened:
        yield opened
