"""A month's money row by row: charges, what of the bill is theirs, what of it is nobody's, and how the two stand.

A closed month is read as it was closed; an open one is worked out from what is known now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.domain.money.allocation import BILL_ALONE, Allocated, BilledAmount, Weighed, allocated
from collector.domain.money.charge_types import CALIBRATED, Charge
from collector.domain.money.closing import CLOSING_DAY, Amounts, ClosedCharge, DeploymentCurrency
from collector.domain.money.reconciliation import (
    AccountMonth,
    BilledPart,
    EstimatedPart,
    Reconciliation,
    reconcile,
)
from collector.domain.money.reconciliation_meters import Family, MeterBook
from collector.domain.money.reserved_charges import RESERVED, STEP
from collector.domain.periods import DAY, Month
from collector.domain.pricing import per
from collector.reports.finance.figures import BilledAlone, FinanceRow, ReconciledRow
from collector.store import tables
from collector.store.reads import bills
from collector.store.reads.coverage import account_coverage
from collector.store.reads.scope import Place, places

_CHARGE: Final = tuple(Charge.__dataclass_fields__)
_OUT_OF_SCOPE: Final = "out of scope"


@dataclass(frozen=True, slots=True)
class Names:
    """How people call subscriptions, accounts and deployments."""

    places: Mapping[UUID, Place]
    subscriptions: Mapping[str, str]
    deployments: Mapping[tuple[UUID, str], str]
    scopes: Mapping[UUID, str]

    def subscription_of(self, account: UUID) -> tuple[str, str]:
        place = self.places.get(account)
        found = place.subscription_id if place else self.scopes.get(account, "").split("/")[2:3]
        named = found if isinstance(found, str) else (found[0] if found else "")
        return named, self.subscriptions.get(named, named)

    def account(self, account: UUID) -> tuple[str, str]:
        """ARM id and name; of an account that was never seen, what the bill called it."""
        place = self.places.get(account)
        if place:
            return place.arm_id, place.name
        told = self.scopes.get(account, "")
        return told, told.rpartition("/")[2] if "/accounts/" in told else ""


@dataclass(frozen=True, slots=True)
class MonthMoney:
    """A month as it is known now. `billed_scopes` are the subscriptions that its bill names, `idle_scopes` those whose
    bill was read and, as their metrics, knows no use."""

    charges: tuple[ClosedCharge, ...]
    residuals: tuple[Allocated, ...]
    foreign: tuple[tuple[Charge, Allocated], ...]
    reconciliations: tuple[Reconciliation, ...]
    bill_states: Mapping[str, bills.BillState]
    billed_scopes: frozenset[str]
    idle_scopes: frozenset[str] = frozenset()
    alone: tuple[tuple[Charge | None, Allocated], ...] = ()

    @property
    def is_billed_whole(self) -> bool:
        return bool(self.billed_scopes) and self.billed_scopes | self.idle_scopes >= self.bill_states.keys()


def month_charges(connection: Connection, month: Month) -> list[Charge]:
    table = tables.charge_month
    columns = [table.c["month" if name == "day" else name] for name in _CHARGE]
    asked = select(*columns).where(table.c.month == month.first_day)
    asked = asked.order_by(table.c.account_key, table.c.deployment, table.c.kind, table.c.tier, table.c.part)
    return [Charge(*row) for row in connection.execute(asked)]


def names(connection: Connection) -> Names:
    deployment, subscription, bill = tables.deployment, tables.subscription, tables.bill_day
    scopes = select(bill.c.account_key, func.max(bill.c.scope), func.max(bill.c.account_arm_id))
    return Names(
        places(connection),
        dict(connection.execute(select(subscription.c.subscription_id, subscription.c.name)).all()),
        {
            (row[0], row[1]): row[2]
            for row in connection.execute(
                select(deployment.c.account_key, deployment.c.deployment, deployment.c.name)
            )
        },
        {row[0]: row[2] or row[1] for row in connection.execute(scopes.group_by(bill.c.account_key))},
    )


def current_month(
    connection: Connection, month: Month, now: datetime, meters: MeterBook, known: Names
) -> MonthMoney:
    """Charges of the month with their part of the bill, whatever was closed."""
    charges = month_charges(connection, month)
    lines = bills.bill_lines(connection, month.first_day, month.shifted(1).first_day)
    states = bills.bill_states(connection, month.first_day, month.shifted(1).first_day)
    billed_scopes = frozenset(line.scope for line in lines)
    weighed = _weighed(charges, meters)
    spread = frozenset(line.scope for line in lines if line.amortised is not None)
    invoiced = frozenset(line.scope for line in lines if line.actual is not None)
    parts = allocated([_amount(line, meters, spread, invoiced) for line in lines], weighed)
    sums: dict[int, Decimal] = {}
    actuals: dict[int, Decimal] = {}
    foreign: list[tuple[Charge, Allocated]] = []
    for part in parts:
        if part.index is None:
            continue
        if part.currency == charges[part.index].currency:
            sums[part.index] = sums.get(part.index, Decimal(0)) + part.cost
            if part.actual is not None:
                actuals[part.index] = actuals.get(part.index, Decimal(0)) + part.actual
        else:
            foreign.append((charges[part.index], part))
    read = {account for account in known.places if _scope(known, account) in billed_scopes}
    closed = tuple(
        ClosedCharge(
            one,
            sums.get(at, Decimal(0)) if one.account_key in read else None,
            actuals.get(at, Decimal(0)) if _scope(known, one.account_key) in invoiced else None,
        )
        for at, one in enumerate(charges)
    )
    return MonthMoney(
        closed,
        tuple(part for part in parts if part.index is None),
        tuple(foreign),
        tuple(_reconciled(connection, month, now, weighed, lines, states, billed_scopes, meters, known)),
        states,
        billed_scopes,
        _idle(states, known, charges) - billed_scopes,
        tuple(
            (None if part.index is None else charges[part.index], part)
            for part in parts
            if part.kind in BILL_ALONE
        ),
    )


def _idle(states: Mapping[str, bills.BillState], known: Names, charges: Iterable[Charge]) -> frozenset[str]:
    busy = {_scope(known, one.account_key) for one in charges if one.quantity}
    return frozenset(scope for scope, state in states.items() if state.is_read and scope not in busy)


def _scope(known: Names, account: UUID) -> str:
    return f"/subscriptions/{known.subscription_of(account)[0]}"


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

    What the actual bill of an `invoiced` scope does not name costs nothing there: a reservation paid for it.
    """
    meter = meters.billed(line.meter_id, line.meter)
    is_spread = line.charge_type == "Purchase" and line.amortised is None and line.scope in spread
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
    )


def _reconciled(
    connection: Connection,
    month: Month,
    now: datetime,
    weighed: Sequence[Weighed],
    lines: Sequence[bills.BillLine],
    states: Mapping[str, bills.BillState],
    billed_scopes: frozenset[str],
    meters: MeterBook,
    known: Names,
) -> list[Reconciliation]:
    billed = [_billed_part(line, meters) for line in lines if _is_use(line)]
    estimated = list(_estimated(weighed, billed))
    settled = now >= month.window.end + (CLOSING_DAY - 1) * DAY
    coverage = account_coverage(connection, month.window, now)
    accounts = {part.account_key for part in estimated} | {part.account_key for part in billed}
    months: dict[UUID, AccountMonth] = {}
    for account in accounts:
        scope = _scope(known, account)
        state = states.get(scope)
        months[account] = AccountMonth(
            coverage.get(account, 1.0 if account in known.places else None),
            scope in billed_scopes,
            _why_no_bill(state),
            settled,
            account in known.places,
        )
    called = _called(weighed)
    return [
        replace(one, family=called.get(one.family, one.family))
        for one in reconcile(estimated, billed, months)
    ]


def _called(weighed: Iterable[Weighed]) -> dict[str, str]:
    """Families by the model's own name: a meter's name has its words in another order, or leaves some out."""
    models: dict[Family, set[str]] = {}
    for one in weighed:
        if one.family and one.family.stem and not one.family.tuned and one.charge.model:
            models.setdefault(one.family, set()).add(one.charge.model)
    return {str(family): family.named(*names) for family, names in models.items() if len(names) == 1}


def _is_use(line: bills.BillLine) -> bool:
    return line.account_arm_id is not None and line.charge_type == "Usage"


def _billed_part(line: bills.BillLine, meters: MeterBook) -> BilledPart:
    meter = meters.billed(line.meter_id, line.meter)
    return BilledPart(
        line.account_key,
        line.currency,
        meter.family,
        meter.label,
        meter.kind,
        meter.tier,
        meter.context,
        (line.quantity or Decimal(0)) * meter.divisor,
        line.cost,
        line.amortised is not None and line.actual is not None and line.amortised != line.actual,
    )


def _estimated(weighed: Iterable[Weighed], billed: Sequence[BilledPart]) -> Iterable[EstimatedPart]:
    for one in weighed:
        charge = one.charge
        if (charge.why or "").startswith(_OUT_OF_SCOPE):
            continue
        family = one.family or _billed_family(charge, billed)
        yield EstimatedPart(
            charge.account_key,
            charge.currency,
            family,
            charge.kind,
            "standard" if charge.tier == RESERVED else charge.tier,
            charge.quantity,
            charge.cost,
            charge.basis == CALIBRATED,
            charge.step not in ("rate", STEP),
        )


def _billed_family(charge: Charge, billed: Sequence[BilledPart]) -> Family:
    """Of a deployment whose SKU is unknown: the only family of its model that its account was billed for."""
    stem = tuple(MeterBook(()).family_of(charge.model, None, "Standard").stem)  # pyright: ignore[reportOptionalMemberAccess]  # Standard is a SKU we know
    fitting = {
        part.family
        for part in billed
        if part.account_key == charge.account_key and part.family is not None and part.family.stem == stem
    }
    return fitting.pop() if len(fitting) == 1 else Family(stem, "")


def _why_no_bill(state: bills.BillState | None) -> str:
    if state is None:
        return "the subscription is not known"
    if state.error:
        return "its bill could not be read; the notes say why, and what mends it"
    return "Cost Management gave no rows for this month"


def rows_of(month: Month, money: MonthMoney, known: Names) -> list[FinanceRow]:
    """Every charge, then what of the bill no deployment could be given."""
    found = [_row(month, one.charge, one.billed, one.actual, known) for one in money.charges]
    for charge, part in money.foreign:
        found.append(_row(month, only_billed(charge, part), part.cost, part.actual, known))
    return found + [
        _row(month, residual_charge(month, part), part.cost, part.actual, known) for part in money.residuals
    ]


def only_billed(charge: Charge, part: Allocated) -> Charge:
    """A charge's place, for an amount that is billed in another currency than it is estimated in."""
    return replace(
        charge,
        currency=part.currency,
        quantity=Decimal(0),
        unit_price=None,
        cost=None,
        low=None,
        high=None,
        basis="billed",
        why="billed in another currency than it is estimated in",
    )


def residual_charge(month: Month, part: Allocated) -> Charge:
    """A residual of the bill in the form of a charge, without a deployment."""
    return Charge(
        part.account_key,
        "",
        month.first_day,
        "",
        "",
        "",
        part.kind,
        part.tier,
        part.currency,
        "",
        None,
        part.quantity,
        "",
        None,
        None,
        None,
        None,
        "billed",
        None,
        part.meter_id or None,
        part.meter_name or None,
        None,
        None,
        part.why,
    )


def _row(
    month: Month, charge: Charge, billed: Decimal | None, actual: Decimal | None, known: Names
) -> FinanceRow:
    subscription_id, subscription = known.subscription_of(charge.account_key)
    account_id, account = known.account(charge.account_key)
    key = (charge.account_key, charge.deployment)
    return FinanceRow(
        month.first_day,
        subscription_id,
        subscription,
        account_id,
        account,
        known.deployments.get(key, charge.deployment),
        charge.model,
        charge.version,
        charge.sku,
        charge.location,
        charge.team,
        charge.kind,
        charge.tier,
        charge.currency,
        charge.quantity,
        charge.unit,
        charge.unit_price,
        charge.cost,
        charge.low,
        charge.high,
        billed,
        charge.basis,
        charge.step,
        charge.meter_id,
        charge.meter_name,
        charge.price_effective_from,
        charge.price_captured_at,
        charge.why,
        actual,
    )


def alone_rows(money: MonthMoney, known: Names) -> list[BilledAlone]:
    """What no metric counts, by deployment and meter, largest amount first."""
    sums: dict[tuple[str, ...], BilledAlone] = {}
    for charge, part in money.alone:
        deployment = (
            known.deployments.get((charge.account_key, charge.deployment), charge.deployment)
            if charge
            else ""
        )
        one = BilledAlone(
            known.subscription_of(part.account_key)[1],
            known.account(part.account_key)[1],
            deployment,
            part.kind,
            part.meter_name,
            part.quantity,
            per(part.kind),
            part.currency,
            part.cost,
        )
        key = (one.subscription, one.account, one.deployment, one.kind, one.meter, one.currency)
        before = sums.get(key)
        if before:
            one = replace(one, quantity=before.quantity + one.quantity, cost=before.cost + one.cost)
        sums[key] = one
    return sorted(sums.values(), key=lambda one: (one.currency, -one.cost, one.account, one.meter))


def rows_of_closed(month: Month, closed: Sequence[ClosedCharge], known: Names) -> list[FinanceRow]:
    return [_row(month, one.charge, one.billed, one.actual, known) for one in closed]


def reconciled_rows(found: Iterable[Reconciliation], known: Names) -> list[ReconciledRow]:
    return [
        ReconciledRow(known.subscription_of(one.account_key)[1], known.account(one.account_key)[1], one)
        for one in found
    ]


def amounts_now(money: MonthMoney) -> dict[DeploymentCurrency, Amounts]:
    """Estimate and bill of each deployment and currency, to hold beside what was closed."""
    found: dict[DeploymentCurrency, Amounts] = {}
    for one in money.charges:
        _add(found, one.charge, one.charge.cost, one.billed)
    for charge, part in money.foreign:
        _add(found, replace(charge, currency=part.currency), None, part.cost)
    for part in money.residuals:
        key = (part.account_key, "", part.currency)
        estimate, billed = found.get(key, (None, None))
        found[key] = (estimate, (billed or Decimal(0)) + part.cost)
    return found


def _add(
    found: dict[DeploymentCurrency, Amounts],
    charge: Charge,
    cost: Decimal | None,
    billed: Decimal | None,
) -> None:
    key = (charge.account_key, charge.deployment, charge.currency)
    before = found.get(key, (None, None))
    sums = [
        now if was is None else was if now is None else was + now
        for was, now in zip(before, (cost, billed), strict=True)
    ]
    found[key] = (sums[0], sums[1])


def first_charged_month(connection: Connection) -> date | None:
    return connection.execute(select(func.min(tables.charge_month.c.month))).scalar_one()
