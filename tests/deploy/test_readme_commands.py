"""The README's own commands, run by a shell against a pretend Azure exactly as they are written."""

import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.store.engine import open_engine
from collector.store.reads.collection import last_runs
from tests.delivery.servers import closed_port
from tests.deploy.shell import ROOT, block, environment, shell

README = ROOT / "README.md"
INSTALL, *BLOCK = block(README, "Running it on a real Azure")

ELSEWHERE = {"aoai-monitor demo", "aoai-monitor simulate", "aoai-monitor serve", "aoai-monitor dashboard"}
"""What does not end by itself: serve and dashboard have tests of their own here."""

WITH_ARGUMENTS = {
    "aoai-monitor alert show": " no-such-alert",
    **dict.fromkeys(
        [f"aoai-monitor alert {word}" for word in ("acknowledge", "resolve", "reopen")],
        " no-such-alert --who Ann --why known",
    ),
    "aoai-monitor alert snooze": " no-such-alert --who Ann --why known --until 14d",
    "aoai-monitor alert resend": " no-such-letter",
    "aoai-monitor alert preview": " quota_line",
    "aoai-monitor room fit": " --model gpt-4o --tpm 1000",
    "aoai-monitor report finance": f" --month {datetime.now(UTC):%Y-%m} --out $PWD/month.xlsx",
    "aoai-monitor report close": " --month 2020-01",
    "aoai-monitor prices explain": " --model gpt-4o --version 2024-11-20 --sku GlobalStandard --location eastus2",
    "aoai-monitor db copy": " --to sqlite:///$PWD/copy.db",
    "aoai-monitor db grant": " --role aoai_dashboard",
}
ENDS_WITH = {
    "aoai-monitor db distribute": 1,
    "aoai-monitor alert resend": 1,
    "aoai-monitor report close": 1,
    **dict.fromkeys(
        [f"aoai-monitor alert {word}" for word in ("show", "acknowledge", "snooze", "resolve", "reopen")], 2
    ),
}
"""SQLite has no Citus extension, and there is no such alert, letter or month: refused with a clear word."""


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    environment: dict[str, str]

    @property
    def exports(self) -> str:
        """The block's own exports, as its later lines have them."""
        return "".join(f"{line}\n" for line in BLOCK if line.startswith("export "))

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        return shell(self.exports + line, self.folder, self.environment)

    @contextmanager
    def running(self, line: str) -> Iterator[subprocess.Popen[str]]:
        """The line in its process, asked to end by SIGTERM afterwards."""
        process = subprocess.Popen(
            ["bash", "-c", f"{self.exports}exec {line}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder of one's own, a small Azure that lives in real time, and nothing configured but where it is."""
    world = World(seed=5, days=2, subscriptions=1, accounts=2, deployments=5, now=datetime.now(UTC))
    with Simulator(world, clock=lambda: datetime.now(UTC)) as azure:
        given = {f"AOAI_{name}_ENDPOINT": azure.url for name in ("ARM", "METRICS", "LOGS", "PRICES")}
        given |= {
            "AOAI_AUTH": "none",
            "AOAI_COLLECT_BACKFILL_DAYS": "1",
            "AOAI_DASHBOARD_LISTEN": f"127.0.0.1:{closed_port()}",
        }
        yield Place(tmp_path_factory.mktemp("readme"), environment(**given))


@pytest.fixture(scope="module")
def migrated(place: Place) -> Place:
    assert 0 == place.run("aoai-monitor db upgrade").returncode
    return place


def table_of_commands() -> list[str]:
    rows = README.read_text(encoding="utf-8").split("\n## Commands\n")[1].split("\n## ")[0]
    return [
        command
        for row in rows.splitlines()
        if row.startswith("| `")
        for command in re.findall(r"`(aoai-monitor [a-z -]+)`", row.split(" | ")[0])
    ]


def until(what: str, process: subprocess.Popen[str], found: object) -> None:
    """Waits for something that another process does; what never comes fails here, by name."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if callable(found) and found():
            return
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.2)
    pytest.fail(f"{what} did not come")


def test_the_first_line_installs_and_puts_the_program_on_the_path() -> None:
    """The suite itself runs in what `make install` makes, so what the line names is there."""
    assert "make install && . .venv/bin/activate" == INSTALL
    assert "aoai-monitor" in {path.name for path in Path(sys.executable).parent.iterdir()}
    assert "activate" in {path.name for path in Path(sys.executable).parent.iterdir()}


def test_doctor_comes_before_the_database_and_names_what_makes_it(place: Place) -> None:
    assert ["export", "doctor", "upgrade", "serve", "dashboard"] == [
        re.sub(r"^aoai-monitor (db )?", "", line).split()[0] for line in BLOCK
    ]
    doctor = next(line for line in BLOCK if "doctor" in line)
    if not (place.folder / "aoai-monitor.db").exists():
        before = place.run(doctor)
        assert (1, True) == (before.returncode, "aoai-monitor db upgrade" in before.stdout), before.stderr

    upgraded = place.run(next(line for line in BLOCK if "upgrade" in line))
    after = place.run(doctor)

    assert 0 == upgraded.returncode, upgraded.stderr
    assert (0, "Everything works.") == (after.returncode, after.stdout.strip().splitlines()[-1]), after.stdout


def test_serve_collects_and_ends_when_it_is_asked_to(migrated: Place) -> None:
    place = migrated
    engine = open_engine(f"sqlite:///{place.folder / 'aoai-monitor.db'}", read_only=True)

    def collected() -> bool:
        with engine.connect() as connection:
            runs = last_runs(connection)
        return "metrics" in runs and runs["metrics"].status != "running"

    with place.running("aoai-monitor serve") as process:
        until("a collection", process, collected)
    engine.dispose()

    assert 0 == process.returncode


def test_the_dashboard_answers_where_it_says(migrated: Place) -> None:
    place = migrated
    address = f"http://{place.environment['AOAI_DASHBOARD_LISTEN']}/healthz"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    with place.running("aoai-monitor dashboard") as process:
        until("the dashboard", process, answers)


@pytest.mark.parametrize("command", [one for one in table_of_commands() if one not in ELSEWHERE])
def test_every_command_of_the_table_runs_as_it_is_written(migrated: Place, command: str) -> None:
    done = migrated.run(f"{command}{WITH_ARGUMENTS.get(command, '')}")

    assert ENDS_WITH.get(command, 0) == done.returncode, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
