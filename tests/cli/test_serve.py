"""The real process: it ends within ten seconds of SIGTERM, even amid a call that hangs, and loses nothing by it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.store import schema
from collector.store.engine import open_engine
from tests.end_to_end.stage import a_world

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(azure: Simulator, database: str) -> Iterator["subprocess.Popen[str]"]:
    engine = open_engine(database)
    schema.upgrade(engine)
    engine.dispose()
    names = ("AOAI_ARM_ENDPOINT", "AOAI_METRICS_ENDPOINT", "AOAI_PRICES_ENDPOINT")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    environment = {
        **ours,
        **dict.fromkeys(names, azure.url),
        "AOAI_AUTH": "none",
        "AOAI_DATABASE_URL": database,
        "AOAI_LOG_FORMAT": "json",
        "AOAI_COLLECT_BACKFILL_DAYS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "collector", "serve"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return
    pytest.fail(f"the process ended without saying {word!r}")


@pytest.mark.parametrize("weather", ["fair", "a call hangs"])
def test_sigterm_ends_the_service_cleanly_amid_a_collection(sqlite_database: str, weather: str) -> None:
    with Simulator(a_world(deployments=2, days=1)) as azure, serving(azure, sqlite_database) as process:
        read_until(process, "job ended")
        if weather != "fair":
            azure.weather.set([Fault(".", kind="delay", seconds=30, times=None)])
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert 0 == process.wait(timeout=15)
        assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals one thread of another process")
def test_sigterm_that_the_main_thread_does_not_notice_ends_the_service_too(sqlite_database: str) -> None:
    """As where it comes just before a wait, or another thread takes it: that wait is not cut short."""
    with Simulator(a_world(deployments=2, days=1)) as azure, serving(azure, sqlite_database) as process:
        read_until(process, "job ended")
        threads = {int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()}
        another = min(threads - {process.pid})
        assert 0 == ctypes.CDLL(None).tgkill(process.pid, another, signal.SIGTERM)
        assert 0 == process.wait(timeout=15)
