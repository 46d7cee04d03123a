"""The bill of the running month beside the estimate of the same days, and what sets them apart."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from collector.domain.money.reconciliation import Cause, Reconciliation, Status
from collector.domain.periods import Month
from collector.domain.types import account_key
from collector.store.reads.scope import EVERYTHING, Filters
from dashboard.state import cost as cost_state
from dashboard.views.bill import Billed, bill_tile, why_apart
from tests.dashboard.seed import NOW, SUBSCRIPTIONS
from tests.dashboard.worlds import FOUNDRY

DAY = date(2026, 11, 26)


def billed(cost: str, estimate: str | None) -> Billed:
    return Billed({DAY: Decimal(cost)}, None if estimate is None else Decimal(estimate))


def line(*causes: tuple[str, str | None], currency: str = "USD") -> Reconciliation:
    """`estimate − bill` by cause, as a reconciliation splits it."""
    told = tuple(Cause(name, "", None if amount is None else Decimal(amount)) for name, amount in causes)
    return Reconciliation(UUID(int=1), currency, "gpt", Decimal(1), Decimal(1), Status.NOT_CLOSED, told)


@pytest.mark.parametrize(
    ("found", "chip", "note"),
    [
        pytest.param(billed("88", "100"), "12 % below the estimate", "through 26 Nov", id="below"),
        pytest.param(billed("103", "100"), "3 % above the estimate", "through 26 Nov", id="above"),
        pytest.param(billed("100.2", "100"), "as estimated", "through 26 Nov", id="alike"),
        pytest.param(billed("88", None), "through 26 Nov", "", id="no estimate"),
    ],
)  # fmt: skip
def test_the_tile_says_how_far_the_bill_lies_from_the_estimate(found: Billed, chip: str, note: str) -> None:
    tile = bill_tile(found, "USD")

    assert (chip, note) == (tile.change, tile.change_note)


def test_a_far_bill_names_what_it_is_due_to_largest_first() -> None:
    lines = [
        line(("period not closed", None), ("negotiated rate", "3000")),
        line(("reservation", "17600"), ("negotiated rate", "700"), ("tier", "12")),
        line(("unpriced", "-3400")),
        line(("reservation", "99999"), currency="EUR"),
    ]

    assert (
        "The bill is 12 % below the estimate of the same days: about −$17.6k units paid ahead (tell them in "
        "[[reservations]]); −$3.7k negotiated rates (tell them in [[rates]]); "
        "+$3.4k billed and not estimated."
    ) == why_apart(billed("88", "100"), "USD", lines)


def test_accounts_that_the_filters_leave_are_asked_of_the_store(world: Callable[[str], str]) -> None:
    month, filters = Month(2026, 11), Filters(subscriptions=(SUBSCRIPTIONS[1][0],))

    everywhere = cost_state._reconciled(world("demo"), month, NOW, EVERYTHING)
    here = cost_state._reconciled(world("demo"), month, NOW, filters)

    assert {account_key(FOUNDRY.arm_id)} == {one.account_key for one in here}
    assert set(here) < set(everywhere)


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        pytest.param(billed("96", "100"), [line(("reservation", "4"))], id="near"),
        pytest.param(billed("88", None), [line(("reservation", "4"))], id="no estimate"),
        pytest.param(billed("88", "100"), [line(("period not closed", None))], id="nothing known"),
    ],
)
def test_nothing_is_said_where_the_bill_is_near_or_nothing_is_known(
    found: Billed, lines: list[Reconciliation]
) -> None:
    assert why_apart(found, "USD", lines) is None
