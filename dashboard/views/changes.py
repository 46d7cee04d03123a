"""Why a period cost other than the one before: volume, price and mix, and what moved most."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.domain.money.anomalies import CostPart, variance
from dashboard import formats, words
from dashboard import words_cost as said
from dashboard.tables import Column, Table, table
from dashboard.views import Tile


@dataclass(frozen=True, slots=True)
class ChangesView:
    currency: str
    tiles: tuple[Tile, ...]
    cause: str
    movers: Table


def changes_view(
    before: Sequence[CostPart], after: Sequence[CostPart], currency: str, then: str, now: str
) -> ChangesView | None:
    """None where there is nothing before to compare with."""
    if not before or not after:
        return None
    found = variance(before, after)
    tiles = (
        Tile(then, formats.money(found.before, currency), said.SUM_ABOUT),
        Tile(said.VOLUME, said.signed(found.volume, currency), said.VOLUME_ABOUT),
        Tile(said.PRICE, said.signed(found.price, currency), said.PRICE_ABOUT),
        Tile(said.MIX, said.signed(found.mix, currency), said.MIX_ABOUT),
        Tile(now, formats.money(found.after, currency), said.SUM_ABOUT),
    )
    cause = said.change_words(
        said.signed(found.change, currency), formats.change(found.after, found.before), found.main_cause
    )
    rows = [
        {
            "name": one.key.rsplit(" ", 2)[0],
            "kind": words.KINDS.get(one.key.split(" ")[-2], one.key.split(" ")[-2]),
            "tier": one.key.split(" ")[-1],
            "before": one.before,
            "after": one.after,
            "change": one.change,
            "currency": currency,
        }
        for one in found.changes
    ]
    columns = (
        Column("name", "Model and SKU", width="medium"),
        Column("kind", "Kind"),
        Column("tier", "Tier"),
        Column("change", words.in_currency("Change", currency), "money", said.MOVED_COLUMN),
        Column("before", words.in_currency("Before", currency), "money"),
        Column("after", words.in_currency("Now", currency), "money"),
        Column("currency", "Currency", screen=False),
    )
    return ChangesView(currency, tiles, cause, table("what-moved", columns, rows))
