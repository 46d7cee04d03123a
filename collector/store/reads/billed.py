"""The bill of closed months as cost rows: each deployment's part, and what no deployment could be given."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from collector.domain.periods import Month, Window, month_of, months
from collector.domain.types import Misconfigured
from collector.reports.finance.figures import BILL
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads import closings
from collector.store.reads.cost import TOKEN_KINDS, CostRow, CostTotal, cost_rows
from collector.store.reads.finance_names import names
from collector.store.reads.scope import EVERYTHING, Filters, within


def billed_rows(connection: Connection, period: Window, filters: Filters = EVERYTHING) -> list[CostRow]:
    """Closed months as billed, the others as estimated. Raises `Misconfigured` for a period that parts a month.

    A row without a deployment is a residual of the bill.
    """
    whole = list(months(period))
    if period != Window(whole[0].window.start, whole[-1].window.end):
        if period.start != whole[0].window.start or month_of(period.start) != whole[-1]:
            raise Misconfigured(
                f"--basis bill from {period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}: expected whole months, "
                "since a bill is allocated by the month"
            )
        return cost_rows(connection, period, filters)  # the running month is open, and so estimated
    closed = closings.closings(connection)
    found: list[CostRow] = []
    for month in whole:
        known = closed.get(month.first_day)
        if known is not None and known.summary["basis"] == BILL:
            found += _of_month(connection, month, filters)
        else:
            found += cost_rows(connection, month.window, filters)
    return found


def totals_of(rows: Iterable[CostRow]) -> list[CostTotal]:
    """One sum a currency, largest first."""
    sums: dict[str, list[CostRow]] = {}
    for row in rows:
        sums.setdefault(row.currency, []).append(row)
    return sorted((_total(currency, parts) for currency, parts in sums.items()), key=lambda one: -one.cost)


def _total(currency: str, rows: Sequence[CostRow]) -> CostTotal:
    return CostTotal(
        currency,
        sum((row.cost for row in rows), Decimal(0)),
        sum((row.low for row in rows), Decimal(0)),
        sum((row.high for row in rows), Decimal(0)),
        int(sum(row.quantity for row in rows if row.kind in TOKEN_KINDS and row.deployment)),
    )


def _of_month(connection: Connection, month: Month, filters: Filters) -> list[CostRow]:
    table = tables.month_close_charge
    alike = [
        table.c[name]
        for name in ("account_key", "deployment", "currency", "model", "version", "sku", "location", "kind")
    ]
    alike += [table.c[name] for name in ("tier", "unit", "meter_id", "meter_name", "team")]
    asked = (
        select(
            *alike, money_sum(table.c.quantity).label("quantity"), money_sum(table.c.billed).label("billed")
        )
        .where(
            table.c.month == month.first_day,
            table.c.billed.is_not(None),
            *within(connection, filters, table),
        )
        .group_by(*alike)
    )
    known = names(connection)
    found = [
        CostRow(
            currency=row.currency,
            subscription_id=known.subscription_of(row.account_key)[0],
            account=known.account(row.account_key)[0],
            deployment=known.deployments.get((row.account_key, row.deployment), row.deployment),
            model=row.model,
            version=row.version,
            sku=row.sku,
            location=row.location,
            day=None,
            kind=row.kind,
            tier=row.tier,
            quantity=row.quantity,
            unit=row.unit,
            unit_price=None,
            cost=row.billed,
            low=row.billed,
            high=row.billed,
            basis="billed",
            step=None,
            meter_id=row.meter_id,
            meter_name=row.meter_name,
            team=row.team,
        )
        for row in connection.execute(asked)
    ]
    return sorted(found, key=lambda one: (one.currency, one.account, one.deployment, one.kind, one.tier))
