"""What the month will come to, by part of the estate; how budgets burn; and which days were strange."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_cost, cost_state, filters, show, state
from dashboard import words as plain
from dashboard import words_cost as words

chosen = filters.chosen()
if show.head(
    words.FORECAST_TITLE, state.freshness(chosen, overview.COST_JOBS), words.running(cost_state.month())
):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            words.FORECAST_BY,
            list(words.FORECAST_SPLITS),
            key="forecast_by",
            default="Team",
            required=True,
            bind="query-params",
        )
        currency = filters.one_of(
            plain.CURRENCY, "currency", cost_state.currencies(chosen), plain.CURRENCY_HELP
        )
    course = cost_state.course(chosen, currency)
    if course is None:
        show.no_figures()
    else:
        view = cost_state.outlook_view(chosen, words.FORECAST_SPLITS[by or "Team"], currency)
        show.tiles(view.tiles, columns=4, wide=True)
        show.section(words.COURSE_TITLE, words.COURSE_TEXT)
        show.chart(charts_cost.course(course), key="course", alt=words.course_alt(course))
        if view.budgets.rows:
            show.show_table(view.budgets, title=words.BUDGETS_TITLE, about=words.BUDGETS_TITLE)
            st.caption(words.BUDGETS_TEXT)
        else:
            show.section(words.BUDGETS_TITLE, words.NO_BUDGETS)
        show.show_table(view.parts, title=words.PARTS_TITLE, about=words.PARTS_TITLE)
        st.caption(words.PARTS_TEXT)
        if view.has_others:
            st.caption(words.LARGEST_ONLY)
        if view.strange.rows:
            show.show_table(view.strange, title=words.STRANGE_TITLE, about=words.STRANGE_TITLE)
            st.caption(words.STRANGE_TEXT)
        else:
            show.section(words.STRANGE_TITLE, words.NONE_STRANGE)
