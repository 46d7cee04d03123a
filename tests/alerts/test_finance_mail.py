"""A closed month is written about once, with its workbook, in the transaction that marks it told."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine

from collector.domain.alerts.rules import NotKnown
from collector.domain.alerts.types import AlertConfig
from collector.domain.money.charge_types import Charge
from collector.domain.periods import Month
from collector.jobs.closing import close_month
from collector.jobs.finance_mail import write_finance_mail
from collector.jobs.outbox import Sent, send_letters
from collector.reports.letters.compose import Letter
from collector.store.engine import retrying
from collector.store.reads import alerts as reads
from collector.store.reads.finance_report import FinanceRules
from collector.store.writes import alerts as writes
from collector.store.writes.findings import replace_charge_months
from collector.store.writes.money import record_closing
from tests.alerts.stage import WRITING, RememberingPost
from tests.alerts.test_facts import World
from tests.store.worlds import ACCOUNT

OCTOBER = Month(2026, 10)
CLOSED = datetime(2026, 11, 6, 4, 35, tzinfo=UTC)
MORNING = datetime(2026, 11, 6, 8, 5, tzinfo=UTC)
TO = ("finance@contoso.com", "cfo@contoso.com")


def charge(cost: str | None) -> Charge:
    amount = None if cost is None else Decimal(cost)
    return Charge(
        ACCOUNT.key, "chat", date(2026, 10, 1), "gpt-4o", "2024-11-20", "GlobalStandard", "input", "standard", "USD",
        "eastus2", None, Decimal(1_000_000), "1 token", None, amount, amount, amount, "estimated",
        "meter-name" if cost else None, None, None, None, None, None if cost else "no meter of this name",
    )  # fmt: skip


@pytest.fixture
def closed(engine: Engine) -> World:
    """October, estimated at 1,234.50 USD, closed on the sixth of November."""
    world = World(engine)
    parts = [(0, charge("1234.50"))]
    world.do(lambda connection: replace_charge_months(connection, [ACCOUNT.key], OCTOBER.first_day, parts))
    close_month(engine, OCTOBER, CLOSED, FinanceRules())
    return world


def mail(world: World, now: datetime = MORNING, to: tuple[str, ...] = TO) -> list[Letter]:
    return write_finance_mail(world.engine, FinanceRules(), to, WRITING, AlertConfig(), now)


def test_a_closed_month_is_told_once_with_its_workbook(closed: World) -> None:
    letters = mail(closed)

    assert [(one,) for one in TO] == [letter.to for letter in letters]
    assert {"Azure OpenAI, October 2026: 1,234.50 USD"} == {letter.subject for letter in letters}
    assert [] == mail(closed, MORNING + timedelta(minutes=5))


def test_the_workbook_comes_through_the_outbox_whole(closed: World) -> None:
    mail(closed)
    post = RememberingPost()

    assert Sent(sent=2) == send_letters(closed.engine, post, lambda: MORNING)

    (attachment,) = post.taken[0].attachments
    assert "azure-openai-2026-10.xlsx" == attachment.name
    assert ZipFile(BytesIO(attachment.content)).testzip() is None


def test_finance_is_not_written_to_before_the_digest_s_hour(closed: World) -> None:
    assert [] == mail(closed, CLOSED)
    assert 2 == len(mail(closed))


def test_a_month_that_was_closed_long_after_its_end_is_history(closed: World) -> None:
    assert [] == mail(closed, MORNING + timedelta(days=60))


def test_with_nobody_to_write_to_the_month_waits(closed: World) -> None:
    assert [] == mail(closed, to=())
    assert 2 == len(mail(closed))


def test_dead_between_letter_and_mark_neither_loses_nor_doubles(closed: World) -> None:
    """The letter alone, as if the transaction had been torn in two: its id keeps it single."""
    letters = mail(closed)
    retrying(closed.engine, lambda connection: writes.record_letters(connection, letters))

    with closed.engine.connect() as connection:
        assert 2 == len(reads.letter_rows(connection))


def reconciled(status: str, bill: str | None) -> dict[str, object]:
    return {
        "subscription": "Team one",
        "account": "aoai-one",
        "account_key": str(ACCOUNT.key),
        "currency": "USD",
        "family": "gpt-4o",
        "estimate": "1200",
        "bill": bill,
        "status": status,
        "causes": [{"name": "price", "words": "another price than listed", "amount": "200"}],
    }


def test_a_closed_month_that_its_bill_does_not_match_is_found_with_its_causes(engine: Engine) -> None:
    world = World(engine)
    kept = {
        "basis": "bill",
        "coverage": 1.0,
        "totals": [],
        "reconciliations": [reconciled("Unexplained", "1000")],
    }
    world.do(lambda connection: record_closing(connection, OCTOBER.first_day, CLOSED, "a test", kept))

    found = world.finding(f"reconciliation_unexplained|{ACCOUNT.key}/USD/gpt-4o|2026-10", MORNING)

    assert 1 == found.level
    assert "differ by 20 %" in found.evidence.title
    assert ("another price than listed", "200.00 USD") in found.evidence.facts
    assert not found.tells_end


def test_a_month_whose_bill_was_not_read_is_not_judged(engine: Engine) -> None:
    world = World(engine)
    kept = {
        "basis": "estimate",
        "coverage": 1.0,
        "totals": [],
        "reconciliations": [reconciled("No bill read", None)],
    }
    world.do(lambda connection: record_closing(connection, OCTOBER.first_day, CLOSED, "a test", kept))

    key = f"reconciliation_unexplained|{ACCOUNT.key}/USD/gpt-4o|2026-10"
    assert isinstance(world.found(MORNING)[key], NotKnown)
