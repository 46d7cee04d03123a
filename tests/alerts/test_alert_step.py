"""One pass tells each thing once, keeps what nobody is there to hear, and does what people asked for."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from collector.domain.alerts.routing import Routing
from collector.domain.alerts.rules import NotKnown
from collector.domain.alerts.settings import AlertRules
from collector.store import tables
from collector.store.reads import alerts as reads
from tests.alerts.stage import START, Stage, a_finding, an_ending, worse

KEY = "throttling_begun|chat"


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)


def test_the_first_look_is_one_summary_whatever_is_wrong(stage: Stage) -> None:
    stage.read_inventory()
    stage.facts = [a_finding(f"deployment-{number}", owner="ann@contoso.com") for number in range(300)]

    stage.look()

    assert [("baseline", "ops@contoso.com")] == [(row.kind, row.recipient) for row in stage.letters]
    assert 300 == len(stage.states)


def test_until_the_estate_was_read_every_look_is_the_first(stage: Stage) -> None:
    stage.look()
    stage.read_inventory()
    stage.facts = [a_finding()]
    stage.after(minutes=5).look()
    stage.facts = [a_finding(), a_finding("other")]
    stage.after(minutes=5).look()

    assert ["baseline", "urgent"] == [row.kind for row in stage.letters]


def test_a_finding_is_told_once_however_often_it_is_looked_at(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding()]

    for _ in range(5):
        stage.after(minutes=5).look()

    assert ["chat hurts"] == [row.subject for row in stage.letters]


def test_a_look_that_finds_nothing_new_writes_no_row_anew(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding()]
    stage.after(minutes=5).look()
    before = stage.states

    stage.after(minutes=5).look()

    assert before == stage.states


def test_an_owner_hears_of_what_is_worse_and_of_its_end(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding(owner="ann@contoso.com")]
    stage.after(minutes=5).look()
    stage.send()
    stage.facts = [worse(a_finding(owner="ann@contoso.com"), 2)]
    stage.after(minutes=5).look()
    stage.send()
    stage.facts = []
    stage.after(hours=1).look()
    stage.after(hours=7).look()
    stage.after(days=1).look()

    assert [
        ("ann@contoso.com", "urgent", "chat hurts"),
        ("ann@contoso.com", "urgent", "More urgent: chat hurts"),
        ("ann@contoso.com", "digest", "No longer so: chat hurts"),
    ] == [(row.recipient, row.kind, row.subject) for row in stage.letters]


def test_an_owner_of_a_foreign_domain_is_never_written_to(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding(owner="mallory@elsewhere.example")]
    stage.after(minutes=5).look()

    assert ["ops@contoso.com"] == [row.recipient for row in stage.letters]


def test_facts_that_were_not_read_change_nothing(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding()]
    stage.after(minutes=5).look()
    stage.facts = [NotKnown("throttling_begun", "chat")]
    for _ in range(4):
        stage.after(hours=12).look()

    assert "open" == stage.states[KEY].status
    assert 1 == len([row for row in stage.letters if row.kind == "urgent"])


def test_a_date_that_moves_while_its_letter_waits_is_told_once_with_the_new_day(stage: Stage) -> None:
    stage.begin()
    today = START.date()
    stage.facts = [an_ending("chat", today + timedelta(days=85), today)]
    stage.after(hours=1).look()
    assert [] == stage.letters  # the digest of tomorrow

    stage.facts = [an_ending("chat", today + timedelta(days=20), today)]
    stage.after(hours=1).look()
    stage.after(days=1).look()

    assert 1 == len(stage.letters)
    assert "urgent" == stage.letters[0].kind
    assert "Date moved" in stage.letters[0].subject


def test_what_nobody_is_there_to_hear_waits_until_somebody_is(stage: Stage) -> None:
    nobody = AlertRules(stage.rules.config, routing=Routing(()))
    stage.rules = nobody
    stage.read_inventory()
    stage.facts = [a_finding()]
    stage.look()
    stage.facts = [a_finding(), a_finding("other")]
    stage.after(minutes=5).look()
    assert [] == stage.letters

    stage.rules = AlertRules(stage.rules.config, routing=Routing(("ops@contoso.com",)))
    stage.after(minutes=5).look()

    assert ["baseline", "urgent"] == sorted(row.kind for row in stage.letters)


def test_an_acknowledgement_is_silence_and_a_reminder_on_its_day(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding()]
    stage.after(minutes=5).look()
    stage.ask(KEY, "acknowledge", why="known", until=stage.now + timedelta(days=2))
    stage.after(minutes=5).look()
    assert ("acknowledged", "ann", "known") == _standing(stage)
    stage.after(days=1).look()
    assert 1 == len(stage.letters)

    stage.after(days=1, minutes=5).look()
    stage.after(days=1).look()

    assert "Reminder: chat hurts" == stage.letters[-1].subject


def test_an_action_is_done_once_and_a_refused_one_says_why(stage: Stage) -> None:
    stage.begin()
    stage.ask("throttling_begun|nobody", "resolve", why="gone")
    result = stage.look()
    stage.look()

    assert ("throttling_begun|nobody: there is no such alert",) == result.refused
    with stage.engine.connect() as connection:
        assert [] == reads.waiting_actions(connection)
        assert ["there is no such alert"] == list(connection.scalars(select(tables.alert_action.c.refused)))


def test_what_is_resolved_stays_closed_until_it_is_worse(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding()]
    stage.after(minutes=5).look()
    stage.ask(KEY, "resolve", why="asked for more")
    stage.after(minutes=5).look()
    stage.after(days=1).look()
    assert "closed" == stage.states[KEY].status

    stage.facts = [worse(a_finding(), 2)]
    stage.after(minutes=5).look()

    assert "open" == stage.states[KEY].status
    with stage.engine.connect() as connection:
        kinds = [event.kind for event in reads.alert_events(connection, key=KEY)]
    assert ["reopened", "closed", "opened"] == kinds


def test_a_weekly_summary_is_written_once_a_week_late_or_not(stage: Stage) -> None:
    stage.begin()
    stage.facts = [a_finding()]
    for days in (1, 6, 7, 9, 5):  # one look comes two days late
        stage.after(days=days).look()
        stage.after(minutes=5).look()

    weekly = [row.written_at.date() for row in stage.letters if row.kind == "weekly"]
    assert [date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 16), date(2026, 12, 21)] == weekly


def test_a_dry_run_shows_the_letters_and_leaves_no_trace(stage: Stage) -> None:
    from collector.jobs.alert import alert
    from tests.alerts.stage import WRITING

    stage.begin()
    stage.facts = [a_finding()]
    shown = alert(stage.engine, stage.say, stage.rules, WRITING, stage.now, dry_run=True)

    assert ["chat hurts"] == [letter.subject for letter in shown.letters]
    assert ({}, []) == (stage.states, stage.letters)


def test_ten_thousand_alerts_are_one_letter_a_person(stage: Stage) -> None:
    stage.begin()
    stage.facts = [
        a_finding(f"deployment-{number:05}", owner=f"team{number % 7}@contoso.com")
        for number in range(10_000)
    ]
    stage.after(minutes=5).look()

    assert 7 == len(stage.letters)
    assert 10_000 == len(stage.states)

    stage.after(minutes=5).look()
    assert 7 == len(stage.letters)


def _standing(stage: Stage) -> tuple[str, str | None, str]:
    state = stage.states[KEY]
    return state.status, state.acknowledged_by, state.why
