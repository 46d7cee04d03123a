"""Working a month of a thousand deployments out, again after a late price, and pruning it; beside reading the same rows."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from collector.domain.periods import Window, midnight
from collector.jobs.charges import MoneyRules
from collector.jobs.derive import derive
from collector.store import writes
from collector.store.engine import Engine, open_engine
from collector.store.prune import Retention, prune
from collector.store.reads import inventory, usage
from tests.bench.estate import Size, write_estate
from tests.bench.measure import Table, memory, peak_memory, processor_seconds
from tests.bench.stores import empty_store
from tests.dashboard.seed import NOW

DAYS = 31
MONTH = Window(midnight(NOW.date()) - timedelta(days=DAYS - 1), midnight(NOW.date()) + timedelta(days=1))
MEMORY = 400.0


def bench(engine: str, *, quick: bool = False) -> Table:
    size = Size(100 if quick else 1_000, DAYS, DAYS)
    table = Table(f"Deriving {DAYS} days of {size.deployments:,} deployments, {engine}")
    with empty_store(engine) as store:
        write_estate(store, size)
        found = _in_its_own_process(store.url)
    read = found["read"]["processor"]
    for step, told in (
        ("all", "derive all of it"),
        ("price", "derive it again after a late price"),
        ("cycle", "derive after a cycle (today and yesterday)"),
        ("prune", "prune the minutes of 24 of the days"),
    ):
        one = found[step]
        table.add(
            told,
            f"{one['wall']:.1f} s ({one['processor']:.1f} s of processor, {one['processor'] / read:.1f} × reading the rows)",
        )
    table.add("reading the same hours", f"{found['read']['wall']:.1f} s ({read:.1f} s of processor)")
    table.at_most("peak memory of the process, MiB", found["peak"], MEMORY, "{:.0f}")
    table.notes.append(
        f"{found['hours']:,} stored hours with their minutes; {found['periods']:,} room periods, {found['charges']:,} charges. "
        f"The process begins with {found['base']:.0f} MiB."
    )
    return table


def _in_its_own_process(url: str) -> dict[str, Any]:
    """So that its memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.derive", url], stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _work(url: str) -> dict[str, Any]:
    engine = open_engine(url)
    found: dict[str, Any] = {"base": memory()}
    known = rules()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        clock, spent = time.perf_counter(), processor_seconds()
        result = work()
        found[name] = {"wall": time.perf_counter() - clock, "processor": processor_seconds() - spent}
        return result

    found["hours"] = timed("read", lambda: _read(engine))
    derived = timed("all", lambda: derive(engine, known, NOW, everything=True))
    found["periods"], found["charges"] = derived.periods, derived.charges
    _late_price(engine)
    timed("price", lambda: derive(engine, known, NOW + timedelta(minutes=1)))
    _new_hours(engine)
    timed("cycle", lambda: derive(engine, known, NOW + timedelta(minutes=15)))
    timed("prune", lambda: prune(engine, Retention(minute_days=7), NOW + timedelta(minutes=20)))
    found["peak"] = peak_memory()
    engine.dispose()
    return found


def _read(engine: Engine) -> int:
    """Every hour with its minutes, as rows of the driver."""
    count = 0
    with engine.connect() as connection:
        for key in [account.key for account in inventory.living_accounts(connection, ())]:
            cursor = connection.exec_driver_sql(
                "select deployment, hour, requests, prompt_tokens, completion_tokens, minutes from usage_hour"
                f" where account_key = '{key.hex}'"
            )
            count += len(cursor.fetchall())
    return count


def _late_price(engine: Engine) -> None:
    """What storing a price that reaches back does: the charges of every day are marked."""
    with engine.begin() as connection:
        keys = [account.key for account in inventory.living_accounts(connection, ())]
        writes.mark_window(connection, keys, MONTH, charges_only=True)


def _new_hours(engine: Engine) -> None:
    """What a cycle does: the newest hours are read again, and their days are marked."""
    with engine.begin() as connection:
        recent = Window(NOW - timedelta(hours=1), NOW)
        hours = list(usage.usage_hours(connection, recent))
        writes.record_usage_hours(connection, hours, at=NOW)


def rules() -> MoneyRules:
    from collector.catalog.prices import load_price_notes, load_snapshot

    return MoneyRules(snapshot=load_snapshot().rows, notes=load_price_notes())


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1])))
