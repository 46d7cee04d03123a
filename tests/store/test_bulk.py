"""Rows go in by one way on both engines: idempotent, whole, and in the order of their keys."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, select, text

from collector.domain.periods import Window
from collector.store import tables, writes
from collector.store.engine import money_sum, retrying
from collector.store.reads import usage
from collector.store.writes.bulk import delete_rows, upsert
from tests.store.worlds import NOON, a_bill_line, an_hour, hours_of, key_of, later, record, rows

AWKWARD = 'O\'Brien "x" \\ \t\n €½ 漢字 🙂 <script> =1+1 \x7f'


def put(engine: Engine, table: Table, given: Sequence[Sequence[Any]], **options: Any) -> int:
    return retrying(engine, lambda connection: upsert(connection, table, given, **options))


def test_what_is_stored_reads_back_as_it_was(engine: Engine) -> None:
    row = ("metrics", AWKWARD, None, "failed", AWKWARD, None, NOON, None)

    put(engine, tables.watermark, [row])

    assert [row] == rows(engine, tables.watermark)


def test_an_hour_keeps_every_kind_of_value(engine: Engine) -> None:
    hour = an_hour(
        realtime_seconds=Decimal("12.3400"),
        training_hours=Decimal("0.000000000001"),
        ptu_mean=12.34,
        audio_prompt_tokens=2**62,
        by_version=({"model": "gpt-4o", "tokens": 3},),
        minutes=bytes(range(256)),
    )

    record(engine, [hour])

    with engine.connect() as connection:
        assert [hour] == list(usage.usage_hours(connection, Window(NOON, later(hours=1))))


def test_of_two_rows_with_one_key_the_later_holds(engine: Engine) -> None:
    day = date(2026, 10, 3)

    put(engine, tables.dirty_day, [(key_of(), day, 1, True), (key_of(), day, 2, True)])

    assert [(key_of(), day, 2, True)] == rows(engine, tables.dirty_day)


def test_a_kept_column_stays_as_first_written(engine: Engine) -> None:
    before = ("s", "old name", None, None, None, {}, NOON, NOON)
    after = ("s", "new name", None, None, None, {}, later(hours=1), later(hours=1))

    put(engine, tables.subscription, [before])
    put(engine, tables.subscription, [after], keep=("first_seen_at",))

    assert [("new name", NOON, later(hours=1))] == rows(
        engine, tables.subscription, "name", "first_seen_at", "last_seen_at"
    )


def test_a_difference_only_in_when_it_was_read_writes_nothing(engine: Engine) -> None:
    put(engine, tables.gap, [("metrics", "s", NOON, later(hours=1), "why", NOON)])
    put(
        engine,
        tables.gap,
        [("metrics", "s", NOON, later(hours=1), "why", later(days=1))],
        unless_changed=("seen_at",),
    )

    assert [(NOON,)] == rows(engine, tables.gap, "seen_at")


def test_the_same_amount_in_other_digits_is_one_key(engine: Engine) -> None:
    price = lambda minimum, amount: (  # noqa: E731 # a row, twice
        "m", "eastus2", "USD", "Consumption", "", Decimal(minimum), NOON, NOON, None, NOON, Decimal(amount),
        "1K", "p", "n", "s", "v",
    )  # fmt: skip

    put(engine, tables.price, [price("0", "1.50")])
    put(engine, tables.price, [price("0.00", "1.5")])

    assert [(Decimal(0), Decimal("1.5"))] == rows(engine, tables.price, "tier_minimum_units", "unit_price")


def test_writing_the_same_rows_again_touches_no_row_on_postgresql(postgres: Engine) -> None:
    versions = text("select xmin::text, ctid::text from usage_hour order by hour")
    record(postgres, hours_of(5))
    with postgres.connect() as connection:
        before = connection.execute(versions).all()

    record(postgres, hours_of(5))

    with postgres.connect() as connection:
        assert before == connection.execute(versions).all()


def test_writing_the_same_rows_again_touches_no_row_on_sqlite(sqlite: Engine) -> None:
    record(sqlite, hours_of(5))
    given = [tuple(row) for row in rows(sqlite, tables.usage_hour)]
    with sqlite.begin() as connection:
        before = connection.exec_driver_sql("select total_changes()").scalar()
        upsert(connection, tables.usage_hour, given)

        assert before == connection.exec_driver_sql("select total_changes()").scalar()


def test_keys_of_json_in_another_order_are_no_change_on_sqlite(sqlite: Engine) -> None:
    row = lambda tags: ("s", "name", None, None, None, tags, NOON, NOON)  # noqa: E731 # a row, twice
    put(sqlite, tables.subscription, [row({"a": "1", "b": "2"})])
    with sqlite.begin() as connection:
        before = connection.exec_driver_sql("select total_changes()").scalar()
        upsert(connection, tables.subscription, [row({"b": "2", "a": "1"})])

        assert before == connection.exec_driver_sql("select total_changes()").scalar()


def test_deleting_takes_only_rows_that_equal_what_was_said(engine: Engine) -> None:
    day, next_day = date(2026, 10, 3), date(2026, 10, 4)
    put(engine, tables.dirty_day, [(key_of(), day, 1, True), (key_of(), next_day, 2, True)])

    wanted = [(key_of(), day, 1), (key_of(), next_day, 999)]
    retrying(
        engine,
        lambda connection: delete_rows(connection, tables.dirty_day, ("account_key", "day", "mark"), wanted),
    )

    assert [(key_of(), next_day, 2, True)] == rows(engine, tables.dirty_day)


def test_several_batches_in_one_transaction_are_all_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.store.writes.bulk._BATCH", 7)

    record(engine, hours_of(30))

    assert 30 == len(rows(engine, tables.usage_hour, "hour"))


def test_a_naive_instant_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="expected an aware instant"):
        record(engine, [an_hour(datetime(2026, 10, 3, 12))])  # noqa: DTZ001 # the mistake itself


def test_writers_in_opposite_orders_do_not_deadlock(postgres: Engine) -> None:
    """Both send the same rows, one backwards, many times; neither is ever thrown out."""
    forwards = hours_of(200)
    errors: list[BaseException] = []

    def write(hours: list[Any]) -> None:
        try:
            for round_ in range(6):
                with postgres.begin() as connection:
                    changed = [
                        an_hour(hour.hour, requests=round_ * 2 + (hours is forwards)) for hour in hours
                    ]
                    writes.record_usage_hours(connection, changed, at=NOON)
        except BaseException as error:  # noqa: BLE001 # shown by the assertion below
            errors.append(error)

    writers = [
        threading.Thread(target=write, args=(hours,)) for hours in (forwards, list(reversed(forwards)))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert [] == errors


exact = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=9)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(exact, max_size=20))
def test_sums_of_money_lose_no_digit(engine: Engine, amounts: list[Decimal]) -> None:
    lines = [
        a_bill_line(meter_id=f"meter-{number}", actual=amount, amortised=None)
        for number, amount in enumerate(amounts)
    ]
    scope, day = a_bill_line().scope, a_bill_line().day
    retrying(engine, lambda connection: writes.record_bill(connection, scope, day, day, lines, at=NOON))

    with engine.connect() as connection:
        total = connection.scalar(select(money_sum(tables.bill_day.c.actual)))

    assert (sum(amounts, Decimal(0)) if amounts else None) == total


def test_uuids_and_days_are_what_they_were(engine: Engine) -> None:
    row = (UUID(int=1), date(2026, 2, 28), 2**62, True)

    put(engine, tables.dirty_day, [row])

    assert [row] == rows(engine, tables.dirty_day)
    assert datetime(2026, 2, 28, tzinfo=UTC).date() == row[1]


def test_two_that_need_the_same_new_month_both_get_their_rows_in(engine: Engine) -> None:
    errors: list[BaseException] = []
    together = threading.Barrier(2)

    def write(name: str) -> None:
        try:
            together.wait(10)
            for month in range(1, 7):
                hour = datetime(2026, month, 1, tzinfo=UTC)
                record(engine, [an_hour(hour, name), an_hour(hour, "shared")])
        except BaseException as error:  # noqa: BLE001 # shown by the assertion below
            errors.append(error)

    writers = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert [] == errors
    assert 18 == len(rows(engine, tables.usage_hour, "hour"))
