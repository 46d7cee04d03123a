"""Quotas, catalog, prices, bills, runs and watermarks: history where something changed, nothing where not."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine

from collector.domain.bills import Biller, BillLine
from collector.domain.endings.catalog_events import CatalogEvent
from collector.domain.periods import Window
from collector.domain.types import CostEntry, ModelCapacity, account_key
from collector.store import tables, writes
from collector.store.engine import retrying
from collector.store.reads import catalog, collection
from tests.store.worlds import (
    NOON,
    SUBSCRIPTION,
    a_bill_line,
    a_model,
    a_price,
    a_quota_line,
    everything,
    later,
    rows,
)

SCOPE = a_bill_line().scope
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


def read_quotas(engine: Engine, hour: int, *lines) -> int:
    return retrying(
        engine,
        lambda connection: writes.record_quotas(
            connection, SUBSCRIPTION.subscription_id, "eastus2", lines, at=later(hours=hour)
        ),
    )


def test_a_quota_line_gets_a_row_when_it_changed_and_else_only_when_it_was_last_read(engine: Engine) -> None:
    changed = [
        read_quotas(engine, hour, a_quota_line(limit, current))
        for hour, (limit, current) in enumerate([(1000, 100), (1000, 100), (1000, 150), (2000, 150)])
    ]

    assert [1, 0, 1, 1] == changed
    assert [
        (NOON, later(hours=1), 1000, 100),
        (later(hours=2), later(hours=2), 1000, 150),
        (later(hours=3), later(hours=3), 2000, 150),
    ] == rows(engine, tables.quota_reading, "read_at", "last_read_at", "limit", "current")


def test_the_unit_of_a_quota_comes_from_its_text(engine: Engine) -> None:
    read_quotas(engine, 0, a_quota_line())

    assert [("tokens_per_minute", Decimal(1000))] == rows(engine, tables.quota_reading, "unit", "per_unit")


def test_a_quota_line_that_is_no_longer_told_is_gone_until_it_is_told_again(engine: Engine) -> None:
    other = a_quota_line(name="OpenAI.Standard.gpt-4o")
    read_quotas(engine, 0, a_quota_line(), other)
    read_quotas(engine, 1, other)
    read_quotas(engine, 2, other)
    gone = [(NOON, later(hours=1)), (NOON, None)]
    assert gone == rows(engine, tables.quota_reading, "read_at", "gone_at")

    assert 1 == read_quotas(engine, 3, a_quota_line(), other)
    assert [(NOON, later(hours=1)), (NOON, None), (later(hours=3), None)] == sorted(
        rows(engine, tables.quota_reading, "read_at", "gone_at"), key=lambda row: (row[0], row[1] is None)
    )


def test_an_empty_list_of_quota_lines_is_unknown_and_leaves_them_as_they_were(engine: Engine) -> None:
    read_quotas(engine, 0, a_quota_line())

    assert 0 == read_quotas(engine, 1)

    assert [(NOON, None)] == rows(engine, tables.quota_reading, "read_at", "gone_at")


def read_catalog(engine: Engine, hour: int, *models, events=()) -> None:
    retrying(
        engine,
        lambda connection: writes.record_catalog(connection, "eastus2", models, events, at=later(hours=hour)),
    )


def test_the_catalog_reads_back_as_it_was_stated(engine: Engine) -> None:
    models = [
        a_model(costs=(CostEntry("input", "meter-1", "1K"),), tpm_per_unit=Decimal(1000), is_default=True),
        a_model(fine_tuned=True, kinds=frozenset({"a", "b"})),
    ]
    read_catalog(engine, 0, *models)

    with engine.connect() as connection:
        assert models == catalog.models_of(connection, "eastus2")
        assert [] == catalog.models_of(connection, "westeurope")


def test_a_model_that_is_no_longer_listed_is_gone_and_may_come_back(engine: Engine) -> None:
    read_catalog(engine, 0, a_model("1"), a_model("2"))
    read_catalog(engine, 1, a_model("2"))
    assert [("1", NOON, later(hours=1)), ("2", NOON, None)] == rows(
        engine, tables.catalog_model, "version", "first_seen_at", "gone_at"
    )

    read_catalog(engine, 2, a_model("1"), a_model("2"))
    assert [("1", NOON, None), ("2", NOON, None)] == rows(
        engine, tables.catalog_model, "version", "first_seen_at", "gone_at"
    )


def test_catalog_events_are_kept_with_what_stood_before(engine: Engine) -> None:
    event = CatalogEvent(
        "date_moved_earlier",
        "inference",
        "OpenAI",
        "gpt-4o",
        "1",
        "eastus2",
        None,
        False,
        "2027-03-01",
        "2027-01-01",
    )
    read_catalog(engine, 0, a_model("1"), events=[event])

    assert [("", NOON, "inference:date_moved_earlier", "2027-03-01", "2027-01-01")] == rows(
        engine, tables.catalog_event, "sku", "seen_at", "change", "before", "after"
    )


def test_capacities_hold_the_last_answer(engine: Engine) -> None:
    for hour, available in enumerate(["10", "12.5"]):
        answer = [ModelCapacity("eastus2", "OpenAI", "gpt-4o", "1", "GlobalStandard", Decimal(available))]
        retrying(
            engine,
            lambda connection, answer=answer, hour=hour: writes.record_capacities(
                connection, SUBSCRIPTION.subscription_id, answer, at=later(hours=hour)
            ),
        )

    assert [(Decimal("12.5"), later(hours=1))] == rows(engine, tables.model_capacity, "available", "read_at")


def capture(engine: Engine, hour: int, *prices) -> list[str]:
    changed = retrying(
        engine, lambda connection: writes.record_prices(connection, prices, at=later(hours=hour))
    )
    return [price.meter_id for price in changed]


def test_a_price_gets_a_row_when_it_or_its_meaning_changed(engine: Engine) -> None:
    assert ["meter-1"] == capture(engine, 0, a_price())
    assert [] == capture(engine, 1, a_price(unit_price=Decimal("0.00250")))
    assert ["meter-1"] == capture(engine, 2, a_price(unit_price=Decimal("0.002")))
    assert ["meter-1"] == capture(
        engine, 3, a_price(unit_price=Decimal("0.002"), meter_name="another meaning")
    )

    assert [
        (NOON, later(hours=1), Decimal("0.0025"), "gpt 4o 1120 Inp glbl Tokens"),
        (later(hours=2), later(hours=2), Decimal("0.002"), "gpt 4o 1120 Inp glbl Tokens"),
        (later(hours=3), later(hours=3), Decimal("0.002"), "another meaning"),
    ] == rows(engine, tables.price, "captured_at", "last_captured_at", "unit_price", "meter_name")


def test_a_price_that_the_feed_dropped_keeps_its_last_capture(engine: Engine) -> None:
    capture(engine, 0, a_price(), a_price(meter_id="meter-2"))
    capture(engine, 1, a_price())

    assert [("meter-1", later(hours=1)), ("meter-2", NOON)] == rows(
        engine, tables.price, "meter_id", "last_captured_at"
    )


def test_another_currency_is_another_price(engine: Engine) -> None:
    capture(engine, 0, a_price())

    assert ["meter-1"] == capture(engine, 1, a_price(currency="EUR"))


def read_bill(engine: Engine, hour: int, *lines: BillLine) -> None:
    retrying(
        engine,
        lambda connection: writes.record_bill(connection, SCOPE, FIRST, LAST, lines, at=later(hours=hour)),
    )


def test_a_bill_is_replaced_whole_within_its_window_and_scope(engine: Engine) -> None:
    old, other = (
        a_bill_line(day=date(2026, 9, 30)),
        a_bill_line(scope="/subscriptions/other", account_arm_id=None),
    )
    for scope, line in ((SCOPE, old), (other.scope, other)):
        retrying(
            engine,
            lambda connection, scope=scope, line=line: writes.record_bill(
                connection, scope, line.day, line.day, [line], at=NOON
            ),
        )
    read_bill(engine, 0, a_bill_line(), a_bill_line(meter_id="meter-2"))

    read_bill(engine, 1, a_bill_line(actual=Decimal("0.04")))

    assert {
        (SCOPE, date(2026, 9, 30), "meter-1", Decimal("0.03125")),
        (SCOPE, date(2026, 10, 3), "meter-1", Decimal("0.04")),
        (other.scope, date(2026, 10, 3), "meter-1", Decimal("0.03125")),
    } == set(rows(engine, tables.bill_day, "scope", "day", "meter_id", "actual"))


def test_a_line_whose_invoice_comes_later_is_the_same_line(engine: Engine) -> None:
    """Two invoices of one day and meter stay two, and neither read counts twice."""
    read_bill(engine, 0, a_bill_line(actual=Decimal(5)), a_bill_line(actual=Decimal(2), invoice="P1"))

    for _ in range(2):
        read_bill(
            engine,
            1,
            a_bill_line(actual=Decimal(5), invoice="G1"),
            a_bill_line(actual=Decimal(2), invoice="P1"),
        )

    assert {("G1", Decimal(5)), ("P1", Decimal(2))} == set(rows(engine, tables.bill_day, "invoice", "actual"))
    assert 2 == len(rows(engine, tables.bill_day, "invoice"))


def test_who_bills_an_invoice_is_forgotten_with_its_last_exported_line(engine: Engine) -> None:
    october = date(2026, 10, 1)
    billers = [
        Biller(october, one, "account", "Contoso", "Billing Profile", "Microsoft") for one in ("", "G1")
    ]

    def read(invoice: str, export: str | None, told: list[Biller]) -> list[str]:
        def store(connection: Connection) -> None:
            line = a_bill_line(invoice=invoice)
            writes.record_bill(connection, SCOPE, FIRST, LAST, [line], at=NOON, export=export)
            writes.record_billers(connection, SCOPE, told)

        retrying(engine, store)
        return sorted(one for (one,) in rows(engine, tables.biller, "invoice"))

    assert [""] == read("", "focus", billers[:1])
    assert ["G1"] == read("G1", "focus", billers[1:])
    assert ["G1"] == read("G1", "focus", billers[1:])
    assert [] == read("", None, [])  # from now on by query, which tells nobody


def test_an_unchanged_bill_is_not_written_again(engine: Engine) -> None:
    read_bill(engine, 0, a_bill_line())
    before = dict(everything(engine))

    read_bill(engine, 5, a_bill_line())

    assert before == dict(everything(engine))


def test_a_line_without_an_account_belongs_to_its_scope_and_split_lines_add_up(engine: Engine) -> None:
    read_bill(engine, 0, *[a_bill_line(account_arm_id=None, quantity=None)] * 3)

    assert [(account_key(SCOPE), None, None, Decimal("0.09375"), None)] == rows(
        engine, tables.bill_day, "account_key", "account_arm_id", "quantity", "actual", "amortised"
    )


def test_a_line_outside_the_window_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="expected lines of"):
        read_bill(engine, 0, a_bill_line(day=date(2026, 11, 1)))


def write(engine: Engine, work) -> None:
    retrying(engine, work)


def test_a_failed_scope_keeps_what_was_known_and_says_why(engine: Engine) -> None:
    write(engine, lambda c: writes.advance_watermarks(c, "metrics", {"a": NOON, "b": NOON}, at=NOON))
    write(
        engine, lambda c: writes.fail_watermark(c, "metrics", "a", "403", "grant Reader", at=later(hours=1))
    )

    with engine.connect() as connection:
        known = collection.watermarks(connection, "metrics")
    a, b = known[("metrics", "a")], known[("metrics", "b")]
    assert (NOON, "failed", "403", "grant Reader", later(hours=1), NOON) == (
        a.through,
        a.status,
        a.error,
        a.remedy,
        a.attempted_at,
        a.succeeded_at,
    )
    assert ("ok", None) == (b.status, b.error)

    write(engine, lambda c: writes.advance_watermarks(c, "metrics", {"a": later(hours=2)}, at=later(hours=2)))

    with engine.connect() as connection:
        assert "ok" == collection.watermarks(connection)[("metrics", "a")].status


def test_a_scope_that_never_worked_is_known_by_its_failure(engine: Engine) -> None:
    write(engine, lambda c: writes.fail_watermark(c, "bills", "s", "401", at=NOON))

    with engine.connect() as connection:
        known = collection.watermarks(connection)[("bills", "s")]
    assert (None, "failed", None) == (known.through, known.status, known.succeeded_at)


def test_a_run_says_how_it_ended_and_a_killed_one_is_closed_by_the_next(engine: Engine) -> None:
    write(engine, lambda c: writes.start_run(c, "1", "metrics", at=NOON, holder="host pid 1"))
    write(engine, lambda c: writes.start_run(c, "2", "metrics", at=later(hours=1), holder="host pid 2"))
    write(
        engine,
        lambda c: writes.finish_run(c, "2", at=later(hours=2), status="partial", calls=7, error="x: 403"),
    )
    write(engine, lambda c: writes.close_abandoned_runs(c, "metrics", at=later(hours=3)))

    with engine.connect() as connection:
        newest, killed = collection.runs(connection, NOON)
        assert {"metrics": newest} == collection.last_runs(connection)
    assert ("partial", 7, "x: 403") == (newest.status, newest.calls, newest.error)
    assert ("failed", later(hours=3)) == (killed.status, killed.finished_at)
    assert "killed" in (killed.error or "")


def test_a_gap_is_kept_once_and_closed_when_it_was_read_after_all(engine: Engine) -> None:
    window = Window(NOON, later(days=2))
    for day in range(2):
        write(
            engine,
            lambda c, day=day: writes.record_gap(c, "metrics", "a", window, "too old", at=later(days=day)),
        )

    with engine.connect() as connection:
        (gap,) = collection.gaps(connection)
    assert (window, NOON) == (gap.window, gap.seen_at)

    write(engine, lambda c: writes.close_gap(c, "metrics", "a", NOON))
    with engine.connect() as connection:
        assert () == collection.gaps(connection)
