"""What the collection screen asks the store, remembered as `state` remembers."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from collector.domain.periods import floor_minute, last_days, month_of
from collector.store.reads import overview as overview_reads
from collector.store.reads.coverage import period_coverage
from collector.store.reads.scope import Filters
from dashboard import state
from dashboard.state import Chosen, database, now, remembered
from dashboard.views.collection import CollectionFacts, CollectionView, collection_view


def view(chosen: Chosen) -> CollectionView:
    price = state.settings().costs.call_price_per_1000
    found = _collection(database(), chosen.filters, floor_minute(now()))
    facts = CollectionFacts(**found, call_price_per_1000=None if price is None else Decimal(price))
    return collection_view(facts, now(), state.names())


@remembered()
def _collection(url: str, filters: Filters, minute: datetime) -> dict[str, Any]:
    with state.reading(url) as connection:
        return {
            "scopes": overview_reads.scopes(connection, filters=filters),
            "gaps": overview_reads.gaps(connection, filters),
            "runs": overview_reads.runs(connection),
            "calls_24h": overview_reads.calls(connection, minute - timedelta(days=1)),
            "calls_month": overview_reads.calls(connection, month_of(minute).window.start),
            "coverage_24h": period_coverage(connection, last_days(minute.date(), 1), minute, filters),
        }
