"""What the API tells, once settled, is what happened, to the token."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from collector.simulator.callers import PREFIX
from collector.simulator.estate import Account
from collector.simulator.readings import SETTLED_AFTER
from collector.simulator.server import Simulator
from collector.simulator.truth import truth_of
from collector.simulator.world import World
from tests.simulator.client import NOW, Client, sums, total

TOKENS = "ModelDeploymentName eq '*' and ModelVersion eq '*'"
REQUESTS = "ModelDeploymentName eq '*' and StatusCode eq '*' and IsSpillover eq '*'"
Stretch = tuple[datetime, datetime]


def test_the_same_seed_and_instant_give_the_same_bytes(world: World, settled: Stretch) -> None:
    said = []
    for _ in range(2):
        twin = World(seed=7, subscriptions=3, accounts=12, deployments=36, days=40, now=NOW)
        with Simulator(twin) as azure:
            account = twin.accounts[0]
            said.append(Client(azure).batch([account], "AzureOpenAIRequests", *settled, REQUESTS).body)
    assert said[0] == said[1]


def test_another_seed_is_another_world() -> None:
    first, second = (World(seed=s, accounts=4, deployments=5, days=3, now=NOW) for s in (1, 2))
    assert first.accounts[0].id != second.accounts[0].id


def test_a_naive_now_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an aware datetime"):
        World(now=datetime(2026, 11, 20))  # noqa: DTZ001  # the naive instant is the case


@pytest.mark.parametrize("index", range(12))
def test_token_sums_of_both_apis_equal_the_truth(
    client: Client, world: World, settled: Stretch, index: int
) -> None:
    account = world.accounts[index]
    if not account.exists(NOW):
        return
    names = (
        "InputTokens,OutputTokens"
        if "models" in account.families
        else "ProcessedPromptTokens,GeneratedTokens"
    )
    batch = client.batch([account], names, *settled, TOKENS).json["values"][0]["value"]
    single = client.single(account, names, *settled, TOKENS).json["value"]
    truth = list(
        truth_of(world).usage(
            *settled, "total", [d for d in world.deployments_of(account) if _told(d.format, names)]
        )
    )
    for position, column in enumerate(("prompt", "completion")):
        expected = {(u.deployment, u.version): getattr(u, column) for u in truth if getattr(u, column)}
        assert expected == sums(batch[position], "modeldeploymentname", "modelversion")
        assert expected == sums(single[position], "modeldeploymentname", "modelversion")


def _told(format_: str, names: str) -> bool:
    return format_ == "OpenAI" or names.startswith("Input")


@pytest.mark.parametrize("interval", ["PT1M", "PT5M", "PT15M", "PT1H", "P1D", "FULL"])
def test_every_grain_adds_up_to_the_same(
    client: Client, both_families: Account, world: World, interval: str
) -> None:
    start, end = (
        NOW.replace(day=18, hour=0, minute=0, second=0),
        NOW.replace(day=19, hour=0, minute=0, second=0),
    )
    value = client.batch([both_families], "InputTokens", start, end, TOKENS, interval=interval).json[
        "values"
    ][0]["value"]
    truth = list(truth_of(world).usage(start, end, "total", world.deployments_of(both_families)))
    assert sum(u.prompt for u in truth) == sum(total(s) for s in value[0]["timeseries"])


def test_requests_by_status_and_spillover_equal_the_truth(
    client: Client, world: World, settled: Stretch
) -> None:
    account = world.deployment("provisioned-spilling").account
    name = "ModelRequests" if "models" in account.families else "AzureOpenAIRequests"
    metric = client.batch([account], name, *settled, REQUESTS).json["values"][0]["value"][0]
    told = sums(metric, "modeldeploymentname", "statuscode", "isspillover")
    for usage in truth_of(world).usage(*settled, "total", world.deployments_of(account)):
        statuses = {
            ("429", "True"): usage.spilled,
            ("429", "False"): usage.throttled,
            ("400", "False"): usage.client_errors,
            ("500", "False"): usage.server_errors,
            ("200", "True"): usage.spilled_in,
            ("200", "False"): usage.ok - usage.spilled_in,
        }
        expected = {(usage.deployment, *key): count for key, count in statuses.items() if count}
        assert expected == {key: count for key, count in told.items() if key[0] == usage.deployment}


def test_api_versions_part_the_requests_and_lose_none(client: Client, world: World, settled: Stretch) -> None:
    hot = world.deployment("hot")
    dims = "ModelDeploymentName eq 'CHAT-PROD' and ApiName eq '*' and OperationName eq '*'"
    metric = client.batch([hot.account], "AzureOpenAIRequests", *settled, dims, interval="PT1H").json[
        "values"
    ][0]["value"][0]
    by_version = sums(metric, "apiname")
    [usage] = truth_of(world).usage(*settled, "total", [hot])
    assert {PREFIX + caller.api_version for caller in hot.callers} == set(by_version)
    assert usage.requests == sum(by_version.values())


def test_days_of_api_versions_equal_their_minutes(client: Client, world: World) -> None:
    hot = world.deployment("hot")
    day = NOW.replace(day=18, hour=0, minute=0, second=0)
    dims = "ModelDeploymentName eq 'chat-prod' and ApiName eq '*'"
    told = [
        sums(
            client.batch(
                [hot.account], "AzureOpenAIRequests", day, day + timedelta(days=1), dims, interval=grain
            ).json["values"][0]["value"][0],
            "apiname",
        )
        for grain in ("P1D", "PT1M")
    ]
    assert told[0] == told[1]


def test_minutes_of_the_truth_add_up_to_hours_and_days(world: World, settled: Stretch) -> None:
    deployments = [world.deployment("hot"), world.deployment("full")]
    by = {
        step: list(truth_of(world).usage(*settled, step, deployments)) for step in ("minute", "hour", "total")
    }
    for column in ("prompt", "requests", "throttled", "spilled", "cached"):
        counted = {step: sum(getattr(u, column) for u in rows) for step, rows in by.items()}
        assert 1 == len(set(counted.values())), counted


def test_a_version_change_in_mid_day_parts_the_tokens_between_versions(client: Client, world: World) -> None:
    upgraded = world.deployment("upgraded")
    changed = upgraded.revisions[1].from_at
    start = changed.replace(hour=0, minute=0, second=0)
    name = "InputTokens" if "models" in upgraded.account.families else "ProcessedPromptTokens"
    metric = client.batch([upgraded.account], name, start, start + timedelta(days=1), TOKENS).json["values"][
        0
    ]["value"][0]
    told = {
        k: v for k, v in sums(metric, "modeldeploymentname", "modelversion").items() if k[0] == upgraded.name
    }
    truth = list(truth_of(world).usage(start, start + timedelta(days=1), "total", [upgraded]))
    assert {"2024-08-06", "2024-11-20"} == {u.version for u in truth}
    assert {(u.deployment, u.version): u.prompt for u in truth} == told


def test_late_values_only_rise_and_settle_on_the_truth(
    azure: Simulator, client: Client, world: World
) -> None:
    hot = world.deployment("hot")
    start, end = NOW - timedelta(minutes=20), NOW - timedelta(minutes=2)
    seen = []
    for later in (0, 1, 2, 5, 20, 47):
        azure.set_clock(NOW + timedelta(minutes=later))
        metric = client.batch(
            [hot.account], "InputTokens", start, end, "ModelDeploymentName eq 'chat-prod'"
        ).json["values"][0]
        seen.append([point.get("total", 0) for point in metric["value"][0]["timeseries"][0]["data"]])
    for earlier, after in itertools.pairwise(seen):
        assert all(b >= a for a, b in zip(earlier, after, strict=True))
    assert seen[0] != seen[-1]
    floored = start.replace(second=0)
    truth = list(truth_of(world).usage(floored, floored + timedelta(minutes=len(seen[-1])), "minute", [hot]))
    assert [u.prompt for u in truth] == seen[-1]
    assert timedelta(minutes=47) > SETTLED_AFTER


def test_what_has_not_happened_is_not_told(client: Client, world: World) -> None:
    hot = world.deployment("hot")
    start, end = NOW - timedelta(minutes=10), NOW + timedelta(hours=2)
    metric = client.batch(
        [hot.account], "InputTokens", start, end, "ModelDeploymentName eq 'chat-prod'"
    ).json["values"][0]
    assert "2026-11-20T12:00:00Z" >= max(p["timeStamp"] for p in metric["value"][0]["timeseries"][0]["data"])


def test_a_deleted_deployment_stops_and_a_new_one_begins(world: World) -> None:
    gone, fresh = world.deployment("deleted"), world.deployment("created")
    assert gone.deleted_at is not None
    after = list(truth_of(world).usage(gone.deleted_at, NOW, "total", [gone]))
    before = list(truth_of(world).usage(world.start, fresh.created_at.replace(tzinfo=UTC), "total", [fresh]))
    assert ([], []) == ([u for u in after if u.requests], before)


def test_the_control_path_tells_the_same_truth(client: Client, world: World, settled: Stretch) -> None:
    hot = world.deployment("hot")
    said = client.send(
        "/_sim/truth",
        **{
            "from": settled[0].isoformat(),
            "to": settled[1].isoformat(),
            "by": "hour",
            "deployment": hot.name,
            "account": hot.account.name,
        },
    ).json
    assert [(u.prompt, u.throttled) for u in truth_of(world).usage(*settled, "hour", [hot])] == [
        (row["prompt"], row["throttled"]) for row in said
    ]


@pytest.mark.parametrize("interval", ["PT1H", "PT6H", "P1D"])
def test_coarse_grains_that_end_now_tell_the_sum_of_the_minutes_told_now(
    client: Client, both_families: Account, interval: str
) -> None:
    start = NOW.replace(hour=0, minute=0, second=0) - timedelta(days=2)
    for names, dims in (
        ("InputTokens", TOKENS),
        ("AzureOpenAIRequests", "ModelDeploymentName eq '*' and StatusCode eq '*' and ApiName eq '*'"),
    ):
        fine, coarse = (
            client.batch([both_families], names, start, NOW, dims, interval=grain).json["values"][0]["value"][
                0
            ]
            for grain in ("PT1M", interval)
        )
        told = [
            sums(metric, *sorted(m["name"]["value"] for m in metric["timeseries"][0]["metadatavalues"]))
            for metric in (fine, coarse)
        ]
        assert told[0] == told[1]
