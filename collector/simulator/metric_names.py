"""The metrics an account may be asked for, as Azure's generated reference of 2026-07-31 lists them."""

from __future__ import annotations

from dataclasses import dataclass

GRAINS = {
    "PT1M": 1,
    "PT5M": 5,
    "PT15M": 15,
    "PT30M": 30,
    "PT1H": 60,
    "PT6H": 360,
    "PT12H": 720,
    "P1D": 1440,
}
NAMESPACE = "Microsoft.CognitiveServices/accounts"


@dataclass(frozen=True, slots=True)
class Metric:
    """`source` names how the world answers it: columns to add up, or a kind of reading."""

    name: str
    display: str
    unit: str
    aggregations: tuple[str, ...]
    dimensions: tuple[str, ...]
    family: str
    source: tuple[str, ...]
    kind: str = "tokens"
    description: str = ""

    @property
    def counts(self) -> bool:
        return self.aggregations[0] == "Total"


_CALL = (
    "ApiName",
    "OperationName",
    "Region",
    "StreamType",
    "ModelDeploymentName",
    "ModelName",
    "ModelVersion",
)
_REQUEST = (*_CALL, "StatusCode", "IsSpillover", "ServiceTierRequest", "ServiceTierResponse")
_OLD_TOKENS = ("ApiName", "ModelDeploymentName", "FeatureName", "UsageChannel", "Region", "ModelVersion")
_TOKENS = ("ApiName", "Region", "ModelDeploymentName", "ModelName", "ModelVersion")
_MODEL = ("Region", "ModelDeploymentName", "ModelName", "ModelVersion")
_TOTAL = ("Total",)
_LEVEL = ("Average", "Minimum", "Maximum")


def _count(
    name: str, display: str, dims: tuple[str, ...], family: str, *source: str, kind: str = "tokens"
) -> Metric:
    return Metric(name, display, "Count", _TOTAL, dims, family, source, kind, f"{display}.")


def _level(name: str, display: str, unit: str, dims: tuple[str, ...], family: str, source: str) -> Metric:
    return Metric(name, display, unit, _LEVEL, dims, family, (source,), "level", f"{display}.")


METRICS: tuple[Metric, ...] = (
    _count("AzureOpenAIRequests", "Azure OpenAI Requests", _REQUEST, "azure", kind="requests"),
    _level(
        "AzureOpenAIAvailabilityRate",
        "Azure OpenAI AvailabilityRate",
        "Percent",
        _CALL,
        "azure",
        "availability",
    ),
    _count("ProcessedPromptTokens", "Processed Prompt Tokens", _OLD_TOKENS, "azure", "prompt"),
    _count("GeneratedTokens", "Generated Completion Tokens", _OLD_TOKENS, "azure", "completion"),
    _count("TokenTransaction", "Processed Inference Tokens", _OLD_TOKENS, "azure", "prompt", "completion"),
    _count(
        "FineTunedTrainingHours", "Processed FineTuned Training Hours", _OLD_TOKENS[:5], "azure", "training"
    ),
    Metric(
        "ActiveTokens",
        "Active Tokens",
        "Count",
        ("Total", "Average", "Minimum", "Maximum"),
        _MODEL,
        "azure",
        ("active",),
        "tokens",
        "Total tokens minus cached tokens over a period of time.",
    ),
    _level(
        "AzureOpenAIContextTokensCacheMatchRate",
        "Prompt Token Cache Match Rate",
        "Percent",
        _MODEL,
        "azure",
        "cache_rate",
    ),
    _level(
        "AzureOpenAIProvisionedManagedUtilizationV2",
        "Provisioned-managed Utilization V2",
        "Percent",
        ("Region", "StreamType", *_MODEL[1:]),
        "azure",
        "ptu",
    ),
    _level(
        "AzureOpenAIProvisionedManagedUtilization",
        "Provisioned-managed Utilization (deprecated)",
        "Percent",
        ("Region", "StreamType", *_MODEL[1:]),
        "azure",
        "ptu",
    ),
    _count("AudioPromptTokens", "Audio Prompt Tokens", _MODEL, "azure", "audio_in"),
    _count("AudioCompletionTokens", "Audio Completion Tokens", _MODEL, "azure", "audio_out"),
    _count(
        "RealtimeUsageTime",
        "Realtime API Seconds Used",
        ("Region", "ModelDeploymentName"),
        "azure",
        "realtime",
    ),
    _level(
        "AzureOpenAITimeToResponse",
        "Time to Response",
        "MilliSeconds",
        (*_CALL, "StatusCode"),
        "azure",
        "ttr",
    ),
    _level(
        "AzureOpenAINormalizedTTFTInMS",
        "Normalized Time to First Byte",
        "MilliSeconds",
        _MODEL,
        "azure",
        "ttft",
    ),
    _level(
        "AzureOpenAINormalizedTBTInMS",
        "Normalized Time Between Tokens",
        "MilliSeconds",
        _MODEL,
        "azure",
        "tbt",
    ),
    _level("AzureOpenAITTLTInMS", "Time to Last Byte", "MilliSeconds", _MODEL, "azure", "ttlt"),
    _level("AzureOpenAITokenPerSecond", "Tokens per Second", "Count", _MODEL, "azure", "tps"),
    _count("ModelRequests", "Model Requests", _REQUEST, "models", kind="requests"),
    _count("InputTokens", "Input Tokens", _TOKENS, "models", "prompt"),
    _count("OutputTokens", "Output Tokens", _TOKENS, "models", "completion"),
    _count("TotalTokens", "Total Tokens", _TOKENS, "models", "prompt", "completion"),
    _count("AudioInputTokens", "Audio Input Tokens", _MODEL, "models", "audio_in"),
    _count("AudioOutputTokens", "Audio Output Tokens", _MODEL, "models", "audio_out"),
    _count("GeneratedImages", "Generated Images", _TOKENS, "models", "images"),
    _level("ProvisionedUtilization", "Provisioned Utilization", "Percent", _MODEL, "models", "ptu"),
    _level("ModelAvailabilityRate", "Model Availability Rate", "Percent", _MODEL, "models", "availability"),
    _level("TimeToResponse", "Time To Response", "MilliSeconds", (*_CALL, "StatusCode"), "models", "ttr"),
    _level(
        "NormalizedTimeToFirstToken",
        "Normalized Time To First Token",
        "MilliSeconds",
        _CALL,
        "models",
        "ttft",
    ),
    _level(
        "NormalizedTimeBetweenTokens",
        "Normalized Time Between Tokens",
        "MilliSeconds",
        _CALL,
        "models",
        "tbt",
    ),
    _level("TimeToLastByte", "Time To Last Byte", "MilliSeconds", _CALL, "models", "ttlt"),
    _level("TokensPerSecond", "Tokens Per Second", "Count", _CALL, "models", "tps"),
    _count("RAITotalRequests", "RAI Total Requests", (*_MODEL, "ApiName"), "common", kind="rai"),
    _count(
        "RAIRejectedRequests",
        "RAI Rejected Requests",
        (*_MODEL, "ApiName", "TextType", "Category"),
        "common",
        kind="rai_rejected",
    ),
    _count(
        "TotalCalls",
        "Total Calls",
        ("ApiName", "OperationName", "Region", "RatelimitKey"),
        "legacy",
        kind="none",
    ),
    _count(
        "BlockedCalls",
        "Blocked Calls",
        ("ApiName", "OperationName", "Region", "RatelimitKey"),
        "legacy",
        kind="none",
    ),
)
BY_NAME = {metric.name.casefold(): metric for metric in METRICS}
