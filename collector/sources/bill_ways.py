"""Two ways in for a bill, one for each subscription: the export that holds it, else Cost Management's query.

Whoever exports a subscription's bill gets it from there alone, so that nothing counts twice. Exports are read by whole
months: it costs no query, and an invoice is written when most of its month's days are no longer asked for.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from collector.domain.bills import BillRead
from collector.domain.types import NeedsHuman, TryLater
from collector.sources.bills import AzureBills
from collector.sources.exports import ExportedBills


class BillsEitherWay:
    def __init__(self, query: AzureBills, exported: ExportedBills) -> None:
        self._query, self._exported = query, exported

    def read(self, subscription_id: str, first: date, last: date) -> Sequence[BillRead]:
        whole = first.replace(day=1)
        if subscription_id in self._exported.subscriptions(whole, last):
            return self._exported.read(subscription_id, whole, last)
        return self._query.read(subscription_id, first, last)

    def exports(self, first: date, last: date) -> Mapping[str, TryLater | NeedsHuman | None]:
        return self._exported.faults(first.replace(day=1), last)

    def billing_currency(self, subscription_id: str) -> str | None:
        return self._exported.currency(subscription_id) or self._query.billing_currency(subscription_id)
