"""What forecasts and budgets are read from, on both engines."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from collector.domain.money.budgets import Budget
from collector.domain.periods import Window, last_days, midnight
from collector.store.reads import cost
from collector.store.reads.cost_parts import cost_parts, how_priced, served_requests, used_rows
from collector.store.reads.outlook import budget_part, daily_parts
from collector.store.reads.scope import Filters
from tests.dashboard.seed import NOW, SUBSCRIPTIONS, Account, Deployment, Seed

TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
EAST = Account("east", 0, "eastus2", {"team": "Blue"})
WEST = Account("west", 1, "westeurope")


@pytest.fixture(scope="module")
def store_url(shared_url: str) -> str:
    seed = Seed(days=50)
    seed.subscriptions()
    for account in (EAST, WEST):
        seed.account(account)
    for account, name, model, tags in (
        (EAST, "chat", "gpt-5", {"team": "Red"}),
        (EAST, "mail", "gpt-4.1", {"team": "Red"}),
        (WEST, "chat", "gpt-5", {}),
        (WEST, "tiny", "gpt-5", {}),
    ):
        what = Deployment(name, model, "1", "GlobalStandard", 30_000, "2", "8", tags=tags)
        seed.deployment(account, what, hours=False)
    return seed.fill(shared_url)


@pytest.mark.parametrize("dimension", ["deployment", "team", "model", "subscription"])
def test_the_parts_of_every_dimension_hold_the_whole_of_each_day(
    store: Connection, dimension: cost.Dimension
) -> None:
    (whole,) = daily_parts(store, None, YESTERDAY)
    for most in (None, 1):
        parts = daily_parts(store, dimension, YESTERDAY, most=most)
        assert whole.costs == {
            day: sum((part.costs.get(day, Decimal(0)) for part in parts), Decimal(0)) for day in whole.costs
        }
    assert TODAY not in whole.costs


@pytest.mark.parametrize(
    ("scope", "filters"),
    [
        ({}, {}),
        ({"subscription": "contoso production"}, {"subscriptions": (SUBSCRIPTIONS[0][0],)}),
        ({"subscription": SUBSCRIPTIONS[0][0].upper()}, {"subscriptions": (SUBSCRIPTIONS[0][0],)}),
        ({"account": "WEST"}, {"accounts": (WEST.arm_id,)}),
        ({"account": WEST.arm_id}, {"accounts": (WEST.arm_id,)}),
        ({"deployment": "Chat"}, {"deployments": ("chat",)}),
        ({"team": "Red", "model": "gpt-5"}, {"teams": ("Red",), "models": ("gpt-5",)}),
        ({"tag": "team=Red"}, {"tags": ("team=Red",)}),
    ],
    ids=["everything", "subscription", "subscription id", "account", "arm id", "deployment", "both", "tag"],
)
def test_a_budget_counts_what_it_names(
    store: Connection, scope: dict[str, str], filters: dict[str, tuple[str, ...]]
) -> None:
    part = budget_part(store, Budget("b", Decimal(1), "USD", **scope), YESTERDAY)
    window = Window(midnight(date(2026, 11, 1)), midnight(TODAY))
    (total,) = cost.cost_totals(store, window, Filters(**filters))

    assert total.cost == sum(value for day, value in part.costs.items() if day >= date(2026, 11, 1))


def test_a_budget_for_what_is_not_there_counts_nothing(store: Connection) -> None:
    for scope in ({"account": "nowhere"}, {"subscription": "nobody"}, {"deployment": "none"}):
        assert {} == budget_part(store, Budget("b", Decimal(1), "USD", **scope), YESTERDAY).costs
    assert {} == budget_part(store, Budget("b", Decimal(1), "EUR"), YESTERDAY).costs


def test_parts_uses_and_prices_of_a_period_sum_to_its_cost(store: Connection) -> None:
    week = last_days(TODAY, 7)
    (total,) = cost.cost_totals(store, week)

    assert total.cost == sum(part.cost for part in cost_parts(store, week)["USD"])
    assert total.cost == sum(row.cost for row in used_rows(store, week))
    assert total.cost == sum(row.cost for row in how_priced(store, "team", week))
    assert {"Red", None} == {row.key for row in how_priced(store, "team", week)}


def test_requests_that_were_answered_are_counted_by_deployment(store: Connection) -> None:
    found = served_requests(store, last_days(TODAY, 7))

    assert {(EAST.key, "chat"), (EAST.key, "mail"), (WEST.key, "chat"), (WEST.key, "tiny")} == set(found)
    assert all(count > 0 for count in found.values())
