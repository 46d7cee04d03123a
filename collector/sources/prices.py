"""The Retail Prices feed: public, paged, and only worth having whole."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collector.domain.types import NeedsHuman
from collector.sources.connection import Connection, body_of
from collector.sources.errors import Scope

API_VERSION = "2023-01-01-preview"
PATH = "/api/retail/prices"
# The service name has changed ("Cognitive Services", "Foundry Models"); product names have only grown.
FILTER = (
    "startswith(productName, 'Azure OpenAI') or "
    "productName eq 'Azure AI Foundry Provisioned Throughput Reservation'"
)
ROWS_PER_PAGE = 1000


class AzurePrices:
    def __init__(self, connection: Connection) -> None:
        self._azure = connection

    def prices(self, currency: str) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Pages of rows as they came. Whoever stores them waits for the last page: a missing one raises."""
        scope = Scope(f"retail prices in {currency}", service="prices")
        link, params = PATH, {"api-version": API_VERSION, "currencyCode": f"'{currency}'", "$filter": FILTER}
        seen: set[str] = set()
        rows = 0
        while True:
            with self._azure.asking(scope):
                page = body_of(self._azure.web(link, params=params))
                items: list[Mapping[str, Any]] = page["Items"]
                if not all(isinstance(item, dict) for item in items):
                    raise TypeError("a row that is no object")
                following = page.get("NextPageLink") or ""
                if following in seen:
                    raise ValueError("a page that leads back to an earlier one")
            _check_currency(currency, page, items)
            rows += len(items)
            if items:
                yield items
            if following:
                seen.add(following)
                link, params = following, {}
            elif len(items) >= ROWS_PER_PAGE:
                # The feed has been seen to lose the link after a full page: what is missing there is asked for.
                link = PATH
                params = {
                    "api-version": API_VERSION,
                    "currencyCode": f"'{currency}'",
                    "$filter": FILTER,
                    "$skip": str(rows),
                }
            else:
                return


def _check_currency(asked: str, page: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    answered = {str(item.get("currencyCode") or asked).upper() for item in items}
    answered.add(str(page.get("BillingCurrency") or asked).upper())
    if answered != {asked.upper()}:
        raise NeedsHuman(
            f"retail prices: asked in {asked}, answered in {', '.join(sorted(answered))}; "
            "AOAI_CURRENCY must be one that the feed knows, such as 'EUR'"
        )
