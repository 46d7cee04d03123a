"""What every cycle of `serve` does about alerts: it needs no mail server, and what another process does is left to it."""

import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from collector import wiring
from collector.domain.alerts.examples import examples
from collector.jobs.steps import Telling, tell
from collector.settings import Settings
from collector.store.lease import lease
from collector.store.reads import alerts as reads
from collector.store.reads import overview
from collector.store.reads.usage import watermarks
from tests.alerts.stage import WRITING, Stage, a_finding

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stage(engine: Engine) -> Stage:
    stage = Stage(engine).begin()
    stage.facts = [a_finding()]
    return stage.after(minutes=5)


def telling(stage: Stage) -> Telling:
    how = wiring.telling(Settings.model_validate({}))
    return Telling(stage.say, stage.rules, WRITING, how.post, how.finance, how.finance_to)


def test_without_a_mail_server_a_cycle_leaves_a_letter_that_says_so(stage: Stage) -> None:
    tell(stage.engine, stage.clock, telling(stage))

    assert [("waiting", "no mail server configured: set AOAI_SMTP_URL")] == [
        (row.status, row.error) for row in stage.letters
    ]


def test_while_another_process_looks_and_sends_a_cycle_goes_on(stage: Stage) -> None:
    with lease(stage.engine, "alert"), lease(stage.engine, "outbox"):
        tell(stage.engine, stage.clock, telling(stage), threading.Event())

    with stage.engine.connect() as connection:
        assert [] == reads.letter_rows(connection)


def test_our_own_marks_are_no_scopes_of_azure_s(stage: Stage) -> None:
    tell(stage.engine, stage.clock, telling(stage))

    with stage.engine.connect() as connection:
        assert {"pass", "baseline", "weekly"} == set(watermarks(connection, "alert"))
        assert "alert" not in {row.job for row in overview.scopes(connection)}


def test_every_link_of_a_letter_leads_to_a_screen_that_there_is() -> None:
    screens = {path.stem for path in (ROOT / "dashboard" / "screens").glob("*.py")}
    links = [
        step.link
        for finding in examples().values()
        for step in finding.evidence.next_steps
        if step.link and step.link.startswith("/")
    ]

    assert links
    assert set() == {link for link in links if urlsplit(link).path.strip("/") not in screens}
