"""What one HTTP call asks, and what comes back for each account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from collector.domain.periods import Window
from collector.domain.types import Account, MetricSeries
from collector.domain.usage.metric_groups import DEPLOYMENT

NAMESPACE = "microsoft.cognitiveservices/accounts"
API_VERSION = "2024-02-01"
ACCOUNTS_PER_BATCH = 50


@dataclass(frozen=True, slots=True)
class Call:
    """Accounts of one subscription and location; `deployments` narrows the answer to those named."""

    subscription_id: str
    location: str
    accounts: tuple[Account, ...]
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    aggregations: tuple[str, ...]
    window: Window
    grain_minutes: int
    deployments: tuple[str, ...] | None = None

    @property
    def grain(self) -> timedelta:
        return timedelta(minutes=self.grain_minutes)

    @property
    def filter(self) -> str:
        """Every dimension as `eq '*'`; `or` binds within one dimension."""
        parts: list[str] = []
        for dimension in self.dimensions:
            values = self.deployments if dimension == DEPLOYMENT and self.deployments is not None else ("*",)
            parts.append(" or ".join(f"{dimension} eq '{_quoted(value)}'" for value in values))
        return " and ".join(parts)

    def for_accounts(self, accounts: Sequence[Account]) -> "Call":
        return replace(self, accounts=tuple(accounts))

    def halved_by_account(self) -> tuple["Call", "Call"]:
        middle = (len(self.accounts) + 1) // 2
        return self.for_accounts(self.accounts[:middle]), self.for_accounts(self.accounts[middle:])

    def halved_by_time(self) -> tuple["Call", "Call"] | None:
        """Two calls that meet on a whole grain; None where the window is a single one."""
        grains = self.window.length // self.grain
        if grains < 2:
            return None
        middle = self.window.start + (grains // 2) * self.grain
        return (
            replace(self, window=Window(self.window.start, middle)),
            replace(self, window=Window(middle, self.window.end)),
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """All that was asked of an account, but for the metrics that it turned out to lack."""

    series: tuple[MetricSeries, ...]
    absent: frozenset[str] = frozenset()


class Trouble(Enum):
    TRUNCATED = "truncated"
    CLAMPED = "clamped"
    BUSY = "busy"
    LACKING = "lacking"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an account's answer must not be stored; `error` where a call failed and not only its content."""

    trouble: Trouble
    reason: str
    error: Exception | None = None


Outcome: TypeAlias = Whole | Failed
Outcomes: TypeAlias = dict[UUID, Outcome]


def _quoted(value: str) -> str:
    return value.replace("'", "''")
