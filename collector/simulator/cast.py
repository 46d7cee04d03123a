"""Who plays in the estate: the plans a world draws its deployments from, the telling ones first."""

from __future__ import annotations

from collector.simulator.leads import LEADS
from collector.simulator.plan import Plan
from collector.simulator.support import SUPPORT

CAST: tuple[Plan, ...] = (*LEADS, *SUPPORT)
FILLERS: tuple[str, ...] = (
    "datazone",
    "busy-service",
    "resized",
    "embedding",
    "priority",
    "greedy",
    "reasoning",
    "nano",
    "small-embedding",
    "assistants",
    "upgraded",
    "overflow",
    "luna",
    "bursty",
    "hot",
    "o4",
    "created",
    "idle",
    "batch",
    "fine-tuned",
)
TEAMS = (
    "payments",
    "legal",
    "support",
    "search",
    "marketing",
    "research",
    "hr",
    "trading",
    "platform",
    "claims",
)
