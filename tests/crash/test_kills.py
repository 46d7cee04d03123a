"""A collector killed again and again while the world goes on: at the end the store is the world, once and whole."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import func, select

from collector.domain.periods import DAY, Window, floor_hour, midnight
from collector.store import schema, tables
from collector.store.engine import open_engine
from tests.end_to_end.stage import LONG_BACKFILL, NOW, Stage, a_stage, a_world, everything_stored
from tests.end_to_end.truths import counted_minutes, true_minutes

pytestmark = pytest.mark.crash

KILLS = int(os.environ.get("AOAI_TEST_CRASHES", "8"))
ROOT = Path(__file__).parents[2]
TODAY = midnight(NOW.date())
LONGEST_LIFE_SECONDS = 1.2


class Collector:
    """The driver process; each life is a child of it."""

    def __init__(self, database_url: str, azure_url: str) -> None:
        self._driver = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.driver", database_url, azure_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            bufsize=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.close()
        self._driver.wait(timeout=30)
        self._driver.stdout.close()

    def begin(self, work: str = "cycle", cycles: int | None = None, die: dict[str, Any] | None = None) -> int:
        assert self._driver.stdin is not None
        self._driver.stdin.write(json.dumps({"work": work, "cycles": cycles, "die": die}) + "\n")
        return int(self._line())

    def wait(self) -> None:
        assert self._line() == "dead"

    def live(self, seconds: float, **life: Any) -> None:
        """A life that is ended from outside."""
        child = self.begin(**life)
        threading.Event().wait(seconds)
        os.kill(child, signal.SIGKILL)
        self.wait()

    def _line(self) -> str:
        assert self._driver.stdout is not None
        line = self._driver.stdout.readline().strip()
        assert line, "the driver ended"
        return line


@contextmanager
def a_killed_stage(database_url: str) -> Iterator[tuple[Stage, Collector]]:
    world = a_world(deployments=3)
    with (
        a_stage(database_url, world, LONG_BACKFILL) as stage,
        Collector(database_url, stage.azure.url) as collector,
    ):
        yield stage, collector


def assert_the_store_is_the_world(stage: Stage) -> None:
    """Nothing missing, nothing twice: minutes, days and charges."""
    stage.pass_time(minutes=61)
    stage.collect()
    stage.derive()
    settled = Window(TODAY - 2 * DAY, floor_hour(stage.now - timedelta(minutes=46)))
    assert true_minutes(stage.azure.truth, settled) == counted_minutes(stage.engine, settled)
    days = Window(TODAY - 2 * DAY, midnight(settled.end.date()))
    with stage.engine.connect() as connection:
        day = tables.usage_day
        asked = select(func.sum(day.c.requests), func.sum(day.c.prompt_tokens)).where(
            day.c.day >= days.start.date(), day.c.day < days.end.date()
        )
        stored = tuple(connection.execute(asked).one())
    true = list(stage.azure.truth.usage(days.start, days.end))
    assert (sum(row.requests for row in true), sum(row.prompt for row in true)) == stored
    before = everything_stored(stage.engine, "run", "watermark", "dirty_day")
    stage.derive(everything=True)
    assert before == everything_stored(stage.engine, "run", "watermark", "dirty_day")


def killed_runs(stage: Stage) -> int:
    with stage.engine.connect() as connection:
        run = tables.run
        return connection.execute(
            select(func.count()).where(run.c.error.like("ended without a word%"))
        ).scalar_one()


def test_kills_at_random_moments_lose_nothing_and_double_nothing(database_url: str) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, {KILLS} kills")
    dice = random.Random(seed)
    with a_killed_stage(database_url) as (stage, collector):
        for _ in range(KILLS):
            collector.live(dice.uniform(0.02, LONGEST_LIFE_SECONDS))
            stage.pass_time(minutes=dice.uniform(0, 40))
        assert_the_store_is_the_world(stage)
        assert killed_runs(stage) > 0


FORCED = {
    "inside the merge of usage": {"moment": "statement", "matching": "usage_hour", "number": 2},
    "before usage is committed": {"moment": "commit", "number": 9},
    "between facts and watermark": {"moment": "after", "matching": "into usage_hour", "number": 1},
    "between watermark and the next facts": {"moment": "after", "matching": "into watermark", "number": 2},
    "between charges and the months": {"moment": "after", "matching": "into charge_day", "number": 1},
    "before the marks of changed days are cleared": {
        "moment": "after",
        "matching": "into room_period",
        "number": 1,
    },
    "inside the merge of charges": {"moment": "statement", "matching": "charge_day", "number": 2},
}


@pytest.mark.parametrize("work", ["cycle", "backfill"])
def test_kills_at_the_worst_moments_lose_nothing_and_double_nothing(database_url: str, work: str) -> None:
    with a_killed_stage(database_url) as (stage, collector):
        if work == "backfill":
            collector.begin(cycles=1)
            collector.wait()
        for die in FORCED.values():
            collector.begin(work, cycles=2, die=die)
            collector.wait()
            stage.pass_time(minutes=17)
        assert_the_store_is_the_world(stage)
        assert killed_runs(stage) >= 3


@pytest.mark.skipif(KILLS < 50, reason="every boundary is long: AOAI_TEST_CRASHES=100 asks for it")
def test_kills_at_every_boundary_of_a_transaction_lose_nothing(database_url: str) -> None:
    with a_killed_stage(database_url) as (stage, collector):
        for number in range(1, KILLS // 4):
            for moment in ("begin", "commit"):
                collector.begin(cycles=1, die={"moment": moment, "number": number})
                collector.wait()
            stage.pass_time(minutes=13)
        assert_the_store_is_the_world(stage)


@pytest.mark.parametrize("number", [1, 5, 20, 30])
def test_a_migration_killed_in_the_middle_is_done_whole_the_next_time(database_url: str, number: int) -> None:
    with Collector(database_url, "http://127.0.0.1:9") as collector:
        collector.begin("upgrade", die={"moment": "statement", "number": number})
        collector.wait()
    engine = open_engine(database_url)
    assert "empty" == schema.check(engine).status
    assert "current" == schema.upgrade(engine).status
    engine.dispose()


@pytest.mark.parametrize("work", ["cycle", "unleased"])
def test_two_collectors_at_once_store_the_same_truth(database_url: str, work: str) -> None:
    """`unleased` work takes no lease of collecting: writes are idempotent anyway."""
    with a_killed_stage(database_url) as (stage, one), Collector(database_url, stage.azure.url) as other:
        for _ in range(max(1, KILLS // 16)):
            one.begin(work, cycles=2)
            other.begin(work, cycles=2)
            stage.pass_time(minutes=31)
            one.wait()
            other.wait()
        assert_the_store_is_the_world(stage)


def test_two_collectors_of_which_one_is_killed_again_and_again_store_the_same_truth(
    database_url: str,
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    with a_killed_stage(database_url) as (stage, one), Collector(database_url, stage.azure.url) as other:
        for _ in range(max(1, KILLS // 8)):
            one.begin(cycles=2)
            other.live(dice.uniform(0.1, LONGEST_LIFE_SECONDS))
            stage.pass_time(minutes=dice.uniform(0, 60))
            one.wait()
        assert_the_store_is_the_world(stage)
