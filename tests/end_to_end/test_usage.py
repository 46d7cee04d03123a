"""What is stored is what the world did: each hour, each minute, each model version, to the token."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from tests.end_to_end.stage import LIMITS, NOW, Stage, a_stage, a_world
from tests.end_to_end.truths import (
    counted_hours,
    counted_minutes,
    counted_versions,
    stored_hours,
    true_hours,
    true_minutes,
    true_versions,
)

SETTLED = Window(NOW.replace(hour=0, minute=0, second=0) - 3 * DAY, floor_hour(NOW))


@pytest.fixture(scope="module")
def whole_cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Every kind of deployment there is, collected an hour after its last minute was partial."""
    world = a_world(subscriptions=3, accounts=8, deployments=33, euro=True, disagreeing=True)
    folder = tmp_path_factory.mktemp("cast")
    with a_stage(f"sqlite:///{folder / 'store.db'}", world) as stage:
        stage.collect()
        stage.pass_time(minutes=61)
        stage.collect("metrics")
        yield stage


def test_every_hour_of_every_kind_of_deployment_is_the_worlds_own(whole_cast: Stage) -> None:
    true = true_hours(whole_cast.azure.truth, SETTLED)
    assert true == counted_hours(whole_cast.engine, SETTLED)
    assert len(true) > 2000


def test_every_minute_is_the_worlds_own(whole_cast: Stage) -> None:
    assert true_minutes(whole_cast.azure.truth, SETTLED) == counted_minutes(whole_cast.engine, SETTLED)


def test_a_version_change_in_an_hour_parts_its_tokens_by_version(whole_cast: Stage) -> None:
    true = true_versions(whole_cast.azure.truth, SETTLED)
    assert true == counted_versions(whole_cast.engine, SETTLED)
    assert {"2024-08-06", "2024-11-20"} == {version for _, version in true}


def test_both_families_are_taken_and_never_added(whole_cast: Stage) -> None:
    used = [row for row in stored_hours(whole_cast.engine, SETTLED) if row.requests]
    assert {"Models", "Azure OpenAI"} == {row.family for row in used}
    assert any(row.other_family_requests for row in used)


def test_audio_and_images_are_counted_where_they_are_published(whole_cast: Stage) -> None:
    stored = stored_hours(whole_cast.engine, SETTLED)
    world = whole_cast.world
    names = {
        "audio_prompt": "audio_prompt_tokens",
        "audio_completion": "audio_completion_tokens",
        "images": "images",
    }
    for role in ("audio", "image"):
        deployment = world.deployment(role)
        (true,) = whole_cast.azure.truth.usage(SETTLED.start, SETTLED.end, deployments=[deployment])
        mine = [row for row in stored if row.deployment == deployment.name.casefold()]
        counted = {name: sum(getattr(row, column) or 0 for row in mine) for name, column in names.items()}
        assert {name: getattr(true, name) for name in names} == counted
        assert sum(counted.values()) > 0


def test_provisioned_utilisation_is_the_busiest_minutes(whole_cast: Stage) -> None:
    world = whole_cast.world
    deployment = world.deployment("provisioned-spilling")
    true = {
        floor_hour(row.start): row.ptu_max
        for row in whole_cast.azure.truth.usage(SETTLED.start, SETTLED.end, "hour", [deployment])
    }
    stored = {
        row.hour: row.ptu_max
        for row in stored_hours(whole_cast.engine, SETTLED)
        if row.deployment == deployment.name.casefold()
    }
    assert true.keys() == stored.keys()
    assert {hour: pytest.approx(value, abs=0.51) for hour, value in true.items()} == stored


def test_each_hour_in_which_a_deployment_existed_has_a_row_even_when_idle(whole_cast: Stage) -> None:
    stored = {(row.deployment, row.hour) for row in stored_hours(whole_cast.engine, SETTLED)}
    for deployment in whole_cast.world.deployments:
        if deployment.account.deleted_at is not None:
            continue
        hour = SETTLED.start
        while hour < SETTLED.end:
            if deployment.exists(hour) and deployment.exists(hour + HOUR - timedelta(seconds=1)):
                assert (deployment.name.casefold(), hour) in stored
            hour += HOUR


def test_a_deployment_deleted_or_made_in_mid_window_is_counted_to_its_last_minute(whole_cast: Stage) -> None:
    world = whole_cast.world
    gone, made = world.deployment("deleted"), world.deployment("created")
    assert gone.deleted_at is not None
    for deployment, first, last in (
        (gone, SETTLED.start, floor_hour(gone.deleted_at)),
        (made, floor_hour(made.created_at), SETTLED.end - HOUR),
    ):
        hours = [
            row.hour for row in stored_hours(whole_cast.engine, SETTLED) if row.deployment == deployment.name
        ]
        assert (first, last) == (min(hours), max(hours))


def test_usage_is_the_worlds_own_on_both_engines(database_url: str) -> None:
    with a_stage(database_url) as stage:
        stage.collect()
        stage.pass_time(minutes=61)
        stage.collect("metrics")
        assert true_minutes(stage.azure.truth, SETTLED) == counted_minutes(stage.engine, SETTLED)
        assert true_versions(stage.azure.truth, SETTLED) == counted_versions(stage.engine, SETTLED)


def test_what_is_older_than_the_minutes_is_read_by_the_hour(sqlite_database: str) -> None:
    limits = replace(LIMITS, minute_backfill_days=1)
    with a_stage(sqlite_database, limits=limits) as stage:
        stage.collect("inventory")
        stage.collect("metrics")
        old = Window(SETTLED.start, midnight((NOW - DAY).date()))
        assert true_hours(stage.azure.truth, old) == counted_hours(stage.engine, old)
        assert {60} == {row.grain_minutes for row in stored_hours(stage.engine, old)}
        assert {} == counted_minutes(stage.engine, old)
