"""What an alert is, what happens to it, and what of that is due to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from collector.domain.alerts.rules import Finding, Severity, Tell
from collector.domain.alerts.table import RULES

Status = Literal["open", "acknowledged", "closed"]
EventKind = Literal["opened", "escalated", "date_moved", "acknowledged", "closed", "reopened"]
DueKind = Literal["opened", "escalated", "date_moved", "reopened", "reminder", "closed"]
ActionKind = Literal["acknowledge", "resolve", "reopen"]


@dataclass(frozen=True, slots=True)
class AlertConfig:
    """Who is disturbed when. Times of day are local to `zone`; None means no quiet hours."""

    zone: tzinfo = UTC
    digest_at: time = time(8)
    weekly_on: int = 0
    quiet_from: time | None = None
    quiet_until: time | None = None
    quiet_spares: frozenset[Severity] = frozenset()
    clear_after: timedelta = timedelta(hours=6)
    same_episode: timedelta = timedelta(hours=24)
    last_steps: int = 2
    """Deadline steps that break through an acknowledgement without an end: the last two (7 days, 1 day)."""
    rules_off: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict[str, Severity])
    tells: Mapping[str, Tell] = field(default_factory=dict[str, Tell])

    def __post_init__(self) -> None:
        for rule in (*self.rules_off, *self.severities, *self.tells):
            if rule not in RULES:
                raise ValueError(f"alert rule {rule!r} is unknown: expected one of {', '.join(RULES)}")
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours need both a beginning and an end, such as 20:00 and 07:00")
        if not 0 <= self.weekly_on <= 6:
            raise ValueError(f"weekly_on={self.weekly_on}: expected 0 (Monday) to 6 (Sunday)")


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert as it stands. `told_level` is the highest level of this episode that has been dealt with."""

    key: str
    rule: str
    subject: str
    status: Status
    finding: Finding
    level: int
    told_level: int
    episode: int
    opened_at: datetime
    changed_at: datetime
    dues: int = 0
    moves: int = 0
    closed_at: datetime | None = None
    clear_since: datetime | None = None
    acknowledged_until: datetime | None = None
    acknowledged_by: str | None = None
    why: str = ""
    by_hand: bool = False

    @property
    def due_on(self) -> date | None:
        return self.finding.due_on

    @property
    def active(self) -> bool:
        return self.status != "closed"

    def awake(self) -> "AlertState":
        """Open, with nothing left of what set it aside or closed it."""
        return replace(
            self,
            status="open",
            acknowledged_until=None,
            acknowledged_by=None,
            by_hand=False,
            clear_since=None,
            closed_at=None,
            why="",
        )

    def held(self, finding: Finding) -> int:
        """The level that a figure hovering just below its threshold keeps."""
        return min(self.level, finding.level if finding.holds is None else finding.holds)

    def expired(self, now: datetime) -> bool:
        until = self.acknowledged_until
        return self.status == "acknowledged" and until is not None and until <= now


@dataclass(frozen=True, slots=True)
class Action:
    """What a person asked for. Without `until`, an acknowledgement lasts until the fact changes or a last step."""

    key: str
    kind: ActionKind
    at: datetime
    by: str
    why: str = ""
    until: datetime | None = None

    def refusal(self, state: AlertState | None, now: datetime) -> str | None:
        """Why it can not be done to an alert that stands like this, or None."""
        if state is None:
            return "there is no such alert"
        if self.kind == "reopen":
            return None if state.status == "acknowledged" or state.by_hand else "it is not set aside"
        if not state.active:
            return "it is closed already"
        if self.until is not None and self.until <= now:
            return f"until {self.until:%Y-%m-%d %H:%M} UTC has passed already"
        return None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    key: str
    kind: EventKind
    at: datetime
    detail: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Something to tell about one alert, once. `id` is stable, so what is sent can be recognised.

    `before` is the day that a moved date had; `number` counts the dues of the alert and so rises with each.
    `only` is the one person who has yet to hear of it: their letter was taken back before it was sent.
    """

    id: str
    key: str
    kind: DueKind
    tell: Literal["at_once", "digest", "baseline"]
    finding: Finding
    at: datetime
    not_before: datetime
    episode: int
    level: int
    number: int = 1
    moves: int = 0
    before: date | None = None
    only: str | None = None

    def only_for(self, to: str) -> "Due":
        return self if self.only else replace(self, id=f"{self.id}>{to}", only=to)


@dataclass(frozen=True, slots=True)
class Refused:
    action: Action
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All alerts after a pass; `changed` are the keys whose row differs from before."""

    states: Mapping[str, AlertState]
    events: tuple[AlertEvent, ...]
    dues: tuple[Due, ...]
    changed: frozenset[str]
    refused: tuple[Refused, ...] = ()
