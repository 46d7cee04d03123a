"""A batch answer from the wire into the store: ours, the least that could do it, and the straightforward way."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

import orjson
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.monitor.querymetrics import MetricsClient
from sqlalchemy import Engine

from collector.domain.usage.hours import Existence, Reading, usage_hours
from collector.ports import MetricQuestion
from collector.sources import AzureSources, open_sources
from collector.store import writes
from tests.bench import canned, straightforward
from tests.bench.measure import Table, Taken, take
from tests.bench.stores import Store, empty_store

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
FLOOR, FASTER = 2.0, 10.0


def bench(engine: str, *, quick: bool = False) -> Table:
    size, times, slow_times = (100, 3, 1) if quick else (600, 7, 3)
    recorded = canned.record(NOW, deployments=size, accounts=max(6, size // 10))
    with canned.served(recorded) as url, empty_store(engine) as store:
        with open_sources(canned.settings(url)) as sources:
            hours = len(_collect(sources, store.engine, recorded))
            ours = take(lambda: _collect(sources, store.engine, recorded), times, lambda: _empty(store))
            again = take(lambda: _collect(sources, store.engine, recorded), times)
        floor = take(lambda: _floor(url, store, recorded), times, lambda: _floor_table(store))
        straight = take(_straight(url, store.engine, recorded), slow_times, lambda: _points_table(store))
        _drop(store)
    table = Table(f"Collecting one batch answer, {engine}")
    table.add("ours: read, decode, pack, upsert", _told(ours, recorded.values))
    table.add("the same answer a second time (nothing changed)", _told(again, recorded.values))
    table.add("floor: read the bytes, orjson, bulk insert of as many values", _told(floor, recorded.values))
    table.add("straightforward: SDK models, resource by resource, ORM rows", _told(straight, recorded.values))
    table.at_most("ours ÷ floor", ours.seconds / floor.seconds, FLOOR)
    table.at_least("straightforward ÷ ours", straight.seconds / ours.seconds, FASTER)
    table.notes.append(
        f"{recorded.values:,} values of {len(recorded.accounts)} accounts over one hour of minutes, in two calls; "
        f"they become {hours:,} stored hours."
    )
    return table


def _told(taken: Taken, values: int) -> str:
    return f"{taken.seconds * 1000:.0f} ms ({taken.seconds / values * 1e6:.2f} µs a value)"


def _collect(sources: AzureSources, engine: Engine, recorded: canned.Recorded) -> list[Any]:
    """What the metrics job does with one window."""
    series: list[Any] = []
    subscription, location = recorded.accounts[0].subscription_id, recorded.accounts[0].location
    for group in canned.GROUPS:
        asked = MetricQuestion(subscription, location, recorded.accounts, group, recorded.window, 1)
        for answer in sources.metrics.read(asked):
            assert not answer.failed, answer.failed
            series.extend(answer.series)
    known = {
        (one.account_key, name.casefold()): Existence(name, recorded.window.start, None)
        for one in series
        if (name := one.dimensions.get("modeldeploymentname"))
    }
    found = list(usage_hours(Reading(recorded.window, 1, tuple(series), (), {}), known, {}).hours)
    writes.retrying(engine, lambda connection: writes.record_usage_hours(connection, found, known, at=NOW))
    return found


def _empty(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("delete from usage_hour")


def _floor(url: str, store: Store, recorded: canned.Recorded) -> None:
    """The same bytes, the fastest parser, and the driver's own bulk insert: nobody can do less and keep the values."""
    rows: list[tuple[int, int, float | None]] = []
    ids = [account.arm_id for account in recorded.accounts]
    for group in canned.GROUPS:
        request = Request(
            f"{url}/?metricnames={','.join(group.metrics)}", orjson.dumps({"resourceids": ids}), method="POST"
        )
        with urlopen(request) as answer:
            body = orjson.loads(answer.read())
        for resource in body["values"]:
            for metric in resource["value"]:
                for series in metric["timeseries"]:
                    number = len(rows)
                    rows += [(number, at, point.get("total")) for at, point in enumerate(series["data"])]
    with store.engine.begin() as connection:
        if store.name == "SQLite":
            connection.exec_driver_sql("insert into bench_floor values (?, ?, ?)", rows)
            return
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy("copy bench_floor from stdin (format binary)") as copy:
            copy.set_types(["int8", "int8", "float8"])
            for row in rows:
                copy.write_row(row)


def _floor_table(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists bench_floor")
        rowless = " without rowid" if store.name == "SQLite" else ""
        connection.exec_driver_sql(
            "create table bench_floor (series bigint, at bigint, value double precision, primary key (series, at))"
            + rowless
        )


def _straight(url: str, engine: Engine, recorded: canned.Recorded) -> Callable[[], int]:
    client = MetricsClient(
        url, straightforward.NoCredential(), audience="https://metrics.monitor.azure.com",
        authentication_policy=SansIOHTTPPolicy(),
    )  # fmt: skip
    ids = [account.arm_id for account in recorded.accounts]
    return lambda: straightforward.collect(client, engine, ids, canned.GROUPS, recorded.window)


def _points_table(store: Store) -> None:
    straightforward.Base.metadata.drop_all(store.engine)
    with store.engine.begin() as connection:
        straightforward.Base.metadata.create_all(connection)


def _drop(store: Store) -> None:
    with store.engine.begin() as connection:
        straightforward.Base.metadata.drop_all(connection)
        connection.exec_driver_sql("drop table if exists bench_floor")
