"""A month's workbook of a thousand deployments, and thirteen months of FOCUS Parquet; beside reading the same charges."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collector.domain.periods import Month, month_of
from collector.store.engine import open_engine
from tests.bench.estate import Size, write_estate
from tests.bench.measure import Table, memory, peak_memory, processor_seconds
from tests.bench.stores import empty_store
from tests.dashboard.seed import NOW

DAYS = 396
WORKBOOK_SECONDS, WORKBOOK_MIB, FLAT = 10.0, 200.0, 1.25


def bench(engine: str, *, quick: bool = False) -> Table:
    size = Size(100, 92) if quick else Size(1_000, DAYS)
    table = Table(f"Reports of {size.deployments:,} deployments, {engine}")
    with empty_store(engine) as store:
        write_estate(store, size)
        book, few, many = (
            _in_its_own_process(store.url, what, size.days) for what in ("book", "few", "many")
        )
    spent = book["processor"]
    table.add(
        "workbook of a month",
        f"{book['wall']:.1f} s ({spent:.1f} s of processor, {spent / book['read']:.1f} × reading the charges)",
        f"≤ {WORKBOOK_SECONDS:.0f} s",
        book["wall"] <= WORKBOOK_SECONDS,
    )
    table.at_most("memory that the workbook takes, MiB", book["peak"] - book["base"], WORKBOOK_MIB, "{:.0f}")
    table.add(
        f"FOCUS Parquet of {many['months']} months",
        f"{many['wall']:.1f} s ({many['processor']:.1f} s of processor, "
        f"{many['processor'] / many['read']:.1f} × reading the charges)",
    )
    table.at_most("peak memory of all months ÷ of two", many["peak"] / few["peak"], FLAT)
    table.notes.append(f"Peak memory of the process that wrote all months: {many['peak']:.0f} MiB.")
    return table


def _in_its_own_process(url: str, what: str, days: int) -> dict[str, Any]:
    """So that its memory is its own."""
    command = [sys.executable, "-m", "tests.bench.reports", url, what, str(days)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _work(url: str, what: str, days: int) -> dict[str, Any]:
    from collector import wiring
    from collector.answers.basic import price_book
    from collector.jobs.report import write_report
    from collector.settings import Settings
    from collector.store.reads.finance import month_charges

    settings = Settings.model_validate({})
    rules, engine = wiring.finance_rules(settings), open_engine(url, read_only=True)
    last = month_of(NOW).shifted(-1)
    first = last if what == "book" else last.shifted(-1 if what == "few" else 1 - days // 31)
    months = [
        first.shifted(step) for step in range((last.year - first.year) * 12 + last.month - first.month + 1)
    ]
    book = price_book(engine, wiring.money_rules(settings))
    found: dict[str, Any] = {"months": len(months)}
    with engine.connect() as connection:
        found["read"] = _timed(lambda: [len(month_charges(connection, one)) for one in months])[1]
    found["base"] = memory()
    with tempfile.TemporaryDirectory() as place:
        kind, name = ("xlsx", "month.xlsx") if what == "book" else ("focus-parquet", "focus")
        out = str(Path(place) / name)
        span: tuple[Month, Month] = (first, last)
        found["wall"], found["processor"] = _timed(
            lambda: write_report(engine, rules, book, span, kind, out, NOW)
        )
    found["peak"] = peak_memory()
    engine.dispose()
    return found


def _timed(work: Callable[[], Any]) -> tuple[float, float]:
    clock, spent = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - clock, processor_seconds() - spent


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
