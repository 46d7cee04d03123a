"""A stage for alerts: findings said in a line, a clock that is moved by hand, and a post that remembers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from collector.domain.alerts.routing import Routing
from collector.domain.alerts.rules import Evidence, Finding, NotKnown, Where
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.types import Action, AlertConfig, AlertState
from collector.jobs.alert import AlertPass, alert
from collector.jobs.outbox import Sent, send_letters
from collector.ports import Handover
from collector.reports.letters.compose import Letter, Writing
from collector.store.engine import Connection, retrying
from collector.store.reads import alerts as reads
from collector.store.reads.alerts import LetterRow
from collector.store.writes import advance_watermarks
from collector.store.writes.alerts import ask_for

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
WRITING = Writing("aoai-monitor@contoso.com", "https://aoai.contoso.com")
RULES = AlertRules(
    AlertConfig(), routing=Routing(("ops@contoso.com",), frozenset({"contoso.com"}), owners=True)
)


def a_finding(subject: str = "chat", rule: str = "throttling_begun", **said: Any) -> Finding:
    values: dict[str, Any] = {
        "severity": "warning",
        "fact": "level 1",
        "evidence": Evidence(f"{subject} hurts", f"{subject} hurts a lot.", read_at=START, source="a test"),
        "where": Where(account="contoso", deployment=subject, owner=said.pop("owner", None)),
        "tell": "at_once",
    }
    return Finding(rule, subject, **{**values, **said})


def an_ending(subject: str, on: date, today: date, **said: Any) -> Finding:
    level = sum((on - today).days <= step for step in (180, 90, 60, 30, 14, 7, 1))
    return a_finding(
        subject, "model_ending", due_on=on, level=level, last_level=7, tell=said.pop("tell", "digest"), **said
    )


@dataclass
class RememberingPost:
    """Takes every letter, or answers what it is told to; `dies` makes it fall over after taking one."""

    answer: Callable[[Letter], Handover] = lambda letter: Handover("taken")
    no_way: str | None = None
    dies: BaseException | None = None
    taken: list[Letter] = field(default_factory=list[Letter])
    asked: int = 0

    def closed(self, *, webhooks: bool) -> str | None:
        return None if webhooks else self.no_way

    def send(self, letter: Letter) -> Handover:
        self.asked += 1
        said = self.answer(letter)
        if said.outcome == "taken":
            self.taken.append(letter)
        if self.dies is not None:
            raise self.dies
        return said


@dataclass
class Stage:
    """One store, one estate of findings, one clock."""

    engine: Engine
    rules: AlertRules = RULES
    now: datetime = START
    facts: Sequence[Finding | NotKnown] = ()
    post: RememberingPost = field(default_factory=RememberingPost)

    def clock(self) -> datetime:
        return self.now

    def look(self) -> AlertPass:
        return alert(self.engine, self.say, self.rules, WRITING, self.now)

    def say(
        self, connection: Connection, states: Sequence[AlertState], now: datetime
    ) -> list[Finding | NotKnown]:
        return list(self.facts)

    def send(self) -> Sent:
        return send_letters(self.engine, self.post, self.clock)

    def begin(self) -> "Stage":
        """The first look at an estate in which nothing was wrong: what comes from now on is news."""
        self._read_inventory()
        facts, self.facts = self.facts, ()
        self.look()
        self.facts = facts
        return self

    def read_inventory(self) -> None:
        self._read_inventory()

    def after(self, **time: float) -> "Stage":
        self.now += timedelta(**time)
        return self

    def ask(self, key: str, kind: Any, **said: Any) -> None:
        action = Action(key, kind, self.now, said.pop("by", "ann"), **said)
        retrying(self.engine, lambda connection: ask_for(connection, action))

    @property
    def states(self) -> dict[str, AlertState]:
        with self.engine.connect() as connection:
            return reads.states(connection)

    @property
    def letters(self) -> list[LetterRow]:
        """Oldest first."""
        with self.engine.connect() as connection:
            return list(reversed(reads.letter_rows(connection, limit=100_000)))

    def _read_inventory(self) -> None:
        retrying(
            self.engine,
            lambda connection: advance_watermarks(connection, "inventory", {"one": self.now}, at=self.now),
        )


def worse(finding: Finding, level: int) -> Finding:
    return replace(finding, level=level, fact=f"level {level}")
