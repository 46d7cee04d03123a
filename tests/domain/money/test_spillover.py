"""What spilled from provisioned units is a part of what its deployment cost, and never more than all of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.spillover import Spill, spillovers


@pytest.mark.parametrize(
    ("requests", "served", "cost", "sure"),
    [
        pytest.param(300, 1000, Decimal(30), "likely", id="by its requests"),
        pytest.param(1000, 1000, Decimal(100), "known", id="nothing else was served"),
        pytest.param(1000, 995, Decimal(100), "known", id="some were refused again"),
        pytest.param(1000, 0, Decimal(100), "known", id="no request was counted there"),
    ],
)
def test_spilled_requests_cost_their_part(requests: int, served: int, cost: Decimal, sure: str) -> None:
    (found,) = spillovers(
        [Spill("units", "overflow", requests)], {"overflow": served}, {"overflow": Decimal(100)}
    ).values()

    assert (cost, sure) == (found.cost, found.sure)


@pytest.mark.parametrize(
    ("to", "cost", "words"),
    [
        pytest.param(None, Decimal(100), "no one deployment is set", id="no deployment is set"),
        pytest.param("overflow", None, "no price", id="its tokens have no price"),
    ],
)
def test_what_facts_do_not_tell_has_no_cost(to: str | None, cost: Decimal | None, words: str) -> None:
    (found,) = spillovers([Spill("units", to, 5)], {"overflow": 10}, {"overflow": cost}).values()

    assert (None, "unknown") == (found.cost, found.sure)
    assert words in found.assumes


def test_units_that_spilled_nothing_have_no_spillover() -> None:
    assert {} == spillovers([Spill("units", "overflow", 0)], {"overflow": 10}, {"overflow": Decimal(1)})


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=4),
    st.integers(0, 10**6),
    st.decimals(0, 10**6, places=2),
)
def test_all_that_spilled_into_a_deployment_costs_at_most_what_it_cost(
    spilled: list[int], served: int, cost: Decimal
) -> None:
    spills = [Spill(f"units {at}", "overflow", requests) for at, requests in enumerate(spilled)]

    found = spillovers(spills, {"overflow": served}, {"overflow": cost})

    assert sum(one.cost or Decimal(0) for one in found.values()) <= cost + Decimal("1e-9")
