"""What a rule finds, and how it is told.

A rule is a pure function from facts to a finding. It never asks what was said before: that is the alert's
business (`domain.alerting`), so a rule can be run at any time and gives the same answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Severity = Literal["info", "warning", "critical"]
Tell = Literal["at_once", "digest", "weekly"]
"""At once, in the owner's digest of the day, or only in the weekly summary (advice)."""

TagLevels = Sequence[Mapping[str, str]]
"""Tags of the deployment, its account, its resource group, its subscription: the nearest first."""


@dataclass(frozen=True, slots=True)
class Where:
    """What a letter is routed by. `owner` and `team` come from the nearest tag that names them."""

    subscription_id: str | None = None
    subscription: str | None = None
    """Its name, for people."""
    resource_group: str | None = None
    account: str | None = None
    location: str | None = None
    deployment: str | None = None
    owner: str | None = None
    team: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def is_of(self, owner: str) -> bool:
        """Whether somebody owns it; "" is nobody."""
        return (self.owner or "").casefold() == owner.casefold()


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to do; `link` is a path of the dashboard or a whole address."""

    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a person needs to act without opening the dashboard, in sentences and labelled figures."""

    title: str
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    if_nothing: str = ""
    next_steps: tuple[NextStep, ...] = ()
    read_at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is so now.

    `level` counts the thresholds (or deadline steps) passed, 0 means "known and fine". `holds` is the level
    that an alert already there may keep: thresholds less a margin, so that a hovering figure does not flap.
    `last_level` is the highest a deadline can reach. `yields_to` names an alert that already tells the same story while it is open.
    """

    rule: str
    subject: str
    severity: Severity
    fact: str
    evidence: Evidence
    where: Where
    level: int = 1
    holds: int | None = None
    last_level: int = 0
    due_on: date | None = None
    tell: Tell = "digest"
    tells_end: bool = True
    yields_to: str | None = None
    about: str = ""
    """What ends, where a subject may come to stand on something else: another `about` is another story."""

    @property
    def key(self) -> str:
        return alert_key(self.rule, self.subject)

    @property
    def day_passed(self) -> bool:
        return self.level > self.last_level > 0


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The facts for this subject were not read: whatever stood before still stands."""

    rule: str
    subject: str

    @property
    def key(self) -> str:
        return alert_key(self.rule, self.subject)


_NEWS_DAYS = 14
"""How long after a day it is worth a letter that it has passed; what ended long ago stands in the weekly summary."""

SEVERITIES: Mapping[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


def alert_key(rule: str, subject: str) -> str:
    return f"{rule}|{subject}"


def named_in_tags(levels: TagLevels, keys: Sequence[str]) -> str | None:
    """The first value under any of the keys, nearest level first; tag names compare without case."""
    for tags in levels:
        folded = {name.casefold(): value.strip() for name, value in tags.items()}
        for key in keys:
            found = folded.get(key.casefold())
            if found:
                return found
    return None


def levels_of(
    figure: Decimal | int, rising: Sequence[Decimal | int], margin: Decimal | int
) -> tuple[int, int]:
    """How many thresholds a figure has reached, and how many it still holds once it had reached them."""
    reached = sum(figure >= threshold for threshold in rising)
    held = sum(figure >= threshold - margin for threshold in rising)
    return reached, held


def deadline_level(days_left: int, steps: Sequence[int]) -> int:
    """How many steps before the day are passed; 0 while the first is still ahead."""
    return sum(days_left <= step for step in steps)


def ending_level(days_left: int, steps: Sequence[int]) -> int:
    """The deadline's level, and one more while it is news that the day is over: what became of it is told once."""
    return deadline_level(days_left, steps) + (-_NEWS_DAYS <= days_left < 0)


def by_level(level: int, severities: Sequence[Severity]) -> Severity:
    """The severity of a level; beyond the last it stays at the last."""
    return severities[min(max(level, 1), len(severities)) - 1]
