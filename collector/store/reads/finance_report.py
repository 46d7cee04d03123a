"""The whole report of a month, put together from what the store knows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, select

from collector.domain.money.allocation import TeamCost, split_shared
from collector.domain.money.anomalies import CostPart, anomalies, variance
from collector.domain.money.budgets import Budget
from collector.domain.money.burn import BudgetState, budget_state
from collector.domain.money.closing import state_of
from collector.domain.money.forecast import LOOKS_BACK, month_end
from collector.domain.money.reconciliation_meters import MeterBook
from collector.domain.money.reservations import Reservation
from collector.domain.money.teams import TeamRules
from collector.domain.periods import DAY, Month
from collector.domain.pricing import PriceNotes, PriceRow
from collector.reports.finance.closing_summary import alone_from, reconciled_from, reserved_from
from collector.reports.finance.figures import (
    BILL,
    ESTIMATE,
    TOKEN_KINDS,
    CurrencyOutlook,
    FinanceReport,
    FinanceRow,
    OddDay,
    RestatedRow,
)
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads import bills, closings, finance, overview
from collector.store.reads.coverage import period_coverage
from collector.store.reads.finance_names import Names, names
from collector.store.reads.finance_notes import bill_notices, hole_notices, notes, unbilled, ways_in
from collector.store.reads.finance_rows import alone_rows, rows_of, rows_of_closed
from collector.store.reads.finance_standing import reconciled_rows
from collector.store.reads.finance_units import month_unit_costs, provisioned_uses
from collector.store.reads.outlook import budget_part, cause_of
from collector.store.reads.reservations import reservation_uses
from collector.store.reads.scope import EVERYTHING, Filters, within

COST_JOBS: Final = ("metrics", "inventory", "prices")
_HISTORY: Final = LOOKS_BACK


@dataclass(frozen=True, slots=True)
class FinanceRules:
    """What configuration and catalog say that a report needs."""

    snapshot: Sequence[PriceRow] = ()
    notes: PriceNotes = field(default_factory=PriceNotes)
    teams: TeamRules = field(default_factory=TeamRules)
    budgets: Sequence[Budget] = ()
    reservations: Sequence[Reservation] = ()
    currency: str | None = None


def meter_book(connection: Connection, rules: FinanceRules) -> MeterBook:
    return MeterBook([*bills.meter_rows(connection), *rules.snapshot], rules.notes)


def finance_report(
    connection: Connection, month: Month, now: datetime, rules: FinanceRules, *, outlook: bool = True
) -> FinanceReport:
    """A closed month as it was closed, any other as it is known now; `outlook` False leaves forecasts and the like out."""
    known = names(connection)
    closed = closings.closings(connection).get(month.first_day)
    states = bills.bill_states(connection, month.first_day, month.shifted(1).first_day)
    holes: Mapping[str, Sequence[date]] = {}
    if closed:
        rows = rows_of_closed(
            month,
            closings.closed_charges(connection, month.first_day),
            known,
            bills.late_invoices(connection, month.first_day),
        )
        basis, coverage = str(closed.summary["basis"]), closed.summary.get("coverage")
        reconciled = [reconciled_from(one) for one in closed.summary["reconciliations"]]
        reserved = [reserved_from(one) for one in closed.summary.get("reservations", ())]
        alone = [alone_from(one) for one in closed.summary.get("billed_alone", ())]
    else:
        money = finance.current_month(connection, month, now, meter_book(connection, rules), known)
        rows, holes = rows_of(month, money, known), money.holes
        is_over = now >= month.window.end + 5 * DAY
        basis = BILL if money.is_billed_whole and is_over else ESTIMATE
        coverage = period_coverage(connection, month.window, now)
        reconciled = reconciled_rows(money.reconciliations, known)
        reserved = reservation_uses(connection, month.window, now, rules.reservations, rules.currency)
        alone = alone_rows(money, known)
    daily = _daily(connection, month.first_day - timedelta(days=_HISTORY), month.shifted(1).first_day)
    return FinanceReport(
        month=month,
        state=state_of(month, now, closed is not None),
        closed_at=closed.closed_at if closed else None,
        as_of=overview.freshness(connection, COST_JOBS).as_of,
        made_at=now,
        basis=basis,
        coverage=coverage,
        rows=tuple(rows),
        reconciliations=tuple(reconciled),
        reservations=tuple(reserved),
        billed_alone=tuple(alone),
        teams=tuple(split_shared(rules.teams, _teams(rows, basis))),
        restatements=tuple(_restated(connection, month, known)),
        outlook=tuple(_outlook(connection, month, now, daily, rows)) if outlook else (),
        unit_costs=tuple(month_unit_costs(connection, month, rows, basis)),
        provisioned=tuple(provisioned_uses(connection, month, rows, basis)),
        budgets=tuple(_budgets(connection, month, now, rules.budgets)) if outlook else (),
        odd_days=tuple(_odd_days(connection, month, daily, now)) if outlook else (),
        daily=tuple(
            (day, currency, cost)
            for currency, costs in sorted(daily.items())
            for day, cost in sorted(costs.items())
            if day >= month.first_day
        ),
        notes=(*notes(rows, rules.snapshot, rules.teams), *ways_in(states, known)),
        bill_notices=(*bill_notices(states), *hole_notices(holes, known)),
        unbilled=tuple(unbilled(states, known)),
        holed=tuple(known.subscriptions.get(one, one) for one in map(_subscription, sorted(holes))),
        invoicing=bills.invoicing(connection, month.first_day),
    )


def _subscription(scope: str) -> str:
    return scope.rpartition("/")[2]


Daily = Mapping[str, Mapping[date, Decimal]]


def _daily(connection: Connection, first: date, until: date, filters: Filters = EVERYTHING) -> Daily:
    """Estimated cost of each day by currency."""
    table = tables.charge_day
    asked = (
        select(table.c.currency, table.c.day, money_sum(table.c.cost))
        .where(
            table.c.day >= first,
            table.c.day < until,
            table.c.cost.is_not(None),
            *within(connection, filters, table),
        )
        .group_by(table.c.currency, table.c.day)
    )
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for currency, day, cost in connection.execute(asked):
        found[currency][day] = cost
    return found


def _teams(rows: Sequence[FinanceRow], basis: str) -> list[TeamCost]:
    sums: dict[tuple[str | None, str], tuple[Decimal, Decimal]] = {}
    for row in rows:
        if row.currency and (row.is_priced or row.billed is not None):
            cost, tokens = sums.get((row.team, row.currency), (Decimal(0), Decimal(0)))
            counted = row.quantity if row.kind in TOKEN_KINDS and not row.is_residual else Decimal(0)
            sums[row.team, row.currency] = (cost + row.amount(basis), tokens + counted)
    return [TeamCost(team, currency, cost, tokens) for (team, currency), (cost, tokens) in sums.items()]


def _restated(connection: Connection, month: Month, known: Names) -> list[RestatedRow]:
    return [
        RestatedRow(
            known.subscription_of(one.account_key)[1],
            known.account(one.account_key)[1],
            known.deployments.get((one.account_key, one.deployment), one.deployment),
            one.currency,
            one.seen_at,
            one.estimate_change,
            one.billed_change,
            one.actual_change,
        )
        for one in closings.restatements(connection, month.first_day)
    ]


def last_whole_day(month: Month, now: datetime) -> date:
    """The last day that is over; a day that still runs would look like a fall."""
    return min(now.date() - DAY, month.shifted(1).first_day - DAY)


def _outlook(
    connection: Connection, month: Month, now: datetime, daily: Daily, rows: Sequence[FinanceRow]
) -> list[CurrencyOutlook]:
    through = last_whole_day(month, now)
    before = finance.month_charges(connection, month.shifted(-1))
    billed = _billed_totals(connection, month.shifted(-1))
    found: list[CurrencyOutlook] = []
    for currency in sorted({row.currency for row in rows if row.is_priced}):
        parts = [_cost_part(row) for row in rows if row.currency == currency and row.estimate is not None]
        old = [
            CostPart(f"{one.model} {one.sku} {one.kind} {one.tier}", one.unit, one.quantity, one.cost)
            for one in before
            if one.currency == currency and one.cost is not None
        ]
        running = now < month.window.end and through >= month.first_day
        found.append(
            CurrencyOutlook(
                currency,
                month_end(daily.get(currency, {}), month, through) if running else None,
                variance(old, parts) if old and not running else None,
                sum((one.cost for one in old), Decimal(0)) if old else None,
                billed.get(currency),
            )
        )
    return found


def _billed_totals(connection: Connection, month: Month) -> dict[str, Decimal]:
    """By currency, of a month that was closed with its whole bill."""
    closed = closings.closings(connection).get(month.first_day)
    if closed is None or closed.summary["basis"] != BILL:
        return {}
    return {
        one["currency"]: Decimal(one["billed"])
        for one in closed.summary["totals"]
        if one["billed"] is not None
    }


def _cost_part(row: FinanceRow) -> CostPart:
    return CostPart(
        f"{row.model} {row.sku} {row.kind} {row.tier}", row.unit, row.quantity, row.estimate or Decimal(0)
    )


def _budgets(
    connection: Connection, month: Month, now: datetime, budgets: Sequence[Budget]
) -> list[BudgetState]:
    through = last_whole_day(month, now)
    found: list[BudgetState] = []
    for budget in budgets:
        daily = budget_part(connection, budget, through).costs
        forecast = month_end(daily, month, through) if now < month.window.end else None
        found.append(budget_state(budget, month, daily, through, forecast))
    return found


def _odd_days(connection: Connection, month: Month, daily: Daily, now: datetime) -> list[OddDay]:
    through = last_whole_day(month, now)
    found: list[OddDay] = []
    for currency, costs in sorted(daily.items()):
        whole = {day: cost for day, cost in costs.items() if day <= through}
        found += [
            OddDay(
                one.day, currency, "everything", one.cost, one.expected, cause_of(connection, one, currency)
            )
            for one in anomalies(whole, since=month.first_day)
        ]
    return found
