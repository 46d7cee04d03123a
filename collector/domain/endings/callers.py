"""Who calls with an api-version, as far as the operator lets it be known: how many, by masked address, or by identity."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CallerDetail = Literal["count", "address", "identity"]
"""What may be read, kept and shown of a caller."""

SHOWN = 3


@dataclass(frozen=True, slots=True)
class LoggedUse:
    """What a workspace's request logs say of one api-version on one deployment: of one caller, or (`caller` "") of all."""

    account_arm_id: str
    deployment: str
    api_version: str
    caller: str
    callers: int | None
    requests: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Callers:
    """Of one api-version on one deployment; `named` has most requests first and is empty where only the count is kept."""

    count: int
    named: tuple[tuple[str, int], ...]
    read_at: datetime

    def __str__(self) -> str:
        if not self.named:
            return f"{self.count:,}"
        told = ", ".join(name or "unnamed" for name, _ in self.named[:SHOWN])
        more = self.count - SHOWN
        return told if more <= 0 else f"{told} and {more:,} more"
