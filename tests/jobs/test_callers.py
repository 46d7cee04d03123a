"""Who calls with which api-version is known as far as the operator says, from the workspace that the operator names."""

from typing import Any

import pytest
from sqlalchemy import select

from collector.domain.endings.callers import CallerDetail, Callers
from collector.simulator.faults import Fault
from collector.store import tables
from collector.store.reads.callers import callers
from collector.store.reads.collection import watermarks
from tests.end_to_end.stage import Stage, a_stage

WORKSPACE = "00000000-0000-0000-0000-00000000000a"
OLD = "2024-02-15-preview"


def asking(stage: Stage, detail: CallerDetail) -> Stage:
    return stage.limited(workspaces=(WORKSPACE,), caller_detail=detail)


def hot(stage: Stage) -> Callers | None:
    deployment = stage.world.deployment("hot")
    with stage.engine.connect() as connection:
        found = callers(connection)
    return next(
        (who for (_, name, version), who in found.items() if (name, version) == (deployment.name, OLD)), None
    )


def stored(stage: Stage) -> list[Any]:
    with stage.engine.connect() as connection:
        return list(connection.execute(select(tables.api_caller)))


@pytest.mark.parametrize(("detail", "names"), [("count", 0), ("address", 2), ("identity", 2)])
def test_as_much_is_kept_as_may_be_known(sqlite_database: str, detail: CallerDetail, names: int) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        assert all(result.ok for result in asking(stage, detail).collect("models"))
        who, rows = hot(stage), stored(stage)

    assert who is not None
    assert (2, names) == (who.count, len(who.named))
    assert (detail == "count") == all(row.caller == "" for row in rows)
    assert all(name.endswith(".***") for name, _ in who.named if detail == "address")


def test_reading_again_replaces_and_adds_nothing(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        asking(stage, "address").collect("models")
        before = stored(stage)
        asking(stage, "address").collect("models")
        assert before == stored(stage)


def test_what_may_no_longer_be_known_is_gone_even_if_the_workspace_does_not_answer(
    sqlite_database: str,
) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        asking(stage, "identity").collect("models")
        stage.azure.weather.set([Fault("/workspaces/", status=403, times=None)])
        results = asking(stage, "count").collect("models")
        with stage.engine.connect() as connection:
            marks = watermarks(connection, "callers")
        assert [] == stored(stage)
    assert {"models": "ok", "capacities": "ok", "callers": "failed"} == {
        one.job: one.status for one in results
    }
    assert ["failed"] == [mark.status for mark in marks.values()]
    assert "Log Analytics Reader" in results[-1].failures[0]


def test_without_a_workspace_nobody_is_asked_and_nothing_is_kept(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        asking(stage, "address").collect("models")
        results = stage.collect("models")

        assert ["models", "capacities"] == [one.job for one in results]
        assert [] == stored(stage)
        assert 1 == stage.azure.counts["POST query"]
