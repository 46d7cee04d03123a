"""One process a step: a lease is exclusive, says who holds it, and dies with its process."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from collector.domain.types import TryLater
from collector.store.engine import open_engine
from collector.store.errors import LeaseHeld, LeaseLost
from collector.store.lease import Holder, lease
from collector.store.lease_holders import held_leases

HOLD = """\
import sys, time
from collector.store.engine import open_engine
from collector.store.lease import lease

with lease(open_engine(sys.argv[1]), "collect"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holds_it(url: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def opened(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_a_second_process_is_told_who_holds_the_lease(opened: Engine, database_url: str) -> None:
    with another_process_holds_it(database_url) as process:
        with pytest.raises(LeaseHeld) as refused, lease(opened, "collect", wait=False):
            pass
        (seen,) = held_leases(opened)

    assert f"collect is being done by process {process.pid} on {socket.gethostname()}" in str(refused.value)
    assert isinstance(refused.value, TryLater)
    assert ("collect", socket.gethostname(), process.pid) == (seen.step, seen.host, seen.pid)


def test_the_lease_of_a_killed_process_is_free_at_once(opened: Engine, database_url: str) -> None:
    with another_process_holds_it(database_url) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

        with lease(opened, "collect") as mine:
            mine.confirm()


def test_a_waiter_is_told_once_and_gets_its_turn(opened: Engine, database_url: str) -> None:
    told: list[Holder] = []
    with another_process_holds_it(database_url) as process:

        def let_go(seen: Holder) -> None:
            told.append(seen)
            assert process.stdin is not None
            process.stdin.close()

        with lease(opened, "collect", on_wait=let_go) as mine:
            mine.confirm()

    assert [process.pid] == [seen.pid for seen in told]


def test_a_waiter_that_is_asked_to_stop_gives_up(opened: Engine) -> None:
    stop = threading.Event()
    with (
        lease(opened, "collect"),
        pytest.raises(LeaseHeld),
        lease(opened, "collect", on_wait=lambda _: stop.set(), stop=stop),
    ):
        pass


def test_two_threads_of_one_process_exclude_each_other(opened: Engine) -> None:
    with lease(opened, "collect"), pytest.raises(LeaseHeld), lease(opened, "collect", wait=False):
        pass


def test_steps_do_not_wait_for_other_steps(opened: Engine) -> None:
    with lease(opened, "collect", wait=False), lease(opened, "derive", wait=False) as mine:
        mine.confirm()


def test_a_lease_can_be_taken_again_after_it_was_let_go(opened: Engine) -> None:
    for _ in range(2):
        with lease(opened, "collect", wait=False):
            assert ["collect"] == [one.step for one in held_leases(opened)]
        assert [] == held_leases(opened)


def test_looking_who_works_keeps_nobody_from_working(opened: Engine) -> None:
    """A probe asks all the time, and a collector that may not wait must not meet it."""
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            held_leases(opened)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for one in lookers:
        one.start()
    try:
        for _ in range(50):
            with lease(opened, "collect", wait=False):
                pass
    finally:
        stop.set()
        for one in lookers:
            one.join()


def test_who_works_is_seen_by_those_who_may_only_read(postgres_database: str) -> None:
    """The dashboard's role, which owns nothing and sees nobody's statements."""
    owner, role = open_engine(postgres_database), "lease_reader"
    with owner.begin() as connection:
        connection.exec_driver_sql(f"drop role if exists {role}")
        connection.exec_driver_sql(f"create role {role} login password 'secret'")
    reader = open_engine(
        owner.url.set(username=role, password="secret").render_as_string(hide_password=False), read_only=True
    )
    try:
        with another_process_holds_it(postgres_database) as process:
            assert [("collect", process.pid)] == [(one.step, one.pid) for one in held_leases(reader)]
    finally:
        reader.dispose()
        with owner.begin() as connection:
            connection.exec_driver_sql(f"drop role {role}")
        owner.dispose()


def test_a_connection_that_the_server_ended_is_noticed(postgres_database: str) -> None:
    engine = open_engine(postgres_database)
    with lease(engine, "collect") as mine:
        with engine.connect() as other:
            other.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name ~ '^aoai-monitor [0-9]+ '"
            )
        with pytest.raises(LeaseLost):
            mine.confirm()
    engine.dispose()


def test_a_lock_file_that_somebody_deleted_is_noticed(sqlite_database: str) -> None:
    engine = open_engine(sqlite_database)
    with lease(engine, "collect") as mine:
        Path(str(engine.url.database) + ".collect.lock").unlink()
        with pytest.raises(LeaseLost, match="do not delete it"):
            mine.confirm()
    engine.dispose()


def test_the_name_of_a_step_is_a_word(opened: Engine) -> None:
    with pytest.raises(ValueError, match="expected a word"), lease(opened, "../collect"):
        pass
