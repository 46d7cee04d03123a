"""When a month may be closed, what it is closed at, and what counts as a change afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from uuid import UUID

from collector.domain.money.charge_types import Charge
from collector.domain.money.invoices import Invoiced
from collector.domain.periods import DAY, Month, month_of

CLOSING_DAY: Final = 6
"""From this day on a month closes by itself, if the bill stands still."""

MonthState = Literal["open", "closing", "closed"]
DeploymentCurrency = tuple[UUID, str, str]
_CENT: Final = Decimal("0.005")


class Amounts(NamedTuple):
    """Of a deployment and currency: what was estimated, its part of the amortised bill, and of the bill as it is paid."""

    estimate: Decimal | None = None
    billed: Decimal | None = None
    actual: Decimal | None = None

    def plus(self, other: Amounts) -> Amounts:
        return Amounts(
            *(
                now if was is None else was if now is None else was + now
                for was, now in zip(self, other, strict=True)
            )
        )


@dataclass(frozen=True, slots=True)
class ClosedCharge:
    """A charge and what of the bill was allocated to it; `billed` None where no bill was read.

    `billed` is amortised; `actual` is its part of what the bill asks to be paid, None where that is not known.
    `invoiced` parts both by invoice and commitment.
    """

    charge: Charge
    billed: Decimal | None
    actual: Decimal | None = None
    invoiced: tuple[Invoiced, ...] = ()


@dataclass(frozen=True, slots=True)
class Restatement:
    """A change to a closed month, dated when it was seen."""

    account_key: UUID
    deployment: str
    month: date
    currency: str
    seen_at: datetime
    estimate_before: Decimal | None
    estimate_after: Decimal | None
    billed_before: Decimal | None
    billed_after: Decimal | None
    actual_before: Decimal | None = None
    actual_after: Decimal | None = None

    @property
    def estimate_change(self) -> Decimal:
        return (self.estimate_after or Decimal(0)) - (self.estimate_before or Decimal(0))

    @property
    def billed_change(self) -> Decimal:
        return (self.billed_after or Decimal(0)) - (self.billed_before or Decimal(0))

    @property
    def actual_change(self) -> Decimal:
        return (self.actual_after or Decimal(0)) - (self.actual_before or Decimal(0))


@dataclass(frozen=True, slots=True)
class BillStanding:
    """A subscription's bill of a month: when it last changed, when it was last read with success, and how far it is known."""

    changed_at: datetime | None
    succeeded_at: datetime | None
    through: datetime | None = None


def state_of(month: Month, now: datetime, closed: bool) -> MonthState:
    if closed:
        return "closed"
    return "open" if now < month.window.end else "closing"


def why_not_closable(month: Month, now: datetime) -> str | None:
    """Why a month cannot be closed by hand, None where it can."""
    if now < month.window.end:
        return f"{month} is not over: it can be closed from {month.window.end:%Y-%m-%d} on (UTC)"
    return None


def closes_by_itself(month: Month, now: datetime, bills: Iterable[BillStanding]) -> bool:
    """On day 6 or later, if no bill changed between its last two daily reads.

    A subscription whose bill was never read does not hold the month open: it is closed on estimates. One whose
    export stopped within the month does: what it has is no bill of the month.
    """
    if now < month.window.end + (CLOSING_DAY - 1) * DAY:
        return False
    settled = month.window.end + timedelta(days=3)
    return all(
        _stands_still(bill, settled) and (bill.through is None or bill.through >= month.window.end)
        for bill in bills
        if bill.succeeded_at is not None
    )


def _stands_still(bill: BillStanding, settled: datetime) -> bool:
    if bill.succeeded_at is None or bill.succeeded_at < settled:
        return False
    return bill.changed_at is None or bill.succeeded_at - bill.changed_at >= DAY


def closable_months(first: date, now: datetime, closed: Iterable[date]) -> list[Month]:
    """Months that are over and not closed, oldest first."""
    done, month, found = set(closed), month_of(first), list[Month]()
    while month.window.end <= now:
        if month.first_day not in done:
            found.append(month)
        month = month.shifted(1)
    return found


def amounts_of(charges: Iterable[ClosedCharge]) -> dict[DeploymentCurrency, Amounts]:
    """What stands beside each other when a closed month is restated."""
    found: dict[DeploymentCurrency, Amounts] = {}
    for one in charges:
        key = (one.charge.account_key, one.charge.deployment, one.charge.currency)
        found[key] = found.get(key, Amounts()).plus(Amounts(one.charge.cost, one.billed, one.actual))
    return found


def restated(
    month: Month,
    before: Mapping[DeploymentCurrency, Amounts],
    after: Mapping[DeploymentCurrency, Amounts],
    at: datetime,
) -> list[Restatement]:
    """What changed by a cent or more since it was last told.

    What was closed with the amortised bill alone has no actual cost to differ from.
    """
    found: list[Restatement] = []
    for key in sorted(before.keys() | after.keys()):
        account, deployment, currency = key
        old, new = before.get(key, Amounts()), after.get(key, Amounts())
        if old.billed is not None and old.actual is None:
            new = new._replace(actual=None)
        if any(_differ(was, now) for was, now in zip(old, new, strict=True)):
            sides = (one for both in zip(old, new, strict=True) for one in both)
            found.append(Restatement(account, deployment, month.first_day, currency, at, *sides))
    return found


def _differ(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is not other and abs(one or other or Decimal(0)) >= _CENT
    return abs(one - other) >= _CENT
