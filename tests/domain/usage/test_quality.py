"""Latency, availability and content filter by the hour."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from collector.domain.periods import HOUR, Window
from collector.domain.types import MetricSeries, QualityHour
from collector.domain.usage.quality import quality_hours

ACCOUNT = UUID(int=7)
START = datetime(2026, 10, 1, tzinfo=UTC)
TWO_HOURS = Window(START, START + 2 * HOUR)


def a_series(metric: str, aggregation: str, values: list[float], **dimensions: str) -> MetricSeries:
    return MetricSeries(
        ACCOUNT, metric, aggregation, {"modeldeploymentname": "Chat", **dimensions}, np.array(values)
    )


def test_an_hour_without_a_value_has_no_row_and_a_figure_without_one_is_unknown() -> None:
    found = quality_hours(
        TWO_HOURS,
        [
            a_series("AzureOpenAINormalizedTTFTInMS", "Average", [np.nan, 250.0]),
            a_series("AzureOpenAINormalizedTTFTInMS", "Maximum", [np.nan, 900.0]),
        ],
    )

    expected = QualityHour(
        ACCOUNT, "chat", START + HOUR, "", first_token_ms_mean=250.0, first_token_ms_max=900.0
    )
    assert [expected] == found


def test_the_older_family_is_kept_where_both_tell_the_same_figure() -> None:
    found = quality_hours(
        TWO_HOURS,
        [
            a_series("ModelAvailabilityRate", "Average", [50.0, 50.0]),
            a_series("AzureOpenAIAvailabilityRate", "Average", [99.0, np.nan]),
        ],
    )

    assert [99.0, 50.0] == [row.availability_mean for row in found]


def test_streaming_is_told_apart_from_not() -> None:
    found = quality_hours(
        TWO_HOURS,
        [
            a_series("TimeToLastByte", "Average", [10.0, np.nan], streamtype="Streaming"),
            a_series("TimeToLastByte", "Average", [20.0, np.nan], streamtype="Non-Streaming"),
        ],
    )

    assert {"streaming": 10.0, "non-streaming": 20.0} == {row.stream: row.last_byte_ms_mean for row in found}


def test_rejections_are_counted_and_added() -> None:
    found = quality_hours(
        TWO_HOURS,
        [
            a_series("RAITotalRequests", "Total", [100.0, np.nan]),
            a_series("RAIRejectedRequests", "Total", [2.0, np.nan]),
            a_series("RAIRejectedRequests", "Total", [3.0, np.nan]),
        ],
    )

    assert [(100, 5)] == [(row.filtered_requests, row.filter_rejections) for row in found]
