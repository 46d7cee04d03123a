"""`cost --basis bill`: closed months as billed, the rest as estimated, never a part of a month."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.answers import basic as answers
from collector.domain.periods import Window
from collector.domain.types import Misconfigured
from collector.jobs.closing import close_month
from collector.store.engine import retrying
from collector.store.reads.billed import billed_rows, totals_of
from collector.store.reads.cost import cost_totals
from collector.store.reads.scope import Filters
from collector.store.tables import month_close
from tests.money.conftest import NOVEMBER, NOW, OCTOBER, Estate


@pytest.fixture
def closed(own_estate: Estate) -> Estate:
    """October closed by the bill, as if every subscription's had been read."""
    estate = own_estate
    close_month(estate.engine, OCTOBER, NOW, estate.rules)
    summary = {"basis": "bill", "coverage": 1.0, "totals": [], "reconciliations": []}
    retrying(
        estate.engine,
        lambda connection: connection.execute(month_close.update().values(summary=summary)),
    )
    return estate


def test_a_closed_month_is_the_bill_and_its_residuals(closed: Estate) -> None:
    with closed.engine.connect() as connection:
        rows = billed_rows(connection, OCTOBER.window)

    assert {"billed"} == {row.basis for row in rows}
    assert any(not row.deployment for row in rows)
    assert [sum((row.cost for row in rows), Decimal(0))] == [one.cost for one in totals_of(rows)]


def test_filters_narrow_it(closed: Estate) -> None:
    subscription = closed.world.subscriptions[1].id
    with closed.engine.connect() as connection:
        rows = billed_rows(connection, OCTOBER.window, Filters(subscriptions=(subscription,)))

    assert {subscription} == {row.subscription_id for row in rows}


def test_the_open_month_is_estimated(closed: Estate) -> None:
    with closed.engine.connect() as connection:
        found = answers.cost(connection, Window(NOVEMBER.window.start, NOW), now=NOW, basis="bill")
        estimated = cost_totals(connection, Window(NOVEMBER.window.start, NOW))

    assert not [row for row in found["rows"] if row["basis"] == "billed"]
    assert [str(one.cost) for one in estimated] == [one["cost"] for one in found["totals"]]


def test_a_part_of_a_month_is_refused(closed: Estate) -> None:
    part = Window(datetime(2026, 10, 5, tzinfo=UTC), OCTOBER.window.end)
    with (
        closed.engine.connect() as connection,
        pytest.raises(Misconfigured, match="expected whole months, since a bill is allocated by the month"),
    ):
        billed_rows(connection, part)
