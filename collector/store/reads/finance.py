"""A month's money: its charges, what of the bill is theirs, and what of it is nobody's.

A closed month is read as it was closed; an open one is worked out from what is known now.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.domain.money.allocation import BILL_ALONE, Allocated, BilledAmount, Weighed, allocated
from collector.domain.money.charge_types import Charge
from collector.domain.money.closing import CLOSING_DAY, ClosedCharge
from collector.domain.money.invoices import together
from collector.domain.money.reconciliation import Reconciliation
from collector.domain.money.reconciliation_meters import Family, MeterBook
from collector.domain.money.reserved_charges import STEP
from collector.domain.periods import DAY, Month
from collector.store import tables
from collector.store.reads import bills
from collector.store.reads.finance_names import Names
from collector.store.reads.finance_standing import reconciled

_PAID_AHEAD: Final = frozenset({"Purchase", "Refund"})
_ZERO: Final = Decimal(0)
_CHARGE: Final = tuple(Charge.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class MonthMoney:
    """A month as it is known now. `billed_scopes` are the subscriptions that its bill names, `idle_scopes` those whose
    bill was read and, as their metrics, knows no use; `holes` are days of use that a settled bill holds nothing of."""

    charges: tuple[ClosedCharge, ...]
    residuals: tuple[Allocated, ...]
    foreign: tuple[tuple[Charge, Allocated], ...]
    reconciliations: tuple[Reconciliation, ...]
    bill_states: Mapping[str, bills.BillState]
    billed_scopes: frozenset[str]
    idle_scopes: frozenset[str] = frozenset()
    alone: tuple[tuple[Charge | None, Allocated], ...] = ()
    holes: Mapping[str, Sequence[date]] = field(default_factory=dict[str, Sequence[date]])

    @property
    def is_billed_whole(self) -> bool:
        return (
            not self.holes
            and bool(self.billed_scopes)
            and self.billed_scopes | self.idle_scopes >= self.bill_states.keys()
        )


def month_charges(connection: Connection, month: Month) -> list[Charge]:
    table = tables.charge_month
    columns = [table.c["month" if name == "day" else name] for name in _CHARGE]
    asked = select(*columns).where(table.c.month == month.first_day)
    asked = asked.order_by(table.c.account_key, table.c.deployment, table.c.kind, table.c.tier, table.c.part)
    return [Charge(*row) for row in connection.execute(asked)]


def current_month(
    connection: Connection, month: Month, now: datetime, meters: MeterBook, known: Names
) -> MonthMoney:
    """Charges of the month with their part of the bill, whatever was closed."""
    charges = month_charges(connection, month)
    lines = bills.bill_lines(connection, month.first_day, month.shifted(1).first_day)
    states = bills.bill_states(connection, month.first_day, month.shifted(1).first_day)
    settled = now >= month.window.end + (CLOSING_DAY - 1) * DAY
    holes = bills.days_not_billed(connection, month.first_day, month.shifted(1).first_day) if settled else {}
    billed_scopes = frozenset(line.scope for line in lines)
    weighed = _weighed(charges, meters)
    spread = frozenset(line.scope for line in lines if line.amortised is not None)
    invoiced = frozenset(line.scope for line in lines if line.actual is not None)
    parts = allocated([_amount(line, meters, spread, invoiced) for line in lines], weighed)
    mine: dict[int, list[Allocated]] = defaultdict(list)
    foreign: list[tuple[Charge, Allocated]] = []
    for part in parts:
        if part.index is None:
            continue
        if part.currency == charges[part.index].currency:
            mine[part.index].append(part)
        else:
            foreign.append((charges[part.index], part))
    read = {account for account in known.places if known.scope(account) in billed_scopes}
    asked = {account for account in read if known.scope(account) in invoiced}
    return MonthMoney(
        tuple(
            _with_bill(one, mine[at], one.account_key in read, one.account_key in asked)
            for at, one in enumerate(charges)
        ),
        tuple(part for part in parts if part.index is None),
        tuple(foreign),
        tuple(reconciled(connection, month, now, weighed, lines, states, holes, meters, known)),
        states,
        billed_scopes,
        _idle(states, known, charges) - billed_scopes,
        tuple(
            (None if part.index is None else charges[part.index], part)
            for part in parts
            if part.kind in BILL_ALONE
        ),
        holes,
    )


def _with_bill(charge: Charge, parts: Sequence[Allocated], is_read: bool, is_asked: bool) -> ClosedCharge:
    """What a bill that was read does not name cost nothing."""
    return ClosedCharge(
        charge,
        sum((part.cost for part in parts), _ZERO) if is_read else None,
        sum((part.actual or _ZERO for part in parts), _ZERO) if is_asked else None,
        together(part.invoiced for part in parts),
    )


def _idle(states: Mapping[str, bills.BillState], known: Names, charges: Iterable[Charge]) -> frozenset[str]:
    busy = {known.scope(one.account_key) for one in charges if one.quantity}
    return frozenset(scope for scope, state in states.items() if state.is_read and scope not in busy)


def _weighed(charges: Sequence[Charge], meters: MeterBook) -> list[Weighed]:
    """What no meter priced belongs where the same model of the deployment was priced: its name may be one of its own."""
    metered: dict[tuple[UUID, str, str], Family] = {}
    for one in charges:
        if one.meter_name and one.step not in (None, "rate", STEP) and (family := _family(one, meters)):
            metered.setdefault((one.account_key, one.deployment, one.model), family)
    found: list[Weighed] = []
    for one in charges:
        beside = metered.get((one.account_key, one.deployment, one.model)) if one.cost is None else None
        found.append(Weighed(one, beside or _family(one, meters)))
    return found


def _family(charge: Charge, meters: MeterBook) -> Family | None:
    """By the meter that priced it; without one, by its model and SKU."""
    if charge.step not in (None, "rate", STEP) and charge.meter_name:
        found = meters.billed(charge.meter_id or "", charge.meter_name).family
        if found is not None:
            terms = meters.family_of(charge.model, charge.version or None, charge.sku)
            return replace(found, scope=found.scope or (terms.scope if terms else ""))
    return meters.family_of(charge.model, charge.version or None, charge.sku)


def _amount(
    line: bills.BillLine, meters: MeterBook, spread: frozenset[str], invoiced: frozenset[str]
) -> BilledAmount:
    """A purchase whose cost the amortised bill spreads over its use is nothing by itself: it would count twice.

    So is the refund of one that is returned: the amortised bill ends with it.

    What the actual bill of an `invoiced` scope does not name costs nothing there: a reservation paid for it.
    """
    meter = meters.billed(line.meter_id, line.meter)
    is_spread = line.charge_type in _PAID_AHEAD and line.amortised is None and line.scope in spread
    return BilledAmount(
        line.account_key,
        line.currency,
        meter,
        Decimal(0) if is_spread else line.cost,
        (line.quantity or Decimal(0)) * meter.divisor,
        "" if line.meter_id.startswith("name:") else line.meter_id,
        line.charge_type,
        line.account_arm_id is not None,
        f"{line.actual:,.2f} {line.currency} invoiced, spread over its use" if is_spread else "",
        line.actual if line.actual is not None or line.scope not in invoiced else Decimal(0),
        line.invoice,
        line.commitment,
    )


def first_charged_month(connection: Connection) -> date | None:
    return connection.execute(select(func.min(tables.charge_month.c.month))).scalar_one()
