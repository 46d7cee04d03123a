"""Unit costs and budgets: figures that finance acts on, each from sums that it can redo."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from collector.domain.money.budgets import Budget
from collector.domain.money.burn import budget_state
from collector.domain.money.forecast import MonthForecast, NoForecast
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
    assert (None, None) == (units.by_token_per_million, units.pays_from)
    assert None is replace(units, input_tokens=Decimal(0), output_tokens=Decimal(0)).per_million


@pytest.mark.parametrize(
    ("by_token", "pays_from"),
    [
        pytest.param("50", 0.5, id="dear now, cheap at twice the load"),
        pytest.param("100", 0.25, id="as dear as it is used"),
        pytest.param("20", 1.25, id="never, since units hold no more than all of them"),
    ],
)
def test_units_pay_from_the_utilisation_at_which_their_tokens_would_cost_as_much(
    by_token: str, pays_from: float
) -> None:
    units = ProvisionedUse(
        "a/b", "gpt-5.4", "USD", Decimal(100), Decimal(0), Decimal(10_000_000), 0.25, Decimal(by_token)
    )

    assert (pays_from, Decimal(by_token) / 10) == (units.pays_from, units.by_token_per_million)


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
