"""Hours are replaced whole, their days are marked, and what a fresh reading lacks goes."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from collector.domain.periods import Window
from collector.domain.types import ApiUse, QualityHour
from collector.domain.usage.families import AZURE_OPENAI, MODELS, FamilyTotals
from collector.store import tables, writes
from collector.store.engine import retrying
from collector.store.reads import usage
from tests.store.worlds import (
    ACCOUNT,
    MINUTES,
    NOON,
    an_account,
    an_hour,
    everything,
    hours_of,
    later,
    record,
    rows,
)

DAY = Window(datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC))
OTHER = an_account("aoai-two")

requests = st.integers(min_value=0, max_value=2**40)
readings = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["chat", "embed"]), requests), max_size=12)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=readings, second=readings)
def test_the_last_reading_of_an_hour_holds_however_often_it_is_written(engine: Engine, first, second) -> None:
    with engine.begin() as connection:
        connection.execute(tables.usage_hour.delete())
    newest = {(name, later(hours=hour)): count for hour, name, count in [*first, *second]}

    for reading in (first, second, second):
        record(engine, [an_hour(later(hours=hour), name, requests=count) for hour, name, count in reading])

    stored = rows(engine, tables.usage_hour, "deployment", "hour", "requests")
    assert newest == {(name, hour): count for name, hour, count in stored}


def test_recording_again_changes_nothing_at_all(engine: Engine) -> None:
    record(engine, hours_of(30))
    before = dict(everything(engine))

    record(engine, hours_of(30))

    assert before == dict(everything(engine))


def test_hours_on_both_sides_of_a_month_and_a_year_find_their_place(engine: Engine) -> None:
    hours = [an_hour(datetime(2026, 12, 31, 20, tzinfo=UTC) + timedelta(hours=number)) for number in range(8)]
    hours.append(an_hour(datetime(2024, 2, 29, 23, tzinfo=UTC)))

    record(engine, hours)

    assert sorted(hour.hour for hour in hours) == [
        hour for (hour,) in rows(engine, tables.usage_hour, "hour")
    ]


def test_a_change_marks_its_day_and_working_it_out_clears_the_mark(engine: Engine) -> None:
    record(engine, hours_of(24))
    with engine.connect() as connection:
        marked = usage.dirty_days(connection)
    assert [date(2026, 10, 4), date(2026, 10, 3)] == [day.day for day in marked]

    retrying(engine, lambda connection: writes.clear_days(connection, marked))

    assert [] == rows(engine, tables.dirty_day)


def test_a_day_that_changed_while_it_was_worked_out_stays_marked(engine: Engine) -> None:
    record(engine, [an_hour()])
    with engine.connect() as connection:
        marked = usage.dirty_days(connection)
    record(engine, [an_hour(requests=999)])

    retrying(engine, lambda connection: writes.clear_days(connection, marked))

    assert [(date(2026, 10, 3),)] == rows(engine, tables.dirty_day, "day")


def test_a_price_marks_charges_alone_and_takes_no_usage_from_what_waits(engine: Engine) -> None:
    window = Window(later(days=-1), later(days=1))
    record(engine, [an_hour()])

    retrying(engine, lambda on: writes.mark_window(on, [ACCOUNT.key], window, charges_only=True))

    waiting = [(later(days=-1).date(), False), (NOON.date(), True), (later(days=1).date(), False)]
    assert waiting == rows(engine, tables.dirty_day, "day", "usage")

    record(engine, [an_hour(later(days=-1))])
    assert (later(days=-1).date(), True) in rows(engine, tables.dirty_day, "day", "usage")


def test_hours_of_a_window_and_of_an_account_are_what_was_stored(engine: Engine) -> None:
    record(engine, [*hours_of(3), *hours_of(2, account=OTHER, requests=7)])

    with engine.connect() as connection:
        found = list(usage.usage_hours(connection, Window(NOON, later(hours=2))))
        alone = list(usage.usage_hours(connection, Window(NOON, later(hours=9)), [OTHER.key]))

    assert Counter({(ACCOUNT.key, 120): 2, (OTHER.key, 7): 2}) == Counter(
        (one.account_key, one.requests) for one in found
    )
    assert {MINUTES} == {one.minutes for one in found}
    assert NOON == found[0].hour
    assert [7, 7] == [one.requests for one in alone]


def test_the_rest_of_a_day_tells_which_family_was_fuller(engine: Engine) -> None:
    record(engine, [an_hour(later(hours=hour), family=AZURE_OPENAI) for hour in range(4)])

    with engine.connect() as connection:
        rest = usage.day_families(connection, [ACCOUNT.key], Window(later(hours=1), later(hours=3)))

    assert {(ACCOUNT.key, "chat", date(2026, 10, 3)): (AZURE_OPENAI, FamilyTotals(2 * 119, 2 * 120))} == rest


def test_a_day_of_two_families_names_the_one_to_be_read_again(engine: Engine) -> None:
    record(engine, [an_hour(NOON, family=MODELS), an_hour(later(hours=1), family=AZURE_OPENAI, requests=5)])

    with engine.connect() as connection:
        rest = usage.day_families(connection, [ACCOUNT.key], Window(later(hours=2), later(hours=3)))

    (family, totals) = rest[(ACCOUNT.key, "chat", date(2026, 10, 3))]
    assert (AZURE_OPENAI, MODELS) == (family, totals.filled)


def test_hours_that_a_reading_no_longer_holds_can_be_taken_back(engine: Engine) -> None:
    record(engine, hours_of(3))
    gone = [(ACCOUNT.key, "chat", later(hours=1)), (ACCOUNT.key, "chat", later(hours=2))]
    retrying(engine, lambda connection: writes.drop_hours(connection, gone))

    assert [(NOON,)] == rows(engine, tables.usage_hour, "hour")


def an_api_use(version: str, day: date = NOON.date(), **said: int) -> ApiUse:
    return ApiUse(
        ACCOUNT.key, "chat", day, version, "ChatCompletions", "standard", "false", said.get("requests", 5)
    )


def test_a_day_of_api_versions_is_replaced_whole_for_the_accounts_that_were_read(engine: Engine) -> None:
    yesterday = an_api_use("2024-02-01", date(2026, 10, 2))
    read = lambda uses: retrying(  # noqa: E731 # a call, twice
        engine, lambda connection: writes.record_api_use(connection, uses, [ACCOUNT.key], DAY, at=NOON)
    )
    read([yesterday, an_api_use("2024-06-01"), an_api_use("2024-10-21")])

    read([an_api_use("2024-10-21", requests=9)])

    with engine.connect() as connection:
        stored = usage.api_uses(connection, date(2026, 10, 1), date(2026, 10, 9))
    assert [yesterday, an_api_use("2024-10-21", requests=9)] == sorted(stored, key=lambda use: use.day)


def test_quality_reads_back_with_its_unknowns(engine: Engine) -> None:
    hour = QualityHour(ACCOUNT.key, "chat", NOON, "true", first_token_ms_mean=123.5, availability_mean=None)
    write = lambda hours: retrying(  # noqa: E731 # a call, twice
        engine, lambda connection: writes.record_quality(connection, hours, [ACCOUNT.key], DAY, at=NOON)
    )
    write([hour, QualityHour(ACCOUNT.key, "embed", NOON, "")])

    write([hour])

    with engine.connect() as connection:
        assert (hour,) == usage.quality_hours(connection, DAY)


def test_hours_keep_how_many_of_their_minutes_were_read_whole(engine: Engine) -> None:
    record(engine, [an_hour(), an_hour(later(hours=1), minutes_covered=30), an_hour(later(days=9))])

    with engine.connect() as connection:
        assert [60, 30, 60] == [one for (one,) in rows(engine, tables.usage_hour, "minutes_covered")]
        assert (date(2026, 10, 3), date(2026, 10, 12)) == usage.known_days(connection)
