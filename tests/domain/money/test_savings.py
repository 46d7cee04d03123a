"""Savings: each from sums that its reader can redo, and none where a price is missing or the other way is dearer."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from collector.domain.money.saving_types import Saving, Worth, worth
from collector.domain.money.savings import Spent, savings
from collector.domain.money.unit_savings import Held

HOURS = Decimal(720)


def spent(**changes: Any) -> Spent:
    one = Spent(
        "a/chat", "gpt-5.4", "GlobalStandard", "USD", "input", "standard", Decimal(1000), Decimal(100)
    )
    return replace(one, **changes)


def held(**changes: Any) -> Held:
    """Ten units over a whole month at 2 USD an hour, half used at most."""
    one = Held(
        deployment="a/units",
        model="gpt-5.4",
        sku="GlobalProvisionedManaged",
        currency="USD",
        kind="ptu_hour",
        quantity=10 * HOURS,
        cost=Decimal(14_400),
        list_cost=Decimal(14_400),
        hours=HOURS,
        month_hours=HOURS,
        is_used=True,
        by_token_sku="GlobalStandard",
    )
    return replace(one, **changes)


def test_what_may_wait_is_cheaper_in_batch() -> None:
    (found,) = savings([spent(as_batch=Decimal(50)), spent(kind="output", as_batch=Decimal(50))])

    assert ("batch", Decimal(100), Decimal(200)) == (found.kind, found.monthly, found.cost)
    assert "24 hours" in found.assumes


@pytest.mark.parametrize(
    ("tenth", "sure", "said"),
    [
        pytest.param(0.85, "likely", "85% of the tokens, as jobs do", id="jobs"),
        pytest.param(0.35, "possible", "35% of the tokens, which does not look like jobs", id="people"),
        pytest.param(None, "possible", "have a batch price", id="minutes unknown"),
    ],
)
def test_load_that_comes_in_runs_likely_can_wait(tenth: float | None, sure: str, said: str) -> None:
    (found,) = savings([spent(as_batch=Decimal(50), busiest_tenth=tenth)])

    assert sure == found.sure
    assert said in found.evidence


def test_a_dearer_alternative_is_no_saving() -> None:
    dearer = spent(
        as_batch=Decimal(120),
        as_cheaper_sku=Decimal(101),
        cheaper_sku="DataZoneStandard",
        as_replacement=Decimal(100),
        replacement="gpt-6",
    )

    assert [] == savings([dearer])


def test_a_named_replacement_that_costs_less_is_a_saving() -> None:
    (found,) = savings([spent(as_replacement=Decimal(60), replacement="gpt-6 2026-08-01")])

    assert ("newer model", Decimal(40), "possible") == (found.kind, found.monthly, found.sure)
    assert "Azure names gpt-6 2026-08-01 as the replacement of gpt-5.4" in found.evidence


def test_what_nobody_used_may_go() -> None:
    (units,) = savings([], [held(is_used=False)])
    (hosting,) = savings([], [held(kind="hosting_hour", is_used=False, cost=Decimal(1224))])

    assert ("idle", Decimal(14_400), "likely") == (units.kind, units.monthly, units.sure)
    assert (Decimal(1224), "hosting of a fine-tuned model, no request in the month") == (
        hosting.monthly,
        hosting.evidence,
    )


def test_units_that_the_busiest_minute_left_unused_may_go() -> None:
    (found,) = savings([], [held(mean=0.1, busiest=0.55)])

    assert ("idle", Decimal(5760)) == (found.kind, found.monthly)  # 4 of 10: 5.5 units are 6
    assert found.assumes.startswith("4 of 10 units are given back")
    assert [] == savings([], [held(busiest=1.03)])


def test_units_are_held_against_their_tokens() -> None:
    (found,) = savings([], [held(by_token=Decimal(4_400), tokens=Decimal(10**9), mean=0.2)])

    assert ("by token", Decimal(10_000), "possible") == (found.kind, found.monthly, found.sure)
    assert "the units pay from 65% mean utilisation on, it had 20%" in found.evidence
    assert [] == savings([], [held(by_token=Decimal(20_000))])


@pytest.mark.parametrize(
    ("hours", "monthly", "sure"),
    [
        pytest.param(HOURS, Decimal(10_800), "likely", id="the whole month"),
        pytest.param(HOURS / 2, Decimal(3_600), "possible", id="half of it"),
        pytest.param(HOURS / 4, None, None, id="below the break-even"),
    ],
)
def test_a_reservation_pays_from_its_break_even_on(
    hours: Decimal, monthly: Decimal | None, sure: str | None
) -> None:
    """At a quarter of the hourly price it pays from a quarter of the hours on."""
    stood = held(
        hours=hours,
        quantity=10 * hours,
        cost=20 * hours,
        list_cost=20 * hours,
        reserved={"monthly": Decimal("0.6"), "yearly": Decimal("0.5")},
    )
    found = savings([], [stood])

    assert ([] if monthly is None else [("reservation", monthly, sure)]) == [
        (one.kind, one.monthly, one.sure) for one in found
    ]
    assert all("reserved yearly 0.5000, which pays from 25% of the hours on" in one.evidence for one in found)


def test_what_is_reserved_already_is_not_advised_again() -> None:
    reserved = held(cost=Decimal(5_000), reserved={"yearly": Decimal("0.5")}, by_token=Decimal(4_000))

    (found,) = savings([], [reserved])

    assert ("by token", Decimal(1_000)) == (found.kind, found.monthly)
    assert "its reservation runs out or is used elsewhere" in found.assumes


def test_a_deployment_that_caches_less_than_its_peers_is_named() -> None:
    def deployed(name: str, cached: int) -> list[Spent]:
        plain = spent(
            deployment=name, quantity=Decimal(100 - cached), cost=Decimal(100 - cached), if_cached=Decimal(0)
        )
        return [plain, spent(deployment=name, kind="cached_input", quantity=Decimal(cached), cost=Decimal(0))]

    (found,) = savings([*deployed("a", 60), *deployed("b", 60), *deployed("c", 60), *deployed("late", 20)])

    assert ("caching", "late", Decimal(40)) == (found.kind, found.deployment, found.monthly)


def test_savings_of_one_deployment_are_not_added() -> None:
    def saving(deployment: str, monthly: int, sure: Any) -> Saving:
        return Saving("batch", deployment, "USD", Decimal(monthly), Decimal(1000), sure, "", "")

    found = worth([saving("a", 300, "likely"), saving("a", 500, "possible"), saving("b", 50, "possible")])

    assert [Worth("USD", likely=Decimal(300), possible=Decimal(250), deployments=2)] == found
