"""How estimate and bill of a month stand beside each other, by account and meter family."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from collector.domain.money.allocation import Weighed
from collector.domain.money.charge_types import CALIBRATED, Charge
from collector.domain.money.closing import CLOSING_DAY
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
from collector.reports.finance.figures import ReconciledRow
from collector.store.reads import bills
from collector.store.reads.coverage import account_coverage
from collector.store.reads.finance_names import Names

_OUT_OF_SCOPE: Final = "out of scope"


def reconciled(
    connection: Connection,
    month: Month,
    now: datetime,
    weighed: Sequence[Weighed],
    lines: Sequence[bills.BillLine],
    states: Mapping[str, bills.BillState],
    holes: Mapping[str, Sequence[date]],
    meters: MeterBook,
    known: Names,
) -> list[Reconciliation]:
    billed = [_billed_part(line, meters) for line in lines if _is_use(line)]
    estimated = list(_estimated(weighed, billed))
    settled = now >= month.window.end + (CLOSING_DAY - 1) * DAY
    coverage = account_coverage(connection, month.window, now)
    accounts = {part.account_key for part in estimated} | {part.account_key for part in billed}
    billed_scopes = {line.scope for line in lines}
    months: dict[UUID, AccountMonth] = {}
    for account in accounts:
        scope = known.scope(account)
        state = states.get(scope)
        months[account] = AccountMonth(
            coverage.get(account, 1.0 if account in known.places else None),
            scope in billed_scopes and scope not in holes,
            _why_no_bill(state, holes.get(scope)),
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


def _why_no_bill(state: bills.BillState | None, hole: Sequence[date] | None) -> str:
    if hole:
        return f"its bill {bills.hole_words(hole)}"
    if state is None:
        return "the subscription is not known"
    if state.error:
        return "its bill could not be read; the notes say why, and what mends it"
    return "Cost Management gave no rows for this month"


def reconciled_rows(found: Iterable[Reconciliation], known: Names) -> list[ReconciledRow]:
    return [
        ReconciledRow(known.subscription_of(one.account_key)[1], known.account(one.account_key)[1], one)
        for one in found
    ]
