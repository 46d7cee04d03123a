"""Bad weather: the run ends partial or failed, scope and reason are named, nothing is half stored, the next run mends it."""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from collector.answers import basic as answers
from collector.domain.periods import DAY, Window, floor_hour, midnight
from collector.jobs.collect import collect
from collector.jobs.context import RunResult
from collector.simulator.faults import Fault
from collector.store.errors import DatabaseFull, DatabaseUnavailable
from tests.end_to_end.stage import NOW, Stage, a_stage, a_world, everything_stored
from tests.end_to_end.truths import counted_minutes, true_minutes

TODAY = midnight(NOW.date())
ENDPOINTS = {
    "inventory": r"accounts\?|/deployments\?",
    "models": r"locations/[^/]+/models",
    "quotas": r"/usages",
    "metrics": r"getBatch|Insights/metrics\?",
    "prices": r"retail/prices",
    "bills": r"CostManagement/query",
}
KINDS: dict[str, dict[str, object]] = {
    "throttled": {"kind": "throttle", "status": 429},
    "throttled with Retry-After": {"kind": "throttle", "status": 429, "retry_after": "1"},
    **{str(status): {"status": status} for status in (401, 403, 404, 500, 502, 503, 529)},
    **{kind: {"kind": kind} for kind in ("reset", "cut", "malformed", "html", "null")},
}
WHOLE = int(os.environ.get("AOAI_TEST_CRASHES", "8")) >= 50
SHORT = ("throttled with Retry-After", "403", "503", "cut", "html")
"""What `make test` tries on every endpoint; the whole is for CI, where AOAI_TEST_CRASHES asks for long tests."""
RECORDS = ("run", "watermark", "dirty_day")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A store that knows everything, for faults that strike a later run."""
    url = f"sqlite:///{tmp_path_factory.mktemp('weather') / 'store.db'}"
    with a_stage(url, a_world(deployments=4, days=2), failures_to_open=10_000) as stage:
        stage = stage.limited(backfill_days=1)
        stage.collect()
        yield stage


def status(stage: Stage) -> dict[str, object]:
    with stage.engine.connect() as connection:
        return answers.status(connection, stage.now, None)


def failed_scopes(stage: Stage, job: str) -> dict[str, str]:
    scopes = status(stage)["scopes"]
    assert isinstance(scopes, list)
    return {one["scope"]: one["error"] for one in scopes if one["job"] == job and one["status"] != "ok"}


def outcomes(results: list[RunResult]) -> set[str]:
    return {result.status for result in results}


@pytest.mark.parametrize("kind", KINDS if WHOLE else SHORT)
@pytest.mark.parametrize("job", ENDPOINTS)
def test_a_lasting_fault_is_named_changes_nothing_and_is_mended(
    collected: Stage, job: str, kind: str
) -> None:
    stage = collected
    stage.azure.weather.set([Fault.read({"match": ENDPOINTS[job], "times": None, **KINDS[kind]})])
    before = everything_stored(stage.engine, *RECORDS)
    results = stage.collect(job)[:1]
    stage.azure.weather.set([])
    assert outcomes(results) <= {"partial", "failed"}, results
    assert before == everything_stored(stage.engine, *RECORDS)
    named = failed_scopes(stage, job)
    assert named
    assert all(len(error) > 10 for error in named.values())
    assert all(any(failure.startswith(scope) for scope in named) for failure in results[0].failures)
    assert {"ok"} == outcomes(stage.collect(job))
    assert {} == failed_scopes(stage, job)
    assert before == everything_stored(stage.engine, *RECORDS)


@pytest.mark.parametrize("job", ENDPOINTS)
@pytest.mark.parametrize("kind", ["throttled", "503", "reset", "cut"])
def test_a_passing_fault_is_outlived(collected: Stage, job: str, kind: str) -> None:
    collected.azure.weather.set([Fault.read({"match": ENDPOINTS[job], "times": 1, **KINDS[kind]})])
    assert {"ok"} == outcomes(collected.collect(job))
    collected.azure.weather.set([])


@pytest.mark.parametrize("match", ["getBatch", "getBatch|Insights/metrics"])
@pytest.mark.parametrize("kind", ["garbage", "metric_throttled", "malformed", "empty"])
def test_lying_metrics_are_never_stored_and_mended_by_the_next_run(
    sqlite_database: str, match: str, kind: str
) -> None:
    with a_stage(sqlite_database, a_world(deployments=4, days=1)) as stage:
        stage = stage.limited(backfill_days=1)
        stage.collect("inventory")
        stage.azure.weather.set([Fault(match, kind=kind, times=None)])
        stage.collect("metrics")
        window = Window(TODAY - DAY, floor_hour(NOW))
        true, stored = true_minutes(stage.azure.truth, window), counted_minutes(stage.engine, window)
        assert stored.items() <= true.items() or kind == "garbage"
        for key, minutes in stored.items():
            assert true[key] == minutes
        stage.azure.weather.set([])
        stage.pass_time(minutes=61)
        stage.collect("metrics")
        assert true == counted_minutes(stage.engine, window)


def test_a_batch_that_is_refused_is_asked_one_by_one(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        for subscription in stage.world.subscriptions:
            stage.azure.routes.access.set(subscription, monitoring_reader=False)
        stage.collect("inventory")
        assert {"ok"} == outcomes(stage.collect("metrics"))
        window = Window(TODAY - 3 * DAY, floor_hour(NOW) - DAY)
        assert true_minutes(stage.azure.truth, window) == counted_minutes(stage.engine, window)


def test_a_role_missing_on_one_of_three_subscriptions_stops_only_that_one(sqlite_database: str) -> None:
    with a_stage(sqlite_database, a_world(subscriptions=3, accounts=6, deployments=9)) as stage:
        lost = stage.world.subscriptions[1]
        stage.azure.routes.access.set(lost, reader=False)
        assert {"partial"} == outcomes(stage.collect("inventory"))
        stage.collect("metrics")
        (named,) = [scope for scope in failed_scopes(stage, "inventory") if "/" not in scope]
        assert lost.id == named
        scopes = status(stage)["scopes"]
        assert isinstance(scopes, list)
        assert any(lost.id in (one["remedy"] or "") for one in scopes)
        stored = everything_stored(stage.engine)["account"]
        assert {row["subscription_id"] for row in stored} == {s.id for s in stage.world.subscriptions} - {
            lost.id
        }
        stage.azure.routes.access.set(lost, reader=True)
        assert {"ok"} == outcomes(stage.collect("inventory"))
        stage.pass_time(minutes=61)
        stage.collect("metrics")
        assert {} == failed_scopes(stage, "inventory") | failed_scopes(stage, "metrics")
        window = Window(TODAY - 3 * DAY, floor_hour(NOW))
        assert true_minutes(stage.azure.truth, window) == counted_minutes(stage.engine, window)


def test_one_account_without_metrics_does_not_hold_back_the_others(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        lost = stage.world.accounts[0]
        stage.azure.weather.set(
            [
                Fault(
                    f"{lost.name}/providers/[Mm]icrosoft.[Ii]nsights/metricDefinitions",
                    status=403,
                    times=None,
                )
            ]
        )
        assert {"partial"} == outcomes(stage.collect("metrics")[:1])
        assert [lost.id.lower()] == list(failed_scopes(stage, "metrics"))
        stage.azure.weather.set([])
        stage.pass_time(minutes=61)
        assert {"ok"} == outcomes(stage.collect("metrics"))
        assert {} == failed_scopes(stage, "metrics")
        window = Window(TODAY - 3 * DAY, floor_hour(NOW))
        assert true_minutes(stage.azure.truth, window) == counted_minutes(stage.engine, window)


def test_hostile_names_are_names(database_url: str) -> None:
    with a_stage(database_url, a_world(hostile=True, subscriptions=3, accounts=4)) as stage:
        assert {"ok"} == outcomes(stage.collect())
        stage.derive()
        tags = {row["tags"].get("note") for row in everything_stored(stage.engine)["account"]}
        assert "O'Neil; DROP TABLE usage" in tags


def test_a_full_disk_is_named_and_nothing_is_lost(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        with stage.engine.connect() as connection:
            full = connection.exec_driver_sql("pragma page_count").scalar_one()
        _limit_pages(stage, full)
        with pytest.raises(DatabaseFull, match="no space left"):
            stage.collect("metrics")
        _limit_pages(stage, 1_000_000)
        stage.pass_time(minutes=61)
        assert {"ok"} == outcomes(stage.collect("metrics"))
        window = Window(TODAY - 3 * DAY, floor_hour(NOW))
        assert true_minutes(stage.azure.truth, window) == counted_minutes(stage.engine, window)


def _limit_pages(stage: Stage, pages: int) -> None:
    """max_page_count belongs to a connection: every one of the pool gets it."""
    from sqlalchemy import event

    stage.engine.dispose()
    event.listen(
        stage.engine, "connect", lambda connection, _: connection.execute(f"pragma max_page_count = {pages}")
    )


def test_a_locked_database_is_waited_for(sqlite_database: str) -> None:
    from threading import Timer

    with a_stage(sqlite_database) as stage:
        path = make_url(sqlite_database).database
        assert path is not None
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("begin immediate")
        release = Timer(0.3, lambda: other.execute("rollback"))
        release.start()
        assert {"ok"} == outcomes(stage.collect("inventory"))
        release.join()
        other.close()


@pytest.mark.postgres
def test_a_database_that_drops_its_connections_is_outlived(postgres_database: str) -> None:
    with a_stage(postgres_database) as stage:
        stage.collect("inventory")
        libpq = make_url(postgres_database).set(drivername="postgresql").render_as_string(hide_password=False)
        started = replace(stage.context, progress=_Saboteur(libpq))
        results = collect(started, only="metrics")
        assert {"ok"} == outcomes(results), results
        stage.pass_time(minutes=61)
        stage.collect("metrics")
        window = Window(TODAY - 3 * DAY, floor_hour(NOW))
        assert true_minutes(stage.azure.truth, window) == counted_minutes(stage.engine, window)


class _Saboteur:
    """Ends every other connection of the database whenever progress is shown, save those that hold a lease."""

    def __init__(self, libpq: str) -> None:
        self._libpq = libpq

    def start(self, what: str, total: int | None) -> None:
        self._strike()

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._strike()

    def done(self) -> None: ...

    def _strike(self) -> None:
        with psycopg.connect(self._libpq, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid()"
                " and pid not in (select pid from pg_locks where locktype = 'advisory')"
            )


@pytest.mark.postgres
def test_a_database_that_is_gone_ends_the_job_with_its_name(postgres_database: str) -> None:
    with a_stage(postgres_database) as stage:
        stage.collect("inventory")
        server = make_url(postgres_database)
        libpq = server.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(libpq, autocommit=True) as connection:
            connection.execute(_connections(server.database, "false"))
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [server.database]
            )
            with pytest.raises((DatabaseUnavailable, Exception), match="database"):
                stage.collect("inventory")
            connection.execute(_connections(server.database, "true"))
        assert {"ok"} == outcomes(stage.collect("inventory"))


def _connections(database: str | None, allowed: LiteralString) -> sql.Composed:
    statement = sql.SQL("alter database {} allow_connections " + allowed)
    return statement.format(sql.Identifier(database or ""))
