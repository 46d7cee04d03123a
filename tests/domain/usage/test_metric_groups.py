"""A group is one call: its metrics share its dimensions, and an account is asked for what it publishes."""

from dataclasses import replace

import pytest

from collector.domain.types import MetricGroup
from collector.domain.usage import metric_groups

# The dimensions of each metric by the generated reference of 2026-07-31 (research of the house: azure-facts 1a-1e).
_TOKENS = "ApiName ModelDeploymentName FeatureName UsageChannel Region ModelVersion"
_PLACE = "Region ModelDeploymentName ModelName ModelVersion"
_REQUESTS = (
    f"ApiName OperationName StreamType StatusCode IsSpillover ServiceTierRequest ServiceTierResponse {_PLACE}"
)
_LATENCY = f"ApiName OperationName StreamType {_PLACE}"
DIMENSIONS = {
    "AzureOpenAIRequests": _REQUESTS,
    "ModelRequests": _REQUESTS,
    "ProcessedPromptTokens": _TOKENS,
    "GeneratedTokens": _TOKENS,
    "InputTokens": f"ApiName {_PLACE}",
    "OutputTokens": f"ApiName {_PLACE}",
    "AzureOpenAIProvisionedManagedUtilizationV2": f"StreamType {_PLACE}",
    "ProvisionedUtilization": _PLACE,
    "AudioPromptTokens": _PLACE,
    "AudioCompletionTokens": _PLACE,
    "AudioInputTokens": _PLACE,
    "AudioOutputTokens": _PLACE,
    "GeneratedImages": f"ApiName {_PLACE}",
    "FineTunedTrainingHours": "ApiName ModelDeploymentName FeatureName UsageChannel Region",
    "RealtimeUsageTime": "Region ModelDeploymentName",
    "ActiveTokens": _PLACE,
    "AzureOpenAIContextTokensCacheMatchRate": _PLACE,
    "AzureOpenAINormalizedTTFTInMS": _PLACE,
    "AzureOpenAINormalizedTBTInMS": _PLACE,
    "AzureOpenAITTLTInMS": _PLACE,
    "NormalizedTimeToFirstToken": _LATENCY,
    "NormalizedTimeBetweenTokens": _LATENCY,
    "TimeToLastByte": _LATENCY,
    "AzureOpenAITimeToResponse": f"StatusCode {_LATENCY}",
    "TimeToResponse": f"StatusCode {_LATENCY}",
    "AzureOpenAIAvailabilityRate": _LATENCY,
    "ModelAvailabilityRate": _PLACE,
    "RAITotalRequests": f"ApiName {_PLACE}",
    "RAIRejectedRequests": f"TextType Category ApiName {_PLACE}",
}
# Named by a how-to only: asked where an account's definitions list it.
_NOT_IN_REFERENCE = {"TokensCacheMatchRate"}


@pytest.mark.parametrize("group", metric_groups.ALL, ids=lambda group: group.name)
def test_every_metric_of_a_group_has_all_of_its_dimensions(group: MetricGroup) -> None:
    lacking = {
        metric: set(group.dimensions) - set(DIMENSIONS[metric].split())
        for metric in group.metrics
        if metric not in _NOT_IN_REFERENCE
    }
    assert {} == {metric: missing for metric, missing in lacking.items() if missing}


@pytest.mark.parametrize("group", metric_groups.ALL, ids=lambda group: group.name)
def test_a_group_is_no_more_than_one_call_and_names_the_deployment_first(group: MetricGroup) -> None:
    assert len(group.metrics) <= 20
    assert metric_groups.DEPLOYMENT == group.dimensions[0]


def test_groups_have_names_of_their_own() -> None:
    assert len(metric_groups.ALL) == len({group.name for group in metric_groups.ALL})


def test_a_group_is_narrowed_to_what_is_published_in_any_spelling() -> None:
    narrowed = metric_groups.narrowed(metric_groups.REQUESTS, frozenset({"modelrequests", "TotalCalls"}))
    assert replace(metric_groups.REQUESTS, metrics=("ModelRequests",)) == narrowed


def test_a_group_of_which_nothing_is_published_is_not_asked() -> None:
    assert metric_groups.narrowed(metric_groups.IMAGES, frozenset({"TotalCalls"})) is None


def test_a_group_of_which_all_is_published_stays_itself() -> None:
    names = frozenset(metric.upper() for metric in metric_groups.TOKENS.metrics)
    assert metric_groups.TOKENS is metric_groups.narrowed(metric_groups.TOKENS, names)
