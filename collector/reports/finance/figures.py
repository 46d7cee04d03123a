"""The figures of a month as finance reads them. The same figures fill the workbook, the CSV, the mail and the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from collector.domain.money.allocation import TeamCost
from collector.domain.money.anomalies import Variance
from collector.domain.money.burn import BudgetState
from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.domain.money.invoices import Invoiced, Invoicing, together
from collector.domain.money.reconciliation import Reconciliation
from collector.domain.money.reservations import ReservationUse
from collector.domain.money.saving_types import Saving
from collector.domain.money.unit_costs import ProvisionedUse, UnitCost
from collector.domain.periods import Month

TOKEN_KINDS: Final = frozenset(
    {"input", "cached_input", "cache_write", "output", "audio_input", "audio_output", "cached_audio_input"}
    | {"image_input", "image_output", "cached_image_input"}
)
ESTIMATE: Final = "estimate"
BILL: Final = "bill"


@dataclass(frozen=True, slots=True)
class FinanceRow:
    """One kind of use of a deployment in a month, at one price. Without a deployment it is a residual of the bill.

    `billed` is its part of the amortised bill, `actual` of the bill as it is paid, None where that is not known.
    `invoiced` parts both by invoice and commitment.
    """

    month: date
    subscription_id: str
    subscription: str
    account_id: str
    account: str
    deployment: str
    model: str
    version: str
    sku: str
    location: str
    team: str | None
    kind: str
    tier: str
    currency: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    estimate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    billed: Decimal | None
    basis: str
    step: str | None
    meter_id: str | None
    meter_name: str | None
    price_effective_from: datetime | None
    price_captured_at: datetime | None
    why: str | None
    actual: Decimal | None = None
    invoiced: tuple[Invoiced, ...] = ()

    @property
    def is_residual(self) -> bool:
        return not self.deployment

    @property
    def is_priced(self) -> bool:
        return self.estimate is not None

    @property
    def out_of_scope(self) -> bool:
        return (self.why or "").startswith("out of scope")

    def amount(self, basis: str) -> Decimal:
        return (self.billed if basis == BILL else self.estimate) or Decimal(0)


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """A reconciliation with the names people know."""

    subscription: str
    account: str
    line: Reconciliation


@dataclass(frozen=True, slots=True)
class BilledAlone:
    """A part of the bill of a kind that no metric counts; without a deployment it is nobody's."""

    subscription: str
    account: str
    deployment: str
    kind: str
    meter: str
    quantity: Decimal
    unit: str
    currency: str
    cost: Decimal


@dataclass(frozen=True, slots=True)
class RestatedRow:
    subscription: str
    account: str
    deployment: str
    currency: str
    seen_at: datetime
    estimate_change: Decimal
    billed_change: Decimal
    actual_change: Decimal


@dataclass(frozen=True, slots=True)
class CurrencyOutlook:
    """What comes of a month in one currency: its forecast while it runs, and its change since the month before.

    `before` is that month's estimate, `before_billed` its bill where it was closed with all of it.
    """

    currency: str
    forecast: MonthForecast | NoForecast | None = None
    variance: Variance | None = None
    before: Decimal | None = None
    before_billed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OddDay:
    """A day that cost what nobody would have expected, and what it was due to."""

    day: date
    currency: str
    scope: str
    cost: Decimal
    expected: Decimal
    cause: str


@dataclass(frozen=True, slots=True)
class FinanceReport:
    """A month. `basis` is what its headline is made of: the bill where it is whole, else the estimate.

    `unbilled` are the subscriptions that no bill was read of: they are in no billed amount. Of `holed` ones the bill
    lacks days.
    """

    month: Month
    state: str
    closed_at: datetime | None
    as_of: datetime | None
    made_at: datetime
    basis: str
    coverage: float | None
    rows: tuple[FinanceRow, ...]
    reconciliations: tuple[ReconciledRow, ...] = ()
    reservations: tuple[ReservationUse, ...] = ()
    billed_alone: tuple[BilledAlone, ...] = ()
    teams: tuple[TeamCost, ...] = ()
    restatements: tuple[RestatedRow, ...] = ()
    outlook: tuple[CurrencyOutlook, ...] = ()
    unit_costs: tuple[UnitCost, ...] = ()
    provisioned: tuple[ProvisionedUse, ...] = ()
    budgets: tuple[BudgetState, ...] = ()
    savings: tuple[Saving, ...] = ()
    odd_days: tuple[OddDay, ...] = ()
    daily: tuple[tuple[date, str, Decimal], ...] = ()
    notes: tuple[str, ...] = ()
    bill_notices: tuple[str, ...] = field(default=())
    unbilled: tuple[str, ...] = ()
    holed: tuple[str, ...] = ()
    invoicing: Invoicing = field(default_factory=Invoicing)

    @property
    def before(self) -> dict[str, Decimal | None]:
        """The month before by currency, on the basis of this one: a bill is held beside a bill."""
        is_billed = self.basis == BILL
        return {one.currency: one.before_billed if is_billed else one.before for one in self.outlook}

    @property
    def to_be_paid(self) -> dict[str, Decimal]:
        """What a whole bill asks for, by currency; of one that knows amortised cost alone, nothing is told."""
        billed = [row for row in self.rows if row.billed is not None]
        if self.basis != BILL or any(row.actual is None for row in billed):
            return {}
        sums: dict[str, Decimal] = {}
        for row in billed:
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + (row.actual or Decimal(0))
        return sums

    @property
    def currencies(self) -> list[str]:
        return sorted({row.currency for row in self.rows})


@dataclass(frozen=True, slots=True)
class Line:
    """Sums of rows that share a key, in one currency."""

    key: tuple[str, ...]
    currency: str
    quantity: Decimal
    estimate: Decimal
    low: Decimal
    high: Decimal
    billed: Decimal | None
    basis_amount: Decimal
    is_priced: bool = True


def lines_by(rows: Iterable[FinanceRow], keys: Sequence[str], basis: str) -> list[Line]:
    """Rows summed by these attributes and currency, largest first; an empty value is said to be unallocated."""
    sums: dict[tuple[str, ...], list[FinanceRow]] = {}
    for row in rows:
        named = tuple(str(getattr(row, key) or "") for key in keys)
        sums.setdefault((row.currency, *named), []).append(row)
    found = [_line(key[1:], key[0], parts, basis) for key, parts in sums.items()]
    return sorted(found, key=lambda line: (line.currency, -line.basis_amount, line.key))


def _line(key: tuple[str, ...], currency: str, parts: Sequence[FinanceRow], basis: str) -> Line:
    zero = Decimal(0)
    billed = [row.billed for row in parts if row.billed is not None]
    return Line(
        key,
        currency,
        sum((row.quantity for row in parts if not row.is_residual), zero),
        sum((row.estimate or zero for row in parts), zero),
        sum((_bound(row.low, row) for row in parts), zero),
        sum((_bound(row.high, row) for row in parts), zero),
        sum(billed, zero) if billed else None,
        sum((row.amount(basis) for row in parts), zero),
        any(row.is_priced for row in parts),
    )


def _bound(bound: Decimal | None, row: FinanceRow) -> Decimal:
    """A bound of zero is one: what may all have been free."""
    return (row.estimate or Decimal(0)) if bound is None else bound


def one_a_deployment(rows: Iterable[FinanceRow]) -> list[FinanceRow]:
    """Rows of one deployment, kind and currency as one: a month in which its price changed, or a part was paid ahead."""
    sums: dict[tuple[str, ...], FinanceRow] = {}
    for row in rows:
        key = (row.account_id, row.deployment, row.model, row.sku, row.kind, row.currency)
        one = sums.get(key)
        sums[key] = row if one is None else _both(one, row)
    return list(sums.values())


def _both(one: FinanceRow, other: FinanceRow) -> FinanceRow:
    return replace(
        one,
        quantity=one.quantity + other.quantity,
        unit_price=one.unit_price if one.unit_price == other.unit_price else None,
        estimate=_plus(one.estimate, other.estimate),
        low=_plus(one.low, other.low),
        high=_plus(one.high, other.high),
        billed=_plus(one.billed, other.billed),
        actual=_plus(one.actual, other.actual),
        invoiced=together((*one.invoiced, *other.invoiced)),
    )


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


def totals(report: FinanceReport) -> list[Line]:
    return lines_by(report.rows, (), report.basis)
