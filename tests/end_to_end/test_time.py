"""Stops, late values, backfills and repeats: whatever the order of looking, the store ends as the world was."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from collector.jobs.context import RunResult
from collector.store.reads.collection import gaps, watermarks
from tests.end_to_end.stage import LIMITS, NOW, Stage, a_stage, everything_stored
from tests.end_to_end.truths import counted_hours, counted_minutes, true_hours, true_minutes

TODAY = midnight(NOW.date())
RECORDS = ("run", "watermark", "dirty_day")


def assert_true(stage: Stage) -> None:
    """Everything that has settled is the world's own, minute by minute."""
    window = Window(TODAY - 3 * DAY, floor_hour(stage.now - timedelta(minutes=46)))
    assert true_minutes(stage.azure.truth, window) == counted_minutes(stage.engine, window)


def statuses(results: list[RunResult]) -> set[str]:
    return {result.status for result in results}


@pytest.mark.parametrize("stop", [{"hours": 5}, {"days": 3}], ids=["five hours", "three days"])
def test_a_stop_of_the_collector_loses_nothing(sqlite_database: str, stop: dict[str, float]) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        stage.collect("metrics")
        stage.pass_time(**stop)
        stage.collect("metrics")
        assert_true(stage)
        with stage.engine.connect() as connection:
            assert () == gaps(connection)


def test_values_that_rise_late_are_right_after_the_next_cycles(sqlite_database: str) -> None:
    with a_stage(sqlite_database) as stage:
        stage.collect("inventory")
        stage.azure.set_clock(floor_hour(NOW) + HOUR)
        fresh = Window(stage.now - HOUR, stage.now)
        stage.collect("metrics")
        assert true_hours(stage.azure.truth, fresh) != counted_hours(stage.engine, fresh)
        for _ in range(5):
            stage.pass_time(minutes=12)
            stage.collect("metrics")
        assert true_hours(stage.azure.truth, fresh) == counted_hours(stage.engine, fresh)


def test_cycles_through_a_whole_night_end_as_the_world_was(database_url: str) -> None:
    with a_stage(database_url) as stage:
        stage.collect("inventory")
        for _ in range(8):
            stage.collect("metrics")
            stage.pass_time(hours=2, minutes=7)
        stage.collect("metrics", nightly=True)
        assert_true(stage)


def test_reading_the_same_again_changes_nothing(database_url: str) -> None:
    with a_stage(database_url) as stage:
        stage.collect()
        stage.derive()
        before = everything_stored(stage.engine, *RECORDS)
        assert {"ok"} == statuses(stage.collect())
        stage.derive()
        assert before == everything_stored(stage.engine, *RECORDS)
        assert {"ok"} == statuses(stage.collect("metrics", nightly=True))
        stage.derive()
        assert before == everything_stored(stage.engine, *RECORDS)


def test_working_everything_out_again_changes_nothing(database_url: str) -> None:
    with a_stage(database_url) as stage:
        stage.collect()
        stage.derive()
        stage.pass_time(hours=13)
        stage.collect()
        stage.derive()
        before = everything_stored(stage.engine, *RECORDS)
        stage.derive(everything=True)
        assert before == everything_stored(stage.engine, *RECORDS)


def test_one_collection_at_the_end_stores_what_many_on_the_way_stored(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stores = []
    for cycles in (1, 3):
        folder = tmp_path_factory.mktemp("cycles")
        with a_stage(f"sqlite:///{folder / 'store.db'}") as stage:
            stage.azure.set_clock(NOW - timedelta(hours=26))
            for _ in range(cycles):
                stage.pass_time(hours=26 / cycles)
                for job in ("inventory", "prices", "metrics"):
                    stage.collect(job)
                stage.derive()
            stage.pass_time(hours=1)
            stage.collect("metrics", nightly=True)
            stage.derive()
            stores.append(_since(stage, TODAY - DAY))
    once, often = stores
    for name in once:
        assert once[name] == often[name], name


def _since(stage: Stage, start: datetime) -> Mapping[str, Sequence[Mapping[str, object]]]:
    stored = everything_stored(stage.engine)
    hourly = {
        name: [row for row in stored[name] if row["hour"] >= start] for name in ("usage_hour", "quality_hour")
    }
    daily = {
        name: [row for row in stored[name] if row["day"] >= start.date()]
        for name in ("usage_day", "api_use_day")
    }
    # What a charge was known by (a price's capture, a state assumed or seen) may part rows; what they come to may not.
    charges: dict[object, Decimal] = {}
    for row in stored["charge_day"]:
        if row["day"] >= start.date():
            for name in ("quantity", "cost", "low", "high"):
                key = (row["deployment"], row["day"], row["kind"], row["tier"], row["unit_price"], name)
                charges[key] = charges.get(key, Decimal(0)) + (row[name] or 0)
    daily["charge_day"] = [
        {"charge": key, "comes_to": round(charges[key], 12)} for key in sorted(charges, key=str)
    ]
    return hourly | daily


class TestBackfill:
    def test_a_span_read_again_is_the_worlds_own_and_moves_no_watermark_back(
        self, sqlite_database: str
    ) -> None:
        with a_stage(sqlite_database) as stage:
            stage.collect("inventory")
            stage.collect("metrics")
            before = self._known(stage)
            stage.collect("metrics", span=Window(TODAY - 2 * DAY, TODAY - DAY))
            assert before == self._known(stage)
            assert_true(stage)

    def test_a_span_after_a_stop_leaves_the_stop_to_be_read(self, sqlite_database: str) -> None:
        with a_stage(sqlite_database) as stage:
            stage.azure.set_clock(NOW - 2 * DAY)
            stage.collect("inventory")
            stage.collect("metrics")
            stage.azure.set_clock(NOW)
            stage.collect("metrics", span=Window(TODAY, TODAY + DAY))
            stage.collect("metrics")
            assert_true(stage)

    def test_a_span_before_the_first_run_does_not_stand_for_it(self, sqlite_database: str) -> None:
        with a_stage(sqlite_database) as stage:
            stage.collect("inventory")
            stage.collect("metrics", span=Window(TODAY - 2 * DAY, TODAY - DAY))
            stage.collect("metrics")
            assert_true(stage)

    def test_a_span_that_touches_what_is_known_moves_the_watermark(self, sqlite_database: str) -> None:
        with a_stage(sqlite_database) as stage:
            stage.collect("inventory")
            stage.collect("metrics")
            stage.pass_time(hours=2)
            stage.collect("metrics", span=Window(TODAY, TODAY + DAY))
            assert {floor_minute_of(stage)} == set(self._known(stage).values())

    def test_minutes_are_fetched_for_days_known_by_the_hour(self, sqlite_database: str) -> None:
        with a_stage(sqlite_database, limits=replace(LIMITS, minute_backfill_days=1)) as stage:
            stage.collect("inventory")
            stage.collect("metrics")
            stage.collect("metrics", span=Window(TODAY - 3 * DAY, TODAY))
            assert_true(stage)

    @staticmethod
    def _known(stage: Stage) -> dict[str, object]:
        with stage.engine.connect() as connection:
            marks = watermarks(connection, "metrics")
        return {scope: mark.through for (_, scope), mark in marks.items()}


def floor_minute_of(stage: Stage) -> object:
    return stage.now.replace(second=0)


class TestClock:
    def test_a_clock_set_back_reads_the_trailing_hours_again(self, sqlite_database: str) -> None:
        with a_stage(sqlite_database) as stage:
            stage.collect("inventory")
            stage.collect("metrics")
            stage.pass_time(hours=-4)
            assert {"ok"} == statuses(stage.collect("metrics"))
            stage.pass_time(hours=6)
            stage.collect("metrics")
            assert_true(stage)

    def test_a_clock_that_ran_ahead_for_a_while_leaves_no_hole(self, sqlite_database: str) -> None:
        with a_stage(sqlite_database) as stage:
            stage.collect("inventory")
            stage.collect("metrics")
            wrong = replace(stage.context, clock=lambda: stage.now + timedelta(hours=20))
            replace(stage, context=wrong).collect("metrics")
            stage.pass_time(hours=9)
            stage.collect("metrics")
            assert_true(stage)
