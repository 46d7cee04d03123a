"""Api-versions are read from the requests metric, the only one that names them."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pytest

from collector.domain.periods import DAY, Window
from collector.domain.types import ApiUse, MetricSeries
from collector.domain.usage.api_use import UNVERSIONED, api_use, api_version_of

ACCOUNT = UUID(int=7)
START = datetime(2026, 10, 1, tzinfo=UTC)
TWO_DAYS = Window(START, START + 2 * DAY)


def a_series(metric: str, values: list[float], **dimensions: str) -> MetricSeries:
    told = {
        "modeldeploymentname": "Chat",
        "apiname": "Azure OpenAI API version 2024-10-21",
        "operationname": "ChatCompletions_Create",
        "servicetierresponse": "default",
        "streamtype": "Streaming",
        "statuscode": "200",
        **dimensions,
    }
    return MetricSeries(ACCOUNT, metric, "Total", told, np.array(values))


def a_use(day: int, requests: int, **changes: object) -> ApiUse:
    told: dict[str, object] = {
        "api_version": "2024-10-21",
        "operation": "ChatCompletions_Create",
        "tier": "default",
        "stream": "streaming",
        "throttled": 0,
        **changes,
    }
    return ApiUse(ACCOUNT, "chat", date(2026, 10, day), requests=requests, **told)  # pyright: ignore[reportArgumentType]  # the fields by name


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Azure OpenAI API version 2024-10-21", "2024-10-21"),
        ("azure openai api version 2025-04-01-Preview", "2025-04-01-preview"),
        ("OpenAI", UNVERSIONED),
        ("", UNVERSIONED),
    ],
)
def test_the_version_is_what_stands_behind_the_known_words(text: str, version: str) -> None:
    assert version == api_version_of(text)


def test_statuses_of_one_version_and_day_are_one_row_and_throttled_ones_are_told() -> None:
    found = api_use(
        TWO_DAYS,
        [
            a_series("AzureOpenAIRequests", [10, np.nan]),
            a_series("AzureOpenAIRequests", [3, 5], statuscode="429"),
        ],
    )

    assert [a_use(1, 13, throttled=3), a_use(2, 5, throttled=5)] == found


def test_a_day_that_the_old_family_tells_is_not_told_again_by_the_new_one() -> None:
    found = api_use(
        TWO_DAYS,
        [
            a_series("AzureOpenAIRequests", [10, 0]),
            a_series("ModelRequests", [10, 4], apiname="", servicetierresponse=""),
        ],
    )

    assert [a_use(1, 10), a_use(2, 4, api_version=UNVERSIONED, tier="unknown")] == found


def test_requests_without_a_deployment_are_nobodys() -> None:
    assert [] == api_use(TWO_DAYS, [a_series("ModelRequests", [1, 1], modeldeploymentname="")])
