"""The screen that finance closes a month with opens on every store, and its figures are the report's."""

import io

import openpyxl
import pytest

from dashboard import formats
from dashboard.state import finance as finance_state
from dashboard.words import finance as words
from tests.dashboard.conftest import Opened


@pytest.mark.parametrize("name", ["demo", "empty", "troubled", "hostile"])
def test_the_screen_opens_on_every_store(opened: Opened, name: str) -> None:
    app = opened("finance", name)

    assert [] == [error.message for error in app.exception]
    assert [] == [error.value for error in app.error]
    assert [words.TITLE] == [found.value for found in app.title]


def test_its_tiles_are_the_reports(opened: Opened) -> None:
    app = opened("finance", "demo")
    report = finance_state.report(str(app.selectbox(key="finance-month").value))
    estimate = sum(row.estimate or 0 for row in report.rows)

    assert formats.money(estimate, "USD") in [metric.value for metric in app.metric]  # pyright: ignore[reportArgumentType]  # a sum of decimals


def test_another_month_is_another_report(opened: Opened) -> None:
    app = opened("finance", "demo")
    months = app.selectbox(key="finance-month").options

    assert len(months) >= 2
    app.selectbox(key="finance-month").set_value(months[1]).run()
    assert [] == [error.message for error in app.exception]
    assert any(months[1] in caption.value for caption in app.caption)


def test_the_workbook_is_one(opened: Opened) -> None:
    month = opened("finance", "demo").selectbox(key="finance-month").value

    book = openpyxl.load_workbook(io.BytesIO(finance_state.workbook(str(month))))
    assert "Reconciliation" in book.sheetnames


def test_savings_stand_on_the_screen_as_in_the_workbook(opened: Opened) -> None:
    app = opened("finance", "demo")
    report = finance_state.report(str(app.selectbox(key="finance-month").value))

    (table,) = [one.value for one in app.dataframe if "At most a month" in one.value.columns]
    assert [one.deployment for one in report.savings] == list(table["Deployment"])
    assert len(table) > 0
