"""A year of one small company, told day by day: who got which letter, when, and about what.

The golden table is read by people: every line of it must be a letter that somebody would have wanted.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from collector.domain.alerts.ending_rules import DeploymentEnding, Use, auto_upgrade_coming, model_ending
from collector.domain.alerts.health_rules import ScopeHealth, collector_stale
from collector.domain.alerts.money_rules import BudgetFact, budget_burn
from collector.domain.alerts.room_rules import QuotaFact, RoomFact, quota_line, throttling_begun
from collector.domain.alerts.routing import Route, Routing
from collector.domain.alerts.rules import Finding, NotKnown, Where
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.times import weekly_at
from collector.domain.alerts.types import Action, AlertConfig, AlertState, Due
from collector.domain.endings.ending_types import Deployed
from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import Offer, Reading, model_catalog
from collector.reports.letters.compose import Letter, Writing, compose, settled, weekly_summary

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "letters" / "year.txt"

VIENNA = ZoneInfo("Europe/Vienna")
CONFIG = AlertConfig(zone=VIENNA, quiet_from=time(20), quiet_until=time(7))
ROUTING = Routing(
    ("platform@contoso.com",),
    frozenset({"contoso.com"}),
    owners=True,
    routes=(
        Route(("finance@contoso.com",), rule="budget_burn"),
        Route(("platform@contoso.com",), rule="collector_stale"),
    ),
)
WRITING = Writing("aoai-monitor@contoso.com")
START = datetime(2027, 1, 30, 5, tzinfo=UTC)

CHAT = Where(
    subscription_id="sub-1",
    account="contoso",
    location="eastus2",
    deployment="chat",
    owner="ann@contoso.com",
)
PTU = replace(CHAT, deployment="chat-ptu", owner="eve@elsewhere.example")


def chat_ends_on(today: date) -> date:
    """The date moves earlier in March and later in May."""
    if today < date(2027, 3, 10):
        return date(2027, 10, 14)
    return date(2027, 8, 1) if today < date(2027, 5, 20) else date(2027, 9, 15)


def chat_ended_on(today: date) -> date | None:
    """The former day, for a week after a move."""
    before = chat_ends_on(today - timedelta(days=7))
    return None if before == chat_ends_on(today) else before


def endings(today: date, now: datetime) -> list[Finding | NotKnown | None]:
    if today >= date(2027, 9, 10):
        return []
    offer = Offer(
        "gpt-4o",
        "2024-11-20",
        "GlobalStandard",
        "eastus2",
        lifecycle_status="Legacy",
        sku_deprecation_on=chat_ends_on(today),
        replacement_model="gpt-5.1" if today >= date(2027, 4, 1) else None,
        replacement_version="2025-11-13",
        upgrade_lead_days=7,
    )
    catalog = model_catalog(
        [offer, replace(offer, sku="ProvisionedManaged", sku_deprecation_on=date(2027, 11, 1))],
        [Reading("eastus2", now)],
    )
    found: list[Finding | NotKnown | None] = []
    for name, where, sku in (("chat", CHAT, "GlobalStandard"), ("chat-ptu", PTU, "ProvisionedManaged")):
        deployed = Deployed("gpt-4o", "2024-11-20", sku, "eastus2", "OnceCurrentVersionExpired")
        ending = ending_of(deployed, catalog, today)
        fact = DeploymentEnding(
            f"contoso/{name}",
            name,
            "contoso",
            "gpt-4o",
            "2024-11-20",
            sku,
            ending,
            where,
            Use(1_000),
            moved_from=chat_ended_on(today) if name == "chat" else None,
        )
        found += [model_ending(fact, today), auto_upgrade_coming(fact, today)]
    return found


def room(today: date, now: datetime) -> list[Finding | NotKnown | None]:
    day_of_year = today.timetuple().tm_yday
    allocated = 700 + min(day_of_year, 310) + (3 if day_of_year % 2 else 0)
    quota = QuotaFact(
        "sub-1/eastus2/gpt-4o",
        "OpenAI.GlobalStandard.gpt-4o",
        "gpt-4o Global Standard",
        Decimal(1_000),
        Decimal(allocated),
        None,
        replace(CHAT, owner=None, deployment=None),
        now,
    )
    hot = date(2027, 6, 7) <= today <= date(2027, 6, 9)
    chat = RoomFact(
        "contoso/chat",
        "chat",
        "contoso",
        CHAT,
        now,
        requests=10_000,
        throttled={7: 200, 8: 900, 9: 150}[today.day] if hot else 3,
    )
    return [quota_line(quota), throttling_begun(chat)]


def money(today: date) -> list[Finding | NotKnown | None]:
    spent = Decimal(today.day * (45 if today.month == 7 else 29))
    return [
        budget_burn(
            BudgetFact(
                "contoso", "Contoso", today.replace(day=1), "EUR", Decimal(1_000), spent, today, Where()
            )
        )
    ]


def health(today: date, now: datetime) -> list[Finding | NotKnown | None]:
    """Azure can not be read for three days in August."""
    down = date(2027, 8, 16) <= today <= date(2027, 8, 18)
    through = datetime(2027, 8, 15, 22, tzinfo=UTC) if down else now
    return [collector_stale(ScopeHealth("metrics", "contoso", through, 0.25), now)]


ACTIONS = {
    date(2027, 6, 1): Action(
        "model_ending|contoso/chat-ptu",
        "acknowledge",
        datetime(2027, 6, 1, tzinfo=UTC),
        "ann",
        "moving in autumn",
        datetime(2027, 9, 20, tzinfo=UTC),
    ),
    date(2027, 7, 5): Action(
        "quota_line|sub-1/eastus2/gpt-4o",
        "resolve",
        datetime(2027, 7, 5, tzinfo=UTC),
        "bob",
        "asked for more",
    ),
}


class Year:
    def __init__(self) -> None:
        self.states: dict[str, AlertState] = {}
        self.waiting: list[Due] = []
        self.letters: list[tuple[datetime, Letter]] = []

    def step(self, now: datetime, *, baseline: bool = False) -> None:
        today = now.date()
        findings = [*endings(today, now), *room(today, now), *money(today), *health(today, now)]
        acts = [ACTIONS[today]] if today in ACTIONS and now.hour == START.hour else []
        outcome = evaluate(self.states, findings, acts, CONFIG, now, baseline=baseline)
        self.states = dict(outcome.states)
        self.waiting += outcome.dues
        self.letters += [(now, letter) for letter in compose(self.waiting, ROUTING, WRITING, now)]
        done = settled(self.waiting, now)
        self.waiting = [due for due in self.waiting if due.id not in done]


def a_year() -> Year:
    year, now = Year(), START
    year.step(now, baseline=True)
    while now < START + timedelta(days=365):
        now += timedelta(hours=6)
        year.step(now)
    return year


def test_the_letters_of_a_year(golden: Callable[[Path, str], None]) -> None:
    lines = [
        f"{now:%Y-%m-%d %H:%M}  {letter.kind:8}  {letter.to[0]:21}  {letter.subject}"
        for now, letter in a_year().letters
    ]
    golden(GOLDEN, "\n".join(lines) + "\n")


def test_no_letter_of_the_year_repeats_another_and_none_is_left_waiting() -> None:
    year = a_year()
    ids = [letter.message_id for _, letter in year.letters]
    assert len(ids) == len(set(ids))
    due_ids = [(letter.to, due_id) for _, letter in year.letters for due_id in letter.due_ids]
    assert len(due_ids) == len(set(due_ids))
    last = year.letters[-1][0]
    assert all(due.not_before > last for due in year.waiting)


def test_no_letter_goes_out_at_night() -> None:
    for now, letter in a_year().letters:
        assert letter.kind == "baseline" or 7 <= now.astimezone(VIENNA).hour < 20


def test_the_weekly_summary_of_a_quiet_company_is_not_written() -> None:
    assert [] == weekly_summary([], ROUTING, WRITING, weekly_at(START, CONFIG))
