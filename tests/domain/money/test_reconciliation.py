"""Estimate beside bill: each status, and causes that sum to the difference."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.reconciliation import (
    AccountMonth,
    BilledPart,
    EstimatedPart,
    Reconciliation,
    Status,
    reconcile,
)
from collector.domain.money.reconciliation_meters import Family
from tests.domain.money.builders import ACCOUNT

GPT = Family(("gpt", "5.4"), "global")
READ = AccountMonth(coverage=1.0, bill_is_read=True)


def ours(cost: str | None, quantity: str = "1000000", kind: str = "input", **changes: Any) -> EstimatedPart:
    part = EstimatedPart(
        ACCOUNT, "USD", GPT, kind, "standard", Decimal(quantity), None if cost is None else Decimal(cost)
    )
    return replace(part, **changes)


def theirs(cost: str, quantity: str = "1000000", kind: str = "input", **changes: Any) -> BilledPart:
    part = BilledPart(
        ACCOUNT, "USD", GPT, str(GPT), kind, "standard", "short", Decimal(quantity), Decimal(cost)
    )
    return replace(part, **changes)


def judged(mine: list[EstimatedPart], bill: list[BilledPart], month: AccountMonth = READ) -> Reconciliation:
    (found,) = reconcile(mine, bill, {ACCOUNT: month})
    return found


@pytest.mark.parametrize(
    ("mine", "bill", "month", "status"),
    [
        pytest.param([ours("102")], [theirs("100")], READ, Status.RECONCILED, id="two percent"),
        pytest.param([ours("0.02")], [theirs("0.01")], READ, Status.RECONCILED, id="a cent"),
        pytest.param([ours("105")], [theirs("100")], READ, Status.TOLERATED, id="five percent"),
        pytest.param([ours("94")], [theirs("100")], READ, Status.UNEXPLAINED, id="six percent below"),
        pytest.param([ours("10")], [], READ, Status.UNEXPLAINED, id="counted and not billed"),
        pytest.param([ours(None)], [theirs("100")], READ, Status.UNPRICED, id="no price"),
        pytest.param([], [theirs("100")], READ, Status.UNPRICED, id="a meter that metrics count nothing for"),
        pytest.param(
            [ours("9")], [theirs("9")], replace(READ, settled=False), Status.NOT_CLOSED, id="bill still grows"
        ),
        pytest.param([ours("9")], [], replace(READ, bill_is_read=False), Status.NO_BILL, id="no role"),
        pytest.param(
            [ours("9")], [theirs("9")], replace(READ, coverage=0.98), Status.NOT_COVERED, id="a gap"
        ),
        pytest.param(
            [], [theirs("9")], replace(READ, is_known=False), Status.NOT_COVERED, id="an account never seen"
        ),
    ],
)
def test_statuses(
    mine: list[EstimatedPart], bill: list[BilledPart], month: AccountMonth, status: Status
) -> None:
    assert status is judged(mine, bill, month).status


def named(found: Reconciliation) -> dict[str, Decimal | None]:
    return {cause.name: cause.amount for cause in found.causes}


def test_a_discount_is_named_with_its_amount() -> None:
    found = judged([ours("100"), ours("50", kind="output")], [theirs("88"), theirs("44", kind="output")])

    assert {"negotiated rate": Decimal(18)} == named(found)
    assert "88.0%" in found.causes[0].words


def test_cached_tokens_that_nobody_knew_of_are_named() -> None:
    bill = [theirs("60", "600000"), theirs("4", "400000", "cached_input")]

    found = judged([ours("100")], bill)

    assert {"cached share": Decimal(36)} == named(found)
    assert "40.0% of input" in found.causes[0].words


def test_long_context_is_named() -> None:
    bill = [theirs("50", "500000"), theirs("100", "500000", context="long")]

    assert {"long context": Decimal(-50)} == named(judged([ours("100")], bill))


def test_quantities_that_differ_are_named() -> None:
    found = judged([ours("100", "1000000")], [theirs("125", "1250000")])

    assert {"quantity": Decimal(-25)} == named(found)


def test_a_prompt_that_does_not_hold_the_cached_tokens_names_the_setting() -> None:
    bill = [theirs("60", "600000"), theirs("40", "400000", "cached_input")]

    found = judged([ours("60", "600000")], bill)

    assert "AOAI_COSTS_PROMPT_INCLUDES_CACHED=false" in found.causes[0].words


def test_reserved_units_are_no_discount() -> None:
    bill = [theirs("50", "100", "ptu_hour", reserved=True)]

    assert {"reservation": Decimal(50)} == named(judged([ours("100", "100", "ptu_hour")], bill))


def test_a_missing_role_is_told_with_its_grant() -> None:
    month = AccountMonth(1.0, False, "no right; az role assignment create ...")

    (cause,) = judged([ours("1")], [], month).causes

    assert "no right; az role assignment create ..." == cause.words


def test_a_meter_without_deployment_type_is_of_the_only_family_that_fits() -> None:
    found = judged([ours("100")], [theirs("100", family=replace(GPT, scope=""))])

    assert (str(GPT), Status.RECONCILED) == (found.family, found.status)


def test_currencies_are_never_compared() -> None:
    found = reconcile([ours("100")], [theirs("90", currency="EUR")], {ACCOUNT: READ})

    assert {("USD", Decimal(100), Decimal(0)), ("EUR", None, Decimal(90))} == {
        (one.currency, one.estimate, one.bill) for one in found
    }


amounts = st.decimals("1", "1000000", places=4)


@given(
    st.tuples(amounts, amounts),
    st.tuples(amounts, amounts),
    st.tuples(amounts, amounts),
    st.tuples(amounts, amounts),
)
def test_causes_sum_to_the_difference_but_for_what_is_too_small_to_tell(
    mine: tuple[Decimal, Decimal],
    mine_out: tuple[Decimal, Decimal],
    bill: tuple[Decimal, Decimal],
    cached: tuple[Decimal, Decimal],
) -> None:
    found = judged(
        [ours(str(mine[0]), str(mine[1])), ours(str(mine_out[0]), str(mine_out[1]), "output")],
        [theirs(str(bill[0]), str(bill[1])), theirs(str(cached[0]), str(cached[1]), "cached_input")],
    )
    if found.status is Status.RECONCILED or found.difference is None or found.bill is None:
        return
    told = sum((cause.amount or Decimal(0) for cause in found.causes), Decimal(0))

    assert abs(told - found.difference) <= Decimal("0.03") * found.bill
