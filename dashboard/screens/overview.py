"""The three answers, side by side, in five seconds of looking."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, formats, show, state, words
from dashboard.charts import cost as cost_charts
from dashboard.charts import endings as endings_charts
from dashboard.state import overview as overview_state
from dashboard.words import cost as cost_words
from dashboard.words import endings as endings_words
from dashboard.words import overview as overview_words

chosen = filters.chosen()
jobs = tuple(dict.fromkeys((*overview.COST_JOBS, *overview.ROOM_JOBS, *overview.ENDING_JOBS)))
found = state.estate(chosen)
about = words.estate(found.subscriptions, found.accounts, found.deployments)
if show.head(words.OVERVIEW_TITLE, state.freshness(chosen, jobs), about):
    view = overview_state.overview_view(chosen)
    screens = ("screens/cost.py", "screens/room.py", "screens/endings.py")
    for column, answer, question, screen, label in zip(
        st.columns(3, gap="small"),
        view.answers,
        overview_words.QUESTIONS,
        screens,
        overview_words.OPEN,
        strict=True,
    ):
        with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
            with st.container():
                show.section(question)
                show.tile(answer.tile, card=False)
                st.caption("  \n".join(answer.lines))
            with st.container():
                if answer.top:
                    show.show_table(answer.top, about=question, download=False)
                st.page_link(screen, label=label, icon=":material/arrow_forward:")
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(border=True, height="stretch"):
        show.section(
            cost_words.SPENDING_TITLE, cost_words.TODAY_PARTIAL if view.stack and view.stack.partial else None
        )
        if view.stack is not None:
            total, largest = (
                formats.money(view.stack.total, view.stack.currency),
                cost_charts.largest(view.stack),
            )
            alt = cost_words.cost_chart_alt(total, words.period_span(state.period(chosen)), largest)
            show.chart(cost_charts.daily_cost(view.stack), key="daily", alt=alt)
        else:
            st.caption(words.WAITING_TITLE if state.days_waiting() else words.NO_FIGURES)
    with right, st.container(border=True, height="stretch"):
        show.section(endings_words.TIMELINE_TITLE)
        if view.timeline:
            alt = endings_words.timeline_alt(
                len(view.timeline), formats.days_left(view.timeline[0].days_left)
            )
            show.chart(endings_charts.timeline(view.timeline, narrow=True), key="timeline", alt=alt)
        else:
            st.caption(endings_words.NO_ENDINGS)
