"""What is old goes, in whole days and months, and never before it was worked out."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from collector.domain.periods import Month, Window, months
from collector.domain.types import QualityHour
from collector.store import partitions, tables, writes
from collector.store.engine import retrying
from collector.store.prune import KEPT, PruneResult, Retention, prune
from collector.store.reads import collection
from tests.store.worlds import ACCOUNT, an_hour, everything, record, rows

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
RETENTION = Retention(minute_days=10, hour_days=40, run_days=5)


def worked_out(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(tables.dirty_day.delete())


def at_ages(engine: Engine, *days: int) -> None:
    record(engine, [an_hour(NOW - timedelta(days=age)) for age in days])


def test_minutes_go_first_and_hours_later_in_whole_months(engine: Engine) -> None:
    at_ages(engine, 1, 9, 12, 30, 60, 90)
    worked_out(engine)

    result = prune(engine, RETENTION, NOW)

    hours = rows(engine, tables.usage_hour, "hour", "minutes")
    assert [(30, False), (12, False), (9, True), (1, True)] == [
        ((NOW - hour).days, minutes is not None) for hour, minutes in hours
    ]
    assert PruneResult(datetime(2026, 11, 12, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), 0) == result


def test_pruning_again_changes_nothing_and_the_next_day_goes_on(engine: Engine) -> None:
    at_ages(engine, 1, 9, 12, 90)
    worked_out(engine)
    prune(engine, RETENTION, NOW)
    before = dict(everything(engine))
    prune(engine, RETENTION, NOW)
    assert before == dict(everything(engine))

    prune(engine, RETENTION, NOW + timedelta(days=2))

    assert [False, False, True] == [
        minutes is not None for (minutes,) in rows(engine, tables.usage_hour, "minutes")
    ]


def test_what_was_pruned_is_known_so_that_nothing_rolls_it_up_again(engine: Engine) -> None:
    with engine.connect() as connection:
        assert collection.Pruned(None, None) == collection.pruned(connection)
    at_ages(engine, 90)
    worked_out(engine)

    prune(engine, RETENTION, NOW)

    with engine.connect() as connection:
        assert collection.Pruned(
            datetime(2026, 11, 12, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
        ) == collection.pruned(connection)


def test_days_that_wait_to_be_worked_out_hold_pruning_back(engine: Engine) -> None:
    at_ages(engine, 1, 12, 90)

    prune(engine, RETENTION, NOW)

    assert 3 == len([1 for (minutes,) in rows(engine, tables.usage_hour, "minutes") if minutes is not None])


def test_quality_api_use_runs_and_gaps_go_by_age(engine: Engine) -> None:
    old, new = NOW - timedelta(days=60), NOW - timedelta(days=1)

    def fill(connection) -> None:
        for instant in (old, new):
            window = Window(instant, instant + timedelta(hours=1))
            hours = [QualityHour(ACCOUNT.key, "chat", instant.replace(minute=0), "")]
            writes.record_quality(connection, hours, [ACCOUNT.key], window, at=NOW)
            writes.start_run(connection, str(instant), "metrics", at=instant, holder="h")
            writes.finish_run(connection, str(instant), at=instant, status="ok")
            writes.start_run(connection, f"running {instant}", "metrics", at=instant, holder="h")
            writes.record_gap(connection, "metrics", str(instant), window, "why", at=instant)

    retrying(engine, fill)

    assert 1 == prune(engine, RETENTION, NOW).runs

    assert [(new,)] == rows(engine, tables.quality_hour, "hour")
    assert [(new,)] == rows(engine, tables.gap, "starts_at")
    assert {str(new), f"running {new}", f"running {old}"} == {
        name for (name,) in rows(engine, tables.run, "run_id")
    }


def test_an_empty_store_is_pruned_without_a_word(engine: Engine) -> None:
    prune(engine, RETENTION, NOW)

    assert [] == rows(engine, tables.usage_hour)


def test_months_are_dropped_whole_on_postgresql(postgres: Engine) -> None:
    at_ages(postgres, 1, 90, 120)
    worked_out(postgres)

    prune(postgres, RETENTION, NOW)

    with postgres.connect() as connection:
        assert {Month(2026, 11)} == partitions.existing(connection, "usage_hour")


def test_months_are_made_once_though_two_ask_at_once(postgres: Engine) -> None:
    window = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    with postgres.begin() as connection:
        partitions.ensure_months(connection, months(window))
        partitions.ensure_months(connection, months(window))
    retrying(postgres, lambda connection: partitions.ensure_months(connection, months(window)))

    with postgres.connect() as connection:
        for table in ("usage_hour", "quality_hour"):
            assert {Month(2026, 1), Month(2026, 2)} == partitions.existing(connection, table)


def test_minutes_are_not_kept_longer_than_their_hours() -> None:
    with pytest.raises(ValueError, match="hours for at least as long"):
        Retention(minute_days=100, hour_days=50)


def test_only_tables_say_how_long_their_rows_are_kept() -> None:
    assert set() == set(KEPT) - set(tables.metadata.tables)
    assert "charge_day" not in KEPT
