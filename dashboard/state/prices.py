"""Every price that is known, read once for all screens that ask what something would cost."""

from datetime import date

import streamlit as st

from collector.catalog.price_notes import load_price_notes
from collector.catalog.prices import load_snapshot
from collector.domain.pricing import PriceBook, parse_rates
from collector.store.reads.catalog import all_models
from collector.store.reads.prices import price_rows
from dashboard import state
from dashboard.state import SLOW_SECONDS, database


def price_book() -> PriceBook:
    return _book(database(), state.today())


@st.cache_resource(ttl=SLOW_SECONDS, max_entries=3, show_spinner=False)
def _book(url: str, today: date) -> PriceBook:
    with state.reading(url) as connection:
        return PriceBook(
            rows=price_rows(connection),
            snapshot=load_snapshot().rows,
            models=all_models(connection),
            rates=parse_rates(state.settings().rates),
            notes=load_price_notes(),
        )
