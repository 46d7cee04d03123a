"""Which metrics are asked together: one group is one call, so its metrics all have the group's dimensions.

A filter that names a dimension which one metric lacks fails the whole call. Names are those of the generated
reference of Microsoft.CognitiveServices/accounts (2026-07-31); whether an account has them, its definitions tell.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from collector.domain.types import MetricGroup

DEPLOYMENT: Final = "ModelDeploymentName"

REQUESTS: Final = MetricGroup(
    "requests",
    ("AzureOpenAIRequests", "ModelRequests"),
    (DEPLOYMENT, "ModelName", "ModelVersion", "StatusCode", "IsSpillover"),
    ("Total",),
)
# The Azure OpenAI token metrics know no ModelName; both families know the version.
TOKENS: Final = MetricGroup(
    "tokens",
    ("ProcessedPromptTokens", "GeneratedTokens", "InputTokens", "OutputTokens"),
    (DEPLOYMENT, "ModelVersion"),
    ("Total",),
)
# A percentage: the mean and the highest value, never a sum.
PTU: Final = MetricGroup(
    "ptu",
    ("AzureOpenAIProvisionedManagedUtilizationV2", "ProvisionedUtilization"),
    (DEPLOYMENT,),
    ("Average", "Maximum"),
)

AUDIO: Final = MetricGroup(
    "audio",
    ("AudioPromptTokens", "AudioCompletionTokens", "AudioInputTokens", "AudioOutputTokens"),
    (DEPLOYMENT, "ModelVersion"),
    ("Total",),
)
IMAGES: Final = MetricGroup("images", ("GeneratedImages",), (DEPLOYMENT, "ModelVersion"), ("Total",))
TRAINING: Final = MetricGroup(
    "training", ("FineTunedTrainingHours", "RealtimeUsageTime"), (DEPLOYMENT,), ("Total",)
)
ACTIVE_TOKENS: Final = MetricGroup(
    "active tokens", ("ActiveTokens",), (DEPLOYMENT, "ModelVersion"), ("Total",)
)

CACHE_MATCH: Final = MetricGroup(
    "cache match",
    ("AzureOpenAIContextTokensCacheMatchRate", "TokensCacheMatchRate"),
    (DEPLOYMENT,),
    ("Average", "Maximum"),
)
# The Azure OpenAI latencies know no StreamType, those of Models do.
LATENCY_AZURE_OPENAI: Final = MetricGroup(
    "latency of Azure OpenAI",
    ("AzureOpenAINormalizedTTFTInMS", "AzureOpenAINormalizedTBTInMS", "AzureOpenAITTLTInMS"),
    (DEPLOYMENT,),
    ("Average", "Maximum"),
)
LATENCY_MODELS: Final = MetricGroup(
    "latency of Models",
    ("NormalizedTimeToFirstToken", "NormalizedTimeBetweenTokens", "TimeToLastByte"),
    (DEPLOYMENT, "StreamType"),
    ("Average", "Maximum"),
)
RESPONSE_TIME: Final = MetricGroup(
    "response time",
    ("AzureOpenAITimeToResponse", "TimeToResponse"),
    (DEPLOYMENT, "StreamType"),
    ("Average", "Maximum"),
)
AVAILABILITY: Final = MetricGroup(
    "availability",
    ("AzureOpenAIAvailabilityRate", "ModelAvailabilityRate"),
    (DEPLOYMENT,),
    ("Average", "Minimum"),
)
CONTENT_FILTER: Final = MetricGroup(
    "content filter", ("RAITotalRequests", "RAIRejectedRequests"), (DEPLOYMENT,), ("Total",)
)

API_USE: Final = MetricGroup(
    "api use",
    ("AzureOpenAIRequests", "ModelRequests"),
    (DEPLOYMENT, "ApiName", "OperationName", "ServiceTierResponse", "StreamType", "StatusCode"),
    ("Total",),
)

MINUTELY: Final = (REQUESTS, TOKENS, PTU)
# Quantities that are paid for: read by the hour.
HOURLY: Final = (AUDIO, IMAGES, TRAINING, ACTIVE_TOKENS)
QUALITY: Final = (
    CACHE_MATCH,
    LATENCY_AZURE_OPENAI,
    LATENCY_MODELS,
    RESPONSE_TIME,
    AVAILABILITY,
    CONTENT_FILTER,
)
DAILY: Final = (API_USE,)
ALL: Final = (*MINUTELY, *HOURLY, *QUALITY, *DAILY)


def narrowed(group: MetricGroup, published: AbstractSet[str]) -> MetricGroup | None:
    """The group without the metrics that an account's definitions do not list, in any spelling; None if none is left."""
    names = {name.casefold() for name in published}
    left = tuple(metric for metric in group.metrics if metric.casefold() in names)
    if left == group.metrics:
        return group
    return replace(group, metrics=left) if left else None
