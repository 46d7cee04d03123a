"""Hours of deployments from the series of a metrics answer."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.periods import Window
from collector.domain.types import MetricSeries, UsageHour
from collector.domain.usage.families import AZURE_OPENAI, MODELS, FamilyTotals
from collector.domain.usage.hours import Existence, Reading, request_totals, usage_hours
from tests.domain.usage.hours import HourMinutes, unpacked

ACCOUNT = UUID(int=1)
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
PUBLISHED = frozenset(
    {
        "azureopenairequests",
        "modelrequests",
        "processedprompttokens",
        "generatedtokens",
        "inputtokens",
        "outputtokens",
    }
)


def a_series(metric, values, aggregation="Total", **dimensions):
    named = {"modeldeploymentname": "Chat", **dimensions}
    return MetricSeries(ACCOUNT, metric, aggregation, named, np.array(values, dtype=float))


def a_reading(*series, minutes=60, start=NOON, grain=1, hourly=(), published=PUBLISHED):
    window = Window(start, start + timedelta(minutes=minutes))
    return Reading(window, grain, series, hourly, {ACCOUNT: published})


def minute(at, value, length=60):
    values = np.full(length, np.nan)
    values[at] = value
    return values


def the_hours(reading, known=None, rest=None):
    return usage_hours(reading, known or {}, rest or {}).hours


def minutes_of(hour: UsageHour) -> HourMinutes:
    assert hour.minutes is not None
    return unpacked(hour.minutes)


def test_requests_are_told_apart_by_status_and_spillover():
    reading = a_reading(
        a_series("AzureOpenAIRequests", minute(0, 7), statuscode="200", modelname="gpt-4o", modelversion="1"),
        a_series("AzureOpenAIRequests", minute(1, 5), statuscode="429", isspillover="False"),
        a_series("AzureOpenAIRequests", minute(2, 3), statuscode="429", isspillover="True"),
        a_series("AzureOpenAIRequests", minute(3, 2), statuscode="400"),
        a_series("AzureOpenAIRequests", minute(4, 1), statuscode="503"),
    )

    (hour,) = the_hours(reading)

    assert (18, 5, 3, 2, 1) == (
        hour.requests,
        hour.throttled,
        hour.spilled,
        hour.client_errors,
        hour.server_errors,
    )
    assert ("gpt-4o", "1", "Chat", "chat") == (hour.model, hour.version, hour.name, hour.deployment)


def test_the_fuller_family_is_taken_and_the_two_are_never_added():
    reading = a_reading(
        a_series("AzureOpenAIRequests", minute(0, 10), statuscode="200"),
        a_series("ModelRequests", minute(0, 9), statuscode="200"),
        a_series("ProcessedPromptTokens", minute(0, 1000)),
        a_series("InputTokens", minute(0, 900)),
    )

    (hour,) = the_hours(reading)

    assert (AZURE_OPENAI, 10, 9, 1000) == (
        hour.family,
        hour.requests,
        hour.other_family_requests,
        hour.prompt_tokens,
    )


def test_models_is_taken_where_both_families_are_equal():
    both = [
        a_series(name, minute(0, 10), statuscode="200") for name in ("AzureOpenAIRequests", "ModelRequests")
    ]

    (hour,) = the_hours(a_reading(*both))

    assert (MODELS, 10) == (hour.family, hour.requests)


def test_the_rest_of_the_day_decides_the_family_of_its_hours():
    reading = a_reading(a_series("ModelRequests", minute(0, 10), statuscode="200"))
    rest = {(ACCOUNT, "chat", date(2026, 10, 1)): FamilyTotals(0, 500)}

    found = usage_hours(reading, {}, rest)

    assert AZURE_OPENAI == found.hours[0].family
    assert 10 == found.hours[0].other_family_requests
    assert FamilyTotals(10, 500) == found.totals[(ACCOUNT, "chat", date(2026, 10, 1))]


def test_an_idle_deployment_has_hours_of_zeros_that_are_covered():
    known = {(ACCOUNT, "chat"): Existence("Chat", NOON - timedelta(days=9))}

    (hour,) = the_hours(a_reading(), known)

    assert (0, 0, 60) == (hour.requests, hour.prompt_tokens, hour.minutes_covered)
    assert (0,) * 60 == minutes_of(hour).requests


def test_a_deployment_has_no_hours_before_it_was_made_nor_after_it_went():
    known = {
        (ACCOUNT, "chat"): Existence("Chat", NOON + timedelta(minutes=90), NOON + timedelta(minutes=150))
    }

    hours = the_hours(a_reading(minutes=300), known)

    assert [NOON + timedelta(hours=1), NOON + timedelta(hours=2)] == [hour.hour for hour in hours]


def test_tokens_that_an_account_does_not_publish_are_unknown_and_not_zero():
    known = {(ACCOUNT, "chat"): Existence("Chat", NOON - timedelta(days=9))}

    (hour,) = the_hours(a_reading(published=frozenset({"modelrequests"})), known)

    assert (None, None) == (hour.prompt_tokens, hour.completion_tokens)


def test_the_newest_hour_covers_only_the_minutes_that_were_read():
    reading = a_reading(a_series("ModelRequests", minute(59, 4, 75), statuscode="200"), minutes=75)

    first, last = the_hours(reading, {(ACCOUNT, "chat"): Existence("Chat", NOON - timedelta(days=9))})

    assert (60, 15) == (first.minutes_covered, last.minutes_covered)
    assert [True] * 15 + [False] * 45 == list(minutes_of(last).covered)


def test_an_hour_in_which_the_version_changed_keeps_both_parts():
    reading = a_reading(
        a_series(
            "ModelRequests", minute(0, 10), statuscode="200", modelname="gpt-4o", modelversion="2024-05-13"
        ),
        a_series(
            "ModelRequests", minute(30, 5), statuscode="200", modelname="gpt-4o", modelversion="2024-11-20"
        ),
        a_series("InputTokens", minute(0, 100), modelversion="2024-05-13"),
        a_series("InputTokens", minute(30, 700), modelversion="2024-11-20"),
        a_series("OutputTokens", minute(30, 7), modelversion="2024-11-20"),
    )

    (hour,) = the_hours(reading)

    assert ("2024-11-20", 800, 7) == (hour.version, hour.prompt_tokens, hour.completion_tokens)
    assert (
        {
            "model": "gpt-4o",
            "version": "2024-05-13",
            "requests": 10,
            "prompt_tokens": 100,
            "completion_tokens": 0,
        },
        {
            "model": "gpt-4o",
            "version": "2024-11-20",
            "requests": 5,
            "prompt_tokens": 700,
            "completion_tokens": 7,
        },
    ) == hour.by_version


def test_utilisation_is_unknown_where_nothing_is_published():
    reading = a_reading(
        a_series("AzureOpenAIProvisionedManagedUtilizationV2", minute(3, 50), "Average"),
        a_series("AzureOpenAIProvisionedManagedUtilizationV2", minute(3, 80), "Maximum"),
    )

    (hour,) = the_hours(reading, {(ACCOUNT, "chat"): Existence("Chat", NOON - timedelta(days=9))})

    assert (50.0, 80.0) == (hour.ptu_mean, hour.ptu_max)
    assert (None,) * 59 == tuple(value for value in minutes_of(hour).ptu_max if value is None)


def test_hours_asked_by_the_hour_know_no_minutes():
    (hour,) = the_hours(a_reading(a_series("ModelRequests", [600], statuscode="200"), grain=60))

    assert (600, 0, None, None, None) == (
        hour.requests,
        hour.minutes_covered,
        hour.peak_rpm,
        hour.peak_tpm,
        hour.minutes,
    )


def test_media_of_both_families_are_one_traffic():
    reading = a_reading(
        a_series("ModelRequests", minute(0, 1), statuscode="200"),
        hourly=(
            a_series("AudioPromptTokens", [90]),
            a_series("AudioInputTokens", [100]),
            a_series("GeneratedImages", [3]),
        ),
    )

    (hour,) = the_hours(reading)

    assert (100, None, 3) == (hour.audio_prompt_tokens, hour.audio_completion_tokens, hour.images)


counts = st.lists(st.integers(0, 10**9), min_size=180, max_size=180)


@given(counts, counts, counts)
def test_no_token_is_lost_or_counted_twice(requests, prompt, completion):
    reading = a_reading(
        a_series("ModelRequests", requests, statuscode="200"),
        a_series("InputTokens", prompt),
        a_series("OutputTokens", completion),
        minutes=180,
    )

    hours = the_hours(reading, {(ACCOUNT, "chat"): Existence("Chat", NOON - timedelta(days=9))})

    assert sum(requests) == sum(hour.requests for hour in hours)
    assert sum(prompt) == sum(hour.prompt_tokens or 0 for hour in hours)
    assert sum(completion) == sum(sum(minutes_of(hour).completion) for hour in hours)
    assert max(p + c for p, c in zip(prompt, completion, strict=True)) == max(
        hour.peak_tpm or 0 for hour in hours
    )


def test_request_totals_are_split_at_midnight():
    late = datetime(2026, 10, 1, 23, tzinfo=UTC)
    series = [
        a_series("ModelRequests", [3, 4], statuscode="200"),
        a_series("AzureOpenAIRequests", [1, np.nan], statuscode="200"),
    ]

    totals = request_totals(Window(late, late + timedelta(hours=2)), 60, series)

    assert {
        (ACCOUNT, "chat", date(2026, 10, 1)): FamilyTotals(3, 1),
        (ACCOUNT, "chat", date(2026, 10, 2)): FamilyTotals(4, 0),
    } == totals
