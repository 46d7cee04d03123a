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
from collector.store.lease import Holder, holder, lease

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
        seen = holder(opened, "collect")

    assert f"collect is being done by process {process.pid} on {socket.gethostname()}" in str(refused.value)
    assert isinstance(refused.value, TryLater)
    assert seen is not None
    assert (socket.gethostname(), process.pid) == (seen.host, seen.pid)


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
            assert holder(opened, "collect") is not None
        assert holder(opened, "collect") is None


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
