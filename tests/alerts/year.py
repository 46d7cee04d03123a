"""A year of one small company, as the collector would have stored it: facts by day, people, and mail servers that fail.

The rules, the alert step, the outbox and the store are the real ones; only Azure's answers are told here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from collector import wiring
from collector.domain.alerts.types import Action
from collector.domain.endings.catalog_events import catalog_events
from collector.domain.endings.models import offer_of
from collector.domain.money.charges import Charge
from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from collector.domain.types import Account, ApiUse, CatalogModel, Deployment, QuotaLine, Subscription
from collector.jobs.alert import alert
from collector.jobs.outbox import send_letters
from collector.jobs.steps import Telling
from collector.ports import Handover
from collector.reports.letters.compose import Letter
from collector.settings import Settings
from collector.store import writes
from collector.store.engine import Connection, retrying
from collector.store.reads import alerts as reads
from collector.store.reads import catalog
from collector.store.reads.alerts import LetterRow
from collector.store.writes.alerts import ask_for
from collector.store.writes.findings import replace_charges
from tests.store.worlds import an_hour

START = datetime(2027, 1, 30, 5, tzinfo=UTC)
DAYS = 365
HALF = timedelta(hours=12)
EVENTFUL = (
    Window(datetime(2027, 3, 9, tzinfo=UTC), datetime(2027, 3, 12, tzinfo=UTC)),
    Window(datetime(2027, 5, 19, tzinfo=UTC), datetime(2027, 5, 22, tzinfo=UTC)),
    Window(datetime(2027, 6, 6, tzinfo=UTC), datetime(2027, 6, 13, tzinfo=UTC)),
    Window(datetime(2027, 8, 15, tzinfo=UTC), datetime(2027, 8, 22, tzinfo=UTC)),
)
"""Days that are looked at morning and evening; the others in the evening only."""

SUBSCRIPTION = Subscription("11111111-1111-1111-1111-111111111111", "Contoso")
ACCOUNT = Account(
    f"/subscriptions/{SUBSCRIPTION.subscription_id}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/contoso",
    SUBSCRIPTION.subscription_id,
    "rg",
    "contoso",
    "eastus2",
    "OpenAI",
    tags={"owner": "ann@contoso.com"},
    created_at=START - timedelta(days=400),
)
CHAT = Deployment(
    ACCOUNT.key,
    "chat",
    "OpenAI",
    "gpt-4o",
    "2024-11-20",
    "GlobalStandard",
    300,
    limit_tpm=300_000,
    limit_rpm=1_800,
    upgrade_option="OnceCurrentVersionExpired",
    created_at=START - timedelta(days=300),
    modified_at=START - timedelta(days=300),
)
PTU = replace(
    CHAT,
    name="chat-ptu",
    sku="ProvisionedManaged",
    capacity=100,
    limit_tpm=None,
    limit_rpm=None,
    tags={"owner": "eve@elsewhere.example"},
)
NEXT = replace(
    CHAT, name="chat-next", model="gpt-5.1", version="2025-11-13", modified_at=None, created_at=None
)

SETTINGS: Mapping[str, Any] = {
    "timezone": "Europe/Vienna",
    "mail": {"to": ["platform@contoso.com"], "domains": ["contoso.com"], "from": "aoai-monitor@contoso.com"},
    "alerts": {
        "route": True,
        "quiet_from": "20:00",
        "quiet_until": "06:30",
        # What ships with us ages on its own; this year is about Azure.
        "rules_off": ["catalog_old", "price_snapshot_old"],
        "tells": {"api_version_superseded": "weekly"},
    },
    "routes": [
        {"to": ["finance@contoso.com"], "rule": "budget_burn"},
        {"to": ["finance@contoso.com"], "rule": "forecast_above_budget"},
        {"to": ["finance@contoso.com"], "rule": "cost_anomaly"},
        {"to": ["platform@contoso.com"], "rule": "collector_stale"},
    ],
    "budgets": [{"name": "Contoso", "amount": 1000, "currency": "EUR"}],
    "api_versions": [{"api_version": "2024-02-01", "retires_on": date(2027, 7, 31)}],
}


def chat_ends_on(today: date) -> date:
    """Earlier in March, later in May."""
    if today < date(2027, 3, 10):
        return date(2027, 10, 14)
    return date(2027, 8, 1) if today < date(2027, 5, 20) else date(2027, 9, 15)


def moved_away(today: date) -> bool:
    """On 10 September both deployments of gpt-4o are gone, and a new one stands."""
    return today >= date(2027, 9, 10)


def azure_is_down(today: date) -> bool:
    return date(2027, 8, 16) <= today <= date(2027, 8, 18)


def models(today: date) -> list[CatalogModel]:
    old = CatalogModel(
        "eastus2",
        "OpenAI",
        "gpt-4o",
        "2024-11-20",
        "GlobalStandard",
        fine_tuned=False,
        usage_name="OpenAI.GlobalStandard.gpt-4o",
        kinds=frozenset({"chatCompletion"}),
        lifecycle_status="Legacy",
        deprecation_status="Planned",
        inference_retires_at=None,
        fine_tune_retires_at=None,
        sku_retires_at=midnight(chat_ends_on(today)),
        replacement_model="gpt-5.1" if today >= date(2027, 4, 1) else None,
        replacement_version="2025-11-13" if today >= date(2027, 4, 1) else None,
    )
    provisioned = replace(
        old,
        sku="ProvisionedManaged",
        usage_name="OpenAI.ProvisionedManaged",
        sku_retires_at=midnight(date(2027, 11, 1)),
    )
    new = replace(
        old,
        model="gpt-5.1",
        version="2025-11-13",
        usage_name="OpenAI.GlobalStandard.gpt-5.1",
        lifecycle_status="GenerallyAvailable",
        sku_retires_at=midnight(date(2028, 11, 13)),
        replacement_model=None,
        replacement_version=None,
    )
    return [old, provisioned, new]


def quota(today: date) -> QuotaLine:
    """Fills by 10 a week until it is full in autumn; more is granted on 1 December."""
    weeks = (today - START.date()).days // 7
    limit = 1_500 if today >= date(2027, 12, 1) else 1_000
    label = "Tokens Per Minute (thousands) - gpt-4o - GlobalStandard"
    allocated = Decimal(min(650 + 10 * weeks, 1_000))
    return QuotaLine(
        SUBSCRIPTION.subscription_id,
        "eastus2",
        "OpenAI.GlobalStandard.gpt-4o",
        label,
        Decimal(limit),
        allocated,
    )


def throttled(now: datetime) -> int:
    """Of 6,000 requests an hour; hot from 7 to 9 June."""
    if date(2027, 6, 7) <= now.date() <= date(2027, 6, 9):
        return {7: 150, 8: 600, 9: 90}[now.day]
    return 2


def cost(today: date) -> Decimal:
    """29 a day; July costs 45, and one day in November a loop runs."""
    if today == date(2027, 11, 9):
        return Decimal(190)
    return Decimal(45) if today.month == 7 else Decimal(29)


PEOPLE: tuple[tuple[date, str, Any, str, str, date | None], ...] = (
    (date(2027, 6, 1), "model_ending", "acknowledge", "chat-ptu", "moving in autumn", date(2027, 9, 20)),
    (date(2027, 10, 25), "quota_line", "resolve", "gpt-4o", "asked for more", None),
)


@dataclass
class Server:
    """The company's mail server: down on 8 June, and full at the end of October."""

    taken: list[tuple[datetime, Letter]] = field(default_factory=list[tuple[datetime, Letter]])
    now: datetime = START

    def closed(self, *, webhooks: bool) -> str | None:
        return None

    def send(self, letter: Letter) -> Handover:
        if self.now.date() == date(2027, 6, 8):
            return Handover("later", "connection refused")
        if date(2027, 10, 28) <= self.now.date() <= date(2027, 10, 30):
            return Handover("never", "552 mailbox full")
        self.taken.append((self.now, letter))
        return Handover("taken")


@dataclass
class Year:
    engine: Engine
    how: Telling
    server: Server = field(default_factory=Server)
    now: datetime = START

    def live(self) -> None:
        """A year from the first look on, in steps of a day or half a day."""
        while self.now <= START + timedelta(days=DAYS):
            self.collect()
            self.people()
            alert(self.engine, self.how.look, self.how.rules, self.how.writing, self.now)
            self.server.now = self.now
            send_letters(self.engine, self.server, lambda: self.now)
            eventful = any(span.start <= self.now + HALF < span.end for span in EVENTFUL)
            self.now += HALF if eventful or self.now.hour == START.hour else 2 * HALF

    def collect(self) -> None:
        if azure_is_down(self.now.date()):
            self._write(self._failed)
            return
        self._write(self._daily)
        if self.now == START:
            self._write(self._past)
        self._write(self._usage)

    def people(self) -> None:
        for on, rule, kind, subject, why, until in PEOPLE:
            if on == self.now.date() and self.now.hour != START.hour:
                key = next(key for key in self._keys() if key.startswith(rule) and key.endswith(subject))
                end = datetime.combine(until, time(), UTC) if until else None
                action = Action(key, kind, self.now, "bob", why, end)
                self._write(lambda connection, action=action: ask_for(connection, action))

    @property
    def letters(self) -> list[LetterRow]:
        with self.engine.connect() as connection:
            return list(reversed(reads.letter_rows(connection, limit=10_000)))

    def _keys(self) -> list[str]:
        with self.engine.connect() as connection:
            return [row.key for row in reads.alert_rows(connection, ("open", "acknowledged"))]

    def _write(self, work: Callable[[Connection], Any]) -> None:
        retrying(self.engine, work)

    def _daily(self, connection: Connection) -> None:
        now, today = self.now, self.now.date()
        there = [NEXT] if moved_away(today) else [CHAT, PTU]
        writes.record_inventory(connection, SUBSCRIPTION, [ACCOUNT], {ACCOUNT.key: there}, at=now)
        before = [offer_of(row) for row in catalog.models_of(connection, "eastus2")] or None
        listed = models(today)
        events = catalog_events(before, [offer_of(row) for row in listed])
        writes.record_catalog(connection, "eastus2", listed, events, at=now)
        writes.record_quotas(connection, SUBSCRIPTION.subscription_id, "eastus2", [quota(today)], at=now)
        self._charge(connection, today - DAY)
        if today <= date(2027, 6, 20) and not moved_away(today):
            day = Window(midnight(today - DAY), midnight(today))
            use = ApiUse(
                ACCOUNT.key,
                "chat",
                today - DAY,
                "2024-02-01",
                "ChatCompletions_Create",
                "standard",
                "",
                4_000,
            )
            writes.record_api_use(connection, [use], [ACCOUNT.key], day, at=now)

    def _past(self, connection: Connection) -> None:
        """What a first run reads back: eight weeks of cost."""
        for back in range(2, 57):
            self._charge(connection, self.now.date() - back * DAY)

    def _charge(self, connection: Connection, day: date) -> None:
        charge = Charge(
            ACCOUNT.key, "chat", day, "gpt-4o", "2024-11-20", "GlobalStandard", "input", "standard", "EUR", "eastus2",
            None, Decimal(1_000_000), "1 token", None, cost(day), None, None, "estimated", "meter-name",
            None, None, None, None, None,
        )  # fmt: skip
        replace_charges(connection, [ACCOUNT.key], Window(midnight(day), midnight(day + DAY)), [charge])

    def _usage(self, connection: Connection) -> None:
        name = "chat-next" if moved_away(self.now.date()) else "chat"
        hours = [
            an_hour(
                floor_hour(self.now) - back * HOUR,
                name,
                ACCOUNT,
                requests=6_000,
                throttled=throttled(floor_hour(self.now) - back * HOUR),
                prompt_tokens=900_000,
                completion_tokens=90_000,
                peak_tpm=20_000,
                peak_rpm=120,
                minutes=None,
            )
            for back in range(24)
        ]
        writes.record_usage_hours(connection, hours, at=self.now)
        arm_id = ACCOUNT.arm_id.lower()
        for job, scope in (
            ("inventory", SUBSCRIPTION.subscription_id),
            ("models", "eastus2"),
            ("quotas", f"{SUBSCRIPTION.subscription_id}/eastus2"),
            ("metrics", arm_id),
            ("api_use", arm_id),
        ):
            writes.advance_watermarks(connection, job, {scope: self.now}, at=self.now)

    def _failed(self, connection: Connection) -> None:
        writes.fail_watermark(connection, "metrics", ACCOUNT.arm_id.lower(), "503 from Azure", at=self.now)


def a_year(engine: Engine) -> Year:
    how = wiring.telling(Settings.model_validate(SETTINGS))
    year = Year(engine, how)
    year.live()
    return year
