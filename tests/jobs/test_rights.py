"""With fewer rights or fewer open hosts, what can be read is read, and the rest is named: never a zero."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collector.jobs.collect import collect
from collector.sources import open_sources
from collector.store.reads.collection import watermarks
from tests.end_to_end.stage import LIMITS, Stage, a_stage, a_world, azure_settings, everything_stored

CLOSED = "http://127.0.0.1:9"
JOBS = ("inventory", "models", "quotas", "metrics", "prices", "bills")


def a_small_stage(folder: Path, name: str) -> Any:
    world = a_world(subscriptions=3, accounts=3, deployments=6, days=2)
    return a_stage(
        f"sqlite:///{folder / name}.db", world, replace(LIMITS, backfill_days=1, minute_backfill_days=1)
    )


def outcomes(stage: Stage, **endpoints: str) -> dict[str, str]:
    with open_sources(replace(azure_settings(stage.azure.url), **endpoints)) as sources:
        context = replace(stage.context, sources=sources)
        return {result.job: result.status for job in JOBS for result in collect(context, only=job)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Mapping[str, Any]]:
    """The usage that is stored where everything is open."""
    with a_small_stage(tmp_path_factory.mktemp("rights"), "whole") as stage:
        assert {"ok"} == set(outcomes(stage).values())
        return everything_stored(stage.engine)["usage_hour"]


def test_without_batch_rights_the_same_usage_is_read(whole: list[Mapping[str, Any]], tmp_path: Path) -> None:
    with a_small_stage(tmp_path, "store") as stage:
        for subscription in stage.world.subscriptions:
            stage.azure.routes.access.set(subscription, monitoring_reader=False)

        assert {"ok"} == set(outcomes(stage).values())
        assert whole == everything_stored(stage.engine)["usage_hour"]


def test_with_only_resource_manager_open_the_same_usage_is_read(
    whole: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    with a_small_stage(tmp_path, "store") as stage:
        found = outcomes(stage, metrics_endpoint=CLOSED, prices_endpoint=CLOSED)

        assert {"prices": "failed"} == {job: status for job, status in found.items() if status != "ok"}
        assert whole == everything_stored(stage.engine)["usage_hour"]


def test_without_cost_management_rights_only_the_bill_is_missing_and_its_role_named(
    whole: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    with a_small_stage(tmp_path, "store") as stage:
        for subscription in stage.world.subscriptions:
            stage.azure.routes.access.set(subscription, cost_reader=False)
        found = outcomes(stage)
        with stage.engine.connect() as connection:
            marks = watermarks(connection, "bills").values()

        assert {"bills": "failed"} == {job: status for job, status in found.items() if status != "ok"}
        assert all("Cost Management Reader" in (mark.remedy or "") for mark in marks)
        assert whole == everything_stored(stage.engine)["usage_hour"]


def test_one_subscription_of_three_unreadable_leaves_the_others_whole(
    whole: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    with a_small_stage(tmp_path, "store") as stage:
        refused = stage.world.subscriptions[1]
        stage.azure.routes.access.set(refused, reader=False)
        found = outcomes(stage)
        stored = everything_stored(stage.engine)
        unread = {one.id.lower() for one in stage.world.accounts if one.subscription.id == refused.id}
        with stage.engine.connect() as connection:
            marks = watermarks(connection, "inventory")

    read = {row["account_key"] for row in stored["account"]}
    assert "partial" == found["inventory"]
    assert "ok" == found["metrics"]
    assert [row for row in whole if row["account_key"] in read] == stored["usage_hour"]
    assert set() == unread & {row["arm_id"].lower() for row in stored["account"]}
    assert any(mark.status != "ok" and refused.id in scope for (_, scope), mark in marks.items())
