"""A thousand deployments collected from the pretend Azure: calls, seconds and memory of a cycle, a day and a backfill.

The pretend Azure and the collector are each a process of their own; the clock of both is moved by hand.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog

from collector.domain.periods import HOUR, Window
from collector.domain.types import Account, MetricGroup
from collector.domain.usage import metric_groups
from collector.jobs.collect import collect
from collector.jobs.context import Context, Limits
from collector.jobs.derive import derive
from collector.sources import open_sources
from collector.store.engine import Engine, open_engine
from collector.store.reads import inventory
from tests.bench.canned import settings
from tests.bench.derive import rules
from tests.bench.measure import Table, memory, middle, peak_memory, processor_seconds
from tests.bench.stores import empty_store, engines

START = datetime.fromisoformat("2026-11-20T06:05:00+00:00")
SECONDS, MEMORY, FLAT = 60.0, 400.0, 1.15
_USAGE = (*metric_groups.MINUTELY, *metric_groups.HOURLY)


def bench(*, quick: bool = False) -> Table:
    deployments, accounts, hours = (100, 10, (0, 1, 2)) if quick else (1_000, 60, (0, 1, 2, 6, 12))
    table = Table(f"A cycle of {deployments:,} deployments at one minute, {engines()[-1]}")
    with pretend_azure(deployments, accounts) as url, empty_store(engines()[-1]) as store:
        found = _in_its_own_process(url, store.url, hours)
    cycles = found["cycles"][1:]
    calls, allowed = max(one["calls"] for one in cycles), min(one["allowed"] for one in cycles)
    wall = middle([one["wall"] for one in cycles])
    table.at_most("seconds of a cycle (usage read, stored and worked out), median", wall, SECONDS, "{:.1f}")
    table.add(
        "of these in the collector's processor", f"{middle([one['processor'] for one in cycles]):.1f} s"
    )
    table.at_most("metric calls of a cycle, against the formula", calls, allowed, "{:.0f}")
    table.at_most("peak memory of the collector, MiB", found["peak"], MEMORY, "{:.0f}")
    first, last = cycles[0]["memory"], max(one["memory"] for one in cycles)
    table.at_most("memory after the last cycle of the day ÷ after the first", last / first, FLAT)
    backfill = found["backfill"]
    table.at_most(
        "peak memory during a backfill, MiB", max(one["peak"] for one in backfill), MEMORY, "{:.0f}"
    )
    table.at_most(
        "memory after the last part of it ÷ after the first",
        backfill[-1]["memory"] / backfill[0]["memory"],
        FLAT,
    )
    table.notes.append(
        f"{len(cycles)} cycles at hours {', '.join(map(str, hours[1:]))} of a day and {len(backfill)} parts of a "
        f"backfill ({', '.join(one['what'] for one in backfill)}); {found['rows']:,} deployment-hours written. The "
        "formula: Σ over subscription, location and set of published metrics ⌈accounts ÷ 50⌉ × metric groups × windows."
    )
    return table


def _in_its_own_process(url: str, database: str, hours: tuple[int, ...]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.cycle", url, database, json.dumps(hours)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def pretend_azure(deployments: int, accounts: int, days: int = 95) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    size = [
        "--subscriptions",
        "3",
        "--accounts",
        str(accounts),
        "--deployments",
        str(deployments),
        "--days",
        str(days),
    ]
    command = [
        sys.executable,
        "-m",
        "collector.simulator",
        "--port",
        str(port),
        "--now",
        START.isoformat(),
        *size,
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/_sim/stats", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def _work(url: str, database: str, hours: tuple[int, ...]) -> dict[str, Any]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    engine = open_engine(database)
    now = [START]
    with open_sources(settings(url)) as sources:
        limits = Limits(backfill_days=1, minute_backfill_days=0)
        context = Context(engine, sources, lambda: now[0], limits)
        for job in ("inventory", "models", "quotas"):
            collect(context, only=job)
        money, rows, cycles = rules(), 0, list[dict[str, Any]]()
        for hour in hours:
            now[0] = START + hour * HOUR
            _set_clock(url, now[0])
            # As if the collector had run all the time: the watermarks are where the last cycle left them.
            _known_through(engine, now[0] - timedelta(minutes=15))
            before, clock, spent = sources.calls.counts().calls, time.perf_counter(), processor_seconds()
            results = collect(context, only="metrics")
            calls = sources.calls.counts().calls - before
            derive(engine, money, now[0])
            rows += sum(one.rows for one in results)
            cycles.append(
                {
                    "wall": time.perf_counter() - clock,
                    "processor": processor_seconds() - spent,
                    "calls": calls,
                    "allowed": _allowed(engine),
                    "memory": memory(),
                }
            )
        backfill = list(_backfill(context))
    peak = peak_memory()
    engine.dispose()
    return {"cycles": cycles, "backfill": backfill, "peak": peak, "rows": rows}


def _backfill(context: Context) -> Iterator[dict[str, Any]]:
    """Parts of ninety days: minutes of some hours in three weeks, as the plan would read them."""
    end = START.replace(minute=0)
    for days_ago in (3, 40, 85):
        start = end - timedelta(days=days_ago)
        collect_span = Window(start, start + 4 * HOUR)
        collect(context, only="metrics", span=collect_span)
        yield {"what": f"four hours {days_ago} days ago", "peak": peak_memory(), "memory": memory()}


def _known_through(engine: Engine, through: datetime) -> None:
    with engine.begin() as connection:
        seconds = "?" if engine.dialect.name == "sqlite" else "%s"
        value: Any = int(through.timestamp()) if engine.dialect.name == "sqlite" else through
        connection.exec_driver_sql(
            f"update watermark set through = {seconds} where job in ('metrics', 'api_use', 'quality')",
            (value,),
        )


def _allowed(engine: Engine) -> int:
    """The formula of the budget, for the one window that a cycle reads."""
    with engine.connect() as connection:
        accounts = inventory.living_accounts(connection, ())
        published = {key: names for key, (names, _) in inventory.published_metrics(connection).items()}
    alike: dict[tuple[str, str, frozenset[str]], list[Account]] = {}
    for one in accounts:
        names = frozenset(published.get(one.key, ()))
        alike.setdefault((one.subscription_id, one.location, names), []).append(one)
    return sum(-(-len(members) // 50) * _groups(names) for (_, _, names), members in alike.items())


def _groups(published: frozenset[str]) -> int:
    asked: tuple[MetricGroup, ...] = (*_USAGE, *metric_groups.QUALITY, *metric_groups.DAILY)
    return sum(metric_groups.narrowed(group, published) is not None for group in asked)


def _set_clock(url: str, now: datetime) -> None:
    body = json.dumps({"now": now.isoformat(), "running": False}).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{url}/_sim/clock", body, method="POST"), timeout=60
    ).close()


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3])))))
