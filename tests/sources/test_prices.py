"""The price feed comes whole or not at all."""

from collections.abc import Mapping
from typing import Any

import pytest

from collector.domain.types import NeedsHuman, TryLater
from collector.sources import AzureSources
from tests.sources.loopback import Asked, Loopback, Reply

FEED = "/api/retail/prices$"


def a_page(rows: int, following: str | None = None, **more: Any) -> dict[str, Any]:
    items = [{"meterId": f"m{number}", "currencyCode": "EUR", "unitPrice": 0.1} for number in range(rows)]
    return {"BillingCurrency": "EUR", "Items": items, "NextPageLink": following, "Count": rows} | more


def rows(sources: AzureSources) -> list[Mapping[str, Any]]:
    return [row for page in sources.prices.prices("EUR") for row in page]


def test_the_feed_is_asked_by_product_in_the_currency_and_without_a_token(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on(FEED, Reply(a_page(2)))
    assert 2 == len(rows(sources))
    (asked,) = azure.asked
    assert "'EUR'" == asked.query["currencycode"]
    assert (
        "startswith(productName, 'Azure OpenAI') or "
        "productName eq 'Azure AI Foundry Provisioned Throughput Reservation'"
    ) == asked.query["$filter"]
    assert "authorization" not in asked.headers


def test_pages_are_followed_to_the_last(azure: Loopback, sources: AzureSources) -> None:
    azure.on(FEED, Reply(a_page(3, f"{azure.url}/api/retail/prices?$skip=3")), Reply(a_page(1)))
    assert 4 == len(rows(sources))
    assert "3" == azure.asked[1].query["$skip"]


def test_a_full_page_without_a_link_is_not_the_end(azure: Loopback, sources: AzureSources) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(a_page(5 if asked.query.get("$skip") == "1000" else 1000, ""))

    azure.on(FEED, answer)
    assert 1005 == len(rows(sources))


def test_a_missing_page_fails_the_whole(azure: Loopback, sources: AzureSources) -> None:
    azure.on(FEED, Reply(a_page(3, f"{azure.url}/api/retail/prices?$skip=3")), Reply({}, 404))
    with pytest.raises(NeedsHuman, match="404"):
        rows(sources)


@pytest.mark.parametrize(
    ("link", "why"),
    [("{url}/api/retail/prices?$skip=3", "earlier"), ("https://elsewhere.example/x", "another host")],
)
def test_a_link_that_leads_in_a_circle_or_away_is_not_followed(
    azure: Loopback, sources: AzureSources, link: str, why: str
) -> None:
    azure.on(FEED, Reply(a_page(3, link.format(url=azure.url))))
    with pytest.raises(TryLater, match=why):
        rows(sources)


def test_another_currency_than_asked_is_refused(azure: Loopback, sources: AzureSources) -> None:
    azure.on(FEED, Reply(a_page(1, BillingCurrency="USD")))
    with pytest.raises(NeedsHuman, match="asked in EUR, answered in EUR, USD"):
        rows(sources)
