"""A pretend Azure on loopback for the tests of its own room."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from collector.simulator.estate import Account, Deployment
from collector.simulator.server import Simulator
from collector.simulator.world import World
from tests.simulator.client import NOW, Client


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=7, subscriptions=3, accounts=12, deployments=36, days=40, now=NOW)


@pytest.fixture(scope="module")
def running(world: World) -> Iterator[Simulator]:
    with Simulator(world) as azure:
        yield azure


@pytest.fixture
def azure(running: Simulator) -> Iterator[Simulator]:
    """The module's pretend Azure, at its own now, in fair weather and with every role."""
    running.set_clock(NOW)
    running.weather.set([])
    yield running
    running.weather.set([])
    for subscription in running.world.subscriptions:
        running.routes.access.set(
            subscription,
            reader=True,
            monitoring_reader=True,
            insights_registered=True,
            usages_reader=True,
            cost_reader=True,
        )


@pytest.fixture
def client(azure: Simulator) -> Client:
    return Client(azure)


@pytest.fixture(scope="session")
def settled() -> tuple[datetime, datetime]:
    """Three hours that nothing will change any more."""
    return NOW.replace(hour=8, minute=0, second=0), NOW.replace(hour=11, minute=0, second=0)


@pytest.fixture(scope="session")
def both_families(world: World) -> Account:
    return next(
        a for a in world.accounts if a.families == ("azure", "models") and len(world.deployments_of(a)) > 1
    )


@pytest.fixture(scope="session")
def hot(world: World) -> Deployment:
    return world.deployment("hot")
