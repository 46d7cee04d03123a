"""When a month closes, and what changed since is dated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.closing import (
    Amounts,
    BillStanding,
    DeploymentCurrency,
    closable_months,
    closes_by_itself,
    restated,
    state_of,
    why_not_closable,
)
from collector.domain.periods import DAY, Month

OCTOBER = Month(2026, 10)
END = OCTOBER.window.end
DAY_SIX = datetime(2026, 11, 6, 5, tzinfo=UTC)
ACCOUNT = UUID(int=1)


def still(at: datetime, days: float) -> BillStanding:
    return BillStanding(at - timedelta(days=days), at)


@pytest.mark.parametrize(
    ("now", "reads", "closes"),
    [
        pytest.param(DAY_SIX, [still(DAY_SIX, 1.0)], True, id="two daily reads agree"),
        pytest.param(DAY_SIX, [still(DAY_SIX, 0.5)], False, id="changed in the last day"),
        pytest.param(DAY_SIX, [still(DAY_SIX, 2), still(DAY_SIX, 0.5)], False, id="one of two changed"),
        pytest.param(DAY_SIX - timedelta(days=1), [still(DAY_SIX, 3)], False, id="day five"),
        pytest.param(DAY_SIX, [still(END + timedelta(days=1), 1)], False, id="not read since it settled"),
        pytest.param(DAY_SIX, [BillStanding(None, None)], True, id="no bill was ever read"),
        pytest.param(DAY_SIX, [replace(still(DAY_SIX, 2), through=END)], True, id="known to its end"),
        pytest.param(
            DAY_SIX,
            [replace(still(DAY_SIX, 2), through=END - DAY)],
            False,
            id="the export stopped a day before",
        ),
        pytest.param(DAY_SIX, [BillStanding(None, DAY_SIX)], True, id="a bill without rows"),
    ],
)
def test_a_month_closes_by_itself_when_its_bill_stands_still(
    now: datetime, reads: list[BillStanding], closes: bool
) -> None:
    assert closes == closes_by_itself(OCTOBER, now, reads)


def test_states() -> None:
    before, after = END - timedelta(seconds=1), END

    assert ("open", "closing", "closed") == (
        state_of(OCTOBER, before, False),
        state_of(OCTOBER, after, False),
        state_of(OCTOBER, after, True),
    )


def test_only_a_month_that_is_over_can_be_closed() -> None:
    assert "2026-10 is not over: it can be closed from 2026-11-01 on (UTC)" == why_not_closable(
        OCTOBER, END - timedelta(days=1)
    )
    assert None is why_not_closable(OCTOBER, END)


def test_closable_months_are_those_over_and_not_closed() -> None:
    first = Month(2026, 8).first_day

    assert [Month(2026, 8), OCTOBER] == closable_months(first, END, [Month(2026, 9).first_day])


def test_a_change_of_a_cent_is_restated_and_less_is_not() -> None:
    key: DeploymentCurrency = (ACCOUNT, "chat", "USD")
    before: dict[DeploymentCurrency, Amounts] = {key: Amounts(Decimal("10.00"), Decimal(9))}

    assert [] == restated(OCTOBER, before, {key: Amounts(Decimal("10.004"), Decimal(9))}, END)
    (one,) = restated(OCTOBER, before, {key: Amounts(Decimal("10.01"), Decimal(9))}, END)
    assert (Decimal("0.01"), Decimal(0), END) == (one.estimate_change, one.billed_change, one.seen_at)


def test_a_bill_that_comes_late_and_a_deployment_that_goes_are_changes() -> None:
    old: DeploymentCurrency = (ACCOUNT, "old", "USD")
    new: DeploymentCurrency = (ACCOUNT, "new", "USD")

    found = restated(OCTOBER, {old: Amounts(Decimal(5))}, {new: Amounts(None, Decimal(3))}, END)

    assert {"old": Decimal(-5), "new": Decimal(0)} == {one.deployment: one.estimate_change for one in found}
    assert {"old": Decimal(0), "new": Decimal(3)} == {one.deployment: one.billed_change for one in found}


def test_a_refund_that_the_amortised_bill_does_not_show_is_restated_as_paid() -> None:
    """A reservation returned after the closing: its use keeps its cost, the invoice asks for less."""
    key: DeploymentCurrency = (ACCOUNT, "", "USD")

    (one,) = restated(
        OCTOBER,
        {key: Amounts(None, Decimal(0), Decimal(900))},
        {key: Amounts(None, Decimal(0), Decimal(400))},
        END,
    )

    assert (Decimal(0), Decimal(0), Decimal(-500)) == (
        one.estimate_change,
        one.billed_change,
        one.actual_change,
    )


def test_a_month_closed_with_the_amortised_bill_alone_has_no_actual_cost_to_restate() -> None:
    key: DeploymentCurrency = (ACCOUNT, "chat", "USD")
    closed: dict[DeploymentCurrency, Amounts] = {key: Amounts(Decimal(9), Decimal(8))}
    now: dict[DeploymentCurrency, Amounts] = {key: Amounts(Decimal(9), Decimal(8), Decimal(7))}

    assert [] == restated(OCTOBER, closed, now, END)


def test_a_bill_that_was_not_read_at_the_closing_is_restated_on_both() -> None:
    key: DeploymentCurrency = (ACCOUNT, "chat", "USD")
    now: dict[DeploymentCurrency, Amounts] = {key: Amounts(Decimal(9), Decimal(8), Decimal(7))}

    (one,) = restated(OCTOBER, {key: Amounts(Decimal(9))}, now, END)

    assert (Decimal(8), Decimal(7)) == (one.billed_change, one.actual_change)


some = st.decimals(Decimal(-50), Decimal(50), places=3)
# What is to be paid is known only where a bill was read.
sides = st.tuples(st.none() | some, st.none(), st.none()) | st.tuples(
    st.none() | some, some, st.none() | some
)
amounts = sides.map(lambda one: Amounts(*one))
months = st.dictionaries(st.tuples(st.just(ACCOUNT), st.sampled_from("abc"), st.just("USD")), amounts)


@given(months, months)
def test_what_was_restated_once_is_not_restated_again(
    before: dict[DeploymentCurrency, Amounts], after: dict[DeploymentCurrency, Amounts]
) -> None:
    found = restated(OCTOBER, before, after, END)

    told = before | {
        (one.account_key, one.deployment, one.currency): Amounts(
            one.estimate_after, one.billed_after, one.actual_after
        )
        for one in found
    }
    assert [] == restated(OCTOBER, told, after, END)
