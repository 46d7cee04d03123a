"""What a unit came to, and provisioned units beside the same by the token."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state, words
from dashboard.charts import cost as charts
from dashboard.state import savings as saving_state
from dashboard.views.unit_costs import SPLITS
from dashboard.words import outlook as outlook_words

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(outlook_words.UNITS_TITLE, state.freshness(chosen, overview.COST_JOBS), span):
    currencies = saving_state.unit_currencies(chosen)
    if not currencies:
        show.no_figures(state.days_waiting())
    else:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            by = st.segmented_control(
                outlook_words.UNIT_BY,
                list(SPLITS),
                key="unit_by",
                default="Model",
                required=True,
                bind="query-params",
            )
            currency = filters.one_of(words.CURRENCY, "currency", currencies, words.CURRENCY_HELP)
        view = saving_state.unit_costs_view(chosen, SPLITS[by or "Model"], currency or currencies[0])
        show.tiles(view.tiles, wide=True)
        show.show_table(view.costs, title=outlook_words.UNIT_TABLE, about=outlook_words.UNITS_TITLE)
        st.caption(outlook_words.UNIT_TEXT)
        show.section(
            outlook_words.UNITS_SECTION, outlook_words.UNITS_TEXT if view.beside else outlook_words.NO_UNITS
        )
        if view.beside:
            show.chart(
                charts.beside(view.beside, view.currency),
                key="beside",
                alt=outlook_words.beside_alt(view.beside),
            )
            month = saving_state.units_month(chosen)
            show.show_table(
                view.provisioned, title=outlook_words.units_title(month), about=outlook_words.UNITS_SECTION
            )
            st.caption(outlook_words.UNITS_MONTH)
