"""Closing months, and telling what changed in closed ones. A closing is written once; what comes later is dated."""

from datetime import datetime
from typing import Final

import structlog

from collector.domain.money.closing import (
    BillStanding,
    amounts_of,
    closable_months,
    closes_by_itself,
    restated,
    why_not_closable,
)
from collector.domain.periods import Month, month_of
from collector.domain.types import NeedsHuman
from collector.reports.finance.closing_summary import summary_object
from collector.store.engine import Connection, Engine, retrying
from collector.store.lease import lease
from collector.store.reads import bills, closings, finance
from collector.store.reads.finance_names import names
from collector.store.reads.finance_report import FinanceRules, finance_report, meter_book
from collector.store.reads.finance_rows import bill_alone
from collector.store.writes.money import record_closed_charges, record_closing, record_restatements

log = structlog.get_logger(__name__)

STEP: Final = "close"
BY_COMMAND: Final = "command"
BY_SCHEDULE: Final = "schedule"


def close_month(
    engine: Engine, month: Month, now: datetime, rules: FinanceRules, by: str = BY_COMMAND
) -> closings.MonthClose:
    """Close a month that is over; a month that is closed stays as it was. Raises `NeedsHuman` for one that is not over."""
    refusal = why_not_closable(month, now)
    if refusal:
        raise NeedsHuman(refusal)
    with lease(engine, STEP):
        with engine.connect() as connection:
            before = closings.closings(connection).get(month.first_day)
            if before:
                return before
            report = finance_report(connection, month, now, rules, outlook=False)
            if not report.rows:
                raise NeedsHuman(f"{month}: nothing is known of it; expected a month with usage or a bill")
            known = names(connection)
            money = finance.current_month(connection, month, now, meter_book(connection, rules), known)
        retrying(
            engine,
            lambda connection: _record(connection, month, now, by, money, summary_object(report)),
        )
        log.info("month closed", month=str(month), by=by, basis=report.basis)
        with engine.connect() as connection:
            return closings.closings(connection)[month.first_day]


def _record(
    connection: Connection,
    month: Month,
    now: datetime,
    by: str,
    money: finance.MonthMoney,
    summary: dict[str, object],
) -> None:
    """Charges first and the month last: the month counts as closed only when all of it is there."""
    record_closed_charges(connection, month.first_day, enumerate((*money.charges, *bill_alone(month, money))))
    record_closing(connection, month.first_day, now, by, summary)


def tend_months(engine: Engine, now: datetime, rules: FinanceRules) -> list[Month]:
    """What the schedule does daily: close what may be closed by itself, then date what changed in closed months."""
    restate(engine, now, rules)
    with engine.connect() as connection:
        first = finance.first_charged_month(connection)
        if first is None:
            return []
        ready = [
            month
            for month in closable_months(first, now, closings.closings(connection))
            if closes_by_itself(month, now, _reads(connection, month))
        ]
    closed: list[Month] = []
    for month in ready:
        try:
            close_month(engine, month, now, rules, BY_SCHEDULE)
        except NeedsHuman as error:
            # A stop longer than Azure's memory leaves months of which nothing is known: the later ones do not wait for them.
            log.warning("a month stays open", month=str(month), why=str(error))
        else:
            closed.append(month)
    return closed


def _reads(connection: Connection, month: Month) -> list[BillStanding]:
    states = bills.bill_states(connection, month.first_day, month.shifted(1).first_day)
    return [BillStanding(state.changed_at, state.succeeded_at, state.through) for state in states.values()]


def restate(engine: Engine, now: datetime, rules: FinanceRules) -> int:
    """Date what differs in closed months from what was last told; gives back how many rows were written."""
    found = 0
    with engine.connect() as connection:
        months = [month_of(month) for month in closings.closings(connection)]
        known = names(connection) if months else None
        meters = meter_book(connection, rules) if months else None
    for month in months:
        if known is None or meters is None:
            break
        with engine.connect() as connection:
            money = finance.current_month(connection, month, now, meters, known)
            changes = restated(
                month,
                closings.last_known(connection, month.first_day),
                amounts_of((*money.charges, *bill_alone(month, money))),
                now,
            )
        if changes:
            found += retrying(
                engine, lambda connection, changes=changes: record_restatements(connection, changes)
            )
            log.warning("a closed month changed", month=str(month), rows=len(changes))
    return found
