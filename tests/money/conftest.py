"""A pretend estate from the first of October on, collected once: its bill, its prices and its truth are its own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.catalog.prices import load_price_notes, load_snapshot
from collector.domain.periods import Month
from collector.jobs.charges import MoneyRules
from collector.jobs.collecting.catalog import collect_models
from collector.jobs.collecting.inventory import collect_inventory
from collector.jobs.collecting.metrics import collect_usage
from collector.jobs.collecting.money import collect_bills, collect_prices
from collector.jobs.collecting.quality import collect_api_use
from collector.jobs.context import Context, Limits
from collector.jobs.derive import derive
from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.sources import AzureSettings, build_sources
from collector.store import schema
from collector.store.engine import Engine, open_engine
from collector.store.reads.finance_report import FinanceRules

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
OCTOBER = Month(2026, 10)
NOVEMBER = Month(2026, 11)


@dataclass(frozen=True, slots=True)
class Estate:
    """`unread` is the subscription whose bill may not be read."""

    world: World
    azure: Simulator
    context: Context
    engine: Engine
    rules: FinanceRules
    unread: str


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    place: Path = tmp_path_factory.mktemp("money")
    world = World(seed=1, subscriptions=3, accounts=12, deployments=38, days=52, now=NOW)
    engine = open_engine(f"sqlite:///{place / 'money.db'}")
    schema.upgrade(engine)
    with Simulator(world) as azure:
        azure.routes.access.set(world.subscriptions[0], cost_reader=False)
        settings = AzureSettings(
            auth="none",
            arm_endpoint=azure.url,
            metrics_endpoint=azure.url,
            logs_endpoint=azure.url,
            prices_endpoint=azure.url,
            backoff_seconds=0.001,
            longest_wait_seconds=0.01,
            retries=2,
        )
        limits = Limits(backfill_days=53, minute_backfill_days=1)
        context = Context(engine, build_sources(settings), lambda: NOW, limits)
        for job in (
            collect_inventory,
            collect_models,
            collect_usage,
            collect_api_use,
            collect_prices,
            collect_bills,
        ):
            job(context)
        snapshot, notes = load_snapshot().rows, load_price_notes()
        derive(engine, MoneyRules(snapshot=snapshot, notes=notes), NOW)
        yield Estate(world, azure, context, engine, FinanceRules(snapshot, notes), world.subscriptions[0].id)
    engine.dispose()


@pytest.fixture
def own_estate(estate: Estate, tmp_path: Path) -> Iterator[Estate]:
    """The same with a store of the test's own, to close months in."""
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(str(estate.engine.url.database))) as whole:
        whole.execute("vacuum into ?", (str(copy),))
    engine = open_engine(f"sqlite:///{copy}")
    yield replace(estate, engine=engine)
    engine.dispose()
