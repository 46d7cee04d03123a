"""What the finance screen asks the store, remembered as `state` remembers."""

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from collector.catalog.models import load_models, own_deadlines
from collector.catalog.price_notes import load_price_notes
from collector.catalog.prices import load_snapshot
from collector.domain.money.budgets import parse_budgets
from collector.domain.money.reservation_settings import parse_reservations
from collector.domain.money.teams import parse_team_rules
from collector.domain.periods import Month
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.otherwise import with_prices
from collector.reports.finance.workbook import write_workbook
from collector.store.engine import Connection
from collector.store.reads.cost import cost_months
from collector.store.reads.finance_report import FinanceRules, finance_report
from collector.store.reads.habits import month_habits
from dashboard import state
from dashboard.state import SLOW_SECONDS, database, remembered
from dashboard.state.prices import price_book
from dashboard.views.finance import FinanceView, finance_view


def months() -> list[str]:
    """Months with figures, newest first."""
    return [str(Month(one.year, one.month)) for one in _months(database(), state.today())]


def view(month: str) -> FinanceView:
    return finance_view(report(month))


def report(month: str) -> FinanceReport:
    return _report(database(), month, state.now().replace(minute=0, second=0, microsecond=0))


def workbook(month: str) -> bytes:
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "month.xlsx"
        write_workbook(report(month), path)
        return path.read_bytes()


@remembered()
def _months(url: str, today: date) -> tuple[date, ...]:
    with state.reading(url) as connection:
        found = {one.month for one in cost_months(connection) if one.month <= today}
    return tuple(sorted(found, reverse=True))


@remembered(SLOW_SECONDS)
def _report(url: str, month: str, now: datetime) -> FinanceReport:
    with state.reading(url) as connection:
        found = finance_report(connection, Month.parse(month), now, rules())
        return beside_prices(connection, found, now.date())


def beside_prices(connection: Connection, report: FinanceReport, today: date) -> FinanceReport:
    """The report as its workbook shows it: with savings, and provisioned units beside the same by the token."""
    deadlines = own_deadlines(state.settings().model_deadlines)
    habits = month_habits(connection, report.month, today, load_models().models, deadlines)
    return with_prices(report, price_book(), habits)


def rules() -> FinanceRules:
    chosen = state.settings()
    teams, budgets = parse_team_rules(chosen.teams), parse_budgets(chosen.budgets)
    reservations = parse_reservations(chosen.reservations)
    return FinanceRules(
        load_snapshot().rows, load_price_notes(), teams, budgets, reservations, chosen.currency
    )
