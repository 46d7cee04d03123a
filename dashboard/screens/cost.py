"""What the period cost, by whom and by what, and what has no price."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts, filters, formats, show, state, words

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(words.COST_TITLE, state.freshness(chosen, overview.COST_JOBS), span):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            words.BY, list(words.SPLITS), key="by", default="Model", required=True, bind="query-params"
        )
        dimension = words.SPLITS[by or "Model"]
        currency = filters.one_of(
            words.CURRENCY, "currency", state.currencies(chosen, dimension), words.CURRENCY_HELP
        )
    view = state.cost_view(chosen, dimension, currency)
    if view is None:
        show.no_figures()
    else:
        show.tiles(view.tiles)
        show.section(words.SPENDING_TITLE, words.TODAY_PARTIAL if view.stack and view.stack.partial else None)
        total, largest = formats.money(view.total, view.currency), charts.largest(view.stack)
        show.chart(charts.daily_cost(view.stack), key="daily", alt=words.cost_chart_alt(total, span, largest))
        show.show_table(view.slices, title=words.SLICES_TITLE, about=words.SLICES_TITLE)
        if len(view.months) > 1:
            show.section(words.MONTHS_TITLE)
            alt = words.months_alt(len(view.months))
            show.chart(charts.months(view.months, view.currency, state.today()), key="months", alt=alt)
        if view.unpriced:
            show.show_table(view.unpriced, title=words.UNPRICED_TITLE, about=words.UNPRICED_TITLE)
            st.caption(words.UNPRICED_TEXT)
        if view.out_of_scope:
            show.show_table(view.out_of_scope, title=words.OUT_OF_SCOPE_TITLE, about=words.OUT_OF_SCOPE_TITLE)
            st.caption(words.OUT_OF_SCOPE_TEXT)
        if st.toggle(words.SHOW_CHARGES, key="charges", help=words.CHARGES_TEXT, bind="query-params"):
            charges = state.charges(chosen, view.currency)
            show.show_table(charges, title=words.CHARGES_TITLE, about=words.CHARGES_TITLE)
            st.caption(words.CHARGES_TEXT)
