"""Unit costs, budgets and savings: figures that finance acts on, each from sums that it can redo."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collector.domain.money.budgets import Budget
from collector.domain.money.burn import budget_state
from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.domain.money.savings import Spent, savings
from collector.domain.money.unit_costs import ProvisionedUse, UsedAmount, unit_costs
from collector.domain.periods import Month

NOVEMBER = Month(2026, 11)
BUDGET = Budget("all", Decimal(1000), "USD")


def used(kind: str, quantity: int, cost: str, key: str = "gpt-5.4") -> UsedAmount:
    return UsedAmount(key, "USD", kind, Decimal(quantity), Decimal(cost))


def test_unit_costs_by_direction_and_blended() -> None:
    (found,) = unit_costs(
        [
            used("input", 2_000_000, "5"),
            used("cached_input", 2_000_000, "1"),
            used("output", 1_000_000, "14"),
        ],
        {"gpt-5.4": 400},
    )

    assert [Decimal("2.5"), Decimal("0.5"), Decimal(14), Decimal(4), Decimal("0.05")] == [
        found.per_million_input,
        found.per_million_cached,
        found.per_million_output,
        found.per_million,
        found.per_request,
    ]


def test_what_was_not_used_has_no_unit_cost() -> None:
    (found,) = unit_costs([used("image", 7, "3")], {})

    assert (None, None, None) == (found.per_million_input, found.per_million, found.per_request)


def test_units_are_idle_by_what_they_did_not_serve() -> None:
    units = ProvisionedUse(
        "a/b", "gpt-5.4", "USD", Decimal(100), Decimal(30_000_000), Decimal(10_000_000), 0.25
    )

    assert (Decimal("2.5"), Decimal(75)) == (units.per_million, units.idle_cost)
    assert None is replace(units, utilisation=None).idle_cost
    assert None is replace(units, input_tokens=Decimal(0), output_tokens=Decimal(0)).per_million


def days(*costs: int) -> dict[date, Decimal]:
    return {NOVEMBER.days[at]: Decimal(cost) for at, cost in enumerate(costs)}


@pytest.mark.parametrize(
    ("costs", "spent", "spent_on"),
    [
        pytest.param([100] * 5, 500, date(2026, 11, 11), id="at this pace on the eleventh"),
        pytest.param([600, 500], 1100, date(2026, 11, 2), id="spent already"),
        pytest.param([1] * 5, 5, None, id="not this month"),
        pytest.param([], 0, None, id="nothing known"),
    ],
)
def test_a_budget_burns(costs: list[int], spent: int, spent_on: date | None) -> None:
    daily = days(*costs)
    through = max(daily, default=NOVEMBER.first_day)

    found = budget_state(BUDGET, NOVEMBER, daily, through, NoForecast("too few days"))

    assert (spent, spent_on, "too few days") == (found.spent, found.spent_on, found.why_no_forecast)


def test_a_budgets_forecast_is_an_interval() -> None:
    forecast = MonthForecast(
        NOVEMBER, Decimal(500), 15, 15, Decimal(1100), Decimal(900), Decimal(1300), 0.1, 0.2, 0.3
    )

    found = budget_state(BUDGET, NOVEMBER, days(100), NOVEMBER.first_day, forecast)

    assert (1100, 900, 1300) == (found.forecast, found.forecast_low, found.forecast_high)


def spent(**changes: Any) -> Spent:
    one = Spent(
        "a/chat", "gpt-5.4", "GlobalStandard", "USD", "input", "standard", Decimal(1000), Decimal(100)
    )
    return replace(one, **changes)


def test_what_may_wait_is_cheaper_in_batch() -> None:
    (found,) = savings([spent(as_batch=Decimal(50)), spent(kind="output", as_batch=Decimal(50))])

    assert ("batch", Decimal(100)) == (found.kind, found.monthly)
    assert "24 hours" in found.assumes


def test_a_dearer_alternative_is_no_saving() -> None:
    assert [] == savings(
        [spent(as_batch=Decimal(120), as_cheaper_sku=Decimal(101), cheaper_sku="DataZoneStandard")]
    )


def test_units_that_serve_nothing_may_go_and_idle_ones_in_part() -> None:
    units = spent(kind="ptu_hour", sku="GlobalProvisionedManaged", cost=Decimal(900))

    (unused,) = savings([replace(units, is_used=False)])
    (idle,) = savings([replace(units, utilisation=0.1)])

    assert ("idle", Decimal(900)) == (unused.kind, unused.monthly)
    assert Decimal(600) == idle.monthly.quantize(Decimal(1))
    assert [] == savings([replace(units, utilisation=0.5)])


def test_a_deployment_that_caches_less_than_its_peers_is_named() -> None:
    def deployed(name: str, cached: int) -> list[Spent]:
        plain = spent(
            deployment=name, quantity=Decimal(100 - cached), cost=Decimal(100 - cached), if_cached=Decimal(0)
        )
        return [plain, spent(deployment=name, kind="cached_input", quantity=Decimal(cached), cost=Decimal(0))]

    (found,) = savings([*deployed("a", 60), *deployed("b", 60), *deployed("c", 60), *deployed("late", 20)])

    assert ("caching", "late", Decimal(40)) == (found.kind, found.deployment, found.monthly)
