"""Inventory, models and quota lines, as ARM tells them on a day."""

from datetime import timedelta
from typing import Any

import pytest

from collector.simulator.server import Simulator
from collector.simulator.world import World
from tests.simulator.client import NOW, Client, zulu


def _models(client: Client, world: World, location: str = "eastus2") -> dict[tuple[str, str, str], Any]:
    path = f"/subscriptions/{world.subscriptions[0].id}/providers/Microsoft.CognitiveServices/locations/{location}/models"
    return {(m["kind"], m["model"]["name"], m["model"]["version"]): m["model"] for m in client.pages(path)}


def _usages(client: Client, world: World, which: int, location: str, **headers: str) -> list[Any]:
    sub = world.subscriptions[which].id
    path = f"/subscriptions/{sub}/providers/Microsoft.CognitiveServices/locations/{location}/usages"
    return client.send(path, headers=headers).json["value"] if headers else client.pages(path)


def test_subscriptions_come_in_pages_of_two(client: Client, world: World) -> None:
    assert 2 == len(client.send("/subscriptions").json["value"])
    assert [s.id for s in world.subscriptions] == [
        row["subscriptionId"] for row in client.pages("/subscriptions")
    ]


def test_accounts_of_every_kind_are_listed_some_without_tags(client: Client, world: World) -> None:
    rows = [
        row
        for s in world.subscriptions
        for row in client.pages(f"/subscriptions/{s.id}/providers/Microsoft.CognitiveServices/accounts")
    ]
    assert {"OpenAI", "AIServices", "SpeechServices"} == {row["kind"] for row in rows}
    assert any("tags" not in row for row in rows)
    assert any(row["location"].isupper() for row in rows)


def test_an_account_is_listed_until_it_is_deleted_and_then_for_two_days_as_deleted(
    azure: Simulator, client: Client, world: World
) -> None:
    gone = next(a for a in world.accounts if a.deleted_at is not None)
    listed = f"/subscriptions/{gone.subscription.id}/providers/Microsoft.CognitiveServices/accounts"
    deleted = f"/subscriptions/{gone.subscription.id}/providers/Microsoft.CognitiveServices/deletedAccounts"
    told = []
    for hours in (-31, 0, 20):
        azure.set_clock(NOW + timedelta(hours=hours))
        told.append(
            tuple(gone.name in [row["name"] for row in client.pages(path)] for path in (listed, deleted))
        )
    assert [(True, False), (False, True), (False, False)] == told


def test_a_deployment_is_listed_while_it_exists_with_the_capacity_of_the_day(
    azure: Simulator, client: Client, world: World
) -> None:
    resized, deleted, created = (world.deployment(role) for role in ("resized", "deleted", "created"))
    seen = []
    for days in (35, 0):
        azure.set_clock(NOW - timedelta(days=days))
        rows = {
            d.role: {r["name"]: r for r in client.pages(f"{d.account.id}/deployments")}
            for d in (resized, deleted, created)
        }
        seen.append(
            (
                rows["resized"][resized.name]["sku"]["capacity"],
                deleted.name in rows["deleted"],
                created.name in rows["created"],
            )
        )
    assert [(120, True, False), (360, False, True)] == seen


def test_a_revision_says_when_it_was_made(client: Client, world: World) -> None:
    resized = world.deployment("resized")
    row = next(r for r in client.pages(f"{resized.account.id}/deployments") if r["name"] == resized.name)
    assert zulu(resized.revisions[1].from_at)[:-1] == row["systemData"]["lastModifiedAt"][:19]


def test_each_openai_model_is_listed_once_per_kind(client: Client, world: World) -> None:
    keys = _models(client, world)
    openai = {key[1:] for key in keys if key[0] == "OpenAI"}
    assert openai
    assert openai <= {key[1:] for key in keys if key[0] == "AIServices"}


def test_fine_tuned_twins_have_usage_names_and_dates_of_their_own(client: Client, world: World) -> None:
    skus = _models(client, world)["OpenAI", "gpt-4.1", "2025-04-14"]["skus"]
    ends = {s["usageName"]: s["deprecationDate"][:10] for s in skus if s["name"] == "GlobalStandard"}
    assert {
        "OpenAI.GlobalStandard.gpt4.1": "2027-04-14",
        "OpenAI.GlobalStandard.gpt4.1-finetune": "2028-04-13",
    } == ends


def test_dates_in_the_models_list_move_between_days(azure: Simulator, client: Client, world: World) -> None:
    told = []
    for days in (160, 11, 2):
        azure.set_clock(NOW - timedelta(days=days))
        models = _models(client, world)
        told.append(
            (
                models["OpenAI", "gpt-4.1", "2025-04-14"]["lifecycleStatus"],
                models["OpenAI", "gpt-5-nano", "2025-08-07"]["deprecation"]["inference"][:10],
            )
        )
    assert [("GenerallyAvailable", "2027-02-06"), ("Legacy", "2027-02-09"), ("Legacy", "2027-01-12")] == told


def test_meter_ids_are_named_for_older_models_and_empty_for_newer(client: Client, world: World) -> None:
    models = _models(client, world)
    named = {
        name: {
            cost["meterId"] != ""
            for s in models["OpenAI", name, version]["skus"]
            if s["name"] == "GlobalStandard"
            for cost in s["costs"]
        }
        for name, version in (("gpt-4o-mini", "2024-07-18"), ("gpt-5", "2025-08-07"))
    }
    assert True in named["gpt-4o-mini"]
    assert {False} == named["gpt-5"]


def test_every_usage_name_of_a_models_sku_has_a_quota_line(client: Client, world: World) -> None:
    lines = {row["name"]["value"] for row in _usages(client, world, 0, "eastus2")}
    skus = {
        s["usageName"] for key, m in _models(client, world).items() if key[0] == "OpenAI" for s in m["skus"]
    }
    assert set() == skus - lines


def test_quota_lines_hold_what_deployments_hold(client: Client, world: World) -> None:
    hot = world.deployment("hot")
    line = next(
        row
        for row in _usages(
            client, world, world.subscriptions.index(hot.account.subscription), hot.account.location
        )
        if row["name"]["value"] == hot.sku_fact(hot.revisions[0]).usage_name
    )
    held = sum(
        d.revision_at(NOW).capacity
        for d in world.deployments
        if d.exists(NOW)
        and (d.account.subscription, d.account.location) == (hot.account.subscription, hot.account.location)
        and d.sku_fact(d.revision_at(NOW)).usage_name == hot.sku_fact(hot.revisions[0]).usage_name
    )
    assert held == line["currentValue"]


def test_some_lines_are_over_their_limit_and_some_limits_grew(
    azure: Simulator, client: Client, world: World
) -> None:
    over, grown = 0, 0
    for which, subscription in enumerate(world.subscriptions):
        for location in {a.location for a in world.accounts if a.subscription == subscription}:
            azure.set_clock(NOW - timedelta(days=20))
            before = {r["name"]["value"]: r["limit"] for r in _usages(client, world, which, location)}
            azure.set_clock(NOW)
            for row in _usages(client, world, which, location):
                over += row["currentValue"] > row["limit"]
                grown += row["limit"] > before[row["name"]["value"]]
    assert over
    assert grown


def test_an_empty_list_of_usages_is_an_answer(client: Client, world: World) -> None:
    assert [] == _usages(client, world, len(world.subscriptions) - 1, "francecentral")


def test_texts_follow_the_language_that_was_asked(client: Client, world: World) -> None:
    english = _usages(client, world, 0, "eastus2")[6]
    german = _usages(client, world, 0, "eastus2", **{"Accept-Language": "de-DE"})[6]
    assert "Tokens Per Minute (thousands) - GPT-35-Turbo" == english["name"]["localizedValue"]
    assert "Token pro Minute (in Tausend) - GPT-35-Turbo" == german["name"]["localizedValue"]


def test_a_line_may_name_no_unit(client: Client, world: World) -> None:
    lines = _usages(client, world, 0, "westeurope")
    assert any(row["name"]["value"] == row["name"]["localizedValue"] for row in lines)


def test_a_fine_tuned_deployments_name_says_nothing_of_its_base(client: Client, world: World) -> None:
    tuned = world.deployment("fine-tuned")
    listed = {m["name"]: m for m in client.pages(f"{tuned.account.id}/models")}
    name = tuned.revisions[0].model
    assert "4.1" not in name
    assert "gpt-4.1-mini" == listed[name]["baseModel"]["name"]


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("usages_reader", "locations/eastus2/usages"),
        ("reader", "accounts"),
        ("reader", "locations/eastus2/models"),
    ],
)
def test_a_missing_role_is_a_403_on_that_subscription_alone(
    client: Client, world: World, role: str, path: str
) -> None:
    first, second = world.subscriptions[:2]
    client.send("/_sim/access", {"subscription": first.id, role: False})
    paths = [f"/subscriptions/{s.id}/providers/Microsoft.CognitiveServices/{path}" for s in (first, second)]
    assert [403, 200] == [client.send(p).status for p in paths]


def test_what_it_does_not_know_it_refuses_with_the_path(client: Client, world: World) -> None:
    said = client.send(
        f"/subscriptions/{world.subscriptions[0].id}/providers/Microsoft.ResourceHealth/events"
    )
    assert 501 == said.status
    assert "Microsoft.ResourceHealth/events" in said.json["error"]["message"]


def test_hostile_worlds_have_hostile_tags_and_legal_names() -> None:
    world = World(seed=1, accounts=6, deployments=8, days=3, now=NOW, hostile=True)
    assert any(value.startswith("=") for a in world.accounts for value in a.tags.values())
    assert all(a.name.replace("-", "").isalnum() for a in world.accounts)


def test_a_world_of_a_thousand_deployments_is_no_burden() -> None:
    world = World(seed=1, subscriptions=5, accounts=250, deployments=1000, now=NOW)
    assert 1000 == len({d.id for d in world.deployments})


def test_accounts_of_one_company_hold_deployments_of_equal_names(world: World) -> None:
    names = [d.name for d in world.deployments]
    assert len(set(names)) < len(names) == len({d.id for d in world.deployments})


def test_a_replacement_is_named_as_recorded_and_withdrawn_again(client: Client, world: World) -> None:
    named = _models(client, world)["OpenAI", "gpt-4o", "2024-11-20"]["replacementConfig"]
    assert {
        "targetModelName": "gpt-5.1",
        "targetModelVersion": "2025-11-13",
        "autoUpgradeStartDate": "2026-09-17T00:00:00.000Z",
        "upgradeOnExpiryLeadTimeDays": 7,
    } == named
    # Recorded on 3 June and 10 July 2026, and gone on 22 August.
    mini = ("OpenAI", "gpt-4o-mini", "2024-07-18")
    assert "replacementConfig" not in _models(client, world)[mini]
    client.send("/_sim/clock", {"now": "2026-07-20T00:00:00Z"})
    assert "gpt-4.1-mini" == _models(client, world)[mini]["replacementConfig"]["targetModelName"]
