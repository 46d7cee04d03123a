"""Everything that is told of a deployment's end: its date, whose it is, how it is used, and what would replace it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection

from collector.domain.alerts.rules import Where
from collector.domain.endings.ending_types import Ending
from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import ModelCatalog
from collector.domain.endings.replacement import Free, PricesOn, UsePrice, prices_beside
from collector.store.reads import rule_facts
from collector.store.reads.endings import DeployedRow
from collector.store.reads.quotas import QuotaRow
from collector.store.reads.rule_facts import OfferedQuota
from collector.store.reads.scope import Pair

USED_WITHIN_DAYS: Final = 90

Line = tuple[str, str, str]
"""Subscription, location and usage name of a quota line."""

PricesAt = Callable[[frozenset[str]], PricesOn | None]
"""Prices of some locations; asked only where a replacement is named."""


@dataclass(frozen=True, slots=True)
class EndingStory:
    """`price` and `replacement_price` are list prices of the same SKU in the same place; None is not known."""

    row: DeployedRow
    ending: Ending
    where: Where = field(default_factory=Where)
    last_used_on: date | None = None
    replacement_free: Free | None = None
    price: UsePrice | None = None
    replacement_price: UsePrice | None = None


def ending_stories(
    connection: Connection,
    rows: Iterable[DeployedRow],
    catalog: ModelCatalog,
    places: Mapping[Pair, Where],
    quotas: Sequence[QuotaRow],
    prices_at: PricesAt,
    today: date,
) -> list[EndingStory]:
    """One for each deployment, in the order of `rows`."""
    stated = [(row, ending_of(row.what, catalog, today)) for row in rows]
    used = rule_facts.last_used(connection, today - timedelta(days=USED_WITHIN_DAYS))
    free = _FreeQuota.of(connection, (ending for _, ending in stated), quotas)
    replaced = frozenset(row.location for row, ending in stated if ending.replacement_model)
    prices = prices_at(replaced) if replaced else None
    found: list[EndingStory] = []
    for row, ending in stated:
        pair = (row.account_key, row.key)
        now, then = prices_beside(row.what, ending, prices) if prices else (None, None)
        found.append(
            EndingStory(
                row,
                ending,
                places.get(pair, Where()),
                used.get(pair),
                free.for_replacement(row, ending),
                now,
                then,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _FreeQuota:
    """What is free of the quota line that a replacement would draw from."""

    names: Mapping[tuple[str, str, str | None, str], str]
    lines: Mapping[Line, QuotaRow]

    @classmethod
    def of(cls, connection: Connection, stated: Iterable[Ending], quotas: Sequence[QuotaRow]) -> "_FreeQuota":
        models = {ending.replacement_model for ending in stated if ending.replacement_model}
        names: dict[tuple[str, str, str | None, str], str] = {}
        for offer in rule_facts.offered_quotas(connection, models):
            if not offer.fine_tuned:
                for version in (offer.version.casefold(), None):
                    names.setdefault(_offer_key(offer, version), offer.usage_name)
        return cls(names, {(row.subscription_id, row.location, row.usage_name): row for row in quotas})

    def for_replacement(self, row: DeployedRow, ending: Ending) -> Free | None:
        if not ending.replacement_model or not row.what.sku:
            return None
        version = ending.replacement_version.casefold() if ending.replacement_version else None
        name = self.names.get(
            (row.location, ending.replacement_model.casefold(), version, row.what.sku.casefold())
        )
        line = self.lines.get((row.subscription_id, row.location, name)) if name else None
        return None if line is None else Free((line.limit - line.current) * (line.per_unit or 1), line.unit)


def _offer_key(offer: OfferedQuota, version: str | None) -> tuple[str, str, str | None, str]:
    return offer.location, offer.model.casefold(), version, offer.sku.casefold()
