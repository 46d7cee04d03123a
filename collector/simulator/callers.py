"""Who calls a deployment: sets of api-version, operation and stream that plans name."""

from __future__ import annotations

from collector.simulator.estate import Caller

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
