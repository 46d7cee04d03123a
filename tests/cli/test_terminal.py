"""On a real terminal: a bar while Azure is read, one summary after it, and no name that steers the terminal."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.store import schema, writes
from collector.store.engine import open_engine

COLUMNS = 100


def on_a_terminal(folder: Path, words: str, **settings: str) -> tuple[int, str]:
    """What a command wrote to a terminal of its own, and how it ended."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith("AOAI_") or name in {"NO_COLOR", "CI"}]:
            del os.environ[name]
        os.environ |= {
            "TERM": "xterm-256color",
            **{f"AOAI_{name}": value for name, value in settings.items()},
        }
        os.execv(sys.executable, [sys.executable, "-m", "collector", *words.split()])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    written = b""
    while True:
        try:
            read = os.read(terminal, 65_536)
        except OSError:  # the other side is closed
            break
        if not read:
            break
        written += read
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()


def plain(text: str) -> list[str]:
    """The lines that stay when the bar is gone."""
    return [
        line.rstrip("\r").split("\r")[-1].strip()
        for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).split("\n")
    ]


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[tuple[Simulator, dict[str, str]]]:
    world = World(seed=5, days=1, subscriptions=1, accounts=2, deployments=3, now=datetime.now(UTC))
    engine = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    schema.upgrade(engine)
    engine.dispose()
    with Simulator(world, clock=lambda: datetime.now(UTC)) as running:
        names = dict.fromkeys(("ARM_ENDPOINT", "METRICS_ENDPOINT", "PRICES_ENDPOINT"), running.url)
        yield running, {**names, "AUTH": "none", "COLLECT_BACKFILL_DAYS": "1"}


def test_a_bar_moves_while_azure_is_read_and_one_summary_stays(
    azure: tuple[Simulator, dict[str, str]], tmp_path: Path
) -> None:
    simulator, settings = azure
    simulator.weather.set([Fault("retail/prices", status=403, times=None)])

    status, written = on_a_terminal(tmp_path, "collect", **settings)

    assert 1 == status
    for job in ("inventory", "usage", "prices"):
        assert re.search(rf"{job}.*━.*\d+/\d+", written), job
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is back
    said = plain(written)
    assert 1 == sum(line.startswith("inventory: ok") for line in said)
    assert 1 == sum(line.startswith("prices: failed") for line in said)
    assert [] == [line for line in said if "job ended" in line or "scope failed" in line]
    assert max(map(len, re.findall(r"[^\r\n\x1b]*━[^\r\n\x1b]*", written))) <= COLUMNS


def test_a_level_that_was_asked_for_is_logged_there_too(
    azure: tuple[Simulator, dict[str, str]], tmp_path: Path
) -> None:
    _, settings = azure

    status, written = on_a_terminal(tmp_path, "collect --job inventory", LOG_LEVEL="info", **settings)

    assert (0, True) == (status, "job ended" in written)


@pytest.mark.parametrize("words", ["status --all", "status"])
def test_no_name_steers_the_terminal(tmp_path: Path, words: str) -> None:
    """A title, a colour, a cleared screen, a line that goes back over what was said: all of it is text."""
    engine = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    schema.upgrade(engine)
    hostile = "\x1b]0;owned\x07\x1b[2J\x1b[31mrm -rf\r\x9b31m\x08all is well"
    with engine.begin() as connection:
        writes.fail_watermark(
            connection, "metrics", hostile, f"403 {hostile}", f"az {hostile}", at=datetime.now(UTC)
        )
    engine.dispose()

    status, written = on_a_terminal(tmp_path, words)

    ours = re.sub(r"\x1b\[[0-9;]*m|\r\n", "", re.sub(r"\x1b\[31m", "STEERED", written))
    assert 0 == status
    assert [] == re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|STEERED", ours)
    assert "owned" in written
