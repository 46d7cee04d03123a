"""Who plays in the estate: the plans a world draws its deployments from, the telling ones first."""

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


def _chat(**differently: Any) -> Profile:
    """A chat like most, but for what is named."""
    return replace(_CHAT, **differently)


CAST: tuple[Plan, ...] = (
    Plan(
        "hot",
        "chat-prod",
        "gpt-4o",
        "2024-11-20",
        "GlobalStandard",
        300,
        _chat(load=1.02, prompt=1100, completion=300, max_tokens=320, cached=0.35, growth=0.02),
        "old-preview",
    ),
    Plan(
        "greedy",
        "assistant-mini",
        "gpt-4o-mini",
        "2024-07-18",
        "Standard",
        400,
        _chat(load=1.05, prompt=500, completion=180, max_tokens=4000, cached=0.1),
        "mixed",
    ),
    Plan(
        "provisioned-spilling",
        "copilot-ptu",
        "gpt-4.1",
        "2025-04-14",
        "GlobalProvisionedManaged",
        60,
        _chat(load=0.97, prompt=1800, completion=260, cached=0.5),
        "modern",
        "NoAutoUpgrade",
        spills_to="copilot-overflow",
    ),
    Plan(
        "overflow",
        "copilot-overflow",
        "gpt-4.1",
        "2025-04-14",
        "GlobalStandard",
        200,
        _chat(load=0.05, prompt=1800, completion=260, cached=0.3),
        "modern",
        beside="copilot-ptu",
    ),
    Plan(
        "embedding",
        "search-embeddings",
        "text-embedding-3-large",
        "1",
        "Standard",
        350,
        Profile("embedding", "flat", 0.4, 420, 0, 0),
        "embeddings",
        "NoAutoUpgrade",
    ),
    Plan(
        "upgraded",
        "docs-chat",
        "gpt-4o",
        "2024-08-06",
        "GlobalStandard",
        250,
        _chat(),
        "mixed",
        event="upgrade",
    ),
    Plan(
        "resized",
        "support-bot",
        "gpt-5-mini",
        "2025-08-07",
        "GlobalStandard",
        120,
        _chat(load=0.95, prompt=700, completion=420, max_tokens=500, cached=0.45, growth=0.03),
        event="resize",
    ),
    Plan(
        "deleted",
        "old-pilot",
        "gpt-4o-mini",
        "2024-07-18",
        "GlobalStandard",
        150,
        _chat(load=0.2),
        "old-preview",
        event="delete",
    ),
    Plan(
        "fine-tuned",
        "claims-tuned",
        "gpt-4.1-mini",
        "2025-04-14",
        "GlobalStandard",
        100,
        _chat(load=0.3, cached=0.15),
        "modern",
        "NoAutoUpgrade",
        fine_tuned_name="claims-sorter.ft-{hex}",
    ),
    Plan(
        "priority",
        "trading-desk",
        "gpt-5",
        "2025-08-07",
        "GlobalStandard",
        300,
        _chat(load=0.45, prompt=1500, completion=700, max_tokens=900, cached=0.5, priority_share=0.3),
        "priority",
    ),
    Plan(
        "batch",
        "nightly-batch",
        "gpt-4o",
        "2024-11-20",
        "GlobalBatch",
        500,
        Profile("batch", "night", 0.0, 1600, 240, 300),
        "batch",
    ),
    Plan("datazone", "eu-legal", "gpt-4.1", "2025-04-14", "DataZoneStandard", 250, _chat(load=0.5), "modern"),
    Plan(
        "partner",
        "deepseek",
        "DeepSeek-V3.1",
        "1",
        "GlobalStandard",
        200,
        _chat(load=0.2, cached=0.0),
        "v1",
        "NoAutoUpgrade",
        needs="AIServices",
    ),
    Plan(
        "created",
        "agents-next",
        "gpt-5.4",
        "2026-03-05",
        "GlobalStandard",
        200,
        _chat(load=0.4, prompt=2600, completion=500, max_tokens=900, cached=0.6, long_share=0.12),
        "v1",
        event="create",
    ),
    Plan(
        "bursty",
        "etl-summaries",
        "gpt-4.1-nano",
        "2025-04-14",
        "GlobalStandard",
        250,
        _chat(load=0.3, shape="cron", prompt=350, completion=60, max_tokens=120, cached=0.05, bursts=True),
        "mixed",
    ),
    Plan(
        "busy-service",
        "rag-prod",
        "gpt-4.1-mini",
        "2025-04-14",
        "GlobalStandard",
        400,
        _chat(load=0.5, prompt=2400, completion=220, max_tokens=400, cached=0.4, service_load=True),
        "modern",
    ),
    Plan(
        "audio",
        "voice-agent",
        "gpt-audio",
        "2025-08-28",
        "GlobalStandard",
        60,
        Profile("audio", "office", 0.3, 900, 420, 700, audio_share=0.7),
        "audio",
    ),
    Plan(
        "reasoning",
        "deep-answers",
        "o3",
        "2025-04-16",
        "GlobalStandard",
        200,
        _chat(load=0.4, prompt=1400, completion=1900, max_tokens=2400, cached=0.2),
        "mixed",
    ),
    Plan(
        "image",
        "marketing-images",
        "gpt-image-1-mini",
        "2025-10-06",
        "GlobalStandard",
        12,
        Profile("image", "office", 0.4, 60, 0, 0),
        "images",
        needs="models",
    ),
    Plan(
        "full",
        "eu-core-ptu",
        "gpt-4o",
        "2024-11-20",
        "ProvisionedManaged",
        50,
        _chat(load=1.05, prompt=1000, completion=220, cached=0.3),
        "mixed",
        "OnceCurrentVersionExpired",
    ),
    Plan(
        "idle",
        "proof-of-concept",
        "gpt-4o",
        "2024-05-13",
        "GlobalStandard",
        30,
        _chat(shape="idle", cached=0.0),
        "old-preview",
    ),
    Plan(
        "transcription",
        "meeting-notes",
        "whisper",
        "001",
        "Standard",
        9,
        Profile("transcription", "office", 0.25, 0, 0, 0),
        "transcription",
        "NoAutoUpgrade",
    ),
    Plan(
        "assistants",
        "hr-assistant",
        "gpt-4o",
        "2024-11-20",
        "DataZoneStandard",
        120,
        _chat(load=0.3),
        "assistants",
    ),
    Plan(
        "datazone-provisioned",
        "bank-ptu",
        "gpt-5-mini",
        "2025-08-07",
        "DataZoneProvisionedManaged",
        20,
        _chat(load=0.6, prompt=1300, completion=300, cached=0.4),
        "v1",
        "NoAutoUpgrade",
    ),
    Plan(
        "developer",
        "tuned-eval",
        "gpt-4.1-nano",
        "2025-04-14",
        "DeveloperTier",
        50,
        _chat(load=0.1),
        "modern",
        "NoAutoUpgrade",
        fine_tuned_name="ft{hex}-eval",
    ),
    Plan(
        "datazone-batch",
        "invoice-batch",
        "gpt-5.4",
        "2026-03-05",
        "DataZoneBatch",
        300,
        Profile("batch", "night", 0.0, 2100, 380, 500, 0.2),
        "batch",
    ),
    Plan(
        "small-embedding",
        "catalog-embeddings",
        "text-embedding-3-small",
        "1",
        "GlobalStandard",
        350,
        Profile("embedding", "flat", 0.25, 300, 0, 0),
        "embeddings",
        "NoAutoUpgrade",
    ),
    Plan(
        "nano",
        "router-nano",
        "gpt-5-nano",
        "2025-08-07",
        "GlobalStandard",
        300,
        _chat(load=0.3, prompt=250, completion=40, max_tokens=100),
        "v1",
    ),
    Plan(
        "luna",
        "luna-pilot",
        "gpt-5.6-luna",
        "2026-07-09",
        "GlobalStandard",
        100,
        _chat(load=0.25, cached=0.5),
        "v1",
    ),
    Plan(
        "realtime",
        "call-center",
        "gpt-realtime",
        "2025-08-28",
        "GlobalStandard",
        8,
        Profile("realtime", "office", 0.3, 600, 300, 500, cached=0.4, audio_share=0.8),
        "realtime",
        "NoAutoUpgrade",
    ),
    Plan(
        "mistral",
        "mistral-eval",
        "Mistral-Large-3",
        "1",
        "GlobalStandard",
        100,
        _chat(load=0.1, cached=0.0),
        "v1",
        "NoAutoUpgrade",
        needs="AIServices",
    ),
    Plan(
        "o4",
        "planner",
        "o4-mini",
        "2025-04-16",
        "DataZoneStandard",
        150,
        _chat(load=0.3, prompt=1000, completion=1200, max_tokens=1600),
        "mixed",
    ),
    Plan(
        "ada",
        "legacy-search",
        "text-embedding-ada-002",
        "2",
        "Standard",
        240,
        Profile("embedding", "flat", 0.3, 380, 0, 0),
        "embeddings-old",
        "NoAutoUpgrade",
    ),
)
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

PREFIX = "Azure OpenAI API version "
_COMPLETIONS, _RESPONSES = "ChatCompletions_Create", "Responses_Create"
CALLERS: dict[str, tuple[Caller, ...]] = {
    "modern": (
        Caller("2024-10-21", _COMPLETIONS, "Streaming", 0.62),
        Caller("2024-10-21", _COMPLETIONS, "Non-Streaming", 0.26),
        Caller("", _RESPONSES, "Streaming", 0.12),
    ),
    "mixed": (
        Caller("2024-06-01", _COMPLETIONS, "Non-Streaming", 0.4),
        Caller("2025-04-01-preview", _COMPLETIONS, "Streaming", 0.35),
        Caller("2024-10-21", _COMPLETIONS, "Streaming", 0.25),
    ),
    "old-preview": (
        Caller("2024-10-21", _COMPLETIONS, "Streaming", 0.68),
        Caller("2024-02-15-preview", _COMPLETIONS, "Streaming", 0.2),
        Caller("2023-12-01-preview", _COMPLETIONS, "Non-Streaming", 0.09),
        Caller("2023-05-15", _COMPLETIONS, "", 0.03),
    ),
    "v1": (
        Caller("", _RESPONSES, "Streaming", 0.6),
        Caller("", _COMPLETIONS, "Streaming", 0.3),
        Caller("2025-03-01-preview", _RESPONSES, "Non-Streaming", 0.1),
    ),
    "priority": (
        Caller("", _RESPONSES, "Streaming", 0.67),
        Caller("", _RESPONSES, "Streaming", 0.3, "priority", "priority"),
        Caller("", _RESPONSES, "Streaming", 0.03, "priority", "default"),
    ),
    "assistants": (
        Caller("2024-05-01-preview", "Create_Thread", "Non-Streaming", 0.2),
        Caller("2024-05-01-preview", "Create_Run", "Non-Streaming", 0.3),
        Caller("2024-10-21", _COMPLETIONS, "Streaming", 0.5),
    ),
    "embeddings": (
        Caller("2024-10-21", "Embeddings_Create", "Non-Streaming", 0.8),
        Caller("", "Embeddings_Create", "Non-Streaming", 0.2),
    ),
    "embeddings-old": (Caller("2023-05-15", "Embeddings_Create", "Non-Streaming", 1.0),),
    "realtime": (Caller("2025-04-01-preview", "Realtime_Session", "Streaming", 1.0),),
    "audio": (Caller("2025-01-01-preview", _COMPLETIONS, "Streaming", 1.0),),
    "images": (
        Caller("2025-04-01-preview", "ImageGenerations_Create", "Non-Streaming", 0.8),
        Caller("2024-02-01", "ImageEdits_Create", "Non-Streaming", 0.2),
    ),
    "transcription": (Caller("2024-06-01", "Audio_Transcriptions", "Non-Streaming", 1.0),),
    "batch": (Caller("2024-10-21", "Batch_ChatCompletions", "Non-Streaming", 1.0),),
}
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
