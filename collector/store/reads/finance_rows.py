"""A month's money as the rows of the report: every charge, and what of the bill no deployment could be given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from collector.domain.money.allocation import Allocated
from collector.domain.money.charge_types import Charge
from collector.domain.money.closing import ClosedCharge
from collector.domain.money.invoices import together
from collector.domain.periods import Month
from collector.domain.pricing import per
from collector.reports.finance.figures import BilledAlone, FinanceRow
from collector.store.reads.finance import MonthMoney
from collector.store.reads.finance_names import Names


def rows_of(month: Month, money: MonthMoney, known: Names) -> list[FinanceRow]:
    """Every charge, then what the bill alone tells."""
    return [_row(month, one, known) for one in (*money.charges, *bill_alone(month, money))]


def bill_alone(month: Month, money: MonthMoney) -> list[ClosedCharge]:
    """What the bill alone tells: amounts in another currency than is estimated in, and those of no deployment."""
    foreign = [_billed(only_billed(charge, part), part) for charge, part in money.foreign]
    return [*foreign, *(_billed(residual_charge(month, part), part) for part in money.residuals)]


def _billed(charge: Charge, part: Allocated) -> ClosedCharge:
    return ClosedCharge(charge, part.cost, part.actual, together([part.invoiced]))


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


def _row(month: Month, one: ClosedCharge, known: Names) -> FinanceRow:
    charge = one.charge
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
        one.billed,
        charge.basis,
        charge.step,
        charge.meter_id,
        charge.meter_name,
        charge.price_effective_from,
        charge.price_captured_at,
        charge.why,
        one.actual,
        one.invoiced,
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


def rows_of_closed(
    month: Month, closed: Sequence[ClosedCharge], known: Names, late: Mapping[tuple[UUID, str], str]
) -> list[FinanceRow]:
    """As closed; `late` are invoices of accounts that were written after it."""
    return [_row(month, _named_late(one, late), known) for one in closed]


def _named_late(one: ClosedCharge, late: Mapping[tuple[UUID, str], str]) -> ClosedCharge:
    invoice = late.get((one.charge.account_key, one.charge.currency))
    if invoice is None or all(part.invoice for part in one.invoiced):
        return one
    parts = (replace(part, invoice=part.invoice or invoice) for part in one.invoiced)
    return replace(one, invoiced=together(parts))
