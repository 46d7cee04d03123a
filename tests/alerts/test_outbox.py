"""Letters go out at least once, failures step back, and a letter that can not go never holds up the others."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from collector.delivery.mail import Mail, smtp_server
from collector.delivery.post import NO_MAIL_SERVER, Post, parse_webhooks
from collector.delivery.webhook import BadWebhook, WebhookSender
from collector.domain.alerts.routing import Route, Routing
from collector.domain.alerts.settings import AlertRules
from collector.jobs.outbox import FAILURES_IN_A_ROW, Sent, send_letters
from collector.ports import Handover
from collector.reports.letters.compose import Letter
from collector.store import tables
from collector.store.engine import writing
from collector.store.errors import LeaseHeld
from collector.store.lease import lease
from collector.store.writes import alerts as writes
from tests.alerts.stage import RememberingPost, Stage, a_finding
from tests.delivery.servers import Postbox, Receiver, closed_port, mail_server, receiving

ONE_LATER = Sent(later=1)


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine).begin()


def with_letters(stage: Stage, count: int) -> Stage:
    """As many letters wait: one an owner."""
    stage.facts = [a_finding(f"chat-{number}", owner=f"owner{number}@contoso.com") for number in range(count)]
    stage.after(minutes=5).look()
    assert count == len(stage.letters)
    return stage


def busy(letter: Letter) -> Handover:
    return Handover("later", "421 busy")


def test_a_letter_is_sent_once_and_marked(stage: Stage) -> None:
    with_letters(stage, 3)

    assert Sent(sent=3) == stage.send()
    assert Sent() == stage.send()

    assert ["sent"] * 3 == [row.status for row in stage.letters]
    assert [stage.now] * 3 == [row.sent_at for row in stage.letters]


def test_without_a_mail_server_letters_wait_and_say_so(stage: Stage) -> None:
    with_letters(stage, 2)
    stage.post = RememberingPost(no_way=NO_MAIL_SERVER)

    assert Sent(held=2) == stage.send()

    assert [("waiting", 0, NO_MAIL_SERVER)] * 2 == [
        (row.status, row.attempts, row.error) for row in stage.letters
    ]
    stage.post = RememberingPost()
    assert Sent(sent=2) == stage.after(days=1).send()


def test_what_had_no_way_out_for_two_weeks_is_given_up(stage: Stage) -> None:
    with_letters(stage, 1)
    stage.post = RememberingPost(no_way=NO_MAIL_SERVER)
    stage.after(days=13).send()
    assert "waiting" == stage.letters[0].status

    stage.after(days=2).send()

    assert ("given up", NO_MAIL_SERVER) == (stage.letters[0].status, stage.letters[0].error)


def test_a_refused_letter_is_given_up_at_once_and_the_others_go(stage: Stage) -> None:
    with_letters(stage, 3)
    stage.post = RememberingPost(
        lambda letter: (
            Handover("never", "550 no such user")
            if letter.to == ("owner1@contoso.com",)
            else Handover("taken")
        )
    )

    assert Sent(sent=2, given_up=1) == stage.send()

    given_up = next(row for row in stage.letters if row.status == "given up")
    assert ("owner1@contoso.com", "550 no such user") == (given_up.recipient, given_up.error)


def test_a_mail_server_that_is_down_for_a_day_loses_nothing(stage: Stage) -> None:
    with_letters(stage, 20)
    ids = [row.message_id for row in stage.letters]
    stage.post = RememberingPost(busy)
    for _ in range(24 * 12):
        stage.after(minutes=5).send()
    assert ["waiting"] * 20 == [row.status for row in stage.letters]

    stage.post = RememberingPost()
    for _ in range(12 * 5):  # the longest wait is four hours
        stage.after(minutes=5).send()

    assert sorted(ids) == sorted(letter.message_id for letter in stage.post.taken)


def test_a_dead_server_costs_a_few_attempts_a_round_and_not_one_a_letter(stage: Stage) -> None:
    with_letters(stage, 20)
    stage.post = RememberingPost(busy)

    stage.send()

    assert FAILURES_IN_A_ROW == stage.post.asked


def test_a_letter_that_always_fails_does_not_hold_up_the_others(stage: Stage) -> None:
    with_letters(stage, 1)
    poisoned = stage.letters[0].recipient
    stage.post = RememberingPost(lambda one: busy(one) if one.to == (poisoned,) else Handover("taken"))
    assert ONE_LATER == stage.send()

    stage.facts = [*stage.facts, *(a_finding(f"other-{n}", owner=f"other{n}@contoso.com") for n in range(5))]
    stage.after(minutes=5).look()

    assert 5 == stage.send().sent
    for _ in range(24):
        stage.after(hours=4).send()
    assert ("given up", "421 busy") == next(
        (row.status, row.error) for row in stage.letters if row.recipient == poisoned
    )


def test_what_was_given_up_can_be_taken_up_again_under_its_own_id(stage: Stage) -> None:
    with_letters(stage, 1)
    stage.post = RememberingPost(lambda letter: Handover("never", "550 no"))
    stage.send()
    stage.post = RememberingPost()
    message_id = stage.letters[0].message_id
    with writing(stage.engine) as connection:
        assert writes.send_again(connection, message_id, at=stage.now)
        assert not writes.send_again(connection, message_id, at=stage.now)

    assert Sent(sent=1) == stage.send()
    assert [message_id] == [letter.message_id for letter in stage.post.taken]


def test_a_letter_that_can_not_be_read_any_more_is_given_up_and_the_others_go(stage: Stage) -> None:
    with_letters(stage, 2)
    first = stage.letters[0].message_id
    table = tables.letter
    with writing(stage.engine) as connection:
        connection.execute(update(table).where(table.c.message_id == first).values(content={"kind": 7}))

    assert Sent(sent=1, given_up=1) == stage.send()


def test_a_letter_that_breaks_our_own_code_is_tried_later_and_the_others_go(stage: Stage) -> None:
    with_letters(stage, 2)

    def breaks(letter: Letter) -> Handover:
        if letter.to == ("owner0@contoso.com",):
            raise RuntimeError("a header nobody thought of")
        return Handover("taken")

    stage.post = RememberingPost(breaks)

    assert Sent(sent=1, later=1) == stage.send()
    assert "RuntimeError: a header nobody thought of" in [row.error for row in stage.letters]


def test_retry_after_is_heeded(stage: Stage) -> None:
    with_letters(stage, 1)
    stage.post = RememberingPost(lambda letter: Handover("later", "429", 3_600.0))

    stage.send()

    assert stage.now + timedelta(hours=1) == stage.letters[0].next_attempt_at


def test_two_senders_at_once_send_each_letter_once(stage: Stage) -> None:
    with_letters(stage, 12)
    began = threading.Barrier(3)
    taken: list[str] = []

    class Slow(RememberingPost):
        def send(self, letter: Letter) -> Handover:
            taken.append(letter.message_id)
            return Handover("taken")

    def sender() -> None:
        began.wait()
        send_letters(stage.engine, Slow(), stage.clock)

    threads = [threading.Thread(target=sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(row.message_id for row in stage.letters) == sorted(taken)


def test_a_sender_that_need_not_wait_says_who_sends(stage: Stage) -> None:
    with lease(stage.engine, "outbox"), pytest.raises(LeaseHeld, match="outbox is being done by"):
        send_letters(stage.engine, stage.post, stage.clock, wait=False)


def test_a_process_asked_to_end_leaves_the_rest_waiting(stage: Stage) -> None:
    with_letters(stage, 3)
    stopping = threading.Event()

    def last(letter: Letter) -> Handover:
        stopping.set()
        return Handover("taken")

    assert 1 == send_letters(stage.engine, RememberingPost(last), stage.clock, stopping=stopping).sent
    assert Sent(sent=2) == stage.send()


def mail_at(port: int) -> Post:
    return Post(Mail(smtp_server(f"smtp://127.0.0.1:{port}?timeout=5")), {})


def test_a_real_mail_server_gets_what_was_written(stage: Stage) -> None:
    with_letters(stage, 2)
    postbox = Postbox()
    with mail_server(postbox) as port:
        assert Sent(sent=2) == send_letters(stage.engine, mail_at(port), stage.clock)

    rows = {row.message_id: (row.recipient, row.subject) for row in stage.letters}
    assert rows == {mail["Message-ID"]: (mail["To"], mail["Subject"]) for mail in postbox.taken}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"rcpt": {"owner0@contoso.com": "550 no such user"}}, "given up", id="refused"),
        pytest.param({"rcpt": {"owner0@contoso.com": "451 greylisted"}}, "waiting", id="greylisted"),
        pytest.param({"data": "554 spam"}, "given up", id="refused content"),
        pytest.param({"drop_in_data": True}, "waiting", id="dropped in mid-data"),
    ],
)
def test_a_real_mail_server_s_temper_decides_what_becomes_of_the_letter(
    stage: Stage, answers: dict[str, Any], expected: str
) -> None:
    with_letters(stage, 1)
    with mail_server(Postbox(**answers)) as port:
        send_letters(stage.engine, mail_at(port), stage.clock)

    assert (expected, 1) == (stage.letters[0].status, stage.letters[0].attempts)
    assert stage.letters[0].error


def test_a_mail_server_that_is_not_there_is_tried_again(stage: Stage) -> None:
    with_letters(stage, 1)

    assert ONE_LATER == send_letters(stage.engine, mail_at(closed_port()), stage.clock)
    assert stage.letters[0].next_attempt_at is not None
    assert stage.now < stage.letters[0].next_attempt_at <= stage.now + timedelta(minutes=1)


def test_a_route_to_a_webhook_reaches_it_even_without_a_mail_server(stage: Stage) -> None:
    stage.rules = AlertRules(
        stage.rules.config,
        routing=Routing(("ops@contoso.com",), routes=(Route(("webhook:ops", "ann@contoso.com")),)),
    )
    stage.facts = [a_finding()]
    stage.after(minutes=5).look()
    receiver = Receiver()
    with receiving(receiver) as url:
        hooks = parse_webhooks([{"name": "ops", "url": url, "secret": "s3cret"}])
        post = Post(None, {name: WebhookSender(hook, stage.clock) for name, hook in hooks.items()})
        assert Sent(sent=1, held=1) == send_letters(stage.engine, post, stage.clock)

    assert [stage.letters[0].status, stage.letters[1].status] in (["sent", "waiting"], ["waiting", "sent"])
    assert "X-Aoai-Signature" in receiver.came[0][0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"url": "https://x.example"}, "number 1: name=None"),
        ({"name": "ops"}, "url is missing"),
        ({"name": "ops", "url": "http://x.example"}, "https://"),
        ({"name": "ops", "url": "https://x.example", "style": "slack"}, "expected json or teams"),
        ({"name": "ops", "url": "https://x.example", "secrets": "x"}, "no key 'secrets'"),
        ({"name": "ops", "url": "https://x.example", "secret_file": "/nowhere"}, "expected a readable file"),
    ],
)
def test_a_bad_webhook_is_named_and_its_address_is_not(table: dict[str, Any], message: str) -> None:
    with pytest.raises(BadWebhook, match=message) as raised:
        parse_webhooks([table])
    assert "x.example" not in str(raised.value)
