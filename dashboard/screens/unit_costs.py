"""What a unit came to, and provisioned units beside the same by the token."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_cost, filters, saving_state, show, state
from dashboard import words as plain
from dashboard import words_cost as words
from dashboard.views.unit_costs import SPLITS

chosen = filters.chosen()
span = plain.period_span(state.period(chosen))
if show.head(words.UNITS_TITLE, state.freshness(chosen, overview.COST_JOBS), span):
    currencies = saving_state.unit_currencies(chosen)
    if not currencies:
        show.no_figures()
    else:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            by = st.segmented_control(
                words.UNIT_BY,
                list(SPLITS),
                key="unit_by",
                default="Model",
                required=True,
                bind="query-params",
            )
            currency = filters.one_of(plain.CURRENCY, "currency", currencies, plain.CURRENCY_HELP)
        view = saving_state.unit_costs_view(chosen, SPLITS[by or "Model"], currency or currencies[0])
        show.show_table(view.costs, title=words.UNIT_TABLE, about=words.UNITS_TITLE)
        st.caption(words.UNIT_TEXT)
        show.section(words.UNITS_SECTION, words.UNITS_TEXT if view.beside else words.NO_UNITS)
        if view.beside:
            show.chart(
                charts_cost.beside(view.beside, view.currency),
                key="beside",
                alt=words.beside_alt(view.beside),
            )
            month = saving_state.units_month(chosen)
            show.show_table(view.provisioned, title=words.units_title(month), about=words.UNITS_SECTION)
            st.caption(words.UNITS_MONTH)
