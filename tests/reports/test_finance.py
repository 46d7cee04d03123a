"""The finance report in each of its formats, read back by other people's programs."""

import csv
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.allocation import TeamCost
from collector.domain.money.invoices import Invoiced, together
from collector.domain.money.reconciliation import Cause, Reconciliation, Status
from collector.domain.money.reservations import ReservationUse
from collector.domain.periods import Month
from collector.domain.types import NeedsHuman
from collector.jobs.placing import write_file, write_partitions
from collector.reports.finance.closing_summary import reconciled_from, summary_object
from collector.reports.finance.csv_files import write_csv
from collector.reports.finance.figures import (
    BILL,
    ESTIMATE,
    CurrencyOutlook,
    FinanceReport,
    FinanceRow,
    ReconciledRow,
    lines_by,
)
from collector.reports.finance.focus import (
    SCHEMA,
    by_invoice,
    focus_records,
    write_focus_csv,
    write_focus_parquet,
)
from collector.reports.finance.html_page import finance_html
from collector.reports.finance.price_tables import days_late
from collector.reports.finance.table_types import neutral
from collector.reports.finance.tables import finance_tables
from collector.reports.finance.workbook import write_workbook
from tests.conftest import lacking

OCTOBER = Month(2026, 10)
MADE = datetime(2026, 11, 6, 5, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://evil","x")'


def a_row(**changes: Any) -> FinanceRow:
    row = FinanceRow(
        date(2026, 10, 1), "s-1", "Production", "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai",
        "oai", "chat", "gpt-5.4", "2026-03-05", "GlobalStandard", "eastus2", "payments", "input", "standard", "USD",
        Decimal(4_000_000), "1 token", Decimal("0.0000025"), Decimal(10), Decimal(1), Decimal(10), Decimal("8.8"), "estimated",
        "meter-id", "m-1", "5.4 inp Gl 1M Tokens", MADE, MADE, None,
    )  # fmt: skip
    return replace(row, **changes)


RESIDUAL = a_row(
    deployment="", model="", version="", sku="", location="", team=None, kind="ptu_hour", quantity=Decimal(40), unit="",
    unit_price=None, estimate=None, low=None, high=None, billed=Decimal(-3), basis="billed", step=None,
    why="Unallocated: Refund of units",
)  # fmt: skip
RESIDUAL_PAID = replace(RESIDUAL, billed=Decimal(0), actual=Decimal(100))
UNPRICED = a_row(
    deployment=HOSTILE, kind="image", quantity=Decimal(7), unit="1 image", unit_price=None, estimate=None, low=None, high=None,
    billed=Decimal(0), step=None, why="no meter prices it",
)  # fmt: skip


def a_report(*rows: FinanceRow) -> FinanceReport:
    told = rows or (
        a_row(),
        a_row(
            kind="output",
            quantity=Decimal(1_000_000),
            estimate=Decimal(15),
            low=Decimal(15),
            high=Decimal(15),
            billed=Decimal("13.2"),
            unit_price=Decimal("0.000015"),
        ),
        UNPRICED,
        RESIDUAL,
    )
    line = Reconciliation(
        UUID(int=1), "USD", "gpt-5.4 Global", Decimal(25), Decimal(22), Status.UNEXPLAINED, (Cause("negotiated rate", "billed at 88.0% of our prices", Decimal(3)),)
    )  # fmt: skip
    return FinanceReport(
        month=OCTOBER,
        state="closed",
        closed_at=MADE,
        as_of=MADE,
        made_at=MADE,
        basis=BILL,
        coverage=1.0,
        rows=told,
        reconciliations=(ReconciledRow("Production", "oai", line),),
        teams=(
            TeamCost("payments", "USD", Decimal(22), Decimal(5_000_000)),
            TeamCost(None, "USD", Decimal(-3), Decimal(0)),
        ),
        notes=("Days and months are UTC.",),
    )


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbook") / "month.xlsx"
    write_workbook(a_report(), path)
    return path


def cells(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell for cell in row) for row in sheet.iter_rows(values_only=True)]


def test_the_workbook_has_a_sheet_for_each_question(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)

    assert [
        "Summary", "By team", "By model", "By deployment", "By SKU and direction", "Reconciliation", "Unpriced", "Unallocated",
        "Price sources", "Notes",
    ] == book.sheetnames  # fmt: skip
    summary: Any = book["Summary"]
    assert 1 == len(summary._charts)  # openpyxl tells charts by this attribute alone


def test_the_workbooks_figures_are_the_reports(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)

    assert ("USD", 19, 25, 16, 25, 19, None) == cells(book["Summary"])[4][:7]
    assert ("payments", "USD", 22, 0, 5_000_000) == cells(book["By team"])[4]
    assert ("Unallocated", "USD", -3, 0, 0) == cells(book["By team"])[5]
    line = cells(book["Reconciliation"])[4]
    assert ("gpt-5.4 Global", 25, 22, 3, "Unexplained") == (line[2], line[4], line[5], line[6], line[8])
    assert "billed at 88.0% of our prices (+3.00 USD)" == line[9]


OUR_SUM = re.compile(r"=SUMIFS\((\$[A-Z]+\$\d+:?){1,2},(\$[A-Z]+\$\d+:?){1,2},[A-Z]+\d+\)")


def test_the_only_formulas_in_the_workbook_are_our_sums(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    formulas = [
        cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]

    assert formulas
    assert [] == [one for one in formulas if not OUR_SUM.fullmatch(str(one))]
    assert any(f"'{HOSTILE}" in row for row in cells(book["Unpriced"]))


def test_every_sheet_of_money_ends_with_its_sum(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook, data_only=True)

    assert ("Total", "USD", 19, 0) == cells(book["By team"])[7][:4]
    assert ("Total", None, "USD", 19, 25, 16, 25, 19) == cells(book["By model"])[-1]
    assert ("Total", 25, 22, 3) == tuple(cells(book["Reconciliation"])[-1][at] for at in (0, 4, 5, 6))


def test_a_month_headed_by_its_bill_has_no_estimate_before_it() -> None:
    before = CurrencyOutlook("USD", before=Decimal(10))

    billed, estimated = (replace(a_report(), basis=basis, outlook=(before,)) for basis in (BILL, ESTIMATE))

    assert {"USD": None} == billed.before
    assert {"USD": Decimal(10)} == estimated.before


@pytest.mark.parametrize(
    ("report", "paid"),
    [
        pytest.param(
            a_report(a_row(actual=Decimal(3)), RESIDUAL_PAID), {"USD": Decimal(103)}, id="a whole bill"
        ),
        pytest.param(a_report(a_row(), RESIDUAL_PAID), {}, id="a part is known amortised alone"),
        pytest.param(replace(a_report(a_row(actual=Decimal(3))), basis=ESTIMATE), {}, id="no whole bill"),
    ],
)
def test_what_is_to_be_paid_is_told_of_a_whole_bill(report: FinanceReport, paid: dict[str, Decimal]) -> None:
    assert paid == report.to_be_paid


def test_a_bill_with_a_hole_is_not_said_to_be_read_whole(tmp_path: Path) -> None:
    write_workbook(replace(a_report(), holed=("Production",)), tmp_path / "month.xlsx")

    summary = openpyxl.load_workbook(tmp_path / "month.xlsx")["Summary"]

    assert ("Bill read", "not of every day of Production") in [row[:2] for row in cells(summary)]


def test_the_csv_names_the_invoices_of_a_row(tmp_path: Path) -> None:
    parts = tuple(
        Invoiced(one, "", "Usage", Decimal(1), Decimal("4.4"), Decimal("4.4")) for one in ("P1", "G1", "")
    )

    write_csv(a_report(a_row(invoiced=parts), a_row()), tmp_path / "month.csv")

    with (tmp_path / "month.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert ["G1 P1", ""] == [row["invoices"] for row in rows]
    assert not [cell for row in rows for cell in row.values() if "Invoiced(" in cell]


@given(
    st.lists(
        st.builds(
            Invoiced,
            invoice=st.sampled_from(["", "G1", "P1"]),
            commitment=st.sampled_from(["", "reservation"]),
            charge_type=st.just("Usage"),
            quantity=st.decimals(0, 10**9, places=6),
            billed=st.decimals(-100, 10**5, places=9),
            actual=st.decimals(-100, 10**5, places=9),
        ),
        max_size=5,
    ).map(together)
)
def test_a_row_parted_by_invoice_is_the_row_once(parts: tuple[Invoiced, ...]) -> None:
    whole = a_row(
        billed=sum((one.billed for one in parts), Decimal(0)),
        actual=sum((one.actual or Decimal(0) for one in parts), Decimal(0)),
        invoiced=parts,
    )

    found = by_invoice(whole)

    for name in ("quantity", "estimate", "low", "high", "billed", "actual"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in found), name


def test_a_bound_of_zero_is_a_bound() -> None:
    (line,) = lines_by([a_row(low=Decimal(0))], (), ESTIMATE)

    assert (Decimal(0), Decimal(10)) == (line.low, line.high)


def test_what_has_no_price_has_an_empty_cost_and_never_a_zero() -> None:
    unpriced = a_row(model="sora", estimate=None, low=None, high=None, billed=None, unit_price=None)
    (table,) = [one for one in finance_tables(a_report(a_row(), unpriced)) if one.name == "By model"]

    (row,) = [row for row in table.rows if row[0] == "sora"]
    assert (None, None, None) == row[4:7]


def test_libreoffice_opens_the_workbook(workbook: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        lacking("no soffice on this machine: install libreoffice-calc")
    home = f"-env:UserInstallation=file://{tmp_path / 'home'}"
    command = [office, home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(workbook)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)

    assert (tmp_path / "month.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_texts_that_spreadsheets_would_run_are_made_harmless(text: str) -> None:
    assert f"'{text}" == neutral(text)
    assert "chat-prod" == neutral("chat-prod")


def test_the_csv_holds_every_row_whole(tmp_path: Path) -> None:
    write_csv(a_report(), tmp_path / "month.csv")

    with (tmp_path / "month.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 4 == len(rows)
    assert ("0.0000025", "10", "8.8", "8.8", "closed") == tuple(
        rows[0][name] for name in ("unit_price", "estimate", "billed", "cost", "state")
    )
    assert f"'{HOSTILE}" == rows[2]["deployment"]
    assert ("", "-3") == (rows[3]["estimate"], rows[3]["cost"])


def test_the_page_carries_its_styles_inline_and_no_words_as_markup() -> None:
    page = finance_html(
        a_report(a_row(account="<script>alert(1)</script>", deployment="", why="Unallocated: x"))
    )

    assert "<script" not in page
    assert "<style" not in page
    assert "&lt;script&gt;" in page
    assert "Azure OpenAI cost, October 2026" in page


def test_a_closing_keeps_reconciliations_as_they_stood() -> None:
    report = a_report()
    kept = summary_object(report)["reconciliations"]

    assert list(report.reconciliations) == [reconciled_from(one) for one in kept]


def test_sums_by_any_attribute_keep_currencies_apart() -> None:
    report = a_report(a_row(), a_row(currency="EUR"))

    assert [("EUR", Decimal("8.8")), ("USD", Decimal("8.8"))] == [
        (line.currency, line.basis_amount) for line in lines_by(report.rows, ("model",), BILL)
    ]


def test_every_table_has_as_many_cells_as_columns() -> None:
    for table in finance_tables(a_report()):
        assert all(len(table.columns) == len(row) for row in table.rows), table.name


def test_focus_rows_say_what_they_know() -> None:
    priced, _, unpriced, residual = focus_records(a_report())

    assert priced["ListUnitPrice"] * priced["PricingQuantity"] == priced["ListCost"] == Decimal(10)
    assert (Decimal("8.8"), Decimal("8.8")) == (priced["BilledCost"], priced["EffectiveCost"])
    assert ("input", Decimal(4_000_000)) == (priced["x_TokenDirection"], priced["x_ConsumedTokens"])
    assert (None, None, None) == (
        unpriced["SkuPriceId"],
        unpriced["PricingQuantity"],
        unpriced["PricingUnit"],
    )
    assert ("Credit", Decimal(-3)) == (residual["ChargeCategory"], residual["BilledCost"])


@pytest.mark.parametrize(
    ("basis", "actual", "expected"),
    [
        pytest.param(BILL, Decimal(0), (Decimal(0), Decimal("8.8"), "actual"), id="a reservation paid"),
        pytest.param(BILL, None, (Decimal("8.8"), Decimal("8.8"), "amortised"), id="actual not kept"),
        pytest.param(ESTIMATE, Decimal(3), (Decimal(10), Decimal(10), "estimated"), id="no whole bill"),
    ],
)
def test_focus_tells_what_is_paid_from_what_is_spread(
    basis: str, actual: Decimal | None, expected: tuple[Decimal, Decimal, str]
) -> None:
    (one,) = focus_records(replace(a_report(a_row(actual=actual)), basis=basis))

    assert expected == (one["BilledCost"], one["EffectiveCost"], one["x_BilledCostBasis"])


def test_focus_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    write_focus_csv([a_report()], tmp_path / "focus.csv")
    write_focus_parquet([a_report()], tmp_path / "focus")

    with (tmp_path / "focus.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.ParquetFile(tmp_path / "focus" / "BillingPeriod=2026-10" / "part-0.parquet").read()
    assert SCHEMA.names == list(rows[0]) == table.schema.names
    assert [Decimal(row["BilledCost"]) for row in rows] == table["BilledCost"].to_pylist()
    assert f"'{HOSTILE}" == rows[2]["ResourceName"]
    assert "2026-10-01T00:00:00Z" == rows[0]["ChargePeriodStart"]


def test_a_report_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "month.csv"
    out.write_text("before")

    def break_off(place: Path) -> None:
        place.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(NeedsHuman, match="No space left on device; expected a path that can be written"):
        write_file(str(out), break_off)
    assert "before" == out.read_text()
    assert [out] == list(tmp_path.iterdir())


def test_a_partition_replaces_itself_and_leaves_the_others(tmp_path: Path) -> None:
    out = tmp_path / "focus"
    september = replace(a_report(), month=Month(2026, 9))
    for reports in ([september, a_report()], [a_report(a_row())]):
        write_partitions(str(out), lambda place, reports=reports: write_focus_parquet(reports, place))

    assert ["BillingPeriod=2026-09", "BillingPeriod=2026-10"] == sorted(one.name for one in out.iterdir())
    assert 1 == pq.read_metadata(out / "BillingPeriod=2026-10" / "part-0.parquet").num_rows


@pytest.mark.parametrize(
    ("since", "seen", "late"),
    [
        pytest.param(datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 10, 20, 5, tzinfo=UTC), 8, id="late"),
        pytest.param(
            datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 10, 12, 9, tzinfo=UTC), None, id="at once"
        ),
        pytest.param(datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 9, 20, tzinfo=UTC), None, id="ahead"),
        pytest.param(datetime(2025, 4, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC), None, id="old"),
    ],
)
def test_a_price_that_came_after_its_days_says_how_late(
    since: datetime, seen: datetime, late: int | None
) -> None:
    assert late == days_late(a_row(price_effective_from=since, price_captured_at=seen))


def test_the_summary_says_whose_bill_is_missing_and_what_commitment_stood_unused(tmp_path: Path) -> None:
    use = ReservationUse(
        "ptu", "bill", "USD", Decimal(40), Decimal(100), Decimal(75), Decimal(90), Decimal(200)
    )
    report = replace(a_report(), unbilled=("=prod", "dev"), reservations=(use,))
    write_workbook(report, tmp_path / "month.xlsx")

    facts = {row[0]: row[1] for row in cells(openpyxl.load_workbook(tmp_path / "month.xlsx")["Summary"])}
    assert "not of =prod, dev: no billed amount holds them" == facts["Bill read"]
    assert "50.00 USD, beside the total" == facts["Unused commitment"]
