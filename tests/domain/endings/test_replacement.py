"""A replacement's price stands beside today's: the same SKU, the same place, and no number where none is known."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from collector.domain.endings.ending_types import Deployed
from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import Offer, Reading, model_catalog
from collector.domain.endings.replacement import PricesOn, UsePrice, price_in_words, prices_beside
from collector.domain.pricing import PriceBook
from tests.domain.pricing.builders import a_row, instant

TODAY = date(2026, 7, 1)
ROWS = (
    a_row("GPT 5 Inpt Glbl 1M Tokens", "1.25"),
    a_row("GPT 5 Outpt Glbl 1M Tokens", "10"),
    a_row("GPT 5.4 Inpt Glbl 1M Tokens", "2.50"),
    a_row("GPT 5.4 Outpt Glbl 1M Tokens", "15"),
)
CHAT = Deployed("gpt-5", "2025-08-07", "GlobalStandard", "eastus2", "OnceCurrentVersionExpired")
OLD = Offer(
    "gpt-5",
    "2025-08-07",
    "GlobalStandard",
    "eastus2",
    lifecycle_status="Legacy",
    sku_deprecation_on=date(2027, 2, 9),
    replacement_model="gpt-5.4",
    replacement_version="2026-03-05",
)
NEW = replace(OLD, model="gpt-5.4", version="2026-03-05", replacement_model=None, replacement_version=None)
NOW_PAID = UsePrice("USD", Decimal("0.00000125"), Decimal("0.00001"))
THEN_PAID = UsePrice("USD", Decimal("0.0000025"), Decimal("0.000015"))


def beside(*offers: Offer) -> tuple[UsePrice | None, UsePrice | None]:
    catalog = model_catalog(offers, [Reading("eastus2", instant("2026-06-30"))])
    return prices_beside(CHAT, ending_of(CHAT, catalog, TODAY), PricesOn(PriceBook(rows=ROWS), TODAY))


def test_both_prices_are_those_of_the_sku_in_its_place() -> None:
    assert (NOW_PAID, THEN_PAID) == beside(OLD, NEW)


def test_what_is_not_offered_there_has_no_price_there() -> None:
    elsewhere = replace(NEW, sku="DataZoneStandard")
    assert (None, None) == beside(OLD, elsewhere)


def test_without_a_named_replacement_there_is_nothing_to_compare() -> None:
    assert (None, None) == beside(replace(OLD, replacement_model=None, replacement_version=None), NEW)


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        pytest.param(
            NOW_PAID,
            THEN_PAID,
            "2.50 USD in and 15.00 USD out for a million tokens, now 1.25 and 10.00",
            id="tokens",
        ),
        pytest.param(
            None, THEN_PAID, "2.50 USD in and 15.00 USD out for a million tokens", id="today's unknown"
        ),
        pytest.param(NOW_PAID, None, None, id="unknown"),
        pytest.param(
            UsePrice("EUR", Decimal(1)),
            THEN_PAID,
            "2.50 USD in and 15.00 USD out for a million tokens",
            id="two currencies",
        ),
        pytest.param(
            UsePrice("USD", Decimal("0.00000002")),
            UsePrice("USD", Decimal("0.000000065")),
            "0.065 USD in for a million tokens, now 0.02",
            id="embedding",
        ),
        pytest.param(
            UsePrice("USD", unit_hour=Decimal(2)),
            UsePrice("USD", unit_hour=Decimal(1)),
            "1.00 USD an hour for each unit, now 2.00",
            id="provisioned",
        ),
    ],
)
def test_prices_in_words(now: UsePrice | None, then: UsePrice | None, expected: str | None) -> None:
    assert expected == price_in_words(now, then)
