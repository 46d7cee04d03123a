"""What the screens ask the store, remembered for a minute.

Every cached question is keyed by the database, the filters and the day, so two people who look at the same
thing cost one read.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from collector.catalog.models import own_deadlines
from collector.domain.money.forecast import MonthForecast, NoForecast, month_end
from collector.domain.periods import Window, floor_minute, midnight, month_of
from collector.domain.types import account_key
from collector.reports.fullness import LOOKS_BACK_DAYS
from collector.store import schema
from collector.store.errors import SchemaMismatch
from collector.store.reads import cost as cost_reads
from collector.store.reads import outlook as outlook_reads
from collector.store.reads import overview as overview_reads
from collector.store.reads import room as room_reads
from collector.store.reads.close_up import deployment_hours, limit_steps
from collector.store.reads.coverage import period_coverage
from collector.store.reads.overview import Choices
from collector.store.reads.quotas import QuotaRow, quota_rows
from collector.store.reads.scope import EVERYTHING, Filters
from collector.store.reads.until_full import lines_until_full
from dashboard.periods import DEFAULT, MONTH_TO_DATE, Period, comparison, period_of
from dashboard.state.memory import CLOCK as CLOCK
from dashboard.state.memory import (
    FRESH_SECONDS,
    SETTLED_DAYS,
    SLOW_SECONDS,
    database,
    engine,
    now,
    reading,
    remembered,
    settings,
    today,
    waiting_before,
)
from dashboard.tables import Table
from dashboard.views import charges as charge_views
from dashboard.views import cost as cost_views
from dashboard.views import cost_sums
from dashboard.views import room as room_views
from dashboard.views.freshness import FreshnessView, freshness_view


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the person chose in the sidebar; every screen is a function of it."""

    period_key: str = DEFAULT
    filters: Filters = EVERYTHING


def _minute() -> datetime:
    return floor_minute(now())


def require_store() -> None:
    """Raises the store's own sentence where it cannot be read or is of another revision."""
    _require(database())


def choices() -> Choices:
    return _choices(database())


def names() -> dict[str, str]:
    """What subscription ids and account ids are called."""
    found = choices()
    return dict(found.subscriptions) | dict(found.accounts)


def period(chosen: Chosen) -> Period:
    return period_of(chosen.period_key, today())


def freshness(chosen: Chosen, jobs: tuple[str, ...], *, coverage: bool = True) -> FreshnessView:
    found = _freshness(database(), jobs, chosen.filters)
    share = _coverage(database(), period(chosen).window, chosen.filters, _minute()) if coverage else None
    return freshness_view(found, estate(chosen), share, now(), days_waiting())


def days_waiting() -> int:
    return waiting_before(database(), today() - timedelta(days=SETTLED_DAYS))


def estate(chosen: Chosen) -> overview_reads.Estate:
    return _estate(database(), chosen.filters)


def currencies(chosen: Chosen, dimension: cost_reads.Dimension) -> tuple[str, ...]:
    facts = _cost_facts(database(), period(chosen), chosen.filters, dimension, today())
    return cost_sums.currencies_of(facts.slices)


def cost_view(
    chosen: Chosen, dimension: cost_reads.Dimension, currency: str | None
) -> cost_views.CostView | None:
    facts = _cost_facts(database(), period(chosen), chosen.filters, dimension, today())
    forecast = None
    if chosen.period_key == MONTH_TO_DATE:
        forecast = _forecast(database(), chosen.filters, today(), currency)
    return cost_views.cost_view(facts, currency, dimension, names(), forecast)


def charges(chosen: Chosen, currency: str) -> Table:
    return charge_views.charges(_cost_rows(database(), period(chosen), chosen.filters), currency)


def room_view(chosen: Chosen) -> room_views.RoomView:
    rows = _room_rows(database(), period(chosen).room_key, chosen.filters)
    quotas = _quotas(database(), chosen.filters)
    full = lines_full()
    return room_views.room_view(rows, quotas, full, names(), today())


def closeup(chosen: Chosen, key: str) -> room_views.Closeup | None:
    """The hours of one deployment in the period; None for a key that the filters do not hold."""
    row = _room_row(chosen, key)
    return None if row is None else _closeup(database(), period(chosen), row)


def room_rows(chosen: Chosen) -> list[room_reads.RoomRow]:
    return _room_rows(database(), period(chosen).room_key, chosen.filters)


def lines_full() -> room_views.DaysToFull:
    return _lines_full(database())


@st.cache_resource(
    ttl=FRESH_SECONDS, max_entries=200, show_spinner=False
)  # asked before anything else can be
def _require(url: str) -> None:
    found = schema.check(engine(url))
    if found.status != "current":
        raise SchemaMismatch(f"The store is {found}.")


@remembered()
def _choices(url: str) -> Choices:
    with reading(url) as connection:
        return overview_reads.choices(connection)


@remembered()
def _freshness(url: str, jobs: tuple[str, ...], filters: Filters) -> overview_reads.Freshness:
    with reading(url) as connection:
        return overview_reads.freshness(connection, jobs, filters)


@remembered()
def _coverage(url: str, window: Window, filters: Filters, minute: datetime) -> float | None:
    with reading(url) as connection:
        return period_coverage(connection, window, minute, filters)


@remembered()
def _estate(url: str, filters: Filters) -> overview_reads.Estate:
    with reading(url) as connection:
        return overview_reads.estate(connection, filters)


@remembered()
def _cost_facts(
    url: str, period: Period, filters: Filters, dimension: cost_reads.Dimension, today: date
) -> cost_views.CostFacts:
    with reading(url) as connection:
        beside = comparison(period, today)
        if dimension == "deployment":
            slices = cost_reads.cost_by(connection, dimension, period.window, filters)
            daily = cost_reads.cost_daily(
                connection, period.window, filters, dimension, only=cost_sums.largest_keys(slices)
            )
        else:
            daily = cost_reads.cost_daily(connection, period.window, filters, dimension)
            slices = cost_sums.slices_of(daily)
        return cost_views.CostFacts(
            period=period,
            slices=slices,
            daily=daily,
            unpriced=cost_reads.unpriced(connection, period.window, filters),
            before=cost_reads.cost_totals(connection, beside.before, filters, bounds=False) if beside else (),
            current=beside.current if beside else None,
            months=cost_reads.cost_months(connection, filters),
            today=today,
        )


@remembered()
def _cost_rows(url: str, period: Period, filters: Filters) -> list[cost_reads.CostRow]:
    with reading(url) as connection:
        return cost_reads.cost_rows(connection, period.window, filters)


@remembered(SLOW_SECONDS)
def _forecast(
    url: str, filters: Filters, today: date, currency: str | None
) -> MonthForecast | NoForecast | None:
    """The month's end of what the filters leave, in the currency or the dearest one; None where nothing was spent."""
    through = today - timedelta(days=1)
    with reading(url) as connection:
        parts = outlook_reads.daily_parts(connection, None, through, filters)
    fitting = [part for part in parts if part.currency == currency] or parts
    if not fitting:
        return None
    dearest = max(fitting, key=lambda part: sum(part.costs.values()))
    return month_end(dearest.costs, month_of(today), through)


@remembered()
def _room_rows(url: str, room_key: str, filters: Filters) -> list[room_reads.RoomRow]:
    with reading(url) as connection:
        return room_reads.room_rows(connection, room_key, filters)


@remembered()
def _quotas(url: str, filters: Filters) -> list[QuotaRow]:
    with reading(url) as connection:
        return quota_rows(connection, filters, midnight(today()) - timedelta(days=LOOKS_BACK_DAYS))


@remembered()
def _lines_full(url: str) -> room_views.DaysToFull:
    with reading(url) as connection:
        return lines_until_full(connection)


@remembered()
def _closeup(url: str, period: Period, row: room_reads.RoomRow) -> room_views.Closeup:
    with reading(url) as connection:
        hours = deployment_hours(connection, row.account_key, row.key, period.window)
        limits = limit_steps(connection, row.account_key, row.key)
    return room_views.closeup(
        row.deployment, hours, limits, bool(row.peak_at_least), room_views.measure_of(row)
    )


def _deadlines() -> tuple[Any, ...]:
    return own_deadlines(getattr(settings(), "model_deadlines", []))


def _room_row(chosen: Chosen, key: str) -> room_reads.RoomRow | None:
    """By the account and deployment that a link names, so that a changed order cannot show another's figures."""
    account, _, name = key.partition("/deployments/")
    rows = _room_rows(database(), period(chosen).room_key, chosen.filters)
    wanted = account_key(account)
    return next((row for row in rows if row.account_key == wanted and row.key == name), None)
