"""What a deployment adds to the store in a year, from a world that was really collected; both engines hold the same rows."""

import atexit
import shutil
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import func, select

from collector.domain.periods import Window, months
from collector.jobs.collect import collect
from collector.jobs.context import Context, Limits
from collector.jobs.derive import derive
from collector.sources import open_sources
from collector.store import partitions, tables
from collector.store.engine import open_engine
from collector.store.schema import upgrade
from collector.store.writes.bulk import upsert
from tests.bench.canned import settings
from tests.bench.cycle import START, pretend_azure
from tests.bench.derive import rules
from tests.bench.measure import Table
from tests.bench.stores import Store, empty_store, settled

_MINUTE_DAYS, _HOUR_DAYS = 90, 400
_YEAR = 365


def bench(engine: str, *, quick: bool = False) -> Table:
    days = 3 if quick else 10
    source = open_engine(_collected(days))
    table = Table(f"Growth of the store, {engine}")
    with empty_store(engine) as store, source.connect() as connection:
        empty = store.sizes()
        deployments = connection.scalar(select(func.count()).select_from(tables.deployment)) or 1
        with store.engine.begin() as target:
            span = Window(START - timedelta(days=days + 1), START + timedelta(days=1))
            partitions.ensure_months(target, months(span))
            for name in (*tables.GROWING, "room_period"):
                one = tables.metadata.tables[name]
                upsert(target, one, (tuple(row) for row in connection.execute(select(one))))
        settled(store)
        sizes = {name: max(0, size - empty.get(name, 0)) for name, size in store.sizes().items()}
        minutes = _minute_bytes(store)
    source.dispose()
    per_day = {name: sizes[name] / deployments / days for name in tables.GROWING if sizes.get(name)}
    total = 0.0
    for name, size in sorted(per_day.items(), key=lambda item: -item[1]):
        year = size * _YEAR if not name.endswith("_month") else size * days * 12
        total += year
        table.add(name, f"{year / 1024:,.0f} KiB a deployment and year ({size:,.0f} bytes a day)")
    table.add("all of it", f"{total / 1024 / 1024:.1f} MiB a deployment and year")
    kept = total - minutes / deployments / days * (_YEAR - _MINUTE_DAYS)
    table.add("after pruning (minutes kept 90 days)", f"{kept / 1024 / 1024:.1f} MiB a deployment and year")
    table.notes.append(
        f"{deployments} deployments of the pretend Azure over {days} days, all read at one minute, indexes included; "
        f"minutes are {minutes / max(1, sizes['usage_hour']):.0%} of usage_hour."
    )
    return table


def _minute_bytes(store: Store) -> int:
    with store.engine.connect() as connection:
        return int(connection.scalar(select(func.sum(func.length(tables.usage_hour.c.minutes)))) or 0)


@lru_cache(maxsize=1)
def _collected(days: int) -> str:
    place = Path(mkdtemp(prefix="aoai-bench-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    url = f"sqlite:///{place / 'growth.db'}"
    engine = open_engine(url)
    upgrade(engine)
    with pretend_azure(40, 12) as azure, open_sources(settings(azure)) as sources:
        limits = Limits(backfill_days=days, minute_backfill_days=days)
        context = Context(engine, sources, lambda: START, limits)
        for job in ("inventory", "models", "metrics"):
            collect(context, only=job)
    derive(engine, rules(), START)
    engine.dispose()
    return url
