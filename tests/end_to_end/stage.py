"""A pretend Azure, an empty store and a collector between them, with a clock that the test sets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from collector.catalog.prices import load_price_notes, load_snapshot
from collector.domain.periods import Window
from collector.jobs.charges import MoneyRules
from collector.jobs.collect import collect
from collector.jobs.context import Context, Limits, RunResult
from collector.jobs.derive import Derived, derive
from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.sources import AzureSettings, open_sources
from collector.store import schema, tables
from collector.store.engine import open_engine

NOW = datetime(2026, 11, 20, 12, 3, 20, tzinfo=UTC)
"""A Friday noon: offices in Europe and America are at work."""
LIMITS = Limits(backfill_days=3, minute_backfill_days=3, threads=4)
LONG_BACKFILL = replace(LIMITS, backfill_days=5, minute_backfill_days=5)
"""Reaches the same days however far the clock has gone on before a first run came through."""
RULES = MoneyRules(snapshot=load_snapshot().rows, notes=load_price_notes())


@dataclass(frozen=True, slots=True)
class Stage:
    azure: Simulator
    engine: Engine
    context: Context
    rules: MoneyRules

    @property
    def world(self) -> World:
        return self.azure.world

    @property
    def now(self) -> datetime:
        return self.azure.now()

    def pass_time(self, **span: float) -> None:
        self.azure.set_clock(self.now + timedelta(**span))

    def collect(self, only: str | None = None, span: Window | None = None, **kind: Any) -> list[RunResult]:
        return collect(self.context, only=only, span=span, **kind)

    def derive(self, *, everything: bool = False) -> Derived:
        return derive(self.engine, self.rules, self.now, everything=everything)

    def limited(self, **limits: Any) -> "Stage":
        return replace(self, context=replace(self.context, limits=replace(self.context.limits, **limits)))


def a_world(**size: Any) -> World:
    """Small unless said otherwise: one subscription, two accounts, seven deployments, three days."""
    small: dict[str, Any] = {"seed": 3, "subscriptions": 1, "accounts": 2, "deployments": 7, "days": 3}
    return World(**{**small, "now": NOW, **size})


def azure_settings(url: str, **changes: Any) -> AzureSettings:
    """Our sources pointed at the pretend Azure, without its patience."""
    quick: dict[str, Any] = {"backoff_seconds": 0, "longest_wait_seconds": 0.01, "retries": 1}
    names = ("arm_endpoint", "metrics_endpoint", "logs_endpoint", "prices_endpoint")
    return AzureSettings(auth="none", **dict.fromkeys(names, url), **{**quick, **changes})


@contextmanager
def a_stage(
    database_url: str, world: World | None = None, limits: Limits = LIMITS, **azure_changes: Any
) -> Iterator[Stage]:
    """Everything real but Azure: migrations, SDK clients, jobs, store."""
    with Simulator(world or a_world()) as azure:
        engine = open_engine(database_url)
        schema.upgrade(engine)
        with open_sources(azure_settings(azure.url, **azure_changes)) as sources:
            yield Stage(azure, engine, Context(engine, sources, azure.now, limits), RULES)
        engine.dispose()


def everything_stored(engine: Engine, *but: str) -> dict[str, list[Mapping[str, Any]]]:
    """Every row of every table, save tables named in `but` and the columns that say when we looked."""
    when = {"computed_at", "last_seen_at", "captured_at", "first_seen_at", "read_at", "seen_at"}
    found: dict[str, list[Mapping[str, Any]]] = {}
    with engine.connect() as connection:
        for name, table in tables.metadata.tables.items():
            if name in but:
                continue
            rows = connection.execute(select(table)).mappings()
            plain = [{key: value for key, value in row.items() if key not in when} for row in rows]
            found[name] = sorted(plain, key=str)
    return found
