"""What the endings screen reads, cached: the deployments with everything about their end, and api-versions."""

from datetime import date, timedelta

import streamlit as st

from collector.catalog.api_versions import load_api_versions
from collector.catalog.models import load_models, own_deadlines
from collector.catalog.prices import load_price_notes, load_snapshot
from collector.domain.alerts.rules import Where
from collector.domain.endings.callers import Callers
from collector.domain.endings.offers import model_catalog
from collector.domain.endings.replacement import PricesOn
from collector.domain.periods import last_days, midnight
from collector.domain.pricing import parse_rates
from collector.store.reads import endings
from collector.store.reads.api_use import ApiUseRow, ApiWeek, api_use_rows, api_weeks
from collector.store.reads.callers import CallKey, callers
from collector.store.reads.ending_stories import EndingStory, ending_stories
from collector.store.reads.prices import prices_on
from collector.store.reads.quotas import quota_rows
from collector.store.reads.scope import Filters, Pair
from collector.store.reads.whose import whereabouts
from dashboard import state
from dashboard.state import Chosen, database, remembered
from dashboard.views import endings as views

WEEKS = timedelta(weeks=8)
PRICES_SECONDS = 600


def owners() -> list[str]:
    return views.owners_of(_places(database()).values())


def endings_view(chosen: Chosen, owner: str | None = None) -> views.EndingsView:
    """`owner`: only what is theirs; "" is what nobody owns, None is everything."""
    today, url = state.today(), database()
    places = _places(url)
    stories = _stories(url, chosen.filters, today)
    uses, weeks, changes = _api(url, chosen.filters, today)
    if owner is not None:
        stories = tuple(one for one in stories if one.where.is_of(owner))
        uses = [one for one in uses if places.get((one.account_key, one.key), Where()).is_of(owner)]
    facts = load_api_versions(state.settings().api_versions).versions
    return views.endings_view(
        stories, uses, facts, changes, state.names(), today, places, weeks, _callers(url)
    )


@remembered()
def _stories(url: str, filters: Filters, today: date) -> tuple[EndingStory, ...]:
    known = load_models().models
    with state.reading(url) as connection:
        rows = endings.deployed_rows(connection, last_days(today, 30), filters)
        catalog = model_catalog(
            endings.offers_for(connection, rows, known),
            endings.model_readings(connection),
            known,
            own_deadlines(state.settings().model_deadlines),
        )
        found = ending_stories(
            connection,
            rows,
            catalog,
            _places(url),
            quota_rows(connection),
            lambda locations: _prices(url, locations, today),
            today,
        )
    return views.soonest_first(found)


@remembered()
def _api(
    url: str, filters: Filters, today: date
) -> tuple[list[ApiUseRow], list[ApiWeek], list[endings.CatalogChange]]:
    with state.reading(url) as connection:
        return (
            api_use_rows(connection, last_days(today, 30), filters),
            api_weeks(connection, today - WEEKS, filters),
            endings.catalog_changes(connection, midnight(today) - timedelta(days=90), filters),
        )


@remembered()
def _callers(url: str) -> dict[CallKey, Callers]:
    with state.reading(url) as connection:
        return callers(connection)


@remembered()
def _places(url: str) -> dict[Pair, Where]:
    said = state.settings().alerts
    with state.reading(url) as connection:
        return whereabouts(connection, said.owner_keys, said.team_keys)


@st.cache_resource(ttl=PRICES_SECONDS, max_entries=3, show_spinner=False)
def _prices(url: str, locations: frozenset[str], today: date) -> PricesOn:
    settings = state.settings()
    with state.reading(url) as connection:
        return prices_on(
            connection,
            locations,
            today,
            snapshot=load_snapshot().rows,
            rates=parse_rates(settings.rates),
            notes=load_price_notes(),
            currency=settings.currency or "USD",
        )
