"""A letter is understood without the dashboard, goes to whom it should, and can not be turned against its reader."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from collector.domain.alerts.ending_rules import model_ending
from collector.domain.alerts.examples import NOW, deployment_ending, example, examples
from collector.domain.alerts.routing import BadRouting, Route, Routing, recipients
from collector.domain.alerts.rules import Evidence, Finding, NextStep
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.table import RULES
from collector.domain.alerts.types import AlertConfig, AlertState, Due
from collector.reports.finance.letter import (
    BillBeside,
    CurrencyTotal,
    FinanceMonth,
    Spender,
    finance_letters,
)
from collector.reports.letters.compose import (
    FULL_CARDS,
    SHORT_ROWS,
    Attachment,
    Letter,
    Writing,
    compose,
    settled,
    weekly_summary,
)
from collector.reports.letters.preview import preview
from collector.reports.letters.render import template

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "letters"
WRITING = Writing(
    "aoai-monitor@contoso.com",
    public_url="https://aoai.contoso.com/",
    unsubscribe="mailto:aoai-monitor@contoso.com?subject=stop",
)
TEMPLATES = {
    one.name
    for one in files("collector.reports").joinpath("templates/letters").iterdir()
    if not one.name.startswith("_")
}
EVERYTHING = Routing(("platform@contoso.com",))
EIGHT = datetime(2026, 11, 22, 8, tzinfo=NOW.tzinfo)


def told(
    *findings: Finding, baseline: bool = False, states: dict[str, AlertState] | None = None
) -> list[Due]:
    return list(evaluate(states or {}, findings, [], AlertConfig(), NOW, baseline=baseline).dues)


def letters(*findings: Finding, routing: Routing = EVERYTHING, baseline: bool = False) -> list[Letter]:
    return compose(told(*findings, baseline=baseline), routing, WRITING, EIGHT)


def letter(*findings: Finding, **more: Any) -> Letter:
    (only,) = letters(*findings, **more)
    return only


def hostile(text: str) -> Finding:
    evidence = Evidence(text, text, ((text, text),), text, (NextStep(text),), NOW, text)
    return replace(example("quota_line"), evidence=evidence)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_letter_that_says_what_where_and_what_next(rule: str) -> None:
    finding = replace(example(rule), tell="digest")
    written = letter(finding)
    for body in (written.text, written.html):
        assert "None" not in body
        assert "What to do next" in body
    assert finding.evidence.title in written.text
    assert finding.evidence.source in written.text


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_previewed(rule: str) -> None:
    assert ("ann@contoso.com",) == preview(rule, WRITING, "ann@contoso.com").to


def test_the_digest_as_text_and_html(golden: Any) -> None:
    rules = ("model_ending", "api_version_ending", "quota_line", "cost_anomaly")
    written = letter(*(example(rule) for rule in rules))
    golden(GOLDEN / "digest.txt", f"Subject: {written.subject}\n\n{written.text}")
    golden(GOLDEN / "digest.html", written.html)


def test_the_urgent_letter(golden: Any) -> None:
    written = letter(example("throttling_begun"))
    golden(GOLDEN / "urgent.txt", f"Subject: {written.subject}\n\n{written.text}")


def test_the_baseline_summary(golden: Any) -> None:
    written = letter(*examples().values(), baseline=True)
    golden(GOLDEN / "baseline.txt", f"Subject: {written.subject}\n\n{written.text}")


def test_the_weekly_summary(golden: Any) -> None:
    states = evaluate({}, examples().values(), [], AlertConfig(), NOW).states.values()
    (written,) = weekly_summary(states, EVERYTHING, WRITING, EIGHT)
    golden(GOLDEN / "weekly.txt", f"Subject: {written.subject}\n\n{written.text}")


MONTH = FinanceMonth(
    date(2026, 10, 1),
    closed=True,
    basis="bill",
    as_of=NOW,
    totals=(
        CurrencyTotal(
            "USD",
            Decimal("61240.18"),
            Decimal(60100),
            Decimal("63900.5"),
            Decimal(55810),
            Decimal(70000),
        ),
        CurrencyTotal("EUR", Decimal("8120.4")),
    ),
    top=(
        Spender("Assistants", "USD", Decimal("31120.5"), Decimal("0.508"), Decimal(28100)),
        Spender("Not tagged", "USD", Decimal(2010), Decimal("0.033")),
    ),
    bills=(
        BillBeside("contoso-prod", "USD", Decimal("58200.1"), Decimal("58010.44"), "Reconciled"),
        BillBeside("contoso-eu", "EUR", Decimal("8120.4"), None, "No bill read"),
    ),
    coverage=Decimal("0.998"),
    unpriced="4,120,000 tokens of gpt-6.1-sol",
)


def test_the_finance_letter(golden: Any) -> None:
    workbook = Attachment("2026-10.xlsx", "application/octet-stream", b"PK")
    (written,) = finance_letters(MONTH, ["cfo@contoso.com"], WRITING, EIGHT, (workbook,))
    golden(GOLDEN / "finance.txt", f"Subject: {written.subject}\n\n{written.text}")
    golden(GOLDEN / "finance.html", written.html)
    assert (workbook,) == written.attachments


def test_closing_a_month_is_a_new_letter_and_writing_it_again_is_not() -> None:
    (closed,) = finance_letters(MONTH, ["cfo@contoso.com"], WRITING, EIGHT)
    (again,) = finance_letters(MONTH, ["cfo@contoso.com"], WRITING, EIGHT + timedelta(hours=3))
    (still_open,) = finance_letters(replace(MONTH, closed=False), ["cfo@contoso.com"], WRITING, EIGHT)
    assert closed.message_id == again.message_id
    assert closed.message_id != still_open.message_id


def test_nothing_goes_out_before_its_hour() -> None:
    dues = told(example("model_ending"))
    assert [] == compose(dues, EVERYTHING, WRITING, NOW)
    assert 1 == len(compose(dues, EVERYTHING, WRITING, EIGHT))


def test_one_digest_a_person_and_what_is_at_once_goes_alone() -> None:
    found = letters(example("model_ending"), example("quota_line"), example("throttling_begun"))
    assert ["urgent", "digest"] == [written.kind for written in found]


def test_the_same_dues_give_the_same_message_id_however_late_they_are_composed() -> None:
    dues = told(example("model_ending"))
    (first,) = compose(dues, EVERYTHING, WRITING, EIGHT)
    (later,) = compose(dues, EVERYTHING, WRITING, EIGHT + timedelta(hours=5))
    (other,) = compose(dues, Routing(("ann@contoso.com",)), WRITING, EIGHT)
    assert first.message_id == later.message_id
    assert first.message_id != other.message_id


def test_follow_ups_about_one_alert_thread() -> None:
    begun = example("throttling_begun")
    first = evaluate({}, [begun], [], AlertConfig(), NOW)
    worse = replace(begun, level=3, holds=3)
    second = evaluate(first.states, [worse], [], AlertConfig(), NOW + timedelta(hours=1))
    one, two = (compose(outcome.dues, EVERYTHING, WRITING, EIGHT)[0] for outcome in (first, second))
    assert one.message_id != two.message_id
    assert one.in_reply_to == two.in_reply_to is not None


def test_a_digest_of_one_alert_hangs_on_its_thread_too() -> None:
    begun = replace(example("throttling_begun"), tell="at_once")
    first = evaluate({}, [begun], [], AlertConfig(), NOW)
    over = evaluate(first.states, [], [], AlertConfig(), NOW + timedelta(hours=1))
    over = evaluate(over.states, [], [], AlertConfig(), NOW + timedelta(hours=8))
    (one,) = compose(first.dues, EVERYTHING, WRITING, EIGHT)
    (two,) = compose(over.dues, EVERYTHING, WRITING, NOW + timedelta(days=2))
    assert ("urgent", "digest") == (one.kind, two.kind)
    assert one.in_reply_to == two.in_reply_to is not None


def test_a_digest_is_called_by_the_company_s_day_and_hour() -> None:
    """08:00 in Auckland is the evening before in UTC."""
    auckland = replace(WRITING, zone=ZoneInfo("Pacific/Auckland"))
    at = datetime(2026, 11, 22, 19, tzinfo=NOW.tzinfo)
    (written,) = compose(told(example("model_ending"), example("quota_line")), EVERYTHING, auckland, at)
    assert written.subject.startswith("Azure OpenAI, 23 November 2026: ")
    assert "Written 23 November 2026, 08:00 Pacific/Auckland by" in written.text


def test_of_several_things_about_one_alert_the_last_tells_all() -> None:
    first = evaluate({}, [example("model_ending")], [], AlertConfig(), NOW)
    moved = model_ending(
        deployment_ending(
            ending=replace(deployment_ending().ending, ends_on=date(2026, 12, 20), due_on=date(2026, 12, 20))
        ),
        NOW.date(),
    )
    second = evaluate(first.states, [moved], [], AlertConfig(), NOW + timedelta(minutes=5))
    (written,) = compose([*first.dues, *second.dues], EVERYTHING, WRITING, EIGHT)
    assert "14 January 2027 → 20 December 2026" in written.text
    assert written.subject.startswith("Date moved: gpt-4o")


def test_a_due_that_waits_is_settled_by_what_is_told_after_it() -> None:
    first = evaluate({}, [example("model_ending")], [], AlertConfig(), NOW)
    moved = replace(example("model_ending"), due_on=date(2026, 12, 20), fact="2026-12-20")
    second = evaluate(first.states, [moved], [], AlertConfig(), NOW + timedelta(minutes=5))
    waiting = [*first.dues, *second.dues]
    at = NOW + timedelta(minutes=5)
    assert ["urgent"] == [written.kind for written in compose(waiting, EVERYTHING, WRITING, at)]
    assert {due.id for due in waiting} == settled(waiting, at)


def test_a_date_that_moved_and_came_back_before_anyone_heard_is_not_told() -> None:
    config = AlertConfig(quiet_from=time(5), quiet_until=time(9))
    first = evaluate({}, [example("model_ending")], [], AlertConfig(), NOW - timedelta(days=2))
    moved = replace(example("model_ending"), due_on=date(2026, 12, 20))
    second = evaluate(first.states, [moved], [], config, NOW)
    third = evaluate(second.states, [example("model_ending")], [], config, NOW + timedelta(hours=1))
    waiting = [*second.dues, *third.dues]
    nine = NOW + timedelta(hours=4)
    assert [] == compose(waiting, EVERYTHING, WRITING, nine)
    assert {due.id for due in waiting} == settled(waiting, nine)


def test_what_came_and_went_before_the_digest_is_not_told() -> None:
    config = AlertConfig(clear_after=timedelta(0))
    first = evaluate({}, [example("quota_line")], [], config, NOW)
    second = evaluate(first.states, [], [], config, NOW + timedelta(hours=1))
    assert [] == compose([*first.dues, *second.dues], EVERYTHING, WRITING, EIGHT)
    (over,) = compose(second.dues, EVERYTHING, WRITING, EIGHT)
    assert over.subject.startswith("No longer so: Quota gpt-4o")


def test_ten_thousand_at_once_make_one_letter_of_bounded_size() -> None:
    one = example("quota_line")
    many = [replace(one, subject=f"line {number:05}") for number in range(10_000)]
    written = letter(*many)
    assert f"And {10_000 - FULL_CARDS - SHORT_ROWS:,} more" in written.text
    assert len(written.html.encode()) < 102_400, "large mail services cut what is longer"
    assert written.subject == "Azure OpenAI, 22 November 2026: 10,000 warnings"


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nBcc: everyone@contoso.com",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }} {% raw %}",
        "naïve 部署 \u202egnp.exe \x00\x1b[31m",
    ],
)
def test_names_can_not_inject_headers_or_markup(text: str) -> None:
    written = letter(hostile(text))
    assert written.subject.isprintable()
    assert "<script" not in written.html
    assert "<img" not in written.html
    assert all(line.isprintable() for line in written.text.splitlines())
    assert not any(line.startswith("Bcc:") for line in written.text.splitlines())


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_no_template_renders_without_its_values(name: str) -> None:
    with pytest.raises(UndefinedError):
        template(name).render({"subject": "x", "kind": "digest", "to": "a@b.c", "now": NOW, "zone": "UTC"})


def test_links_need_a_dashboard_to_lead_to() -> None:
    here = letter(example("model_ending"))
    assert "https://aoai.contoso.com/endings?account=contoso-prod&deployment=chat" in here.text
    (bare,) = compose(told(example("model_ending")), EVERYTHING, Writing("aoai-monitor@contoso.com"), EIGHT)
    assert "/endings?" not in bare.text
    assert "List-Unsubscribe" not in bare.headers


def test_headers_let_people_and_machines_leave_it_alone() -> None:
    headers = letter(example("model_ending")).headers
    assert "<mailto:aoai-monitor@contoso.com?subject=stop>" == headers["List-Unsubscribe"]
    assert "auto-generated" == headers["Auto-Submitted"]


def test_a_deadline_comes_with_a_calendar_entry_that_follows_it() -> None:
    (entry,) = letter(example("model_ending")).attachments
    assert b"DTSTART;VALUE=DATE:20270114" in entry.content
    assert () == letter(example("quota_line")).attachments


def test_owners_hear_only_when_routing_is_on_and_their_domain_is_ours() -> None:
    finding = example("model_ending")
    domains = frozenset({"contoso.com"})
    assert ("platform@contoso.com",) == recipients(finding, EVERYTHING)
    on = Routing(("platform@contoso.com",), domains, owners=True)
    assert ("ann@contoso.com",) == recipients(finding, on)
    stranger = replace(finding, where=replace(finding.where, owner="eve@evil.example"))
    assert ("platform@contoso.com",) == recipients(stranger, on)
    without_domains = Routing(("platform@contoso.com",), owners=True)
    assert ("platform@contoso.com",) == recipients(finding, without_domains)


def test_a_webhook_stands_among_the_recipients_by_its_name() -> None:
    routing = Routing((), frozenset({"contoso.com"}), routes=(Route(("webhook:ops",)),))
    assert ("webhook:ops",) == letter(example("model_ending"), routing=routing).to
    owner = replace(example("model_ending").where, owner="webhook:ops")
    on = Routing(("platform@contoso.com",), frozenset({"contoso.com"}), owners=True)
    assert ("platform@contoso.com",) == recipients(replace(example("model_ending"), where=owner), on)


@pytest.mark.parametrize(
    ("route", "fits"),
    [
        (Route(("a@b.c",), rule="model_ending"), True),
        (Route(("a@b.c",), rule="quota_line"), False),
        (Route(("a@b.c",), account="CONTOSO-PROD"), True),
        (Route(("a@b.c",), subscription="other"), False),
        (Route(("a@b.c",), severity="critical"), False),
        (Route(("a@b.c",), severity="warning", team="assistants"), True),
        (Route(("a@b.c",), tag=("env", "prod")), True),
        (Route(("a@b.c",), tag=("env", "test")), False),
    ],
)
def test_routes_by_subscription_account_tag_team_rule_and_severity(route: Route, fits: bool) -> None:
    finding = example("model_ending")
    finding = replace(finding, where=replace(finding.where, tags={"Env": "prod"}))
    assert fits == route.fits(finding)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mail_to": ("ann",)}, "mail address 'ann': expected one plain address such as 'ann@example.com'"),
        ({"mail_to": ("ann@contoso.com\r\nBcc: x@y.z",)}, "expected one plain address"),
        (
            {"mail_to": ("ann@evil.example",), "domains": frozenset({"contoso.com"})},
            "its domain is not one of contoso.com",
        ),
        ({"mail_to": (), "routes": (Route(("a@b.c",), rule="nope"),)}, "route rule 'nope' is unknown"),
        ({"mail_to": (), "routes": (Route(()),)}, "a route names nobody"),
    ],
)
def test_bad_routing_is_refused_with_what_would_be_right(values: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRouting, match=message.replace("(", r"\(")):
        Routing(**values)
