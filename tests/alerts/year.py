"""A year of one small company, lived by the world's clock: the pretend Azure answers, the real clients collect, a real
mail server takes the letters or does not.

Nothing is written into the store here: what happens to models, quotas and callers is the story that the world tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from collector import wiring
from collector.domain.alerts.types import Action
from collector.jobs.charges import MoneyRules
from collector.jobs.closing import tend_months
from collector.jobs.collect import collect
from collector.jobs.context import Context, Limits
from collector.jobs.derive import derive
from collector.jobs.steps import Telling, tell
from collector.settings import Settings
from collector.simulator.estate import Caller, Profile
from collector.simulator.facts import Replacement
from collector.simulator.faults import Fault
from collector.simulator.plan import Plan
from collector.simulator.server import Simulator
from collector.simulator.story import DateMove, Named, Story, Surge
from collector.simulator.world import World
from collector.sources import open_sources
from collector.store import tables
from collector.store.engine import retrying
from collector.store.letter_content import letter_of
from collector.store.reads import alerts as reads
from collector.store.writes.alerts import ask_for
from tests.delivery.servers import Postbox, mail_server
from tests.end_to_end.stage import azure_settings

START = datetime(2027, 1, 30, 5, tzinfo=UTC)
END = date(2028, 1, 30)
VIENNA = ZoneInfo("Europe/Vienna")
EVENING = time(18)
"""The digest's hour."""

EVENTFUL = (
    (date(2027, 3, 10), date(2027, 3, 11)),
    (date(2027, 5, 20), date(2027, 5, 21)),
    (date(2027, 6, 8), date(2027, 6, 12)),
    (date(2027, 7, 28), date(2027, 7, 31)),
    (date(2027, 8, 16), date(2027, 8, 20)),
    (date(2027, 9, 10), date(2027, 9, 11)),
    (date(2027, 11, 10), date(2027, 11, 12)),
    (date(2027, 11, 19), date(2027, 11, 24)),
)
"""Days that are looked at each evening; the others on Mondays only."""
NIGHT = datetime(2027, 6, 7, 22, 30, tzinfo=VIENNA)
"""Within the quiet hours, while calls are refused."""

OWNER = "payments.lead@contoso.example"
PLATFORM, FINANCE = "platform@contoso.example", "finance@contoso.example"
_COMPLETIONS = "ChatCompletions_Create"
_QUIET = Profile("chat", "office", 0.02, 600, 200, 400)

CAST = (
    Plan(
        "chat",
        "chat",
        "gpt-4o",
        "2024-11-20",
        "GlobalStandard",
        300,
        Profile("chat", "office", 0.3, 1500, 300, 400, growth=0.0),
        upgrade="OnceCurrentVersionExpired",
        gone_on=date(2027, 9, 10),
        own_callers=(
            Caller("2024-02-01", _COMPLETIONS, "Streaming", 0.3, until=date(2027, 6, 20)),
            Caller("2024-10-21", _COMPLETIONS, "Streaming", 0.7),
        ),
    ),
    Plan(
        "chat-ptu",
        "chat-ptu",
        "gpt-4o",
        "2024-11-20",
        "GlobalProvisionedManaged",
        15,
        Profile("chat", "flat", 0.45, 1500, 300, 400, growth=0.0),
        gone_on=date(2027, 9, 10),
    ),
    Plan(
        "chat-next",
        "chat-next",
        "gpt-5.1",
        "2025-11-13",
        "GlobalStandard",
        100,
        Profile("chat", "office", 0.3, 1500, 300, 400, growth=0.0),
        born_on=date(2027, 9, 8),
        own_callers=(Caller("2024-06-01", _COMPLETIONS, "Streaming", 1.0),),
    ),
    Plan(
        "lab",
        "lab",
        "gpt-5.1",
        "2025-11-13",
        "GlobalStandard",
        600,
        _QUIET,
        capacities=tuple(
            (date(2027, 2, 8) + timedelta(weeks=2 * step), 620 + 20 * step) for step in range(20)
        ),
    ),
    Plan(
        "forgotten",
        "legacy-search",
        "text-embedding-ada-002",
        "2",
        "Standard",
        50,
        Profile("embedding", "office", 0.01, 300, 0, 0),
        upgrade="NoAutoUpgrade",
    ),
)
STORY = Story(
    CAST,
    moves=(
        DateMove(date(2026, 1, 1), "gpt-4o", "2024-11-20", "2027-10-14"),
        DateMove(date(2026, 1, 1), "gpt-4o", "2024-11-20", "2027-11-01", "GlobalProvisionedManaged"),
        DateMove(date(2026, 1, 1), "gpt-5.1", "2025-11-13", "2028-11-13"),
        DateMove(date(2026, 1, 1), "text-embedding-ada-002", "2", "2027-07-15"),
        DateMove(date(2027, 3, 10), "gpt-4o", "2024-11-20", "2027-08-01", "GlobalStandard"),
        DateMove(date(2027, 5, 20), "gpt-4o", "2024-11-20", "2027-09-15", "GlobalStandard"),
    ),
    named=(
        Named(
            date(2027, 4, 1), "gpt-4o", "2024-11-20", Replacement("gpt-5.1", "2025-11-13", "2027-07-01", 21)
        ),
    ),
    surges=(
        Surge("chat", date(2027, 6, 7), date(2027, 6, 10), 5.0),
        Surge("chat", date(2027, 7, 1), date(2027, 8, 1), 2.0),
        Surge("chat-next", date(2027, 11, 9), date(2027, 11, 10), 4.0),
    ),
    limits={"OpenAI.GlobalStandard.gpt-5.1": ((date(2026, 1, 1), 1_000), (date(2027, 12, 1), 2_000))},
)

SETTINGS = {
    "timezone": "Europe/Vienna",
    "mail": {"to": [PLATFORM], "domains": ["contoso.example"], "from": "aoai-monitor@contoso.example"},
    "alerts": {
        "route": True,
        "digest_at": "18:00",
        "quiet_from": "20:00",
        "quiet_until": "06:30",
        # What ships with us ages on its own; this year is about Azure.
        "rules_off": ["catalog_old", "price_snapshot_old"],
        "finance_to": [FINANCE],
    },
    "routes": [
        {"to": [FINANCE], "rule": "budget_burn"},
        {"to": [FINANCE], "rule": "forecast_above_budget"},
        {"to": [FINANCE], "rule": "cost_anomaly"},
        {"to": [PLATFORM], "rule": "collector_stale"},
    ],
    "budgets": [{"name": "Contoso", "amount": 20_000, "currency": "USD"}],
    "api_versions": [
        {"api_version": "2024-02-01", "retires_on": date(2027, 7, 31)},
        {"api_version": "2024-06-01", "retires_on": date(2027, 11, 30)},
    ],
}

DOWN = (date(2027, 8, 16), date(2027, 8, 19))
"""Azure answers nothing, as [from, until)."""
ROLE_GONE = (date(2027, 11, 19), date(2027, 11, 24))
"""Somebody took the right to read quotas away."""

PEOPLE: tuple[tuple[date, str, Any, str, str, date | None], ...] = (
    (date(2027, 6, 14), "model_ending", "acknowledge", "chat-ptu", "moving in autumn", date(2027, 9, 20)),
    (date(2027, 10, 18), "quota_line", "resolve", "gpt-5.1", "asked for more", None),
)


def temper(today: date) -> str:
    """How the company's mail server answers: down on 8 June, mailboxes full at the end of October."""
    if today == date(2027, 6, 8):
        return "421 try again later"
    return "552 mailbox full" if date(2027, 10, 25) <= today <= date(2027, 10, 30) else "250 OK"


@dataclass
class Year:
    azure: Simulator
    context: Context
    how: Telling
    rules: MoneyRules
    """Read once for all passes, as `serve` does: what ships with us is told by its fingerprint."""
    postbox: Postbox = field(default_factory=Postbox)

    def live(self) -> None:
        for now in looks():
            self.azure.set_clock(now)
            self.weather(now.date())
            collect(self.context)
            derive(self.context.engine, self.rules, now)
            tend_months(self.context.engine, now, self.how.finance)
            self.people(now.date())
            self.postbox.data = temper(now.date())
            tell(self.context.engine, self.azure.now, self.how)

    def weather(self, today: date) -> None:
        down = DOWN[0] <= today < DOWN[1]
        self.azure.weather.set([Fault(match=".*", status=503, times=None)] if down else [])
        (subscription,) = self.azure.world.subscriptions
        self.azure.routes.access.set(subscription, usages_reader=not ROLE_GONE[0] <= today < ROLE_GONE[1])

    def people(self, today: date) -> None:
        for on, rule, kind, subject, why, until in PEOPLE:
            if on == today:
                with self.context.engine.connect() as connection:
                    open_ones = reads.alert_rows(connection, ("open", "acknowledged"))
                (key,) = (
                    row.key for row in open_ones if row.key.startswith(rule) and row.key.endswith(subject)
                )
                end = datetime.combine(until, time(), UTC) if until else None
                action = Action(key, kind, self.azure.now(), "bob", why, end)
                retrying(self.context.engine, lambda connection, action=action: ask_for(connection, action))

    def table(self) -> str:
        """Who got what, when and why: a letter a line, and a line for each thing that it tells."""
        with self.context.engine.connect() as connection:
            fates = {row.message_id: row for row in reads.letter_rows(connection, limit=10_000)}
            told = [letter_of(one) for one in connection.scalars(select(tables.letter.c.content))]
        lines: list[str] = []
        for letter in sorted(told, key=lambda one: (one.written_at, one.kind, one.to)):
            row = fates[letter.message_id]
            fate = f"sent {row.sent_at:%m-%d %H:%M}" if row.sent_at else row.status
            lines.append(
                f"{row.written_at:%Y-%m-%d %H:%M}  {fate:16}  {row.kind:8}  {row.recipient:29}  {row.subject}"
            )
            if letter.kind != "weekly" and len(letter.items) > 1:
                lines += [f"{'':38}- {item.badge}: {item.title}" for item in letter.items]
        return "\n".join(lines) + "\n"

    @property
    def fates(self) -> dict[str, str]:
        with self.context.engine.connect() as connection:
            return {row.message_id: row.status for row in reads.letter_rows(connection, limit=10_000)}


def looks() -> Iterator[datetime]:
    """The first one in the morning; then each Monday, every evening where something happens, and one night."""
    yield START
    day = START.date()
    while day <= END:
        if day.weekday() == 0 or any(first <= day <= last for first, last in EVENTFUL):
            yield datetime.combine(day, EVENING, VIENNA).astimezone(UTC)
        if day == NIGHT.date():
            yield NIGHT.astimezone(UTC)
        day += timedelta(days=1)


@contextmanager
def a_year(engine: Engine) -> Iterator[Year]:
    world = World(seed=3, subscriptions=1, accounts=1, deployments=len(CAST), days=60, now=START, story=STORY)
    postbox = Postbox()
    # Pages are small to catch who does not follow them; a year of them would only be slow.
    with mail_server(postbox) as port, Simulator(world, page_size=2_000) as azure:
        settings = Settings.model_validate(
            {**SETTINGS, "smtp": {"url": f"smtp://127.0.0.1:{port}?timeout=5"}}
        )
        # The circuit waits by the world's clock too: days pass while it counts minutes.
        with open_sources(azure_settings(azure.url), lambda: azure.now().timestamp()) as sources:
            limits = Limits(backfill_days=45, minute_backfill_days=1, threads=2)
            context = Context(engine, sources, azure.now, limits)
            yield Year(azure, context, wiring.telling(settings), wiring.money_rules(settings), postbox)
