"""What a month would have cost otherwise: its report held beside the prices of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal, cast

from collector.domain.advice.prices import RoomPrices
from collector.domain.money.saving_types import Saving
from collector.domain.money.savings import Spent, savings
from collector.domain.money.unit_costs import ProvisionedUse
from collector.domain.money.unit_savings import Held
from collector.domain.periods import Month
from collector.domain.pricing import PriceBook, Priced, PriceQuestion
from collector.reports.finance.figures import TOKEN_KINDS, FinanceReport, FinanceRow, one_a_deployment

# Data stays where it was: no Global deployment is offered instead of one that keeps it in its zone.
_SAME_RESIDENCY: Final = MappingProxyType({"Standard": "DataZoneStandard"})
_BATCH: Final = MappingProxyType({"GlobalStandard": "GlobalBatch", "DataZoneStandard": "DataZoneBatch"})
_PAID_BY_TOKEN: Final = MappingProxyType(
    {
        "ProvisionedManaged": "Standard",
        "GlobalProvisionedManaged": "GlobalStandard",
        "DataZoneProvisionedManaged": "DataZoneStandard",
    }
)
_TEXT_KINDS: Final = frozenset({"input", "cached_input", "output"})
_HOURLY: Final = frozenset({"ptu_hour", "hosting_hour"})

Key = tuple[str, str]
"""An account's ARM id and a deployment's name, both folded."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a deployment was used in the month, and what Azure names as its successor.

    `minutes` are those in which it existed; `busiest_tenth` is the share of its tokens in its busiest tenth of minutes.
    """

    requests: int = 0
    minutes: int | None = None
    ptu_mean: float | None = None
    ptu_max: float | None = None
    busiest_tenth: float | None = None
    replacement: tuple[str, str | None] | None = None


_UNKNOWN: Final = Habits()


def with_prices(report: FinanceReport, book: PriceBook, habits: Mapping[Key, Habits]) -> FinanceReport:
    """The report with what needs prices beside it: savings, and provisioned units against tokens."""
    asked = _Otherwise(book, report.month)
    provisioned = tuple(_beside_tokens(one, report, asked) for one in report.provisioned)
    beside = replace(report, provisioned=provisioned)
    return replace(beside, savings=tuple(month_savings(beside, asked, habits)))


def month_savings(report: FinanceReport, asked: _Otherwise, habits: Mapping[Key, Habits]) -> list[Saving]:
    units = {one.deployment: one for one in report.provisioned}
    rows = [row for row in report.rows if row.is_priced and not row.is_residual]
    by_token = [row for row in rows if row.kind in TOKEN_KINDS]
    whole = _whole_moves(by_token, asked, habits)
    return savings(
        (_spent(row, asked, habits.get(key_of(row), _UNKNOWN), whole) for row in by_token),
        (
            _held(row, report, asked, habits.get(key_of(row), _UNKNOWN), units.get(name_of(row)))
            for row in one_a_deployment(row for row in rows if row.kind in _HOURLY and row.estimate)
        ),
    )


def name_of(row: FinanceRow) -> str:
    return f"{row.account}/{row.deployment}"


def key_of(row: FinanceRow) -> Key:
    return row.account_id.casefold(), row.deployment.casefold()


@dataclass(frozen=True, slots=True)
class _Otherwise:
    """Asks what a row would have cost elsewhere, at the prices of the month's last day; every answer once."""

    book: PriceBook
    month: Month
    known: dict[PriceQuestion, Priced | None] = field(default_factory=dict[PriceQuestion, "Priced | None"])

    def cost(
        self,
        row: FinanceRow,
        *,
        sku: str | None = None,
        kind: str | None = None,
        model: tuple[str, str | None] | None = None,
    ) -> Decimal | None:
        name, version = model or (row.model, row.version or None)
        asked = PriceQuestion(
            name,
            version,
            sku or row.sku,
            row.location,
            kind or row.kind,
            self.month.days[-1],
            currency=row.currency,
        )
        found = self._price(asked)
        if found is None and row.kind == "cached_input" and (sku or model):
            found = self._price(
                replace(asked, kind="input")
            )  # not every SKU and model sells cached input apart
        return None if found is None else row.quantity * found.unit_price

    def reserved(self, row: FinanceRow) -> dict[str, Decimal]:
        prices = RoomPrices(self.book, self.month.days[-1], row.currency)
        found = prices.units(row.model, row.version or None, row.sku, row.location)
        return {term: price for term, price in found.items() if term != "hourly"}

    def _price(self, asked: PriceQuestion) -> Priced | None:
        if asked not in self.known:
            found = self.book.price_at(asked)
            fits = isinstance(found, Priced) and found.currency == asked.currency
            self.known[asked] = cast("Priced", found) if fits else None
        return self.known[asked]


@dataclass(frozen=True, slots=True)
class _Moves:
    """Deployments that could move as a whole: every kind they use has a price there, or the comparison is not made."""

    cheaper: frozenset[Key]
    replaced: frozenset[Key]


def _whole_moves(rows: list[FinanceRow], asked: _Otherwise, habits: Mapping[Key, Habits]) -> _Moves:
    keys = {key_of(row) for row in rows}
    no_sku, no_model = set[Key](), set[Key]()
    for row in rows:
        sku, target = _SAME_RESIDENCY.get(row.sku), habits.get(key_of(row), _UNKNOWN).replacement
        if sku is None or not _is_plain(row) or asked.cost(row, sku=sku) is None:
            no_sku.add(key_of(row))
        if target is None or not _is_plain(row) or asked.cost(row, model=target) is None:
            no_model.add(key_of(row))
    return _Moves(frozenset(keys - no_sku), frozenset(keys - no_model))


def _is_plain(row: FinanceRow) -> bool:
    return row.kind in _TEXT_KINDS and row.tier == "standard"


def _spent(row: FinanceRow, asked: _Otherwise, habits: Habits, whole: _Moves) -> Spent:
    plain, key = _is_plain(row), key_of(row)
    batch, cheaper, target = _BATCH.get(row.sku), _SAME_RESIDENCY.get(row.sku), habits.replacement
    return Spent(
        deployment=name_of(row),
        model=row.model,
        sku=row.sku,
        currency=row.currency,
        kind=row.kind,
        tier=row.tier,
        quantity=row.quantity,
        cost=row.estimate or Decimal(0),
        as_batch=asked.cost(row, sku=batch) if plain and batch else None,
        as_cheaper_sku=asked.cost(row, sku=cheaper) if key in whole.cheaper else None,
        cheaper_sku=cheaper or "",
        as_replacement=asked.cost(row, model=target) if target and key in whole.replaced else None,
        replacement=" ".join(filter(None, target or ())),
        if_cached=asked.cost(row, kind="cached_input") if row.kind == "input" and plain else None,
        busiest_tenth=habits.busiest_tenth,
    )


def _held(
    row: FinanceRow, report: FinanceReport, asked: _Otherwise, habits: Habits, units: ProvisionedUse | None
) -> Held:
    """What is really paid counts: the bill's part where it was read, and units paid ahead at their own price."""
    estimate = row.estimate or Decimal(0)
    hours = Decimal(24 * len(report.month.days))
    stood = hours if habits.minutes is None else min(hours, Decimal(habits.minutes) / 60)
    return Held(
        deployment=name_of(row),
        model=row.model,
        sku=row.sku,
        currency=row.currency,
        kind=cast("Literal['ptu_hour', 'hosting_hour']", row.kind),
        quantity=row.quantity,
        cost=min(estimate, row.billed) if row.billed else estimate,
        list_cost=max(estimate, asked.cost(row) or estimate),
        hours=stood,
        month_hours=hours,
        is_used=habits.requests > 0,
        mean=_share(habits.ptu_mean),
        busiest=_share(habits.ptu_max),
        tokens=units.tokens if units else Decimal(0),
        by_token=units.by_token if units else None,
        by_token_sku=_PAID_BY_TOKEN.get(row.sku, ""),
        reserved=asked.reserved(row) if row.kind == "ptu_hour" else {},
    )


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _beside_tokens(one: ProvisionedUse, report: FinanceReport, asked: _Otherwise) -> ProvisionedUse:
    """What the tokens that the units served would have cost by the token, uncached; None where either has no price."""
    row = next((row for row in report.rows if name_of(row) == one.deployment), None)
    sku = _PAID_BY_TOKEN.get(row.sku) if row else None
    if row is None or sku is None:
        return one
    costs = [
        asked.cost(replace(row, kind=kind, quantity=tokens), sku=sku)
        for kind, tokens in (("input", one.input_tokens), ("output", one.output_tokens))
    ]
    known = [cost for cost in costs if cost is not None]
    return replace(one, by_token=sum(known, Decimal(0))) if len(known) == 2 else one
