"""What each screen asks, uncached, at a thousand deployments: over a store of one month, of three and of thirteen.

Three months hold all that any screen asks for of them (a forecast reads eight weeks, a comparison the month before),
so that what thirteen cost beyond that is the price of history itself.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.estate import Size, write_estate
from tests.bench.measure import Table, Taken, take
from tests.bench.stores import Store, empty_store
from tests.dashboard.seed import NOW

MONTH, QUARTER, YEAR = 31, 92, 396
LIMIT_MS, LIMIT_RATIO = 150.0, 1.5


def bench(engine: str, *, quick: bool = False) -> Table:
    deployments, times = (200, 5) if quick else (1_000, 11)
    table = Table(f"Each screen's data at {deployments:,} deployments, {engine}")
    with empty_store(engine) as month, empty_store(engine) as quarter, empty_store(engine) as year:
        stores = {month: MONTH, quarter: QUARTER, year: YEAR}
        for store, days in stores.items():
            write_estate(store, Size(deployments, days))
        for name, ask in _screens():
            small, middle, large = (_asked(store, ask, times) for store in stores)
            p95, ratio = large.percentile(0.95) * 1000, large.seconds / small.seconds
            table.add(
                name,
                f"{p95:.0f} ms (median {large.seconds * 1000:.0f}; {ratio:.2f} × one month, "
                f"{large.seconds / middle.seconds:.2f} × three)",
                f"≤ {LIMIT_MS:.0f} ms, ≤ {LIMIT_RATIO} ×",
                p95 <= LIMIT_MS and ratio <= LIMIT_RATIO,
            )
    table.notes.append(
        f"95th percentile of {times} readings over thirteen months, nothing remembered from one to the next; "
        "views included, drawing not. A question that reads more than a month finds less to read in a store of one: "
        "there the ratio to three months tells what history costs."
    )
    return table


def _screens() -> Iterator[tuple[str, Callable[[], Any]]]:
    import streamlit.logger

    streamlit.logger.set_log_level(logging.ERROR)
    from dashboard import state
    from dashboard.state import Chosen
    from dashboard.state import collection as collection_state
    from dashboard.state import cost as cost_state
    from dashboard.state import endings as endings_state
    from dashboard.state import overview as overview_state

    yield "Overview, month to date", lambda: overview_state.overview_view(Chosen())
    yield "Cost by model, month to date", lambda: state.cost_view(Chosen(), "model", None)
    yield "Cost by deployment, month to date", lambda: state.cost_view(Chosen(), "deployment", None)
    yield (
        "Cost: course, how priced and why it changed",
        lambda: (
            cost_state.course(Chosen(), "USD"),
            cost_state.how_priced(Chosen(), "model", "USD"),
            cost_state.changes_view(Chosen(), "USD"),
        ),
    )
    yield "Cost: budget and bill beside it", lambda: cost_state.beside_tiles(Chosen(), "USD")
    yield "Cost: why the bill is apart, asked last", lambda: cost_state.why_bill_is_apart(Chosen(), "USD")
    yield "Forecast by team", lambda: cost_state.outlook_view(Chosen(), "team", None)
    yield "Cost by team, last month", lambda: state.cost_view(Chosen("2026-10"), "team", None)
    yield "Room, month to date", lambda: state.room_view(Chosen())
    yield "Room, 7 days", lambda: state.room_view(Chosen("7d"))
    yield "Endings", lambda: endings_state.endings_view(Chosen())
    yield "Collection", lambda: collection_state.view(Chosen())
    yield (
        "Sidebar: what to filter by, freshness",
        lambda: (
            state.choices(),
            state.freshness(Chosen(), ("metrics", "prices")),
        ),
    )


def _asked(store: Store, ask: Callable[[], Any], times: int) -> Taken:
    with _looking_at(store):
        ask()  # connects, and compiles what is compiled once
        return take(ask, times, before=_forget)


def _forget() -> None:
    """Every remembered read, one by one: outside a running server `st.cache_data.clear()` clears nothing."""
    rooms = [vars(module) for name, module in sys.modules.items() if name.startswith("dashboard.state")]
    for name, found in (item for room in rooms for item in room.items()):
        forget = getattr(found, "clear", None)
        if name != "engine" and callable(found) and forget and not isinstance(found, type):
            forget()


@contextmanager
def _looking_at(store: Store) -> Iterator[None]:
    set_to = {"AOAI_DATABASE_URL": store.url, "DASHBOARD_NOW": NOW.isoformat()}
    before = {name: os.environ.get(name) for name in set_to}
    os.environ.update(set_to)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
