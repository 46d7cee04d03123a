"""Api-versions in use: their share, since when, and whether callers move on."""

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Engine

from collector.domain.periods import Window, midnight
from collector.domain.types import ApiUse
from collector.store import writes
from collector.store.engine import retrying
from collector.store.reads.api_use import ApiWeek, api_use_rows, api_weeks
from tests.store.worlds import ACCOUNT

END = date(2026, 11, 23)
MONTH = Window(midnight(END - timedelta(days=30)), midnight(END))
OLD, NEW = "2024-02-01", "2024-10-21"


def use(days_ago: int, version: str, requests: int, operation: str = "ChatCompletions_Create") -> ApiUse:
    day = END - timedelta(days=days_ago)
    return ApiUse(ACCOUNT.key, "chat", day, version, operation, "standard", "", requests)


def heard(engine: Engine, *uses: ApiUse) -> None:
    span = Window(midnight(END - timedelta(days=90)), midnight(END))
    retrying(
        engine,
        lambda connection: writes.record_api_use(connection, uses, [ACCOUNT.key], span, at=midnight(END)),
    )


def test_a_migration_shows_in_the_shares_of_two_months(engine: Engine) -> None:
    heard(engine, use(58, OLD, 900), use(20, OLD, 100), use(20, NEW, 300), use(31, NEW, 100))
    with engine.connect() as connection:
        rows = {row.api_version: row for row in api_use_rows(connection, MONTH)}

    assert {
        OLD: (100, Decimal("0.25"), 900, Decimal("0.9"), None),
        NEW: (300, Decimal("0.75"), 100, Decimal("0.1"), END - timedelta(days=31)),
    } == {
        version: (row.requests, row.share, row.requests_before, row.share_before, row.first_seen)
        for version, row in rows.items()
    }


def test_what_is_no_longer_called_has_no_row_and_counts_in_the_month_before(engine: Engine) -> None:
    heard(engine, use(40, OLD, 500), use(40, NEW, 500), use(3, NEW, 10))
    with engine.connect() as connection:
        (row,) = api_use_rows(connection, MONTH)

    assert (NEW, Decimal(1), Decimal("0.5")) == (row.api_version, row.share, row.share_before)


def test_who_was_not_called_before_has_no_share_then(engine: Engine) -> None:
    heard(engine, use(3, NEW, 10))
    with engine.connect() as connection:
        (row,) = api_use_rows(connection, MONTH)

    assert (0, None, END - timedelta(days=3)) == (row.requests_before, row.share_before, row.first_seen)


def test_weeks_begin_on_mondays(engine: Engine) -> None:
    heard(engine, use(1, OLD, 5), use(7, OLD, 7), use(8, NEW, 1))
    with engine.connect() as connection:
        weeks = api_weeks(connection, END - timedelta(days=20))

    assert [
        ApiWeek(date(2026, 11, 9), NEW, 1),
        ApiWeek(date(2026, 11, 16), OLD, 12),
    ] == weeks
