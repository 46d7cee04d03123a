"""Metrics are asked until they are whole, and what is not whole is never given out as if it were."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from collector.domain.periods import Window
from collector.domain.types import NeedsHuman
from collector.domain.usage.metric_groups import IMAGES, REQUESTS
from collector.sources import AzureSources, open_sources
from tests.sources.loopback import Loopback, Reply
from tests.sources.metrics import BATCH, accounts, failures, sums
from tests.sources.worlds import HOUR, SUBSCRIPTION, Monitor, a_question, an_account


def test_an_answer_becomes_one_array_a_series(azure: Loopback, sources: AzureSources) -> None:
    azure.on(BATCH, Monitor().batch)
    account = an_account()
    (answer,) = sources.metrics.read(a_question(account, group=IMAGES))
    (series,) = answer.series
    assert ((account.key,), HOUR, {}, {}) == (answer.accounts, answer.window, answer.failed, answer.absent)
    assert (account.key, "GeneratedImages", "Total") == (
        series.account_key,
        series.metric,
        series.aggregation,
    )
    assert {"modeldeploymentname": "chat", "modelversion": "1"} == series.dimensions
    assert list(range(60)) == series.values.tolist()


def test_the_call_says_top_grain_window_language_and_every_dimension(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on(BATCH, Monitor().batch)
    list(sources.metrics.read(a_question(group=REQUESTS)))
    (asked,) = azure.asked
    assert f"/subscriptions/{SUBSCRIPTION}/metrics:getBatch" == asked.path
    assert ("10000", "PT1M", "Total") == (
        asked.query["top"],
        asked.query["interval"],
        asked.query["aggregation"],
    )
    assert "AzureOpenAIRequests,ModelRequests" == asked.query["metricnames"]
    assert (
        "ModelDeploymentName eq '*' and ModelName eq '*' and ModelVersion eq '*' and StatusCode eq '*' and "
        "IsSpillover eq '*'"
    ) == asked.query["filter"]
    assert ("en-US", "Bearer loopback") == (asked.headers["accept-language"], asked.headers["authorization"])


def test_an_idle_account_is_answered_without_series(azure: Loopback, sources: AzureSources) -> None:
    azure.on(BATCH, Monitor(deployments=()).batch)
    account = an_account()
    (answer,) = sources.metrics.read(a_question(account))
    assert ((account.key,), (), {}) == (answer.accounts, answer.series, answer.failed)


def test_accounts_go_out_fifty_at_a_time(azure: Loopback, sources: AzureSources) -> None:
    monitor = Monitor()
    azure.on(BATCH, monitor.batch)
    mine = accounts(120)
    answers = list(sources.metrics.read(a_question(*mine)))
    assert [50, 50, 20] == [len(call) for call in monitor.calls]
    assert [one.key for one in mine] == [key for answer in answers for key in answer.accounts]


def test_a_missing_value_is_no_value_and_no_zero(azure: Loopback, sources: AzureSources) -> None:
    def spoil(_: str, part: dict[str, Any]) -> None:
        data = part["value"][0]["timeseries"][0]["data"]
        del data[0]["total"]
        data[1]["total"] = None
        data[2]["total"] = 0
        data[3:] = reversed(data[3:50])

    azure.on(BATCH, Monitor(spoil=spoil).batch)
    (answer,) = sources.metrics.read(a_question(group=IMAGES))
    values = answer.series[0].values.tolist()
    assert [True, True, False] == [math.isnan(value) for value in values[:3]]
    assert [0.0, 3.0, 49.0] == [values[2], values[3], values[49]]
    assert all(math.isnan(value) for value in values[50:])


def _point(index: int, **changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(part: dict[str, Any]) -> None:
        part["value"][0]["timeseries"][0]["data"][index].update(changes)

    return change


def _twice(part: dict[str, Any]) -> None:
    data = part["value"][0]["timeseries"][0]["data"]
    data.append(dict(data[7]))


def _series_twice(part: dict[str, Any]) -> None:
    series = part["value"][0]["timeseries"]
    series.append(series[0])


GARBAGE: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "negative": (_point(4, total=-7), "negative"),
    "text": (_point(4, total="many"), "no number"),
    "a number as text": (_point(4, total="7"), "no number"),
    "true": (_point(4, total=True), "no number"),
    "huge": (_point(4, total=1e300), "too large"),
    "a list": (_point(4, total=[1]), "no number"),
    "an instant outside": (_point(4, timeStamp="2026-11-21T00:00:00Z"), "outside of the window"),
    "an instant between": (_point(4, timeStamp="2026-11-20T10:04:30Z"), "between two points"),
    "no instant": (_point(4, timeStamp="yesterday"), "no instant"),
    "two points at one instant": (_twice, "two points"),
    "one series twice": (_series_twice, "twice"),
    "another interval": (lambda part: part.update(interval="PT1H"), "answered at PT1H"),
    "a metric left out": (lambda part: part["value"].pop(), "not answered"),
    "a metric twice": (lambda part: part["value"].append(part["value"][0]), "answered twice"),
    "values of no shape": (lambda part: part.update(value=None), "NoneType"),
    "no series list": (lambda part: part["value"][0].pop("timeseries"), "timeseries"),
    "a series of no deployment": (
        lambda part: part["value"][0]["timeseries"][0].update(metadatavalues=[]),
        "names no",
    ),
    "a shorter span": (lambda part: part.update(starttime="2026-11-20T10:30:00Z"), "Azure answered"),
    "an empty part": (lambda part: part.clear(), "leaves it out"),
}


@pytest.mark.parametrize(("spoil", "why"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_fails_its_account_and_no_other(
    azure: Loopback, sources: AzureSources, spoil: Callable[[dict[str, Any]], None], why: str
) -> None:
    bad, good = an_account("bad"), an_account("good")
    azure.on(BATCH, Monitor(spoil=lambda name, part: spoil(part) if name == "bad" else None).batch)
    answers = list(sources.metrics.read(a_question(bad, good)))
    failed = failures(answers)
    assert [bad.key] == list(failed)
    assert why in failed[bad.key]
    assert {good.key} == {key for answer in answers for key in answer.accounts}
    assert {good.key} == {one.account_key for answer in answers for one in answer.series}


def _nan(monitor: Monitor) -> Callable[[Any], Reply]:
    """Bare NaN is no JSON: the whole body cannot be read."""

    def answer(asked: Any) -> Reply:
        reply = monitor.batch(asked)
        if any(one.endswith("/bad") for one in asked.body["resourceids"]):
            return Reply(reply.content.replace(b'"total": 3.0', b'"total": NaN'))
        return reply

    return answer


def _refusing(monitor: Monitor, status: int) -> Callable[[Any], Reply]:
    def answer(asked: Any) -> Reply:
        reply = monitor.batch(asked)
        if any(one.endswith("/bad") for one in asked.body["resourceids"]):
            return Reply({"error": {"code": "Broken", "message": "one of them"}}, status)
        return reply

    return answer


@pytest.mark.parametrize(
    "make", [_nan, lambda monitor: _refusing(monitor, 400), lambda monitor: _refusing(monitor, 500)]
)
def test_a_batch_that_fails_for_one_account_is_halved_until_it_stands_alone(
    azure: Loopback, sources: AzureSources, make: Callable[[Monitor], Callable[[Any], Reply]]
) -> None:
    monitor = Monitor()
    azure.on(BATCH, make(monitor))
    mine = [*accounts(9), an_account("bad"), *(an_account(f"more-{number}") for number in range(6))]
    answers = list(sources.metrics.read(a_question(*mine)))
    assert [an_account("bad").key] == list(failures(answers))
    assert {one.key for one in mine if one.name != "bad"} == {
        key for answer in answers for key in answer.accounts
    }
    assert ("bad",) in monitor.calls


def test_halving_ends_where_everything_fails(azure: Loopback, sources: AzureSources) -> None:
    azure.on(BATCH, Reply({"error": {"code": "Broken", "message": "all of them"}}, 400))
    with pytest.raises(NeedsHuman, match="400 Broken"):
        list(sources.metrics.read(a_question(*accounts(50))))
    assert len(azure.asked) < 15


@pytest.mark.parametrize("top", [2, 3, 5, 8, 9, 15, 16, 17, 1000])
def test_a_truncated_answer_is_asked_again_until_it_is_whole(azure: Loopback, top: int) -> None:
    names = [f"chat-{number}" for number in range(8)]
    mine = accounts(3)
    azure.on(BATCH, Monitor({"aoai-000": names, "aoai-001": ["one"], "aoai-002": names[:2]}).batch)
    with open_sources(azure.settings(top=10_000)) as sources:
        whole = sums(sources.metrics.read(a_question(*mine)))
    with open_sources(azure.settings(top=top)) as sources:
        answers = list(sources.metrics.read(a_question(*mine)))
    if top > 8:
        assert whole == sums(answers)
        assert {one.key for one in mine} == {key for answer in answers for key in answer.accounts}
    else:
        # More deployments than `top` can list: known to be unknown.
        assert mine[0].key in failures(answers)
        assert not any(one.account_key == mine[0].key for answer in answers for one in answer.series)


def test_series_of_one_version_only_are_padded_where_a_split_did_not_see_them(azure: Loopback) -> None:
    """A deployment that changed its version in mid-window has two series in the whole, one in each half."""

    def spoil(_: str, part: dict[str, Any]) -> None:
        for metric in part["value"]:
            metric["timeseries"] = metric["timeseries"][: 1 if part["starttime"] > "2026-11-20T10:30" else 2]

    azure.on(BATCH, Monitor(["a", "b"], spoil=spoil).batch)
    with open_sources(azure.settings(top=2)) as sources:
        answers = list(sources.metrics.read(a_question(group=IMAGES)))
    lengths = {len(one.values) for answer in answers for one in answer.series}
    assert lengths <= {60}


def test_a_span_that_azure_clamps_is_asked_in_parts(azure: Loopback, sources: AzureSources) -> None:
    week = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC))

    def spoil(_: str, part: dict[str, Any]) -> None:
        end = datetime.fromisoformat(part["endtime"])
        start = max(datetime.fromisoformat(part["starttime"]), end - timedelta(days=2))
        part["starttime"] = f"{start:%Y-%m-%dT%H:%M:%SZ}"

    azure.on(BATCH, Monitor(spoil=spoil).batch)
    (answer,) = sources.metrics.read(a_question(group=IMAGES, window=week, grain_minutes=60))
    assert 4 + 2 + 1 == len(azure.asked)
    assert week == answer.window
    assert 7 * 24 == len(answer.series[0].values)
    assert not np.isnan(answer.series[0].values).any()


def test_what_azure_no_longer_keeps_fails(azure: Loopback, sources: AzureSources) -> None:
    def spoil(_: str, part: dict[str, Any]) -> None:
        part["starttime"] = max(part["starttime"], "2026-11-20T10:15:00.000Z")

    azure.on(BATCH, Monitor(spoil=spoil).batch)
    answers = list(sources.metrics.read(a_question(group=IMAGES)))
    (why,) = failures(answers).values()
    assert "images: asked for 2026-11-20T10:00Z" in why
    assert () == tuple(one for answer in answers for one in answer.series)
