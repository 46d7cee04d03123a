"""A models list that cannot be true is not taken, and what was known stays known."""

from sqlalchemy import func, select

from collector.simulator.faults import Fault
from collector.store import tables
from collector.store.reads.collection import watermarks
from tests.end_to_end.stage import a_stage


def test_an_empty_models_list_withdraws_no_model_and_is_a_failed_read(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        stage.collect("models")
        stage.pass_time(days=1)
        nothing = Fault("/locations/[^/]+/models", status=200, times=None, body='{"value": []}')
        stage.azure.weather.set([nothing])
        results = stage.collect("models")

        table, events = tables.catalog_model, tables.catalog_event
        with stage.engine.connect() as connection:
            gone = connection.scalar(select(func.count()).where(table.c.gone_at.is_not(None)))
            told = connection.scalar(select(func.count()).select_from(events))
            marks = watermarks(connection, "models")
    assert (0, 0) == (gone, told)
    assert {"failed"} == {mark.status for mark in marks.values()}
    assert any("came back empty" in failure for failure in results[0].failures)
