"""What the overview asks the store: of each screen's figures the few that it shows, remembered as `state` remembers."""

from datetime import date

from collector.catalog.models import load_models
from collector.domain.endings.offers import model_catalog
from collector.domain.periods import DAY, midnight
from collector.store.reads import cost, endings
from collector.store.reads.glance import Glance, room_glances
from collector.store.reads.quotas import QuotaRow, quota_rows
from collector.store.reads.scope import Filters
from dashboard import state
from dashboard.periods import MONTH_TO_DATE, Period, comparison
from dashboard.state import Chosen, database, remembered
from dashboard.views.endings import EndingStory, endings_of
from dashboard.views.overview import CostInput, OverviewView
from dashboard.views.overview import overview_view as view_of


def overview_view(chosen: Chosen) -> OverviewView:
    """The three answers, and the two courses below them."""
    url, period, filters, today = database(), state.period(chosen), chosen.filters, state.today()
    to_date = chosen.period_key == MONTH_TO_DATE
    return view_of(
        _costs(url, period, filters, today),
        state._forecast(url, filters, today, None) if to_date else None,
        _room(url, period.room_key, filters),
        _quotas(url, filters, today),
        _endings(url, filters, today),
        today,
    )


@remembered()
def _costs(url: str, period: Period, filters: Filters, today: date) -> CostInput:
    beside = comparison(period, today)
    with state.reading(url) as connection:
        return CostInput(
            period,
            cost.cost_daily(connection, period.window, filters, "model", bounds=False),
            beside.current if beside else None,
            cost.cost_totals(connection, beside.before, filters, bounds=False) if beside else (),
            cost.unpriced(connection, period.window, filters),
        )


@remembered()
def _room(url: str, room_key: str, filters: Filters) -> list[Glance]:
    with state.reading(url) as connection:
        return room_glances(connection, room_key, filters)


@remembered()
def _quotas(url: str, filters: Filters, today: date) -> list[QuotaRow]:
    """As they are now: how they came there is Room's to show."""
    with state.reading(url) as connection:
        return quota_rows(connection, filters, midnight(today + DAY))


@remembered()
def _endings(url: str, filters: Filters, today: date) -> tuple[EndingStory, ...]:
    """Only days are shown: nobody waits for what the deployments cost."""
    shipped = load_models().models
    with state.reading(url) as connection:
        rows = endings.deployed_rows(connection, None, filters)
        catalog = model_catalog(
            endings.offers_for(connection, rows, shipped),
            endings.model_readings(connection),
            shipped,
            state._deadlines(),
        )
    return endings_of(rows, catalog, today)
