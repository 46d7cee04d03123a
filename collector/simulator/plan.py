"""What one deployment of a cast is to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from collector.simulator.estate import Caller, Profile


@dataclass(frozen=True, slots=True)
class Plan:
    role: str
    stem: str
    model: str
    version: str
    sku: str
    capacity: int
    profile: Profile
    callers: str = "modern"
    upgrade: str = "OnceNewDefaultVersionAvailable"
    needs: str | None = None
    beside: str | None = None
    spills_to: str | None = None
    fine_tuned_name: str | None = None
    event: str | None = None
    born_on: date | None = None
    gone_on: date | None = None
    capacities: tuple[tuple[date, int], ...] = ()
    """The capacity from a day on, after the first."""
    own_callers: tuple[Caller, ...] = ()
    """Instead of the set that `callers` names."""


_CHAT = Profile("chat", "office", 0.35, 900, 260, 600, 0.2)


def chat(**differently: Any) -> Profile:
    """A chat like most, but for what is named."""
    return replace(_CHAT, **differently)
