"""`aoai-monitor alert`: what it shows, what it stores, and what it answers to a slip."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli import main
from collector.store.engine import open_engine
from collector.store.reads import alerts as reads
from tests.alerts.stage import RememberingPost, Stage, a_finding
from tests.delivery.servers import Postbox, mail_server


@pytest.fixture
def stage(sqlite_database_migrated: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two alerts are open; their letters wait."""
    monkeypatch.setenv("AOAI_DATABASE_URL", sqlite_database_migrated)
    monkeypatch.setenv("AOAI_MAIL_TO", "ops@contoso.com")
    # The commands look at the real clock.
    an_hour_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    stage = Stage(open_engine(sqlite_database_migrated), now=an_hour_ago).begin()
    stage.facts = [a_finding(), a_finding("search", severity="critical")]
    stage.after(minutes=5).look()
    return stage


@pytest.fixture
def sqlite_database_migrated(migrated_sqlite: Path, tmp_path: Path) -> str:
    copy = tmp_path / "store.db"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{copy}"


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["alert", *words])


def ids() -> dict[str, str]:
    return {
        row["rule"] + "|" + row["title"].split()[0]: row["id"]
        for row in json.loads(ran("list", "--json").stdout)["alerts"]
    }


def test_the_list_shows_the_most_urgent_first(stage: Stage) -> None:
    listed = json.loads(ran("list", "--json").stdout)["alerts"]

    assert ["search hurts", "chat hurts"] == [row["title"] for row in listed]
    assert {"id", "key", "rule", "status", "severity", "opened_at", "due_on", "owner"} <= listed[0].keys()
    assert "chat hurts" in ran("list").stdout


def test_an_alert_is_acknowledged_by_its_short_id_and_keeps_who_and_why(stage: Stage) -> None:
    result = ran(
        "acknowledge", ids()["throttling_begun|chat"], "--who", "ann", "--why", "known", "--until", "14d"
    )
    assert 0 == result.exit_code, result.output

    stage.after(minutes=5).look()

    state = stage.states["throttling_begun|chat"]
    assert ("acknowledged", "ann", "known") == (state.status, state.acknowledged_by, state.why)
    assert "known" in ran("show", "throttling_begun|chat").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("resolve", "nothing", "--who", "a", "--why", "b"), "no alert 'nothing'"),
        (("resolve", "throttling_begun|", "--who", "a", "--why", "b"), "names 2 alerts"),
        (("reopen", "throttling_begun|chat", "--who", "a", "--why", "b"), "it is not set aside"),
        (
            ("snooze", "throttling_begun|chat", "--who", "a", "--why", "b", "--until", "soon"),
            "expected a day such as",
        ),
        (
            ("snooze", "throttling_begun|chat", "--who", "a", "--why", "b", "--until", "2020-01-01"),
            "has passed already",
        ),
        (("resolve", "throttling_begun|chat", "--who", "a"), "Missing option '--why'"),
        (("preview", "quota"), "no rule 'quota': expected one of"),
    ],
)
def test_a_slip_is_answered_with_what_would_be_right(
    stage: Stage, words: tuple[str, ...], message: str
) -> None:
    result = ran(*words)

    assert 2 == result.exit_code
    assert message in " ".join(result.stderr.split())


def test_a_preview_needs_neither_a_store_nor_a_server(tmp_path: Path) -> None:
    page = tmp_path / "letter.html"

    result = ran("preview", "budget_burn", "--html", str(page))

    assert result.stdout.startswith("Subject: ")
    assert "<html" in page.read_text()


def test_a_dry_run_shows_and_stores_nothing(stage: Stage) -> None:
    before = (stage.states, stage.letters)

    result = ran("--dry-run")

    assert 0 == result.exit_code, result.output
    assert before == (stage.states, stage.letters)


def test_letters_are_listed_with_what_is_in_their_way(stage: Stage) -> None:
    assert 0 == ran("run").exit_code

    listed = json.loads(ran("letters", "--json").stdout)["letters"]
    assert {"no mail server configured: set AOAI_SMTP_URL"} == {
        row["error"] for row in listed if row["status"] == "waiting"
    }


def test_a_pass_sends_what_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    postbox = Postbox()
    with mail_server(postbox) as port:
        monkeypatch.setenv("AOAI_SMTP_URL", f"smtp://127.0.0.1:{port}")
        result = ran("run")

    assert 0 == result.exit_code, result.output
    assert "search hurts (and 1 more)" in [mail["Subject"] for mail in postbox.taken]


def test_a_letter_that_was_given_up_is_taken_up_again(stage: Stage) -> None:
    from collector.ports import Handover

    stage.post = RememberingPost(lambda letter: Handover("never", "550 no"))
    stage.send()
    with stage.engine.connect() as connection:
        (given_up,) = reads.letter_rows(connection, status="given up")

    assert 0 == ran("resend", given_up.message_id).exit_code
    assert 1 == ran("resend", given_up.message_id).exit_code
