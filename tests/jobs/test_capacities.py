"""What could be deployed now is read for what is in use, and a failure is noted for its subscription alone."""

from sqlalchemy import select

from collector.simulator.faults import Fault
from collector.store import tables
from collector.store.reads.collection import watermarks
from collector.store.reads.seats import deployed_models
from tests.end_to_end.stage import Stage, a_stage, a_world


def available(stage: Stage) -> dict[tuple[str, str, str], int]:
    table = tables.model_capacity
    with stage.engine.connect() as connection:
        rows = connection.execute(select(table)).all()
    return {(row.model, row.location, row.sku): int(row.available) for row in rows}


def test_capacities_are_read_for_every_model_in_use_and_all_locations(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        results = stage.collect("models")

        found = available(stage)
        with stage.engine.connect() as connection:
            deployed = {model for _, _, model, _ in deployed_models(connection)}
    assert [True, True] == [result.ok for result in results]
    assert deployed == {model for model, _, _ in found}
    assert {"eastus2", "japaneast"} <= {location for _, location, _ in found}


def test_reading_them_again_changes_nothing(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        stage.collect("models")
        before = available(stage)
        stage.collect("models")

        assert before == available(stage)


def test_a_refusal_is_noted_for_its_subscription_and_the_models_stay_read(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        stage.azure.weather.set([Fault("(?i)modelcapacities", status=403, times=None)])
        results = {result.job: result.status for result in stage.collect("models")}
        with stage.engine.connect() as connection:
            marks = watermarks(connection, "capacities")
    assert {"models": "ok", "capacities": "failed"} == results
    assert ["failed"] == [mark.status for mark in marks.values()]


def test_a_world_without_deployments_asks_for_none(sqlite_database: str) -> None:
    with a_stage(sqlite_database, a_world(accounts=1, deployments=0)) as stage:
        stage.collect("inventory")
        stage.collect("models")

        assert {} == available(stage)
