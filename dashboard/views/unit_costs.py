"""What a million tokens and a request came to by any dimension, and provisioned units beside the same by the token."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from collector.domain.money.unit_costs import ProvisionedUse, UnitCost
from collector.store.reads.cost_parts import UsedRow, unit_costs_of
from dashboard.tables import Column, Table, table
from dashboard.views import Tile, headlines
from dashboard.views.cost_sums import Names, label
from dashboard.words import cost as cost_words
from dashboard.words import outlook as outlook_words

SPLITS = {"Model": "model", "Team": "team", "Deployment": "deployment", "SKU": "sku", "Account": "account"}


@dataclass(frozen=True, slots=True)
class Beside:
    """A provisioned deployment's cost of a million tokens, and the same by the token where that has a price."""

    name: str
    units: Decimal
    tokens: Decimal | None


@dataclass(frozen=True, slots=True)
class UnitCostsView:
    currency: str
    tiles: tuple[Tile, ...]
    costs: Table
    provisioned: Table
    beside: tuple[Beside, ...]


def unit_costs_view(
    rows: Sequence[UsedRow],
    requests: Mapping[tuple[UUID, str], int],
    provisioned: Sequence[ProvisionedUse],
    currency: str,
    dimension: str,
    names: Names,
) -> UnitCostsView:
    own = [row for row in rows if row.currency == currency]
    units = [one for one in provisioned if one.currency == currency]
    whole = unit_costs_of(own, requests, "currency")
    return UnitCostsView(
        currency=currency,
        tiles=headlines.of_unit_costs(whole[0], units) if whole else (),
        costs=_costs(unit_costs_of(own, requests, dimension), dimension, currency, names),
        provisioned=_provisioned(units, currency),
        beside=tuple(
            Beside(one.deployment, one.per_million, one.by_token_per_million)
            for one in units
            if one.per_million is not None
        ),
    )


def currencies_of(rows: Iterable[UsedRow]) -> tuple[str, ...]:
    return tuple(currency for currency, _ in sorted(costs_of(rows), key=lambda one: -one[1]))


def costs_of(rows: Iterable[UsedRow]) -> list[tuple[str, Decimal]]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.currency] += row.cost
    return list(sums.items())


def _costs(found: Sequence[UnitCost], dimension: str, currency: str, names: Names) -> Table:
    money = cost_words.in_currency
    return table(
        f"unit-costs-by-{dimension}",
        (
            Column("name", cost_words.DIMENSIONS[dimension], width="medium"),
            Column("key", "Key", screen=False),
            Column("blended", "Per 1M, all", "price", outlook_words.BLENDED_COLUMN),
            Column("cost", money("Cost", currency), "money"),
            Column("tokens", "Tokens", "tokens"),
            Column("input", "Per 1M input", "price", outlook_words.PER_INPUT_COLUMN),
            Column("cached", "Per 1M cached", "price", outlook_words.PER_CACHED_COLUMN),
            Column("output", "Per 1M output", "price"),
            Column("requests", "Requests", "count"),
            Column("per_1000", "Per 1,000 requests", "price", outlook_words.PER_REQUEST_COLUMN),
            Column("currency", "Currency", screen=False),
        ),
        [_cost(one, dimension, names) for one in found],
    )


def _cost(one: UnitCost, dimension: str, names: Names) -> dict[str, Any]:
    return {
        "name": label(one.key, names, dimension),  # pyright: ignore[reportArgumentType]  # one of the splits
        "key": one.key,
        "cost": one.cost,
        "tokens": one.tokens,
        "blended": one.per_million,
        "input": one.per_million_input,
        "cached": one.per_million_cached,
        "output": one.per_million_output,
        "requests": one.requests,
        "per_1000": None if one.per_request is None else one.per_request * 1000,
        "currency": one.currency,
    }


def _provisioned(units: Sequence[ProvisionedUse], currency: str) -> Table:
    money = cost_words.in_currency
    return table(
        "provisioned-unit-costs",
        (
            Column("deployment", "Deployment", width=270),
            Column("cost", money("Cost", currency), "money"),
            Column("utilisation", "Mean use", "share"),
            Column("idle", "Idle part", "money", outlook_words.IDLE_COLUMN),
            Column("per_million", "Per 1M, units", "price"),
            Column("by_token", "Per 1M, by token", "price"),
            Column("times", "Times", "number", outlook_words.TIMES_COLUMN),
            Column("same", "Same by the token", "money"),
            Column("model", "Model"),
            Column("tokens", "Tokens served", "tokens"),
            Column("pays_from", "Pays from", "percent", outlook_words.PAYS_FROM_COLUMN),
            Column("spilled", money("Spillover", currency), "money", outlook_words.SPILLED_COLUMN),
            Column("currency", "Currency", screen=False),
        ),
        [
            {
                "deployment": one.deployment,
                "spilled": one.spillover.cost if one.spillover else None,
                "model": one.model,
                "cost": one.cost,
                "utilisation": one.utilisation,
                "idle": one.idle_cost,
                "tokens": one.tokens,
                "per_million": one.per_million,
                "by_token": one.by_token_per_million,
                "times": round(one.cost / one.by_token, 1) if one.by_token else None,
                "same": one.by_token,
                "pays_from": one.pays_from,
                "currency": one.currency,
            }
            for one in units
        ],
    )
