"""What ends when: only what exists now, with who would feel it, and the api-versions that were really heard."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import BundledModel, model_catalog
from collector.domain.periods import last_days
from collector.store.reads import endings, overview
from collector.store.reads.api_use import api_use_rows
from collector.store.reads.scope import Filters
from tests.dashboard.seed import NOW, SUBSCRIPTIONS, Account, Deployment, Seed

EAST = Account("east", 0, "eastus2")
GONE = Account("gone", 1, "westeurope")
ENDING = Deployment("Ending", "gpt-4o", "2024-08-06", "Standard", 50_000, "1", "2", ends_in=20, replacement=("gpt-4.1", "1"), api_versions=("2024-06-01", "2024-10-21"))  # fmt: skip
DELETED = Deployment("deleted", "gpt-4o", "2024-08-06", "Standard", 50_000, "1", "2")
MONTH = last_days(NOW.date(), 30)


def a_seed() -> Seed:
    found = Seed(days=40)
    found.subscriptions()
    found.account(EAST)
    found.account(GONE, through=NOW - timedelta(days=20))
    found.deployment(EAST, ENDING, hours=False)
    found.deployment(EAST, DELETED, hours=False)
    found.deployment(GONE, DELETED, hours=False)
    found.offer(EAST, ENDING)
    for other in ("gpt-4.1", "text-embedding-3-large"):
        found.offer(EAST, Deployment("", other, "1", "Standard", 1, None, None))
    for row in found.rows["deployment"]:
        if row["name"] == "deleted":
            row["deleted_at"] = NOW
    next(row for row in found.rows["account"] if row["name"] == "gone")["deleted_at"] = NOW - timedelta(
        days=20
    )
    found.watermark("models", f"{SUBSCRIPTIONS[0][0]}/eastus2", NOW - timedelta(hours=6), "503 busy")
    return found


@pytest.fixture(scope="module")
def store_url(shared_url: str) -> str:
    return a_seed().fill(shared_url)


def test_only_what_exists_now_has_an_end(store: Connection) -> None:
    rows = endings.deployed_rows(store, MONTH)

    assert ["Ending"] == [row.deployment for row in rows]


def test_who_would_feel_it_is_told_by_requests_and_cost(store: Connection) -> None:
    row = endings.deployed_rows(store, MONTH)[0]

    assert row.requests_30d is not None
    assert row.requests_30d > 0
    assert [("USD", True)] == [(currency, cost > Decimal(0)) for currency, cost in row.costs_30d]


def test_the_end_is_that_of_the_deployments_own_offer(store: Connection) -> None:
    rows = endings.deployed_rows(store, MONTH)
    catalog = model_catalog(endings.offers_for(store, rows), endings.model_readings(store))
    ending = ending_of(rows[0].what, catalog, NOW.date())

    assert (NOW.date() + timedelta(days=20), "sku", "upgraded", "gpt-4.1 1") == (
        ending.ends_on,
        ending.ends_on_source,
        ending.on_the_day,
        ending.replacement,
    )
    assert ending.replacement_offered


def test_offers_hold_the_replacements_too_and_nothing_else(store: Connection) -> None:
    offers = endings.offers_for(store, endings.deployed_rows(store, MONTH))

    assert {"gpt-4o", "gpt-4.1"} == {offer.model for offer in offers}


def test_a_replacement_that_only_ships_with_us_is_looked_up_in_the_list(store: Connection) -> None:
    rows = endings.deployed_rows(store, MONTH)
    bundled = [
        BundledModel("gpt-4o", None, "legacy", None, "no_date", replacement_model="text-embedding-3-large")
    ]

    offers = endings.offers_for(store, rows, bundled)

    assert {"gpt-4o", "gpt-4.1", "text-embedding-3-large"} == {offer.model for offer in offers}


def test_a_failed_read_of_the_models_list_is_known_by_location(store: Connection) -> None:
    reading = endings.model_readings(store)[0]

    assert ("eastus2", NOW - timedelta(hours=6), NOW - timedelta(minutes=2)) == (
        reading.location,
        reading.read_at,
        reading.failed_at,
    )


def test_api_versions_are_counted_by_deployment(store: Connection) -> None:
    uses = api_use_rows(store, MONTH, Filters(subscriptions=(SUBSCRIPTIONS[0][0],)))
    heard = {use.api_version for use in uses if use.deployment == "Ending"}

    assert {"2024-06-01", "2024-10-21"} == heard
    assert {date(2026, 11, 22)} == {use.last_seen for use in uses}


def test_a_deleted_account_holds_nothing_back(store: Connection) -> None:
    fresh = overview.freshness(store, ("metrics",))

    assert (NOW - timedelta(minutes=4), 1) == (fresh.as_of, fresh.scopes)


def test_an_estate_counts_what_lives(store: Connection) -> None:
    assert overview.Estate(1, 1, 1) == overview.estate(store)
