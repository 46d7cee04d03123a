"""FOCUS rows as lines of a bill: the same words and keys that Cost Management's query gives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from collector.domain.bills import Biller, BillLine, ReservedLine
from collector.domain.periods import DAY
from collector.domain.types import NeedsHuman
from collector.sources.bill_lines import account_of, added, reserved_added
from collector.sources.exports.rows import EMPTY, Row
from collector.sources.said import instant

_SUBSCRIPTION: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_USAGE: Final = "Usage"
_PURCHASE: Final = "Purchase"
_UNUSED: Final = "UnusedReservation"
_REFUND: Final = "Refund"
_BILLER: Final = ("BillingAccountId", "BillingAccountName", "BillingAccountType", "InvoiceIssuerName")
_TOLD: Final = ("account_id", "account_name", "account_type", "issuer")

LineKey = tuple[str, str | None, date, str, str | None, str, str, str, str]
ReservedKey = tuple[str, str, date, str, str, str]
BillerKey = tuple[str, date, str]


@dataclass(slots=True)
class Ledger:
    """The lines of one run, added up as they are read, so that memory grows with meters and days, not with rows."""

    first: date | None = None
    last: date | None = None
    is_dated: bool = False
    lines: dict[LineKey, BillLine] = field(default_factory=dict[LineKey, BillLine])
    reserved: dict[ReservedKey, ReservedLine] = field(default_factory=dict[ReservedKey, ReservedLine])
    billers: dict[BillerKey, Biller] = field(default_factory=dict[BillerKey, Biller])
    subscriptions: set[str] = field(default_factory=set[str])
    nobodys: dict[str, Decimal] = field(default_factory=dict[str, Decimal])

    def saw(self, subscriptions: list[str], days: list[date]) -> None:
        """What all rows span, ours or not: a subscription without use of ours has a bill too."""
        self.subscriptions |= {one for said in subscriptions if (one := subscription_of(said))}
        if days and not self.is_dated:
            self.first = min(days) if self.first is None else min(self.first, *days)
            self.last = max(days) if self.last is None else max(self.last, *days)

    def book(self, path: str, row: Row) -> None:
        subscription, currency = subscription_of(_said(row, "SubAccountId")), _said(row, "BillingCurrency")
        if not currency:
            raise NeedsHuman(f"{path}: a row without BillingCurrency; expected a code such as EUR")
        cost = _amount(path, row, "EffectiveCost") or _amount(path, row, "BilledCost")
        if subscription is None:
            self.nobodys[currency] = self.nobodys.get(currency, Decimal(0)) + (cost or Decimal(0))
            return
        line = _line(path, row, subscription, currency.upper())
        key = (
            line.scope, line.account_arm_id, line.day, line.meter_id, line.meter, line.charge_type, line.currency,
            line.invoice, line.commitment,
        )  # fmt: skip
        self.lines[key] = added(self.lines[key], line) if key in self.lines else line
        self._bill(row, line)
        if line.commitment:
            self._reserve(row, line)

    def _bill(self, row: Row, line: BillLine) -> None:
        """Who bills whom. What rows of one invoice tell differently is not known of it."""
        said = (_said(row, name) or None for name in _BILLER)
        one = Biller(line.day.replace(day=1), line.invoice, *said)
        key = (line.scope, one.month, one.invoice)
        before = self.billers.get(key, one)
        if before != one:
            told = (
                getattr(before, name) if getattr(before, name) == getattr(one, name) else None
                for name in _TOLD
            )
            one = Biller(one.month, one.invoice, *told)
        self.billers[key] = one

    def _reserve(self, row: Row, line: BillLine) -> None:
        one = ReservedLine(
            scope=line.scope,
            reservation=line.commitment,
            name=_said(row, "CommitmentDiscountName") or line.commitment.rpartition("/")[2],
            day=line.day,
            meter_id=line.meter_id,
            meter=line.meter,
            charge_type=line.charge_type,
            quantity=line.quantity,
            actual=line.actual,
            amortised=line.amortised,
            currency=line.currency,
            category=_said(row, "CommitmentDiscountCategory") or None,
            type=_said(row, "CommitmentDiscountType") or None,
        )
        key = (one.scope, one.reservation, one.day, one.meter_id, one.charge_type, one.currency)
        self.reserved[key] = reserved_added(self.reserved[key], one) if key in self.reserved else one

    def of(self, subscription: str, first: date, last: date) -> tuple[list[BillLine], list[ReservedLine]]:
        """What was charged on these days. A correction of days before the run counts on its first day."""
        scope = f"/subscriptions/{subscription}"
        lines = [self._inside(one) for one in self.lines.values() if one.scope == scope]
        reserved = [self._reserved_inside(one) for one in self.reserved.values() if one.scope == scope]
        return (
            [one for one in lines if first <= one.day <= last],
            [one for one in reserved if first <= one.day <= last],
        )

    def billers_of(self, subscription: str, first: date, last: date) -> tuple[Biller, ...]:
        """Of every month that the days touch, and every invoice that its lines stand on."""
        scope, since = f"/subscriptions/{subscription}", first.replace(day=1)
        found = (
            replace(one, month=self._day(one.month).replace(day=1))
            for key, one in self.billers.items()
            if key[0] == scope
        )
        return tuple(one for one in found if since <= one.month <= last)

    def _inside(self, line: BillLine) -> BillLine:
        return replace(line, day=self._day(line.day))

    def _reserved_inside(self, line: ReservedLine) -> ReservedLine:
        return replace(line, day=self._day(line.day))

    def _day(self, day: date) -> date:
        """A day after the run's last is another run's: a month's run may be said to end on the first of the next."""
        return day if self.first is None else max(day, self.first)


def subscription_of(said: str) -> str | None:
    found = _SUBSCRIPTION.search(said)
    return found[1].lower() if found else None


def day_of(path: str, said: str, column: str = "ChargePeriodStart") -> date:
    found = instant(said)
    if found is None:
        raise NeedsHuman(f"{path}: {column}={said!r}: expected an instant such as 2026-10-01T00:00:00Z")
    return found.date()


def _line(path: str, row: Row, subscription: str, currency: str) -> BillLine:
    billed, effective = _amount(path, row, "BilledCost"), _amount(path, row, "EffectiveCost")
    if billed is None or effective is None:
        raise NeedsHuman(
            f"{path}: a row without BilledCost or EffectiveCost; expected an amount, 0 where nothing is"
        )
    charge_type = _charge_type(row, billed)
    # The price of what is paid ahead is spread over its use: in the amortised view the payment itself is none.
    spread = (
        charge_type in (_PURCHASE, _REFUND) and bool(_said(row, "CommitmentDiscountId")) and not effective
    )
    return BillLine(
        scope=f"/subscriptions/{subscription}",
        account_arm_id=account_of(_said(row, "ResourceId")),
        day=_day_billed(path, row),
        meter_id=_said(row, "x_SkuMeterId").lower(),
        meter=_said(row, "SkuMeter") or _said(row, "x_SkuMeterName") or None,
        charge_type=charge_type,
        quantity=_quantity(path, row),
        actual=billed,
        amortised=None if spread else effective,
        currency=currency,
        invoice=_said(row, "InvoiceId") or _said(row, "x_InvoiceId"),
        commitment=_said(row, "CommitmentDiscountId").lower(),
    )


def _day_billed(path: str, row: Row) -> date:
    """The day of the charge; what is billed ahead of its day, on the last of the period that bills it."""
    day, end = day_of(path, row["ChargePeriodStart"]), row.get("BillingPeriodEnd")
    if not end:
        return day
    last = day_of(path, end, "BillingPeriodEnd")
    return min(day, last - DAY if last.day == 1 else last)


def _charge_type(row: Row, billed: Decimal) -> str:
    """In the words of Cost Management. What a commitment did not cover is no use of an account."""
    said, status = _said(row, "ChargeCategory") or _USAGE, _said(row, "CommitmentDiscountStatus")
    if said == _PURCHASE and (billed < 0 or _said(row, "ChargeClass") == "Correction"):
        return _REFUND
    if said != _USAGE:
        return said
    committed, account = _said(row, "CommitmentDiscountId"), account_of(_said(row, "ResourceId"))
    unused = status.casefold() == "unused" or bool(committed and not status and account is None)
    return _UNUSED if unused else _USAGE


def _quantity(path: str, row: Row) -> Decimal | None:
    """In units of the price, as the query counts: a meter priced by 1K counts thousands."""
    priced = _amount(path, row, "PricingQuantity")
    if priced is not None:
        return priced
    consumed, block = _amount(path, row, "ConsumedQuantity"), _amount(path, row, "x_PricingBlockSize")
    return consumed / block if consumed is not None and block else consumed


def _amount(path: str, row: Row, name: str) -> Decimal | None:
    said = (row.get(name) or "").strip()  # an amount of -2 is one
    if not said:
        return None
    try:
        found = Decimal(said)
    except InvalidOperation as error:
        raise NeedsHuman(f"{path}: {name}={said!r}: expected a number such as 12.5") from error
    if not found.is_finite():
        raise NeedsHuman(f"{path}: {name}={said!r}: expected a finite number")
    return found


def _said(row: Mapping[str, str], name: str) -> str:
    said = (row.get(name) or "").strip()
    return "" if said.casefold() in EMPTY else said
