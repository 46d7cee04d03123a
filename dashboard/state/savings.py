"""What units came to and what need not be spent, held beside the prices of the month; remembered as `state` remembers."""

from datetime import date, timedelta
from uuid import UUID

from collector.domain.money.saving_types import Saving
from collector.domain.money.unit_costs import ProvisionedUse
from collector.domain.periods import Month, midnight, month_of
from collector.reports.finance.figures import FinanceReport
from collector.store.reads import cost_parts
from collector.store.reads.finance_report import finance_report
from collector.store.reads.scope import EVERYTHING, Filters
from dashboard import state
from dashboard.periods import Period, period_of
from dashboard.state import SLOW_SECONDS, Chosen, database, remembered
from dashboard.state import finance as finance_state
from dashboard.tables import Table
from dashboard.views import savings as saving_views
from dashboard.views import unit_costs as unit_views


def unit_costs_view(chosen: Chosen, dimension: str, currency: str) -> unit_views.UnitCostsView:
    period = state.period(chosen)
    return unit_views.unit_costs_view(
        _used(database(), period, chosen.filters),
        _requests(database(), period, chosen.filters),
        provisioned(chosen),
        currency,
        dimension,
        state.names(),
    )


def unit_currencies(chosen: Chosen) -> tuple[str, ...]:
    return unit_views.currencies_of(_used(database(), state.period(chosen), chosen.filters))


def provisioned(chosen: Chosen) -> tuple[ProvisionedUse, ...]:
    """Of the month that the period ends in: units are weighed by whole months."""
    named = str(units_month(chosen))
    used = _used(database(), period_of(named, state.today()), chosen.filters)
    wanted = {f"{row.account.rpartition('/')[2]}/{row.name}" for row in used}
    found = _priced_report(database(), named, state.today()).provisioned
    return tuple(one for one in found if one.deployment in wanted)


def units_month(chosen: Chosen) -> Month:
    return month_of(state.period(chosen).last_day)


def saving_months() -> list[str]:
    """Months that savings can be read from, whole ones first: a running month holds only a part."""
    found = finance_state.months()
    running = str(month_of(state.today()))
    return [one for one in found if one != running] + [one for one in found if one == running]


def savings(chosen: Chosen, named: str) -> tuple[Saving, ...]:
    """Of the deployments that the filters leave."""
    found = _priced_report(database(), named, state.today()).savings
    if chosen.filters == EVERYTHING:
        return found
    used = _used(database(), period_of(named, state.today()), chosen.filters)
    wanted = {f"{row.account.rpartition('/')[2]}/{row.name}" for row in used}
    return tuple(one for one in found if one.deployment in wanted)


def savings_view(chosen: Chosen, named: str, kind: str | None) -> saving_views.SavingsView:
    used = _used(database(), period_of(named, state.today()), chosen.filters)
    return saving_views.savings_view(savings(chosen, named), unit_views.costs_of(used), kind)


def top_savings(chosen: Chosen) -> Table:
    months = saving_months()
    return saving_views.top_savings(savings(chosen, months[0]) if months else ())


@remembered()
def _used(url: str, period: Period, filters: Filters) -> list[cost_parts.UsedRow]:
    with state.reading(url) as connection:
        return cost_parts.used_rows(connection, period.window, filters)


@remembered()
def _requests(url: str, period: Period, filters: Filters) -> dict[tuple[UUID, str], int]:
    with state.reading(url) as connection:
        return cost_parts.served_requests(connection, period.window, filters)


@remembered(SLOW_SECONDS)
def _priced_report(url: str, named: str, today: date) -> FinanceReport:
    """The month's report held beside the prices of its last day."""
    now = midnight(today) + timedelta(hours=state.now().hour)
    with state.reading(url) as connection:
        report = finance_report(connection, Month.parse(named), now, finance_state.rules(), outlook=False)
        return finance_state.beside_prices(connection, report, today)
