"""Killed between state, letter and send: nothing is lost, and what is sent again bears the same Message-ID."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from collector.jobs import alert as alert_job
from collector.jobs.outbox import Sent
from collector.store.engine import Connection
from collector.store.reads import alerts as reads
from tests.alerts.stage import WRITING, RememberingPost, Stage, a_finding

ROOT = Path(__file__).resolve().parents[2]


class Killed(BaseException):
    """As final as a signal: no `except Exception` sees it."""


@pytest.fixture
def stage(engine: Engine) -> Stage:
    stage = Stage(engine).begin()
    stage.facts = [a_finding(f"chat-{number}", owner=f"owner{number}@contoso.com") for number in range(4)]
    return stage.after(minutes=5)


def all_there_is(stage: Stage) -> tuple[int, int, int]:
    with stage.engine.connect() as connection:
        return len(stage.states), len(reads.alert_events(connection)), len(stage.letters)


@pytest.mark.parametrize("seam", range(9))
def test_a_pass_that_dies_in_its_transaction_leaves_nothing_and_the_next_tells_all(
    stage: Stage, seam: int
) -> None:
    """The transaction is torn after its first `seam` writes, as a killed process tears it."""
    plan = alert_job._plan(stage.engine, stage.say, stage.rules, WRITING, stage.now)
    with pytest.raises(Killed), stage.engine.begin() as connection:
        _write_some_and_die(connection, plan, seam, stage)
    assert (0, 0, 0) == all_there_is(stage)

    stage.look()

    assert (4, 4, 4) == all_there_is(stage)
    assert 4 == stage.send().sent


def test_a_pass_whose_commit_was_lost_on_the_way_back_is_written_again_without_a_trace(stage: Stage) -> None:
    plan = alert_job._plan(stage.engine, stage.say, stage.rules, WRITING, stage.now)
    for _ in range(2):
        with stage.engine.begin() as connection:
            alert_job._store(connection, plan, stage.now)

    assert (4, 4, 4) == all_there_is(stage)


def test_a_pass_that_dies_before_its_transaction_is_done_by_the_next(stage: Stage) -> None:
    alert_job._plan(stage.engine, stage.say, stage.rules, WRITING, stage.now)
    stage.look()

    assert (4, 4, 4) == all_there_is(stage)


def test_a_letter_written_by_a_pass_that_then_died_is_not_written_again(stage: Stage) -> None:
    stage.look()
    stage.after(minutes=5).look()

    assert (4, 4, 4) == all_there_is(stage)


def test_dead_between_the_server_s_word_and_our_mark_sends_the_same_letter_again(stage: Stage) -> None:
    stage.look()
    stage.post = RememberingPost(dies=Killed())
    with pytest.raises(Killed):
        stage.send()
    first = stage.post.taken

    stage.post = RememberingPost()
    assert Sent(sent=4) == stage.send()

    assert 1 == len(first)
    again = [letter for letter in stage.post.taken if letter.message_id == first[0].message_id]
    assert first == again


PROGRAM = """
import os, signal, sys
from tests.alerts.stage import Stage, RememberingPost, a_finding
from collector.ports import Handover
from collector.store.engine import open_engine

url, log, die_after = sys.argv[1], sys.argv[2], int(sys.argv[3])

class Post(RememberingPost):
    def send(self, letter):
        self.asked += 1
        with open(log, "a") as file:
            file.write(letter.message_id + "\\n")
            file.flush()
            os.fsync(file.fileno())
        if self.asked == die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return Handover("taken")

stage = Stage(open_engine(url), post=Post())
stage.read_inventory()
stage.facts = []
stage.look()
stage.facts = [a_finding(f"chat-{n}", owner=f"owner{n}@contoso.com") for n in range(6)]
stage.after(minutes=5).look()
if die_after == 0:
    os.kill(os.getpid(), signal.SIGKILL)
stage.send()
"""


def test_a_killed_process_loses_no_letter_and_repeats_at_most_the_one_in_hand(
    store_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "sent"
    for die_after in (0, 1, 2, 2, 0, 9):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(  # our own interpreter and program
            [sys.executable, "-c", PROGRAM, store_url, str(log), str(die_after)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == (-signal.SIGKILL if die_after < 9 else 0), ended.stderr.decode()

    sent = log.read_text().split()
    assert 6 == len(set(sent))
    assert len(sent) <= 6 + 3  # three times a process died with a letter in hand


def _write_some_and_die(connection: Connection, plan: alert_job._Plan, seam: int, stage: Stage) -> None:
    writes, post = alert_job.writes, plan.post
    steps = (
        lambda: writes.record_states(connection, plan.changed),
        lambda: writes.record_events(connection, plan.events),
        lambda: writes.take_back(connection, post.taken_back, "superseded"),
        lambda: writes.drop_dues(connection, plan.done_dues),
        lambda: writes.record_dues(connection, post.untold),
        lambda: writes.record_letters(connection, post.letters),
        lambda: writes.record_told(connection, post.told),
        lambda: writes.settle_actions(connection, plan.handled, at=stage.now),
    )
    for step in steps[:seam]:
        step()
    raise Killed
