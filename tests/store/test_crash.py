"""Killed in the middle of a transaction: nothing of it is there, and doing it again is all it takes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from collector.store import tables
from tests.store.worlds import hours_of, record, rows

ROOT = Path(__file__).parents[2]

KILLED_IN_MERGE = """\
import sys
from collector.store import writes
from collector.store.engine import open_engine
from tests.store.worlds import NOON, hours_of

engine = open_engine(sys.argv[1])
with engine.begin() as connection:
    writes.record_usage_hours(connection, hours_of(500, requests=777), at=NOON)
    print("written, not committed", flush=True)
    sys.stdin.read()
"""

KILLED_BETWEEN_FACTS_AND_WATERMARK = """\
import sys
from collector.store import writes
from collector.store.engine import open_engine, retrying
from tests.store.worlds import NOON, hours_of

engine = open_engine(sys.argv[1])
retrying(engine, lambda connection: writes.record_usage_hours(connection, hours_of(500), at=NOON))
print("facts are there", flush=True)
sys.stdin.read()
writes.advance_watermarks(connection, "metrics", {"scope": NOON}, at=NOON)
"""


def kill_when_it_speaks(program: str, url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", program, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert "" != process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.crash
def test_a_kill_before_the_commit_leaves_nothing_and_the_next_run_everything(
    engine: Engine, store_url: str
) -> None:
    record(engine, hours_of(3))
    before = rows(engine, tables.usage_hour)

    kill_when_it_speaks(KILLED_IN_MERGE, store_url)

    assert before == rows(engine, tables.usage_hour)
    record(engine, hours_of(500, requests=777))
    assert {777} == {count for (count,) in rows(engine, tables.usage_hour, "requests")}


@pytest.mark.crash
def test_a_kill_between_facts_and_watermark_keeps_the_facts_and_claims_nothing(
    engine: Engine, store_url: str
) -> None:
    kill_when_it_speaks(KILLED_BETWEEN_FACTS_AND_WATERMARK, store_url)

    assert 500 == len(rows(engine, tables.usage_hour, "hour"))
    assert 21 < len(rows(engine, tables.dirty_day))
    assert [] == rows(engine, tables.watermark)
