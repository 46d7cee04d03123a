"""The same month by query and by exports: the same bill, reconciliation, allocation and report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.domain.money.reconciliation import Status
from collector.domain.types import Misconfigured
from collector.jobs.closing import close_month, restate
from collector.jobs.collecting.money import collect_bills
from collector.jobs.context import Context, Limits, RunResult
from collector.reports.finance.bill_tables import invoices
from collector.reports.finance.figures import BILL, ESTIMATE, FinanceReport, ReconciledRow
from collector.reports.finance.focus import focus_records
from collector.simulator.exports import write_run
from collector.sources import AzureSettings, open_sources
from collector.store import tables
from collector.store.reads.finance_report import finance_report
from tests.money.conftest import NOVEMBER, NOW, OCTOBER, Estate
from tests.sources.exports import a_row, write_part

FIRST, LAST = OCTOBER.first_day, OCTOBER.days[-1]
TODAY = NOW.date()

CENT = Decimal("0.01")
IDLE = "00000000-0000-0000-0000-00000000001d"

Sums = Mapping[tuple[str, str, date, str], Decimal]


def export(
    estate: Estate, folder: Path, form: str = "csv", version: str = "1.2-preview", **kind: object
) -> None:
    """Two monthly runs of all subscriptions, as the billing account's export writes them."""
    for first, last in ((FIRST, LAST), (TODAY.replace(day=1), TODAY)):
        write_run(
            estate.azure.routes.bills,
            estate.world.subscriptions,
            folder,
            first,
            last,
            NOW,
            form=form,
            version=version,
            **kind,  # pyright: ignore[reportArgumentType]  # handed on
        )


def read_bills(estate: Estate, folder: Path | str) -> RunResult:
    url = estate.azure.url
    names = ("arm_endpoint", "metrics_endpoint", "logs_endpoint", "prices_endpoint")
    settings = AzureSettings(
        auth="none",
        backoff_seconds=0.001,
        longest_wait_seconds=0.01,
        bill_exports=str(folder),
        **dict.fromkeys(names, url),
    )
    with open_sources(settings) as sources:
        return collect_bills(Context(estate.engine, sources, lambda: NOW, Limits(backfill_days=53)))


def sums(estate: Estate, subscription: str) -> Sums:
    """Amortised cost by account, meter, day and type of charge, to a millionth: the query speaks in floating point."""
    bill = tables.bill_day
    asked = select(bill.c.account_key, bill.c.meter, bill.c.day, bill.c.charge_type, bill.c.amortised)
    with estate.engine.connect() as connection:
        rows = connection.execute(asked.where(bill.c.scope == f"/subscriptions/{subscription}")).all()
    found: dict[tuple[str, str, date, str], Decimal] = {}
    for account, meter, day, charge_type, amortised in rows:
        key = (str(account), meter, day, charge_type)
        found[key] = found.get(key, Decimal(0)) + (amortised or Decimal(0))
    return {key: cost.quantize(Decimal("0.000001")) for key, cost in found.items()}


def report(estate: Estate) -> FinanceReport:
    with estate.engine.connect() as connection:
        return finance_report(connection, OCTOBER, NOW, estate.rules)


def standing(report: FinanceReport) -> set[tuple[str, str, str, Decimal | None, Status]]:
    return {
        (
            row.subscription,
            row.account,
            row.line.family,
            None if row.line.bill is None else row.line.bill.quantize(Decimal("0.01")),
            row.line.status,
        )
        for row in report.reconciliations
    }


def allocation(report: FinanceReport) -> dict[tuple[str, str, str, str, str | None], Decimal]:
    found: dict[tuple[str, str, str, str, str | None], Decimal] = {}
    for row in report.rows:
        key = (
            row.subscription_id,
            row.account,
            row.deployment,
            row.kind,
            row.why if row.is_residual else None,
        )
        found[key] = found.get(key, Decimal(0)) + (row.billed or Decimal(0))
    return {key: cost.quantize(Decimal("0.01")) for key, cost in found.items()}


@pytest.mark.parametrize(
    ("form", "version"), [("csv", "1.0"), ("csv.gz", "1.2-preview"), ("parquet", "1.2-preview")]
)
def test_the_bill_is_the_same_by_export_and_by_query(
    own_estate: Estate, tmp_path: Path, form: str, version: str
) -> None:
    asked = own_estate.world.subscriptions[1:]
    by_query = {one.id: sums(own_estate, one.id) for one in asked}
    before = report(own_estate)

    export(own_estate, tmp_path, form, version, rows_a_part=700)
    result = read_bills(own_estate, tmp_path)

    assert ("ok", ()) == (result.status, result.failures)
    for one in asked:
        assert by_query[one.id] == sums(own_estate, one.id), one.name
    after = report(own_estate)
    unread = own_estate.world.subscriptions[0].name
    assert {one for one in standing(before) if one[0] != unread} == {
        one for one in standing(after) if one[0] != unread
    }
    ours = [key for key in allocation(after) if key[0] != own_estate.unread]
    assert {key: allocation(before)[key] for key in ours} == {key: allocation(after)[key] for key in ours}


def test_an_export_gives_a_bill_to_whom_the_role_was_refused(own_estate: Estate, tmp_path: Path) -> None:
    """With every subscription billed, the month is headed by its bill, and no notice asks for a grant."""
    assert {Status.NO_BILL} == {row.line.status for row in of_unread(own_estate)}

    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)

    assert Status.NO_BILL not in {row.line.status for row in of_unread(own_estate)}
    assert BILL == report(own_estate).basis
    assert not [one for one in report(own_estate).bill_notices if "role" in one]


def test_a_subscription_without_any_use_does_not_keep_a_month_from_its_bill(
    own_estate: Estate, tmp_path: Path
) -> None:
    export(own_estate, tmp_path)
    with own_estate.engine.begin() as connection:
        connection.execute(
            tables.subscription.insert().values(
                subscription_id=IDLE, name="idle", tags={}, first_seen_at=NOW, last_seen_at=NOW
            )
        )
    machine = a_row(TODAY, SubAccountId=f"/subscriptions/{IDLE}", ResourceId="/subscriptions/x/vm1")
    write_part(tmp_path / "machines.csv", [machine])

    read_bills(own_estate, tmp_path)

    assert BILL == report(own_estate).basis


def of_unread(estate: Estate) -> list[ReconciledRow]:
    name = estate.world.subscriptions[0].name
    return [row for row in report(estate).reconciliations if row.subscription == name]


def test_nothing_counts_twice_where_a_query_and_an_export_both_know_a_subscription(
    own_estate: Estate, tmp_path: Path
) -> None:
    """One subscription is exported, another not: each has one way in, and the report says which."""
    exported, other = own_estate.world.subscriptions[1:]
    before = {one.id: sums(own_estate, one.id) for one in (exported, other)}
    write_run(
        own_estate.azure.routes.bills,
        [exported],
        tmp_path,
        FIRST,
        LAST,
        NOW,
        scope=f"/subscriptions/{exported.id}",
    )

    read_bills(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)

    assert before == {one.id: sums(own_estate, one.id) for one in (exported, other)}
    said = [note for note in report(own_estate).notes if "export" in note]
    assert 1 == len(said)
    assert exported.name in said[0]


def test_a_bill_that_turns_to_exports_and_back_is_the_same_bill(own_estate: Estate, tmp_path: Path) -> None:
    """Lines of one way take the place of the other's on every day that is read again; older days stay as they came."""
    ones = [one.id for one in own_estate.world.subscriptions[1:]]
    by_query = {one: sums(own_estate, one) for one in ones}
    before = allocation(report(own_estate))
    (tmp_path / "empty").mkdir()
    export(own_estate, tmp_path / "exports")

    read_bills(own_estate, tmp_path / "exports")
    assert {"", "G202610", "P202610", "P202611"} >= invoices_of(own_estate) > {""}
    read_bills(own_estate, tmp_path / "empty")

    assert by_query == {one: sums(own_estate, one) for one in ones}
    ours = [key for key in before if key[0] != own_estate.unread]
    assert {key: before[key] for key in ours} == {
        key: cost for key, cost in allocation(report(own_estate)).items() if key[0] != own_estate.unread
    }
    read_again = TODAY - timedelta(days=Limits().bill_days)
    assert {""} == invoices_of(own_estate, read_again, ones)


def invoices_of(estate: Estate, since: date = FIRST, subscriptions: Iterable[str] = ()) -> set[str]:
    bill = tables.bill_day
    asked = select(bill.c.invoice).distinct().where(bill.c.day >= since)
    scopes = [f"/subscriptions/{one}" for one in subscriptions]
    with estate.engine.connect() as connection:
        return set(connection.scalars(asked.where(bill.c.scope.in_(scopes)) if scopes else asked))


def test_days_without_a_run_keep_what_was_known_of_them(own_estate: Estate, tmp_path: Path) -> None:
    exported = own_estate.world.subscriptions[1]
    before = sums(own_estate, exported.id)
    bills, own = own_estate.azure.routes.bills, f"/subscriptions/{exported.id}"
    write_run(bills, [exported], tmp_path, LAST - timedelta(days=5), LAST, NOW, scope=own)

    result = read_bills(own_estate, tmp_path)

    assert before == sums(own_estate, exported.id)
    assert not [one for one in result.failures if exported.id in one]


def test_a_half_written_run_fails_alone_and_the_bill_stands(own_estate: Estate, tmp_path: Path) -> None:
    before = {one.id: sums(own_estate, one.id) for one in own_estate.world.subscriptions[1:]}
    export(own_estate, tmp_path)
    later = NOW + timedelta(hours=1)
    half = write_run(
        own_estate.azure.routes.bills, own_estate.world.subscriptions, tmp_path, FIRST, LAST, later
    )
    (half / "part_0_0001.csv").unlink()

    result = read_bills(own_estate, tmp_path)

    assert "partial" == result.status
    assert 1 == len(result.failures)
    assert "part_0_0001.csv is in the manifest and not in the folder" in result.failures[0]
    assert before == {one.id: sums(own_estate, one.id) for one in own_estate.world.subscriptions[1:]}
    write_run(
        own_estate.azure.routes.bills,
        own_estate.world.subscriptions,
        tmp_path,
        FIRST,
        LAST,
        later + timedelta(hours=1),
    )
    assert "ok" == read_bills(own_estate, tmp_path).status


def test_what_reservations_covered_is_the_same_by_either_way(own_estate: Estate, tmp_path: Path) -> None:
    table = tables.reservation_day
    asked = select(table.c.name, table.c.day, table.c.charge_type, table.c.quantity).where(
        table.c.day >= FIRST, table.c.day <= LAST, table.c.charge_type != "Purchase"
    )
    with own_estate.engine.connect() as connection:
        by_query = {tuple(row) for row in connection.execute(asked)}

    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)

    with own_estate.engine.connect() as connection:
        assert by_query == {tuple(row) for row in connection.execute(asked)}
    assert len(OCTOBER.days) == len(by_query)


@pytest.mark.parametrize("said", ["nowhere://bucket/focus", "/no/such/folder"])
def test_a_folder_that_cannot_be_is_named_by_its_setting(own_estate: Estate, said: str) -> None:
    """A URL that nothing opens stops the start; a folder that is not there fails the bills and replaces none."""
    before = sums(own_estate, own_estate.world.subscriptions[1].id)
    try:
        result = read_bills(own_estate, said)
    except Misconfigured as error:
        told = [str(error)]
    else:
        assert "failed" == result.status
        told = [one.partition(": ")[2] for one in result.failures]

    assert told
    assert all(
        one.startswith(f"AOAI_BILLS_EXPORTS{'=' if said.startswith('/') else ': '}{said}") for one in told
    )
    assert before == sums(own_estate, own_estate.world.subscriptions[1].id)


def test_focus_sums_to_the_bill_as_it_is_paid_and_as_it_is_spread(own_estate: Estate, tmp_path: Path) -> None:
    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    before = list(focus_records(report(own_estate)))
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)
    closed = list(focus_records(report(own_estate)))

    bill = tables.bill_day
    asked = select(bill.c.currency, bill.c.actual, bill.c.amortised).where(bill.c.day.between(FIRST, LAST))
    with own_estate.engine.connect() as connection:
        lines = connection.execute(asked).all()
    for records in (before, closed):
        for currency in {line.currency for line in lines}:
            ours = [one for one in records if one["BillingCurrency"] == currency]
            theirs = [line for line in lines if line.currency == currency]
            for column, name in (("BilledCost", "actual"), ("EffectiveCost", "amortised")):
                told = sum((getattr(line, name) or Decimal(0) for line in theirs), Decimal(0))
                written = sum((one[column] for one in ours), Decimal(0))
                assert told.quantize(CENT) == written.quantize(CENT), name
    purchases = [one for one in before if one["ChargeCategory"] == "Purchase"]
    assert purchases
    assert all(one["BilledCost"] > 0 == one["EffectiveCost"] for one in purchases)
    covered = [one for one in before if one["BilledCost"] < one["EffectiveCost"]]
    assert {"Usage"} == {one["ChargeCategory"] for one in covered}
    assert {"actual"} == {one["x_BilledCostBasis"] for one in before}


def told(records: Iterable[Mapping[str, Any]]) -> set[tuple[object, ...]]:
    names = ("InvoiceId", "CommitmentDiscountName", "CommitmentDiscountStatus", "ChargeCategory")
    return {tuple(one[name] for name in names) for one in records}


def test_focus_tells_invoices_and_commitments_as_the_exports_do(own_estate: Estate, tmp_path: Path) -> None:
    """Before the bill came by exports it told neither, and the closed month keeps what it was closed with."""
    assert {None} == {one["InvoiceId"] for one in focus_records(report(own_estate))}
    assert {"Subscription"} == {one["BillingAccountType"] for one in focus_records(report(own_estate))}

    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    records = list(focus_records(report(own_estate)))
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)

    assert {
        ("G202610", None, None, "Usage"),
        ("G202610", "ptu-global", "Used", "Usage"),
        ("P202610", "ptu-global", None, "Purchase"),
    } == told(records) - {("G202610", "ptu-global", "Unused", "Usage")}
    assert {("Contoso", "Billing Account", "Microsoft")} == {
        (one["BillingAccountName"], one["BillingAccountType"], one["InvoiceIssuerName"]) for one in records
    }
    covered = [one for one in records if one["CommitmentDiscountStatus"] == "Used"]
    assert {("Reservation", "Usage", "Committed", Decimal(0))} == {
        (
            one["CommitmentDiscountType"],
            one["CommitmentDiscountCategory"],
            one["PricingCategory"],
            one["BilledCost"],
        )
        for one in covered
    }
    kept = [one | {"x_MonthState": "closing"} for one in focus_records(report(own_estate))]
    assert Counter(map(str, records)) == Counter(map(str, kept))


def test_invoices_of_the_report_are_those_of_the_exports(own_estate: Estate, tmp_path: Path) -> None:
    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    bill = tables.bill_day
    asked = select(bill.c.invoice, bill.c.actual).where(bill.c.day.between(FIRST, LAST))
    paid: dict[object, Decimal] = {}
    with own_estate.engine.connect() as connection:
        for invoice, actual in connection.execute(asked):
            paid[invoice] = paid.get(invoice, Decimal(0)) + (actual or Decimal(0))

    told = {row[0]: row[2] for row in invoices(report(own_estate)).rows}

    assert {"G202610", "P202610"} == paid.keys()
    assert {name: cost.quantize(CENT) for name, cost in paid.items()} == {
        name: Decimal(str(cost)).quantize(CENT) for name, cost in told.items() if name != "not told"
    }
    assert told.get("not told", Decimal(0)) == 0


def test_unit_costs_of_a_billed_month_hold_what_the_bill_alone_prices(
    own_estate: Estate, tmp_path: Path
) -> None:
    """No metric tells the images' tokens and no meter of ours their price; the bill does."""
    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    found = report(own_estate)

    (images,) = [one for one in found.unit_costs if one.key.startswith("gpt-image")]

    billed = sum(row.billed or Decimal(0) for row in found.rows if row.model == images.key)
    assert billed == images.cost
    assert any(not row.is_priced and row.billed for row in found.rows if row.model == images.key)


def test_the_bill_of_a_closed_month_stands_before_the_next(own_estate: Estate, tmp_path: Path) -> None:
    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)

    with own_estate.engine.connect() as connection:
        (november,) = finance_report(connection, NOVEMBER, NOW, own_estate.rules).outlook

    assert sum(row.billed or Decimal(0) for row in report(own_estate).rows) == november.before_billed


def test_an_invoice_written_after_the_closing_is_told_and_changes_no_amount(
    own_estate: Estate, tmp_path: Path
) -> None:
    early = datetime(2026, 11, 4, 5, tzinfo=UTC)
    write_run(own_estate.azure.routes.bills, own_estate.world.subscriptions, tmp_path, FIRST, LAST, early)
    read_bills(own_estate, tmp_path)
    assert {None, "P202610"} == {one["InvoiceId"] for one in focus_records(report(own_estate))}
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)
    before = list(focus_records(report(own_estate)))

    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    after = list(focus_records(report(own_estate)))

    assert {"G202610", "P202610"} == {one["InvoiceId"] for one in after} - {None}
    unnamed = [one | {"InvoiceId": None} for one in (*before, *after)]
    assert Counter(map(str, unnamed[: len(before)])) == Counter(map(str, unnamed[len(before) :]))


def test_a_reservation_returned_after_the_closing_is_restated_once_as_what_is_to_be_paid(
    own_estate: Estate, tmp_path: Path
) -> None:
    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)
    assert 0 == restate(own_estate.engine, NOW, own_estate.rules)
    bill = tables.bill_day
    with own_estate.engine.begin() as connection:
        (purchase,) = connection.execute(
            select(bill).where(bill.c.charge_type == "Purchase", bill.c.day.between(FIRST, LAST))
        ).all()
        returned = purchase._asdict() | {"charge_type": "Refund", "actual": Decimal(-500), "amortised": None}
        connection.execute(bill.insert().values(**returned))

    told = [restate(own_estate.engine, NOW + timedelta(days=day), own_estate.rules) for day in (1, 2)]

    assert [1, 0] == told
    (change,) = report(own_estate).restatements
    assert (Decimal(0), Decimal(0), Decimal(-500)) == (
        change.estimate_change,
        change.billed_change,
        change.actual_change,
    )


def test_a_month_of_which_a_partition_is_missing_stands_on_its_estimate(
    own_estate: Estate, tmp_path: Path
) -> None:
    """The subscription whose query is refused knows its bill by exports alone, and those hold ten days less."""
    for first, last in ((FIRST, LAST - timedelta(days=10)), (TODAY.replace(day=1), TODAY)):
        write_run(own_estate.azure.routes.bills, own_estate.world.subscriptions, tmp_path, first, last, NOW)
    read_bills(own_estate, tmp_path)

    holed = report(own_estate)

    assert (ESTIMATE, {}) == (holed.basis, holed.to_be_paid)
    assert (own_estate.world.subscriptions[0].name,) == holed.holed
    told = "holds nothing of 10 days of use from 2026-10-22 to 2026-10-31"
    assert [True] == [told in one for one in holed.bill_notices if "partition" in one]
    assert {(Status.NO_BILL, f"its bill {told}")} == {
        (row.line.status, row.line.causes[0].words) for row in of_unread(own_estate)
    }

    export(own_estate, tmp_path)
    read_bills(own_estate, tmp_path)

    assert (BILL, ()) == (report(own_estate).basis, report(own_estate).bill_notices)
