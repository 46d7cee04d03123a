"""Money that need not be spent: what it is worth in all, and every saving with its assumption and evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from collector.domain.money.saving_types import Saving, worth
from dashboard import formats, words
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import outlook as outlook_words


@dataclass(frozen=True, slots=True)
class SavingsView:
    tiles: tuple[Tile, ...]
    kinds: tuple[str, ...]
    largest: tuple[Saving, ...]
    rows: Table


def savings_view(
    found: Sequence[Saving], costs: Sequence[tuple[str, Decimal]], kind: str | None = None
) -> SavingsView:
    """`costs` are the month's totals by currency; `kind` shows one way to save only."""
    shown = [one for one in found if kind is None or outlook_words.SAVING_KINDS[one.kind] == kind]
    return SavingsView(
        tiles=tuple(_tiles(shown, dict(costs))),
        kinds=tuple(
            name for key, name in outlook_words.SAVING_KINDS.items() if any(one.kind == key for one in found)
        ),
        largest=tuple(shown[:3]),
        rows=savings_table(shown),
    )


def _tiles(found: Sequence[Saving], costs: dict[str, Decimal]) -> list[Tile]:
    tiles: list[Tile] = []
    for one in worth(found):
        tiles.append(
            Tile(
                f"{outlook_words.LIKELY}, a month",
                formats.money(one.likely, one.currency),
                outlook_words.LIKELY_HELP,
            )
        )
        tiles.append(
            Tile(
                outlook_words.POSSIBLE, formats.money(one.possible, one.currency), outlook_words.POSSIBLE_HELP
            )
        )
        if costs.get(one.currency):
            share = one.likely / costs[one.currency]
            tiles.append(Tile(outlook_words.OF_COST, formats.percent(share), outlook_words.OF_COST_HELP))
    return tiles


def savings_table(found: Sequence[Saving], name: str = "savings") -> Table:
    return table(
        name,
        (
            Column("name", "Deployment", width=150, download=False),
            Column("monthly", "At most, a month", "money", outlook_words.SAVING_COLUMN),
            Column("deployment", "Account and deployment", screen=False),
            Column("what", "What", width=230),
            Column("kind", "Kind", screen=False),
            Column("cost", "Of cost", "money"),
            Column("currency", "Currency"),
            Column("account", "Account", download=False),
            Column("sure", "Sure", help=outlook_words.SURE_COLUMN),
            Column("assumes", "Assumes that", width="large"),
            Column("evidence", "Evidence", width="large"),
            Column("model", "Model"),
            Column("sku", "SKU"),
        ),
        [
            {
                "name": one.deployment.rpartition("/")[2],
                "account": one.deployment.rpartition("/")[0],
                "what": outlook_words.SAVING_KINDS[one.kind],
                "kind": one.kind,
                "deployment": one.deployment,
                "monthly": one.monthly,
                "cost": one.cost,
                "currency": one.currency,
                "sure": one.sure,
                "assumes": one.assumes,
                "evidence": one.evidence,
                "model": one.model,
                "sku": one.sku,
            }
            for one in found
        ],
    )


def top_savings(found: Sequence[Saving], most: int = 3) -> Table:
    """The largest of each deployment, for a place where there is little room."""
    seen: set[str] = set()
    picked: list[Saving] = []
    for one in found:
        if one.deployment not in seen and len(picked) < most:
            seen.add(one.deployment)
            picked.append(one)
    columns = (
        Column("deployment", words.DEPLOYMENT, width=130),
        Column("monthly", "A month", "money", outlook_words.SAVING_COLUMN, width=90),
        Column("sure", "Sure", help=outlook_words.SURE_COLUMN, width=75),
        Column("what", outlook_words.SAVINGS_TITLE),
    )
    return table(
        "top-savings",
        columns,
        [
            {
                "what": outlook_words.SAVING_KINDS[one.kind],
                "deployment": one.deployment.rpartition("/")[2],
                "monthly": one.monthly,
                "sure": one.sure,
            }
            for one in picked
        ],
    )
