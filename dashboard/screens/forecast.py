"""What the month will come to, by part of the estate; how budgets burn; and which days were strange."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state, words
from dashboard.charts import cost as charts
from dashboard.state import cost as cost_state
from dashboard.words import outlook as outlook_words

chosen = filters.chosen()
if show.head(
    outlook_words.FORECAST_TITLE,
    state.freshness(chosen, overview.COST_JOBS),
    outlook_words.running(cost_state.month()),
):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            outlook_words.FORECAST_BY,
            list(outlook_words.FORECAST_SPLITS),
            key="forecast_by",
            default="Team",
            required=True,
            bind="query-params",
        )
        currency = filters.one_of(
            words.CURRENCY, "currency", cost_state.currencies(chosen), words.CURRENCY_HELP
        )
    course = cost_state.course(chosen, currency)
    if course is None:
        show.no_figures(state.days_waiting())
    else:
        view = cost_state.outlook_view(chosen, outlook_words.FORECAST_SPLITS[by or "Team"], currency)
        show.tiles(view.tiles, columns=4, wide=True)
        show.section(outlook_words.COURSE_TITLE, outlook_words.COURSE_TEXT)
        show.chart(charts.course(course), key="course", alt=outlook_words.course_alt(course))
        if view.budgets.rows:
            show.show_table(
                view.budgets, title=outlook_words.BUDGETS_TITLE, about=outlook_words.BUDGETS_TITLE
            )
            st.caption(outlook_words.BUDGETS_TEXT)
        else:
            show.section(outlook_words.BUDGETS_TITLE, outlook_words.NO_BUDGETS)
        show.show_table(view.parts, title=outlook_words.PARTS_TITLE, about=outlook_words.PARTS_TITLE)
        st.caption(outlook_words.PARTS_TEXT)
        if view.has_others:
            st.caption(outlook_words.LARGEST_ONLY)
        if view.strange.rows:
            show.show_table(
                view.strange, title=outlook_words.STRANGE_TITLE, about=outlook_words.STRANGE_TITLE
            )
            st.caption(outlook_words.STRANGE_TEXT)
        else:
            show.section(outlook_words.STRANGE_TITLE, outlook_words.NONE_STRANGE)
