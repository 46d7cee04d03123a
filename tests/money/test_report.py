"""`report finance` writes what was asked for, whole or not at all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import openpyxl
import pyarrow.parquet as pq
import pytest

from collector.answers import basic as answers
from collector.domain.money.teams import parse_team_rules
from collector.domain.pricing import PriceBook
from collector.domain.types import NeedsHuman
from collector.jobs.charges import MoneyRules
from collector.jobs.report import ReportFormat, whole_report, write_report
from collector.store.reads.finance_report import finance_report
from tests.money.conftest import NOVEMBER, NOW, OCTOBER, Estate


@pytest.fixture
def book(estate: Estate) -> PriceBook:
    return answers.price_book(
        estate.engine, MoneyRules(snapshot=estate.rules.snapshot, notes=estate.rules.notes)
    )


def write(
    estate: Estate, book: PriceBook, format: ReportFormat, out: Path, months: Any = (OCTOBER, OCTOBER)
) -> None:
    write_report(estate.engine, estate.rules, book, months, format, str(out), NOW)


def test_the_workbook_of_a_pretend_month(estate: Estate, book: PriceBook, tmp_path: Path) -> None:
    write(estate, book, "xlsx", tmp_path / "october.xlsx")

    sheets = openpyxl.load_workbook(tmp_path / "october.xlsx").sheetnames
    assert {"Reconciliation", "Unit costs", "Provisioned units", "Savings", "Unallocated"} <= set(sheets)


def test_focus_holds_a_partition_a_month(estate: Estate, book: PriceBook, tmp_path: Path) -> None:
    write(estate, book, "focus-parquet", tmp_path / "focus", (OCTOBER, NOVEMBER))

    folders = sorted(one.name for one in (tmp_path / "focus").iterdir())
    assert ["BillingPeriod=2026-10", "BillingPeriod=2026-11"] == folders
    assert pq.read_metadata(tmp_path / "focus" / folders[0] / "part-0.parquet").num_rows > 80


def test_a_report_is_sent_wherever_fsspec_reaches(estate: Estate, book: PriceBook) -> None:
    """A month sent again replaces itself, what else lies there stays, and no half of a file is left behind."""
    memory = fsspec.filesystem("memory")
    place = "/finance/focus"
    with memory.open(f"{place}/BillingPeriod=2026-10/part-7.parquet", "wb") as file:
        file.write(b"of an older run")
    with memory.open(f"{place}/BillingPeriod=2026-09/part-0.parquet", "wb") as file:
        file.write(b"september")

    write_report(
        estate.engine,
        estate.rules,
        book,
        (OCTOBER, NOVEMBER),
        "focus-parquet",
        "memory:///finance/focus",
        NOW,
    )
    write_report(
        estate.engine, estate.rules, book, (OCTOBER, OCTOBER), "xlsx", "memory:///finance/october.xlsx", NOW
    )

    months = [f"{place}/BillingPeriod=2026-{month}/part-0.parquet" for month in ("09", "10", "11")]
    assert ["/finance/october.xlsx", *months] == sorted(
        memory.find("/finance"), key=lambda one: "focus" in one
    )
    with memory.open(months[1], "rb") as file:
        assert pq.read_table(file).num_rows > 80
    with memory.open("/finance/october.xlsx", "rb") as file:
        assert "Summary" in openpyxl.load_workbook(file).sheetnames


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("nowhere://finance/october.xlsx", "expected a path, or a URL that fsspec knows"),
        ("memory:///finance", "is a folder; expected a path that can be written"),
    ],
)
def test_a_place_behind_a_url_that_cannot_be_written_is_named(
    estate: Estate, book: PriceBook, out: str, why: str
) -> None:
    fsspec.filesystem("memory").makedirs("/finance", exist_ok=True)

    with pytest.raises(NeedsHuman, match=why):
        write_report(estate.engine, estate.rules, book, (OCTOBER, OCTOBER), "csv", out, NOW)


def test_savings_and_provisioned_units_stand_beside_prices(estate: Estate, book: PriceBook) -> None:
    report = whole_report(estate.engine, estate.rules, book, OCTOBER, NOW)

    assert {"batch", "by token", "reservation", "newer model", "cheaper SKU"} <= {
        one.kind for one in report.savings
    }
    assert all(0 < one.monthly <= one.cost and one.assumes and one.evidence for one in report.savings)
    assert any(one.by_token is not None and one.utilisation is not None for one in report.provisioned)


@pytest.mark.parametrize(
    ("months", "format", "said"),
    [
        (
            (OCTOBER.shifted(14), OCTOBER.shifted(14)),
            "csv",
            "--month 2027-12: expected a month that has begun",
        ),
        ((OCTOBER, NOVEMBER), "xlsx", "--format xlsx holds one month"),
        ((NOVEMBER, OCTOBER), "focus-csv", "expected a month not before --month"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    estate: Estate, book: PriceBook, tmp_path: Path, months: Any, format: ReportFormat, said: str
) -> None:
    with pytest.raises(NeedsHuman, match=said):
        write(estate, book, format, tmp_path / "out", months)
    assert [] == list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(estate: Estate, book: PriceBook, tmp_path: Path) -> None:
    with pytest.raises(NeedsHuman, match="expected a path that can be written"):
        write(estate, book, "csv", tmp_path / "no" / "such.csv")


def test_a_team_rule_that_fits_nothing_is_said(estate: Estate) -> None:
    rules = replace(estate.rules, teams=parse_team_rules([{"team": "ghosts", "deployment": "no-such-*"}]))
    with estate.engine.connect() as connection:
        notes = finance_report(connection, OCTOBER, NOW, rules).notes

    assert "[[teams]] number 1 (ghosts) fits nothing in this month." in notes
