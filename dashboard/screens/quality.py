"""How well deployments answered, and how they are called."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state, words
from dashboard.charts import room as charts
from dashboard.state import room as room_state
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(room_words.QUALITY_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False), span):
    view = room_state.answering(chosen)
    if view.rows.rows:
        show.tiles(view.tiles, wide=True)
    show.section(room_words.QUALITY_ROWS, room_words.QUALITY_TEXT)
    if view.rows.rows:
        labels = limits_words.unique_labels(view.choices)
        show.show_table(view.rows, about=room_words.QUALITY_ROWS, on_pick=show.picks("answering", labels))
        st.caption(limits_words.PICK)
        picked = st.selectbox(room_words.CHOOSE, list(labels), key="answering", bind="query-params")
        course = room_state.answer_course(chosen, labels[picked]) if picked in labels else None
        if course is None:
            st.caption(room_words.NOTHING_PUBLISHED)
        else:
            show.part(room_words.COURSE)
            alt = room_words.course_alt(len(course.hours))
            show.chart(charts.answer_course(course), key="answer-course", alt=alt)
            if any(share is not None for share in course.available):
                show.part(room_words.AVAILABLE)
                alt = room_words.available_alt(len(course.hours))
                show.chart(charts.available(course), key="available", alt=alt)
    else:
        st.caption(room_words.NOTHING_PUBLISHED)
    if view.places.rows:
        show.section(room_words.BY_PLACE, room_words.BY_PLACE_TEXT)
        show.show_table(view.places, about=room_words.BY_PLACE)
    if view.uses.rows:
        show.section(room_words.USES, room_words.USES_TEXT)
        show.show_table(view.uses, about=room_words.USES)
