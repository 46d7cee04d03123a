"""How well deployments answered, and how they are called."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_room, filters, room_state, show, state
from dashboard import words as said
from dashboard import words_room as words

chosen = filters.chosen()
span = said.period_span(state.period(chosen))
if show.head(words.QUALITY_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False), span):
    view = room_state.answering(chosen)
    show.section(words.QUALITY_ROWS, words.QUALITY_TEXT)
    if view.rows.rows:
        labels = said.unique_labels(view.choices)
        show.show_table(view.rows, about=words.QUALITY_ROWS, on_pick=show.picks("answering", labels))
        st.caption(said.PICK)
        picked = st.selectbox(words.CHOOSE, list(labels), key="answering", bind="query-params")
        course = room_state.answer_course(chosen, labels[picked]) if picked in labels else None
        if course is None:
            st.caption(words.NOTHING_PUBLISHED)
        else:
            st.markdown(f"**{words.COURSE}**")
            alt = words.course_alt(len(course.hours))
            show.chart(charts_room.answer_course(course), key="answer-course", alt=alt)
            if any(share is not None for share in course.available):
                st.markdown(f"**{words.AVAILABLE}**")
                alt = words.available_alt(len(course.hours))
                show.chart(charts_room.available(course), key="available", alt=alt)
    else:
        st.caption(words.NOTHING_PUBLISHED)
    if view.places.rows:
        show.section(words.BY_PLACE, words.BY_PLACE_TEXT)
        show.show_table(view.places, about=words.BY_PLACE)
    if view.uses.rows:
        show.section(words.USES, words.USES_TEXT)
        show.show_table(view.uses, about=words.USES)
