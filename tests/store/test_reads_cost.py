"""What it costs: sums are exact, currencies apart, and a filter never adds what it should leave out."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from collector.domain.periods import Month, Window, last_days, midnight
from collector.store.reads import cost
from collector.store.reads.scope import EVERYTHING, NARROWING, Filters, narrowed
from tests.dashboard.seed import NOW, SUBSCRIPTIONS, Account, Deployment, Seed

EAST = Account("east", 0, "eastus2", {"team": "Blue"})
WEST = Account("west", 1, "westeurope")
TODAY = NOW.date()
NOVEMBER = Month(2026, 11).window
WEEK = last_days(TODAY, 7)


@pytest.fixture(scope="module")
def store_url(shared_url: str) -> str:
    seed = Seed(days=40)
    seed.subscriptions()
    for account in (EAST, WEST):
        seed.account(account)
    seed.deployment(EAST, _plain("Chat", model="gpt-5"), hours=False)
    seed.deployment(EAST, _plain("mail", tags={"team": "Red"}), hours=False)
    seed.deployment(WEST, _plain("euros", currency="EUR"), hours=False)
    seed.deployment(WEST, _plain("free", input_price=None, output_price=None), hours=False)
    return seed.fill(shared_url)


def test_a_month_is_the_sum_of_its_days(store: Connection) -> None:
    by_month = cost.cost_totals(store, NOVEMBER)
    by_day = cost.cost_totals(store, Window(NOVEMBER.start, midnight(TODAY + timedelta(days=1))))

    assert [(total.currency, total.cost, total.low, total.high, total.tokens) for total in by_month] == [
        (total.currency, total.cost, total.low, total.high, total.tokens) for total in by_day
    ]


def test_currencies_are_never_added(store: Connection) -> None:
    totals = {total.currency: total.cost for total in cost.cost_totals(store, WEEK)}
    rows = cost.cost_rows(store, WEEK)

    assert {"USD", "EUR"} == set(totals)
    for currency, total in totals.items():
        assert total == sum((row.cost for row in rows if row.currency == currency), Decimal(0))


def test_every_row_is_quantity_times_price_to_the_last_digit(store: Connection) -> None:
    for row in cost.cost_rows(store, WEEK):
        assert row.cost == row.quantity * (row.unit_price or Decimal(0))


def test_rows_by_day_add_up_to_the_rows_of_the_period(store: Connection) -> None:
    daily = cost.cost_rows(store, WEEK, by_day=True)

    assert set(_days(WEEK)) == {row.day for row in daily}
    assert sum(row.cost for row in daily) == sum(row.cost for row in cost.cost_rows(store, WEEK))


@pytest.mark.parametrize("dimension", cost.DIMENSIONS)
def test_every_dimension_splits_the_same_whole(store: Connection, dimension: cost.Dimension) -> None:
    whole = {total.currency: total.cost for total in cost.cost_totals(store, NOVEMBER)}
    split: dict[str, Decimal] = {}
    drawn: dict[str, Decimal] = {}
    for part in cost.cost_by(store, dimension, NOVEMBER):
        split[part.currency] = split.get(part.currency, Decimal(0)) + part.cost
    for part in cost.cost_daily(store, NOVEMBER, dimension=dimension):
        drawn[part.currency] = drawn.get(part.currency, Decimal(0)) + part.cost

    assert whole == split
    assert whole == drawn


def test_names_are_those_that_azure_spells(store: Connection) -> None:
    rows = cost.cost_rows(store, WEEK)

    assert {"Chat", "mail", "euros"} == {row.deployment for row in rows}
    assert {EAST.arm_id, WEST.arm_id} == {row.account for row in rows}


def test_what_has_no_price_is_in_no_sum_and_keeps_its_quantity(store: Connection) -> None:
    found = cost.unpriced(store, WEEK)

    assert {("free", "input"), ("free", "output")} == {(row.deployment, row.kind) for row in found}
    assert all(row.quantity > 0 and not row.out_of_scope for row in found)
    assert "free" not in {row.deployment for row in cost.cost_rows(store, WEEK)}


@pytest.mark.parametrize(
    ("filters", "deployments"),
    [
        (Filters(subscriptions=(SUBSCRIPTIONS[0][0],)), {"Chat", "mail"}),
        (Filters(accounts=(WEST.arm_id.upper(),)), {"euros"}),
        (Filters(locations=("East US 2",)), {"Chat", "mail"}),
        (Filters(models=("gpt-5",)), {"Chat"}),
        (Filters(tags=("team=Red",)), {"mail"}),
        (Filters(tags=("TEAM=Blue", "team=Red")), {"Chat", "mail"}),
        (Filters(tags=("team=Blue",), locations=("westeurope",)), set()),
        (Filters(tags=("team=Blue", "env=prod")), set()),
        (Filters(teams=("Red",)), {"mail"}),
        (Filters(teams=("",)), {"euros"}),
        (Filters(deployments=("CHAT",)), {"Chat"}),
        (Filters(deployments=(f"{WEST.arm_id}/deployments/chat",)), set()),
        (Filters(deployments=(f"{WEST.arm_id.upper()}/deployments/euros", "mail")), {"mail", "euros"}),
        (Filters(skus=("Standard",)), set()),
        (Filters(kinds=("output",), deployments=("mail",)), {"mail"}),
    ],
    ids=[
        "subscription",
        "account",
        "location",
        "model",
        "own tag",
        "either tag",
        "elsewhere",
        "one tag missing",
        "team",
        "no team",
        "deployment by name",
        "deployment of another account",
        "deployments both ways",
        "another sku",
        "kind",
    ],
)
def test_filters_leave_what_they_name(store: Connection, filters: Filters, deployments: set[str]) -> None:
    assert deployments == {row.deployment for row in cost.cost_rows(store, WEEK, filters)}


def test_a_deployments_own_tag_stands_before_its_accounts(store: Connection) -> None:
    found = cost.cost_rows(store, WEEK, Filters(tags=("team=Blue",)))

    assert {"Chat"} == {row.deployment for row in found}


@pytest.mark.parametrize("dimension", NARROWING)
def test_looking_into_every_value_of_a_dimension_finds_the_whole(store: Connection, dimension: Any) -> None:
    looked: dict[str, Decimal] = {}
    for part in cost.cost_by(store, dimension, WEEK):
        (total,) = [
            one
            for one in cost.cost_totals(store, WEEK, narrowed(EVERYTHING, dimension, part.key))
            if one.currency == part.currency
        ]
        assert part.cost == total.cost
        looked[part.currency] = looked.get(part.currency, Decimal(0)) + total.cost

    assert {total.currency: total.cost for total in cost.cost_totals(store, WEEK)} == looked


def test_months_come_oldest_first(store: Connection) -> None:
    months = [row.month for row in cost.cost_months(store) if row.currency == "USD"]

    assert [date(2026, 10, 1), date(2026, 11, 1)] == months


def _plain(name: str, **other: object) -> Deployment:
    what = {"model": "gpt-4.1", "input_price": "2", "output_price": "8.0000000001", **other}
    return Deployment(name=name, version="1", sku="GlobalStandard", limit_tpm=30_000, **what)


def _days(window: Window) -> list[date]:
    return [window.start.date() + timedelta(days=step) for step in range(7)]
