"""Estimate beside bill: for an account, month, currency and meter family, how they stand and why they differ.

The difference is split exactly: what is due to price, what to quantity, and what to a mix that metrics cannot
tell (cached share, tier, context).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from collector.domain.money.reconciliation_meters import Family, direction

RECONCILED_WITHIN: Final = Decimal("0.02")
TOLERATED_WITHIN: Final = Decimal("0.05")
COVERED: Final = 0.99
_CENT: Final = Decimal("0.01")
_NOTABLE: Final = Decimal("0.005")
_ZERO: Final = Decimal(0)


class Status(StrEnum):
    RECONCILED = "Reconciled"
    TOLERATED = "Within tolerance"
    UNEXPLAINED = "Unexplained"
    UNPRICED = "Unpriced"
    NOT_CLOSED = "Not closed yet"
    NO_BILL = "No bill read"
    NOT_COVERED = "Not covered"


@dataclass(frozen=True, slots=True)
class EstimatedPart:
    """What charging found of one kind and tier; `cost` None has no price. Quantities are tokens, hours and so on."""

    account_key: UUID
    currency: str
    family: Family
    kind: str
    tier: str
    quantity: Decimal
    cost: Decimal | None
    calibrated: bool = False
    at_list: bool = True


@dataclass(frozen=True, slots=True)
class BilledPart:
    """What was billed of one kind, tier and context, in the same units; without a family it is known by `label` alone."""

    account_key: UUID
    currency: str
    family: Family | None
    label: str
    kind: str
    tier: str
    context: str
    quantity: Decimal
    cost: Decimal
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """What bears on all families of an account: `settled` is a bill that Azure no longer adds to."""

    coverage: float | None
    bill_is_read: bool
    why_no_bill: str = ""
    settled: bool = True
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Cause:
    """Why estimate and bill differ; `amount` is its part of the difference, None where that cannot be told."""

    name: str
    words: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    account_key: UUID
    currency: str
    family: str
    estimate: Decimal | None
    bill: Decimal | None
    status: Status
    causes: tuple[Cause, ...] = ()

    @property
    def difference(self) -> Decimal | None:
        return None if self.estimate is None or self.bill is None else self.estimate - self.bill

    @property
    def ratio(self) -> Decimal | None:
        """(estimate - bill) / bill."""
        difference = self.difference
        return difference / self.bill if difference is not None and self.bill else None


def reconcile(
    estimated: Iterable[EstimatedPart],
    billed: Iterable[BilledPart],
    months: Mapping[UUID, AccountMonth],
) -> list[Reconciliation]:
    """One line for every account, currency and family that either side knows, largest amount first."""
    ours: dict[tuple[UUID, str, str], list[EstimatedPart]] = {}
    families: dict[UUID, set[Family]] = {}
    for part in estimated:
        ours.setdefault((part.account_key, part.currency, str(part.family)), []).append(part)
        families.setdefault(part.account_key, set()).add(part.family)
    theirs: dict[tuple[UUID, str, str], list[BilledPart]] = {}
    for line in billed:
        family = _said_in_full(line.family, families.get(line.account_key, set()))
        label = str(family) if family else line.label
        theirs.setdefault((line.account_key, line.currency, label), []).append(replace(line, family=family))
    found = [
        _judged(key, ours.get(key, []), theirs.get(key, []), months.get(key[0], AccountMonth(None, False)))
        for key in ours.keys() | theirs.keys()
    ]
    return sorted(
        found,
        key=lambda one: (-max(one.estimate or _ZERO, one.bill or _ZERO), one.family, str(one.account_key)),
    )


def _said_in_full(family: Family | None, known: Iterable[Family]) -> Family | None:
    """A meter's name that leaves its deployment type out means the only one that the account has."""
    if family is None or family.scope:
        return family
    fitting = [one for one in known if replace(one, scope="") == family]
    return fitting[0] if len(fitting) == 1 else family


def _judged(
    key: tuple[UUID, str, str],
    ours: Sequence[EstimatedPart],
    theirs: Sequence[BilledPart],
    month: AccountMonth,
) -> Reconciliation:
    account, currency, family = key
    priced = [part.cost for part in ours if part.cost is not None]
    estimate = sum(priced, _ZERO) if priced else None
    bill = sum((line.cost for line in theirs), _ZERO) if theirs else None
    if month.bill_is_read and bill is None:
        bill = _ZERO
    status = _status(ours, estimate, bill, month)
    causes = tuple(_causes(ours, theirs, month, status))
    return Reconciliation(account, currency, family, estimate, bill, status, causes)


def _status(
    ours: Sequence[EstimatedPart], estimate: Decimal | None, bill: Decimal | None, month: AccountMonth
) -> Status:
    if not month.settled:
        return Status.NOT_CLOSED
    if not month.bill_is_read or bill is None:
        return Status.NO_BILL
    if not month.is_known or month.coverage is None or month.coverage < COVERED:
        return Status.NOT_COVERED
    difference = abs((estimate or _ZERO) - bill)
    if difference <= max(_CENT, RECONCILED_WITHIN * abs(bill)) and estimate is not None:
        return Status.RECONCILED
    if estimate is None or any(part.cost is None for part in ours):
        return Status.UNPRICED
    return Status.TOLERATED if difference <= TOLERATED_WITHIN * abs(bill) else Status.UNEXPLAINED


def _causes(
    ours: Sequence[EstimatedPart], theirs: Sequence[BilledPart], month: AccountMonth, status: Status
) -> Iterable[Cause]:
    if status is Status.NOT_CLOSED:
        yield Cause("period not closed", "Azure still adds to this month's bill")
    if status is Status.NO_BILL:
        yield Cause("no bill", month.why_no_bill or "no bill was read for this subscription and month")
    if not month.is_known:
        yield Cause("missing coverage", "the account was deleted before it was first seen")
    elif month.coverage is not None and month.coverage < COVERED:
        yield Cause("missing coverage", f"metrics cover {month.coverage:.1%} of the month")
    unpriced = [part for part in ours if part.cost is None]
    if unpriced:
        kinds = ", ".join(sorted({f"{part.quantity:,.0f} {part.kind}" for part in unpriced}))
        yield Cause("unpriced", f"no price is known for {kinds}")
    if status is Status.RECONCILED or not theirs:
        return
    if not ours:
        yield Cause("unpriced", "billed by a meter that metrics count nothing for", -_total(theirs))
        return
    yield from _split(ours, theirs)


def _total(lines: Iterable[BilledPart]) -> Decimal:
    return sum((line.cost for line in lines), _ZERO)


def _split(ours: Sequence[EstimatedPart], theirs: Sequence[BilledPart]) -> Iterable[Cause]:
    """The difference as price, quantity and mix; the three sum to it."""
    lists = _our_prices(ours, theirs)
    price = sum((line.quantity * lists[_key(line)] - line.cost for line in theirs), _ZERO)
    scale = max(_total(theirs), _CENT)
    if abs(price) > _NOTABLE * scale:
        yield _price_cause(price, theirs, lists)
    groups = {direction(part.kind) for part in ours} | {direction(line.kind) for line in theirs}
    for group in sorted(groups):
        mine = [part for part in ours if direction(part.kind) == group and part.cost is not None]
        bills = [line for line in theirs if direction(line.kind) == group]
        yield from (
            cause
            for cause in _of_group(group, mine, bills, lists)
            if cause.amount is not None and abs(cause.amount) > _NOTABLE * scale
        )


_PriceKey = tuple[str, str, str]


def _key(line: BilledPart) -> _PriceKey:
    return line.kind, line.tier, line.context


def _our_prices(ours: Sequence[EstimatedPart], theirs: Sequence[BilledPart]) -> dict[_PriceKey, Decimal]:
    """What we would have charged for each billed meter; a meter that we charged nothing by, in the common proportion."""
    sums: dict[_PriceKey, tuple[Decimal, Decimal]] = {}
    for part in ours:
        if part.cost is not None and part.quantity:
            quantity, cost = sums.get((part.kind, part.tier, "short"), (_ZERO, _ZERO))
            sums[part.kind, part.tier, "short"] = (quantity + part.quantity, cost + part.cost)
    known = {key: cost / quantity for key, (quantity, cost) in sums.items() if quantity}
    alike = [line for line in theirs if _key(line) in known and line.quantity]
    at_ours = sum((line.quantity * known[_key(line)] for line in alike), _ZERO)
    ratio = at_ours / _total(alike) if alike and _total(alike) else Decimal(1)
    billed: dict[_PriceKey, tuple[Decimal, Decimal]] = {}
    for line in theirs:
        quantity, cost = billed.get(_key(line), (_ZERO, _ZERO))
        billed[_key(line)] = (quantity + line.quantity, cost + line.cost)
    other = {
        key: (cost / quantity * ratio if quantity else _ZERO) for key, (quantity, cost) in billed.items()
    }
    return other | {key: price for key, price in known.items() if key in billed}


def _price_cause(price: Decimal, theirs: Sequence[BilledPart], lists: Mapping[_PriceKey, Decimal]) -> Cause:
    at_ours = sum((line.quantity * lists[_key(line)] for line in theirs), _ZERO)
    if any(line.reserved for line in theirs):
        return Cause(
            "reservation",
            "units paid ahead are billed at their reservation's price; [[reservations]] tells the estimate of it",
            price,
        )
    percent = f"{_total(theirs) / at_ours:.1%} of our prices" if at_ours else "without quantity"
    return Cause("negotiated rate", f"billed at {percent}: a negotiated rate, or a price that changed", price)


def _of_group(
    group: str,
    ours: Sequence[EstimatedPart],
    theirs: Sequence[BilledPart],
    lists: Mapping[_PriceKey, Decimal],
) -> Iterable[Cause]:
    cost = sum((part.cost or _ZERO for part in ours), _ZERO)
    at_ours = sum((line.quantity * lists[_key(line)] for line in theirs), _ZERO)
    counted, billed = sum((p.quantity for p in ours), _ZERO), sum((b.quantity for b in theirs), _ZERO)
    if not ours:
        yield Cause("unpriced", f"{group} is billed and no metric of ours counts it", -at_ours)
        return
    volume = (counted - billed) * at_ours / billed if billed else cost
    yield Cause("quantity", _quantity_words(group, counted, billed, theirs), volume)
    yield Cause(*_mix_words(group, ours, theirs), cost - at_ours - volume)


def _quantity_words(group: str, counted: Decimal, billed: Decimal, theirs: Sequence[BilledPart]) -> str:
    if not billed:
        return f"{group} was counted and not billed"
    plain = sum((line.quantity for line in theirs if line.kind == group), _ZERO)
    if counted < billed and plain and abs(counted / plain - 1) < RECONCILED_WITHIN:
        return "Azure's prompt tokens seem not to hold the cached ones: set AOAI_COSTS_PROMPT_INCLUDES_CACHED=false"
    return f"metrics count {counted / billed - 1:+.1%} {group} against the bill"


def _mix_words(group: str, ours: Sequence[EstimatedPart], theirs: Sequence[BilledPart]) -> tuple[str, str]:
    if any(line.context == "long" for line in theirs):
        return (
            "long context",
            f"{group} is billed partly at the long-context price, which metrics cannot tell",
        )
    if {line.tier for line in theirs} != {part.tier for part in ours}:
        return "tier", f"{group} is billed by another service tier than the requests told"
    if any(line.kind != group for line in theirs):
        billed = sum((line.quantity for line in theirs), _ZERO)
        cached = sum((line.quantity for line in theirs if line.kind != group), _ZERO)
        told = (
            "learned from earlier days"
            if any(part.calibrated for part in ours)
            else "not known, so none was assumed"
        )
        share = f"{cached / billed:.1%}" if billed else "part"
        return (
            "cached share",
            f"{share} of {group} is billed as cached or written to the cache; our share was {told}",
        )
    return "tier", f"{group} is parted by tier otherwise than the requests told"
