"""Why a period cost other than the one before: volume, price and mix, and what moved most."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.domain.money.anomalies import CostPart, variance
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import cost as cost_words
from dashboard.words import outlook as outlook_words


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
        Tile(then, formats.money(found.before, currency), outlook_words.SUM_ABOUT),
        Tile(outlook_words.VOLUME, outlook_words.signed(found.volume, currency), outlook_words.VOLUME_ABOUT),
        Tile(outlook_words.PRICE, outlook_words.signed(found.price, currency), outlook_words.PRICE_ABOUT),
        Tile(outlook_words.MIX, outlook_words.signed(found.mix, currency), outlook_words.MIX_ABOUT),
        Tile(now, formats.money(found.after, currency), outlook_words.SUM_ABOUT),
    )
    cause = outlook_words.change_words(
        outlook_words.signed(found.change, currency),
        formats.change(found.after, found.before),
        found.main_cause,
    )
    rows = [
        {
            "name": one.key.rsplit(" ", 2)[0],
            "kind": cost_words.KINDS.get(one.key.split(" ")[-2], one.key.split(" ")[-2]),
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
        Column("change", cost_words.in_currency("Change", currency), "money", outlook_words.MOVED_COLUMN),
        Column("before", cost_words.in_currency("Before", currency), "money"),
        Column("after", cost_words.in_currency("Now", currency), "money"),
        Column("currency", "Currency", screen=False),
    )
    return ChangesView(currency, tiles, cause, table("what-moved", columns, rows))
