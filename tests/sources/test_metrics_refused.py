"""Metrics that are throttled, refused or lacking: the way around, and what is said where there is none."""

from collections.abc import Sequence
from typing import Any

import pytest

from collector.domain.types import NeedsHuman, TryLater
from collector.domain.usage.metric_groups import IMAGES
from collector.sources import AzureSources, open_sources
from tests.sources.loopback import Loopback, Reply
from tests.sources.metrics import BATCH, MISSING_ROLE, SINGLE, accounts, failures, sums
from tests.sources.worlds import HOUR, SUBSCRIPTION, Monitor, a_question, a_series, an_account, stamps


@pytest.mark.parametrize(("times", "answered"), [(1, True), (9, False)], ids=["once", "always"])
def test_a_metric_throttled_inside_a_200_is_asked_again_for_that_account_alone(
    azure: Loopback, sources: AzureSources, times: int, answered: bool
) -> None:
    left = [times]

    def spoil(name: str, part: dict[str, Any]) -> None:
        if name == "aoai-001" and left[0]:
            left[0] -= 1
            part["value"][1]["errorCode"] = "Throttled"

    monitor = Monitor(spoil=spoil)
    azure.on(BATCH, monitor.batch)
    mine = accounts(3)
    answers = list(sources.metrics.read(a_question(*mine)))
    assert [("aoai-000", "aoai-001", "aoai-002"), ("aoai-001",)] == monitor.calls
    assert answered == (mine[1].key not in failures(answers))
    assert answered == any(one.account_key == mine[1].key for answer in answers for one in answer.series)


def test_an_unsupported_metric_inside_a_200_is_absent_and_not_zero(
    azure: Loopback, sources: AzureSources
) -> None:
    def spoil(_: str, part: dict[str, Any]) -> None:
        part["value"][2].update(errorCode="MetricNotSupported", timeseries=[])

    azure.on(BATCH, Monitor(spoil=spoil).batch)
    account = an_account()
    (answer,) = sources.metrics.read(a_question(account))
    assert {account.key: frozenset({"InputTokens"})} == answer.absent
    assert {"ProcessedPromptTokens", "GeneratedTokens", "OutputTokens"} == {
        one.metric for one in answer.series
    }


LACKING = {
    "dimension": "Metric: InputTokens does not support requested dimension combination: modelversion, supported ones "
    "are: ApiName,Region, TraceId: {1}",
    "configuration": "Failed to find metric configuration for provider: Microsoft.CognitiveServices, resource Type: "
    "accounts, metric: InputTokens, Valid metrics: ProcessedPromptTokens,GeneratedTokens",
}


@pytest.mark.parametrize("message", LACKING.values(), ids=LACKING)
def test_a_metric_that_a_region_lacks_is_dropped_and_remembered(
    azure: Loopback, sources: AzureSources, message: str
) -> None:
    monitor = Monitor()

    def answer(asked: Any) -> Reply:
        if "InputTokens" in asked.query["metricnames"]:
            return Reply({"error": {"code": "BadRequest", "message": message}}, 400)
        return monitor.batch(asked)

    azure.on(BATCH, answer)
    mine = accounts(8)
    answers = list(sources.metrics.read(a_question(*mine)))
    assert {one.key: frozenset({"InputTokens"}) for one in mine} == {
        key: absent for answer in answers for key, absent in answer.absent.items()
    }
    assert "InputTokens" not in {one.metric for answer in answers for one in answer.series}
    before = len(azure.asked)
    list(sources.metrics.read(a_question(*mine)))
    assert 1 == len(azure.asked) - before


def test_a_metric_that_one_account_lacks_stays_for_the_others(azure: Loopback, sources: AzureSources) -> None:
    monitor = Monitor()

    def answer(asked: Any) -> Reply:
        lacking = any(one.endswith("aoai-002") for one in asked.body["resourceids"])
        if lacking and "InputTokens" in asked.query["metricnames"]:
            return Reply({"error": {"code": "BadRequest", "message": LACKING["dimension"]}}, 400)
        return monitor.batch(asked)

    azure.on(BATCH, answer)
    mine = accounts(5)
    answers = list(sources.metrics.read(a_question(*mine)))
    assert {mine[2].key} == {key for answer in answers for key in answer.absent}
    assert 4 == sum(one.metric == "InputTokens" for answer in answers for one in answer.series)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_batch_is_read_account_by_account_for_a_day(azure: Loopback, status: int) -> None:
    monitor = Monitor()
    azure.on(BATCH, Reply(MISSING_ROLE, status))
    azure.on(SINGLE, monitor.single)
    now = [0.0]
    mine = accounts(3)
    with open_sources(azure.settings(), lambda: now[0]) as sources:
        for hours, batches in ((0, 1), (1, 0), (25, 1)):
            now[0] = hours * 3600.0
            before = len(azure.paths("getBatch"))
            answers = list(sources.metrics.read(a_question(*mine)))
            assert batches == len(azure.paths("getBatch")) - before
            assert {one.key for one in mine} == {key for answer in answers for key in answer.accounts}
    assert {("aoai-000",), ("aoai-001",), ("aoai-002",)} == set(monitor.calls)


def test_batch_and_single_answers_are_the_same_series(azure: Loopback, sources: AzureSources) -> None:
    azure.on(BATCH, Monitor(["a", "b"]).batch)
    azure.on(SINGLE, Monitor(["a", "b"]).single)
    whole = sums(sources.metrics.read(a_question(*accounts(2))))
    with open_sources(azure.settings(metrics_endpoint="http://127.0.0.1:9")) as elsewhere:
        assert whole == sums(elsewhere.metrics.read(a_question(*accounts(2))))


def test_a_proxy_page_in_place_of_the_batch_leads_to_single_calls(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on(BATCH, Reply(b"<html><body>Blocked</body></html>"))
    azure.on(SINGLE, Monitor().single)
    (answer,) = sources.metrics.read(a_question())
    assert {} == answer.failed


def test_without_any_role_the_grant_is_named(azure: Loopback, sources: AzureSources) -> None:
    refusal = {
        "error": {
            "code": "AuthorizationFailed",
            "message": "The client 'x' with object id '11111111-2222-3333-4444-555555555555' does not have "
            "authorization to perform action 'Microsoft.Insights/metrics/read'",
        }
    }
    azure.on(BATCH, Reply(refusal, 401))
    azure.on(SINGLE, Reply(refusal, 403))
    with pytest.raises(NeedsHuman, match="403 AuthorizationFailed") as raised:
        list(sources.metrics.read(a_question(*accounts(2))))
    assert (
        'az role assignment create --assignee "11111111-2222-3333-4444-555555555555" --role "Monitoring Reader" '
        f'--scope "/subscriptions/{SUBSCRIPTION}"'
    ) == raised.value.grant


def test_one_account_without_its_role_fails_alone(azure: Loopback, sources: AzureSources) -> None:
    azure.on(BATCH, Reply(MISSING_ROLE, 401))
    azure.on(SINGLE, Monitor().single)
    azure.on("aoai-001/providers/Microsoft.Insights/metrics$", Reply(MISSING_ROLE, 403))
    mine = accounts(3)
    answers = list(sources.metrics.read(a_question(*mine)))
    (why,) = failures(answers).values()
    assert [mine[1].key] == list(failures(answers))
    assert "az role assignment create" in why


def test_what_is_published_is_what_the_definitions_list(azure: Loopback, sources: AzureSources) -> None:
    page = {"value": [{"name": {"value": "InputTokens"}}], "nextLink": f"{azure.url}/definitions?page=2"}
    azure.on("metricDefinitions$", Reply(page))
    azure.on("/definitions$", Reply({"value": [{"name": {"value": "OutputTokens"}}]}))
    assert frozenset({"InputTokens", "OutputTokens"}) == sources.metrics.published(an_account())


def test_a_stalled_service_is_left_alone_while_the_other_subscription_is_read(azure: Loopback) -> None:
    other = "00000000-0000-0000-0000-000000000002"
    azure.on(BATCH, Monitor().batch)
    azure.on(f"POST /subscriptions/{SUBSCRIPTION}/metrics:getBatch", Reply({}, 503))
    with open_sources(azure.settings(retries=1, failures_to_open=3)) as sources:
        for _ in range(5):
            with pytest.raises(TryLater):
                list(sources.metrics.read(a_question()))
            (answer,) = sources.metrics.read(a_question(an_account(subscription=other)))
            assert 1 == len(answer.accounts)
        assert 3 * 2 == len(azure.paths(SUBSCRIPTION))


def test_points_of_the_next_window_at_the_end_are_left_out(azure: Loopback, sources: AzureSources) -> None:
    def spoil(_: str, part: dict[str, Any]) -> None:
        part["value"][0]["timeseries"] = [
            a_series(
                {"ModelDeploymentName": "chat"},
                [{"timeStamp": stamp, "total": 1} for stamp in _stamps_to_end()],
            )
        ]

    azure.on(BATCH, Monitor(spoil=spoil).batch)
    (answer,) = sources.metrics.read(a_question(group=IMAGES))
    assert [1.0] * 60 == answer.series[0].values.tolist()


def _stamps_to_end() -> Sequence[str]:
    return [*stamps(HOUR), f"{HOUR.end:%Y-%m-%dT%H:%M:%SZ}"]
