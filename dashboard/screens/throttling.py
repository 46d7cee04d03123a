"""What hurts now, why, and what will hurt."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_room, filters, formats, room_evidence, room_state, show, state
from dashboard import words as said
from dashboard import words_room as words
from dashboard.views.throttling import minute_day

chosen = filters.chosen()
span = said.period_span(state.period(chosen))
if show.head(words.HURTS_TITLE, state.freshness(chosen, overview.ROOM_JOBS), span):
    view = room_state.hurts(chosen)
    show.section(words.HURTS_NOW, words.HURTS_NOW_TEXT)
    if view.now.rows:
        labels = said.unique_labels(view.choices)
        show.show_table(view.now, about=words.HURTS_NOW, on_pick=show.picks("throttled", labels))
        st.caption(said.PICK)
        show.section(words.WHY)
        picked = st.selectbox(words.CHOOSE, list(labels), key="throttled", bind="query-params")
        found = room_state.hurt(chosen, labels[picked]) if picked in labels else None
        if found is not None:
            st.text(found.paragraph)
            days = {formats.day(day): day for day in found.days}
            shown = st.selectbox(words.CHOOSE_DAY, list(days), key="throttled_day")
            day = minute_day(found.evidence, days[shown]) if shown in days else None
            if day is None:
                st.caption(words.NO_MINUTES)
            else:
                st.markdown(f"**{words.MINUTES}**")
                alt = words.minutes_alt(formats.day(day.day), day.throttled)
                show.chart(charts_room.minutes(day), key="minutes-429", alt=alt)
                st.caption(words.MINUTES_TEXT)
    else:
        st.caption(words.NOBODY)
    if view.coming.rows:
        show.section(words.WILL_HURT, words.WILL_HURT_TEXT)
        ends = said.unique_labels(view.filling)
        show.show_table(view.coming, about=words.WILL_HURT, on_pick=show.picks("filling", ends))
        st.caption(said.PICK)
        picked = st.selectbox(words.CHOOSE, list(ends), key="filling", bind="query-params")
        until = room_evidence.filling(chosen, ends[picked]) if picked in ends else None
        if until is None:
            st.caption(words.NO_COURSE)
        else:
            st.text(until.sentence)
            st.markdown(f"**{words.COURSE_OF_PEAKS}**")
            show.chart(
                charts_room.filling(until), key="filling-course", alt=words.filling_alt(len(until.days))
            )
