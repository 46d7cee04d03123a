"""Azure Monitor's traps are all there."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from collector.simulator.estate import Account
from collector.simulator.server import Simulator
from collector.simulator.truth import truth_of
from collector.simulator.world import World
from tests.simulator.client import NOW, Client, Said, dimension, sums, total, zulu

Stretch = tuple[datetime, datetime]
BY_NAME = "ModelDeploymentName eq '*'"


@pytest.fixture
def crowded() -> World:
    """One account with more deployments than Azure tells by default."""
    return World(seed=3, subscriptions=1, accounts=1, deployments=24, days=5, now=NOW)


def _first(said: Said) -> Any:
    return said.json["values"][0]["value"][0]


def test_without_top_only_ten_series_come_and_nothing_says_so(crowded: World) -> None:
    with Simulator(crowded) as azure:
        client, start = Client(azure), NOW - timedelta(hours=4)
        ids, name = [crowded.accounts[0]], "AzureOpenAIRequests"
        cut = client.batch(ids, name, start, NOW, BY_NAME, top=None)
        whole = client.batch(ids, name, start, NOW, BY_NAME)
        three = client.batch(ids, name, start, NOW, BY_NAME, top=3, orderby="total desc")
    assert 10 == len(_first(cut)["timeseries"]) < len(_first(whole)["timeseries"])
    assert "nextLink" not in cut.json
    biggest = sorted((total(s) for s in _first(whole)["timeseries"]), reverse=True)[:3]
    assert biggest == [total(s) for s in _first(three)["timeseries"]]


def test_top_counts_for_each_metric_of_each_resource(client: Client, world: World, settled: Stretch) -> None:
    account = max(world.accounts, key=lambda a: len(world.deployments_of(a)))
    others = [
        a for a in world.accounts if (a.subscription, a.location) == (account.subscription, account.location)
    ]
    said = client.batch(others, "TokenTransaction,ProcessedPromptTokens", *settled, BY_NAME, top=1).json[
        "values"
    ]
    for value in said:
        for metric in value["value"]:
            assert 1 >= len(metric["timeseries"])


def test_a_single_resource_call_clamps_a_long_timespan_and_answers_200(client: Client, world: World) -> None:
    account = world.accounts[0]
    said = client.single(account, "TokenTransaction", NOW - timedelta(days=300), NOW, BY_NAME)
    expected = f"{zulu(NOW - timedelta(days=31))}/{zulu(NOW)}"
    assert (200, expected) == (said.status, said.json["timespan"])


def test_longer_than_93_days_is_refused_by_both_in_their_own_shape(client: Client, world: World) -> None:
    account, start = world.accounts[0], NOW - timedelta(days=120)
    batch = client.batch([account], "TokenTransaction", start, start + timedelta(days=2), BY_NAME)
    single = client.single(account, "TokenTransaction", start, start + timedelta(days=2), BY_NAME)
    assert (400, 400) == (batch.status, single.status)
    assert "out of the Max metrics retention period: 93.00:00:00" in batch.json["error"]["message"]
    assert ("BadRequest", "BadRequest") == (single.json["code"], batch.headers["x-ms-error-code"])


def test_one_unknown_dimension_fails_the_whole_call(client: Client, world: World, settled: Stretch) -> None:
    account, names = world.accounts[0], "AzureOpenAIRequests,ProcessedPromptTokens"
    batch = client.batch([account], names, *settled, "ModelName eq '*'")
    single = client.single(account, names, *settled, "ModelName eq '*'")
    words = "Metric: ProcessedPromptTokens does not support requested dimension combination: modelname"
    assert (400, 400) == (batch.status, single.status)
    assert batch.json["error"]["message"].startswith(words)
    assert single.json["message"].startswith(words)


def test_dimension_checks_can_be_switched_off_on_the_single_call(
    client: Client, world: World, settled: Stretch
) -> None:
    said = client.single(
        world.accounts[0], "ProcessedPromptTokens", *settled, "ModelName eq '*'", ValidateDimensions="false"
    )
    assert 200 == said.status


def test_a_batch_holds_fifty_resources_of_one_region_and_subscription(
    client: Client, world: World, settled: Stretch
) -> None:
    first = world.accounts[0]
    elsewhere = next(
        a for a in world.accounts if a.subscription == first.subscription and a.location != first.location
    )
    foreign = next(a for a in world.accounts if a.subscription != first.subscription)
    for ids in ([first, elsewhere], [first, foreign], [first] * 51):
        assert 400 == client.batch(ids, "TokenTransaction", *settled, BY_NAME).status


def test_the_region_of_the_path_must_be_the_accounts(client: Client, world: World, settled: Stretch) -> None:
    account = world.accounts[0]
    query = {
        "metricnamespace": "x",
        "metricnames": "TokenTransaction",
        "starttime": zulu(settled[0]),
        "endtime": zulu(settled[1]),
    }
    path = f"/subscriptions/{account.subscription.id}/metrics:getBatch"
    said = [
        client.send(f"/{region}{path}", {"resourceids": [account.id]}, **query).status
        for region in (account.location, "northeurope")
    ]
    assert [200, 400] == said


def test_a_deleted_or_unknown_account_fails_its_batch(client: Client, world: World, settled: Stretch) -> None:
    gone = next(a for a in world.accounts if a.deleted_at is not None)
    said = client.batch([gone], "TokenTransaction", *settled, BY_NAME)
    assert (404, "ResourceNotFound") == (said.status, said.json["error"]["code"])
    assert 404 == client.single(gone, "TokenTransaction", *settled).status


def test_twenty_metric_names_are_the_most_and_they_must_exist(
    client: Client, world: World, settled: Stretch
) -> None:
    account = world.accounts[0]
    assert 400 == client.batch([account], ",".join(["TokenTransaction"] * 21), *settled).status
    said = client.batch([account], "Tokens", *settled)
    assert "Failed to find metric configuration" in said.json["error"]["message"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"timespan": "PT1H"}, id="timespan"),
        pytest.param({"starttime": ""}, id="end without start"),
        pytest.param({"metricnamespace": ""}, id="no namespace"),
        pytest.param({"interval": "PT7M"}, id="odd grain"),
        pytest.param({"api-version": ""}, id="no api-version"),
        pytest.param({"filter": "ModelDeploymentName is '*'"}, id="odd filter"),
    ],
)
def test_a_batch_refuses(client: Client, world: World, settled: Stretch, query: dict[str, str]) -> None:
    assert 400 == client.batch([world.accounts[0]], "TokenTransaction", *settled, **query).status


def test_dimension_names_come_in_lower_case_and_filters_do_not_mind_case(
    client: Client, world: World, settled: Stretch
) -> None:
    account = world.deployment("hot").account
    lower = _first(
        client.batch([account], "AzureOpenAIRequests", *settled, "modeldeploymentname eq 'CHAT-prod'")
    )
    assert ["modeldeploymentname"] == [m["name"]["value"] for m in lower["timeseries"][0]["metadatavalues"]]
    assert "chat-prod" == dimension(lower["timeseries"][0], "modeldeploymentname")


def test_or_takes_either_value_of_a_dimension(client: Client, world: World, settled: Stretch) -> None:
    hot = world.deployment("hot")
    wanted = "StatusCode eq '200' or StatusCode eq '429' and ModelDeploymentName eq 'chat-prod'"
    told = sums(_first(client.batch([hot.account], "AzureOpenAIRequests", *settled, wanted)), "statuscode")
    [usage] = truth_of(world).usage(*settled, "total", [hot])
    assert {k: v for k, v in {"200": usage.ok, "429": usage.throttled}.items() if v} == told


def test_daily_buckets_begin_where_the_timespan_begins(client: Client, world: World) -> None:
    start = NOW.replace(day=16, hour=12, minute=9, second=0)
    metric = _first(
        client.batch(
            [world.accounts[0]],
            "AzureOpenAIRequests",
            start,
            start + timedelta(days=2),
            BY_NAME,
            interval="P1D",
        )
    )
    stamps = [p["timeStamp"] for p in metric["timeseries"][0]["data"]]
    assert ["2026-11-16T12:09:00Z", "2026-11-17T12:09:00Z"] == stamps


def test_full_is_one_point_and_its_interval_is_the_span(client: Client, world: World) -> None:
    start = NOW.replace(hour=7, minute=17, second=0)
    said = client.batch(
        [world.accounts[0]],
        "AzureOpenAIRequests",
        start,
        start + timedelta(hours=1),
        BY_NAME,
        interval="FULL",
    ).json["values"][0]
    assert "PT1H" == said["interval"]
    assert {"2026-11-20T07:17:00Z"} == {
        p["timeStamp"] for s in said["value"][0]["timeseries"] for p in s["data"]
    }


@pytest.mark.parametrize("family", ["azure", "models"])
def test_the_family_that_is_not_published_answers_zeros_or_nothing(
    client: Client, world: World, settled: Stretch, family: str
) -> None:
    name = {"azure": "AzureOpenAIRequests", "models": "ModelRequests"}[family]
    lacking = [
        a for a in world.accounts if family not in a.families and a.exists(NOW) and world.deployments_of(a)
    ]
    assert lacking
    for account in lacking:
        series = _first(client.batch([account], name, *settled, BY_NAME))["timeseries"]
        assert bool(series) is (account.unpublished == "zeros")
        assert all(total(s) == 0 for s in series)


def test_both_families_tell_the_same_where_both_are_published(
    client: Client, both_families: Account, settled: Stretch
) -> None:
    told = [
        sums(_first(client.batch([both_families], name, *settled, BY_NAME)), "modeldeploymentname")
        for name in ("AzureOpenAIRequests", "ModelRequests")
    ]
    assert told[0] == {k: v for k, v in told[1].items() if k in told[0]}


def test_a_world_may_have_families_that_disagree(settled: Stretch) -> None:
    world = World(seed=7, accounts=4, deployments=8, days=5, now=NOW, disagreeing=True)
    assert world.disagreeing is not None
    with Simulator(world) as azure:
        client = Client(azure)
        azure_family, models_family = (
            sum(
                sums(
                    _first(client.batch([world.disagreeing], name, *settled, BY_NAME)), "modeldeploymentname"
                ).values()
            )
            for name in ("AzureOpenAIRequests", "ModelRequests")
        )
    assert 0.9 * azure_family < models_family < 0.99 * azure_family


def test_api_names_differ_between_requests_and_tokens(client: Client, world: World, settled: Stretch) -> None:
    hot = world.deployment("hot")
    dims = "ModelDeploymentName eq 'chat-prod' and ApiName eq '*' and Region eq '*'"
    requests = _first(client.batch([hot.account], "AzureOpenAIRequests", *settled, dims))["timeseries"]
    tokens = _first(client.batch([hot.account], "ProcessedPromptTokens", *settled, dims))["timeseries"]
    assert {"Azure OpenAI API version"} == {
        re.sub(r" [0-9].*", "", dimension(s, "apiname")) for s in requests
    }
    assert {("OpenAI", "eastus2")} == {(dimension(s, "apiname"), dimension(s, "region")) for s in tokens}
    assert {"East US 2"} == {dimension(s, "region") for s in requests}


def test_calls_without_a_version_have_no_api_name_or_say_v1(
    client: Client, world: World, settled: Stretch
) -> None:
    priority = world.deployment("priority")
    name = "ModelRequests" if "models" in priority.account.families else "AzureOpenAIRequests"
    dims = f"ModelDeploymentName eq '{priority.name}' and ApiName eq '*' and ServiceTierResponse eq '*'"
    told = sums(
        _first(client.batch([priority.account], name, *settled, dims)), "apiname", "servicetierresponse"
    )
    expected = "Azure OpenAI API version v1" if priority.account.index % 4 == 3 else ""
    assert {(expected, "default"), (expected, "priority")} == set(told)


def test_a_quiet_minute_is_a_zero_or_a_bare_time_by_account(
    client: Client, world: World, settled: Stretch
) -> None:
    seen: dict[str, set[bool]] = {"zeros": set(), "bare": set()}
    for account in world.accounts:
        if not account.exists(NOW) or "models" not in account.families:
            continue
        for series in _first(client.batch([account], "ModelRequests", *settled, "StatusCode eq '400'"))[
            "timeseries"
        ]:
            seen[account.quiet] |= {"total" in point for point in series["data"]}
    assert {True} == seen["zeros"]
    assert {True, False} == seen["bare"]


def test_numbers_are_whole_or_floating_by_account(client: Client, world: World, settled: Stretch) -> None:
    for account in world.accounts:
        if account.exists(NOW):
            body = client.batch([account], "RAITotalRequests", *settled).body
            assert (b".0}" in body) is (account.floats and b'"total"' in body)


def test_batch_answers_are_in_the_order_asked_with_the_ids_as_asked(
    client: Client, world: World, settled: Stretch
) -> None:
    first = world.accounts[0]
    ids = [
        a.id.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")
        for a in reversed(world.accounts)
        if (a.subscription, a.location) == (first.subscription, first.location)
    ]
    said = client.batch(ids, "TokenTransaction", *settled, BY_NAME).json["values"]
    assert ids == [value["resourceid"] for value in said]


def test_definitions_say_what_may_be_asked_of_every_account(client: Client, world: World) -> None:
    rows = client.send(f"{world.accounts[0].id}/providers/Microsoft.Insights/metricDefinitions").json["value"]
    by_name = {row["name"]["value"]: [d["value"] for d in row["dimensions"]] for row in rows}
    assert {"AzureOpenAIRequests", "ModelRequests", "AzureOpenAIProvisionedManagedUtilizationV2"} <= set(
        by_name
    )
    assert "ModelName" not in by_name["ProcessedPromptTokens"]


def test_utilisation_reaches_100_exactly_where_requests_were_refused(client: Client, world: World) -> None:
    full = world.deployment("full")
    end = NOW.replace(day=12, second=0)
    start = end - timedelta(days=1)
    name = (
        "ProvisionedUtilization"
        if "models" in full.account.families
        else "AzureOpenAIProvisionedManagedUtilizationV2"
    )
    metric = _first(
        client.batch(
            [full.account],
            name,
            start,
            end,
            f"ModelDeploymentName eq '{full.name}'",
            aggregation="Average,Maximum",
        )
    )
    told = {p["timeStamp"]: p["maximum"] >= 100 for p in metric["timeseries"][0]["data"] if "maximum" in p}
    refused = {zulu(u.start): u.throttled > 0 for u in truth_of(world).usage(start, end, "minute", [full])}
    assert any(told.values())
    assert {k: v for k, v in refused.items() if k in told} == told


def test_hours_of_latency_have_a_mean_between_their_extremes(
    client: Client, world: World, settled: Stretch
) -> None:
    account = world.deployment("hot").account
    metric = _first(
        client.batch(
            [account],
            "NormalizedTimeToFirstToken",
            *settled,
            BY_NAME,
            aggregation="Average,Minimum,Maximum",
            interval="PT1H",
        )
    )
    for series in metric["timeseries"]:
        for p in series["data"]:
            assert "average" not in p or p["minimum"] <= p["average"] <= p["maximum"]
    assert metric["timeseries"]


@pytest.mark.parametrize(
    ("role", "status"),
    [("monitoring_reader", 401), ("insights_registered", 403)],
    ids=["no role", "not registered"],
)
def test_a_subscription_can_lose_the_batch_and_keep_the_single_call(
    azure: Simulator, client: Client, world: World, settled: Stretch, role: str, status: int
) -> None:
    account = world.accounts[0]
    client.send("/_sim/access", {"subscription": account.subscription.id, role: False})
    assert status == client.batch([account], "TokenTransaction", *settled, BY_NAME).status
    assert 200 == client.single(account, "TokenTransaction", *settled, BY_NAME).status


def test_a_call_without_a_token_is_refused(azure: Simulator, client: Client, world: World) -> None:
    client.headers = {}
    assert 401 == client.send("/subscriptions").status
