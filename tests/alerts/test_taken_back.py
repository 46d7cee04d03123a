"""A letter that waits while its fact changes is taken back and told anew; one that a server may have keeps its words."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from collector.delivery.mail import Mail, smtp_server
from collector.delivery.post import Post
from collector.domain.alerts.routing import Route, Routing
from collector.domain.alerts.rules import Finding
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.types import AlertConfig
from collector.domain.alerts.words import day
from collector.jobs import alert as alert_job
from collector.jobs.outbox import Sent, send_letters
from collector.ports import Handover
from collector.reports.letters.compose import Letter
from collector.store.engine import Connection, writing
from collector.store.reads import alerts as reads
from collector.store.writes import alerts as writes
from tests.alerts.stage import RULES, START, WRITING, RememberingPost, Stage, an_ending
from tests.delivery.servers import Postbox, closed_port, mail_server

TODAY = START.date()
FIRST, SECOND, THIRD = (TODAY + timedelta(days=days) for days in (85, 20, 50))
LATER = Handover("later", "421 busy")


def ends(on: date, subject: str = "chat", owner: str = "ann@contoso.com", **said: Any) -> Finding:
    return an_ending(subject, on, TODAY, owner=owner, **{"tell": "at_once", **said})


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine).begin()


def shown(stage: Stage) -> list[tuple[str, str, str]]:
    return [(row.status, row.recipient, row.kind) for row in stage.letters]


def over_smtp(stage: Stage, port: int) -> Sent:
    post = Post(Mail(smtp_server(f"smtp://127.0.0.1:{port}?timeout=5")), {})
    return send_letters(stage.engine, post, stage.clock)


def test_a_server_down_for_a_day_while_the_date_moves_gets_one_letter_with_both_days(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    nowhere = closed_port()
    for _ in range(24):
        over_smtp(stage.after(hours=1), nowhere)
    (old,) = stage.letters

    stage.facts = [ends(SECOND)]
    stage.after(minutes=5).look()
    over_smtp(stage, nowhere)
    postbox = Postbox()
    with mail_server(postbox) as port:
        for _ in range(12):
            over_smtp(stage.after(hours=1), port)

    (mail,) = postbox.taken
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{day(FIRST)} → {day(SECOND)}" in body.get_content()
    assert [("superseded", "ann@contoso.com", "urgent"), ("sent", "ann@contoso.com", "urgent")] == shown(
        stage
    )
    assert old.message_id != mail["Message-ID"]
    assert "newer letters tell" in (stage.letters[0].error or "")


def test_two_who_heard_different_things_are_told_from_the_day_each_of_them_knows(stage: Stage) -> None:
    both = Routing((), routes=(Route(("ann@contoso.com", "bob@contoso.com")),))
    stage.rules = AlertRules(AlertConfig(), routing=both)
    stage.post = RememberingPost(lambda one: LATER if one.to == ("bob@contoso.com",) else Handover("taken"))
    for on in (FIRST, SECOND, THIRD):
        stage.facts = [ends(on, owner="")]
        stage.after(minutes=5).look()
        stage.send()
    stage.post.answer = lambda letter: Handover("taken")
    stage.after(hours=5).send()

    moves = [(letter.to[0], item.moved) for letter in stage.post.taken for item in letter.items]
    assert [
        ("ann@contoso.com", None),
        ("ann@contoso.com", f"{day(FIRST)} → {day(SECOND)}"),
        ("ann@contoso.com", f"{day(SECOND)} → {day(THIRD)}"),
        ("bob@contoso.com", f"{day(FIRST)} → {day(THIRD)}"),
    ] == moves


def test_a_move_and_its_undoing_leave_nothing_to_be_sent(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.send()
    for on in (SECOND, FIRST):
        stage.facts = [ends(on)]
        stage.after(minutes=5).look()

    assert Sent() == stage.send()
    assert ["sent", "superseded"] == [row.status for row in stage.letters]


def test_what_else_the_letter_told_is_told_all_the_same_and_once(stage: Stage) -> None:
    stage.facts = [ends(FIRST, f"chat-{number}", tell="digest") for number in range(3)]
    stage.after(hours=1).look()
    stage.after(days=1).look()
    assert ["digest"] == [row.kind for row in stage.letters]
    stage.facts = [ends(SECOND, "chat-0", tell="digest"), *stage.facts[1:]]
    stage.after(minutes=5).look()
    stage.send()
    stage.after(days=2).look()
    stage.send()

    told = [(letter.kind, sorted(item.key for item in letter.items)) for letter in stage.post.taken]
    keys = [f"model_ending|chat-{number}" for number in range(3)]
    assert [("digest", keys[1:]), ("urgent", keys[:1])] == sorted(told)


def test_in_the_quiet_hours_the_old_letter_goes_back_and_the_news_waits_for_the_morning(stage: Stage) -> None:
    quiet = AlertConfig(quiet_from=time(20), quiet_until=time(7))
    stage.rules = replace(RULES, config=quiet)
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.facts = [ends(SECOND)]
    stage.after(hours=13).look()  # ten in the evening

    assert Sent() == stage.send()
    assert ["superseded"] == [row.status for row in stage.letters]
    stage.after(hours=9).look()
    assert Sent(sent=1) == stage.send()
    assert f"{day(FIRST)} → {day(SECOND)}" == stage.post.taken[0].items[0].moved


def test_a_letter_that_died_in_the_server_s_hand_goes_again_unchanged_and_before_the_news(
    stage: Stage,
) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.post = RememberingPost(dies=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        stage.send()
    (first,) = stage.post.taken

    stage.facts = [ends(SECOND)]
    stage.after(minutes=5).look()
    stage.post = RememberingPost()
    assert Sent(sent=2) == stage.send()

    again, news = stage.post.taken
    assert first == again
    assert f"{day(FIRST)} → {day(SECOND)}" == news.items[0].moved


def test_a_server_that_hung_up_on_the_letter_may_have_it_so_it_keeps_its_words(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    with mail_server(Postbox(drop_in_data=True)) as port:
        assert Sent(later=1) == over_smtp(stage, port)
    (old,) = stage.letters

    stage.facts = [ends(SECOND)]
    stage.after(seconds=5).look()
    postbox = Postbox()
    with mail_server(postbox) as port:
        assert Sent(sent=2) == over_smtp(stage, port)

    assert [row.message_id for row in stage.letters] == [mail["Message-ID"] for mail in postbox.taken]
    assert old.message_id == postbox.taken[0]["Message-ID"]


@pytest.mark.parametrize("answer", ["451 greylisted", "421 busy"])
def test_a_server_that_put_the_letter_off_does_not_have_it(stage: Stage, answer: str) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    with mail_server(Postbox(data=answer)) as port:
        assert Sent(later=1) == over_smtp(stage, port)
    stage.facts = [ends(SECOND)]
    stage.after(seconds=5).look()

    assert ["superseded", "waiting"] == [row.status for row in stage.letters]


def test_a_letter_that_goes_out_while_the_pass_thinks_is_not_taken_back(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.facts = [ends(SECOND)]
    stage.after(minutes=5)
    plan = alert_job._plan(stage.engine, stage.say, stage.rules, WRITING, stage.now)
    (old,) = stage.letters
    with writing(stage.engine) as connection:
        assert writes.take_in_hand(connection, old.message_id, at=stage.now)

    with pytest.raises(writes.LetterInHand), writing(stage.engine) as connection:
        alert_job._store(connection, plan, stage.now)
    assert [old] == stage.letters
    stage.look()

    assert ["waiting", "waiting"] == [row.status for row in stage.letters]
    assert Sent(sent=2) == stage.send()


def test_a_letter_taken_back_while_the_outbox_works_is_not_sent(stage: Stage) -> None:
    stage.facts = [ends(FIRST, "chat-0", "ann@contoso.com"), ends(FIRST, "chat-1", "bob@contoso.com")]
    stage.after(minutes=5).look()

    def moves_meanwhile(letter: Letter) -> Handover:
        stage.facts = [ends(SECOND, "chat-0", "ann@contoso.com"), ends(SECOND, "chat-1", "bob@contoso.com")]
        stage.look()
        return Handover("taken")

    stage.post = RememberingPost(moves_meanwhile)
    stage.send()
    stage.after(minutes=1).send()

    assert ["sent", "sent", "sent", "superseded"] == sorted(row.status for row in stage.letters)
    (first, *rest) = stage.post.taken
    assert [None] == [item.moved for item in first.items]
    assert [f"{day(FIRST)} → {day(SECOND)}"] * 2 == [item.moved for letter in rest for item in letter.items]


@pytest.mark.parametrize("seam", range(1, 7))
def test_a_pass_that_dies_while_it_takes_back_leaves_the_old_letter_waiting(stage: Stage, seam: int) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    before = stage.letters
    stage.facts = [ends(SECOND)]
    stage.after(minutes=5)
    plan = alert_job._plan(stage.engine, stage.say, stage.rules, WRITING, stage.now)
    with pytest.raises(KeyboardInterrupt), stage.engine.begin() as connection:
        _some(connection, plan, seam)
    assert before == stage.letters

    stage.look()

    assert Sent(sent=1) == stage.send()
    assert [f"{day(FIRST)} → {day(SECOND)}"] == [item.moved for item in stage.post.taken[0].items]


def test_taking_back_whose_commit_was_lost_on_the_way_is_done_again_without_a_trace(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.facts = [ends(SECOND)]
    stage.after(minutes=5)
    plan = alert_job._plan(stage.engine, stage.say, stage.rules, WRITING, stage.now)
    for _ in range(2):
        with stage.engine.begin() as connection:
            alert_job._store(connection, plan, stage.now)

    assert ["superseded", "waiting"] == [row.status for row in stage.letters]
    assert Sent(sent=1) == stage.send()


def test_a_weekly_summary_that_waits_is_written_anew_when_a_day_in_it_moves(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.send()
    stage.after(days=7).look()
    assert ("waiting", "ann@contoso.com", "weekly") in shown(stage)
    stage.facts = [ends(SECOND)]
    stage.after(minutes=5).look()
    stage.send()

    (weekly,) = [letter for letter in stage.post.taken if letter.kind == "weekly"]
    assert [SECOND] == [item.due_on for item in weekly.items]
    assert 1 == shown(stage).count(("superseded", "ann@contoso.com", "weekly"))


def test_weeks_without_a_way_out_end_in_one_weekly_summary(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.send()
    for _ in range(3):
        stage.after(days=7).look()
    stage.send()

    assert ["urgent", "weekly"] == [letter.kind for letter in stage.post.taken]


def test_who_was_written_to_hears_of_it_even_if_another_owns_it_by_now(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.facts = [ends(SECOND, owner="bob@contoso.com")]
    stage.after(minutes=5).look()
    stage.send()

    assert [("ann@contoso.com", SECOND), ("bob@contoso.com", SECOND)] == sorted(
        (letter.to[0], letter.items[0].due_on) for letter in stage.post.taken
    )


def test_what_a_sent_letter_told_is_not_kept_a_second_time(stage: Stage) -> None:
    stage.facts = [ends(FIRST)]
    stage.after(minutes=5).look()
    stage.send()

    with stage.engine.connect() as connection:
        assert [] == reads.told_by(connection, [row.message_id for row in stage.letters])


def _some(connection: Connection, plan: alert_job._Plan, seam: int) -> None:
    post = plan.post
    steps = (
        lambda: writes.record_states(connection, plan.changed),
        lambda: writes.take_back(connection, post.taken_back, "superseded"),
        lambda: writes.record_dues(connection, post.untold),
        lambda: writes.record_letters(connection, post.letters),
        lambda: writes.record_told(connection, post.told),
        lambda: writes.bring_forward(connection, post.first, at=START),
    )
    for step in steps[:seam]:
        step()
    raise KeyboardInterrupt
