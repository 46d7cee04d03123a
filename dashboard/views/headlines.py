"""Headline tiles of unit costs, throttling, provisioned units and answers: the answer before its tables."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from collector.domain.money.unit_costs import ProvisionedUse, UnitCost
from collector.store.reads.room import RoomRow
from dashboard import formats
from dashboard.tables import Row
from dashboard.views import Tile
from dashboard.words import headlines as words
from dashboard.words import limits as limits_words


def of_unit_costs(whole: UnitCost, units: Sequence[ProvisionedUse]) -> tuple[Tile, ...]:
    """`whole` is everything paid by use, in its currency."""
    per_1000 = None if whole.per_request is None else whole.per_request * 1000
    told = (
        (words.MILLION, whole.per_million, words.MILLION_HELP),
        (words.MILLION_INPUT, whole.per_million_input, words.INPUT_HELP),
        (words.MILLION_OUTPUT, whole.per_million_output, words.OUTPUT_HELP),
        (words.THOUSAND, per_1000, words.THOUSAND_HELP),
    )
    found = [Tile(label, formats.money(value, whole.currency), about) for label, value, about in told]
    idle = [one.idle_cost for one in units if one.idle_cost is not None]
    if idle:
        money = formats.money(sum(idle, Decimal(0)), whole.currency)
        found.append(Tile(words.IDLE_PART, money, words.IDLE_PART_HELP))
    return tuple(found)


def of_throttling(rows: Sequence[RoomRow], coming: Iterable[Row]) -> tuple[Tile, ...]:
    """Deployments that nobody read are in no figure: they are unknown, not calm."""
    known = [row for row in rows if row.throttled is not None]
    requests, refused, spilled = (
        sum(getattr(row, name) or 0 for row in known) for name in ("requests", "throttled", "spilled")
    )
    hit = sum(1 for row in known if row.throttled)
    soon = sum(1 for row in coming if row["low"] is not None and row["low"] <= words.SOON_DAYS)
    return (
        Tile(
            words.REFUSED,
            formats.count(refused if known else None),
            words.REFUSED_HELP,
            limits_words.rate(refused, requests) if known else None,
            "",
        ),
        Tile(words.HIT, f"{hit} of {len(known)}" if known else formats.UNKNOWN, words.HIT_HELP),
        Tile(limits_words.SPILLED, formats.count(spilled if known else None), words.SPILLED_HELP),
        Tile(words.FULL_SOON, formats.count(soon), words.FULL_SOON_HELP),
    )


def of_units(rows: Sequence[Row]) -> tuple[Tile, ...]:
    """From the rows of the table of units; costs of different currencies have a tile each."""
    known = [row for row in rows if row["mean"] is not None and row["units"]]
    units = sum(row["units"] for row in known)
    mean = sum(row["mean"] * row["units"] for row in known) / units if units else None
    idle = [row["idle"] for row in rows if row["idle"] is not None]
    costs: dict[str, Decimal] = {}
    for row in rows:
        if row["cost"] is not None:
            costs[row["currency"]] = costs.get(row["currency"], Decimal(0)) + row["cost"]
    return (
        Tile(words.UNITS, formats.count(sum(row["units"] or 0 for row in rows)), words.UNITS_HELP),
        Tile(words.MEAN_USE, formats.percent(mean), words.MEAN_USE_HELP),
        Tile(words.IDLE_UNITS, formats.count(sum(idle) if idle else None), words.IDLE_UNITS_HELP),
        *(
            Tile(words.UNITS_COST, formats.money(cost, currency), words.UNITS_COST_HELP)
            for currency, cost in sorted(costs.items())
        ),
    )


def of_answers(together: Mapping[str, Any]) -> tuple[Tile, ...]:
    """From the means over everything that the filters leave."""
    first, worst = together["first_token_ms"], together["first_token_ms_worst"]
    return (
        Tile(words.MEAN_FIRST, words.milliseconds(first, formats.UNKNOWN), words.MEAN_FIRST_HELP),
        Tile(words.WORST_FIRST, words.milliseconds(worst, formats.UNKNOWN), words.WORST_FIRST_HELP),
        Tile(words.AVAILABLE, formats.percent(together["availability"], 2), words.AVAILABLE_HELP),
        Tile(
            words.WORST_AVAILABLE,
            formats.percent(together["availability_worst"], 2),
            words.WORST_AVAILABLE_HELP,
        ),
        Tile(words.REJECTED, formats.percent(together["filter_rate"], 2), words.REJECTED_HELP),
    )
