"""What hurts now, why, and what will hurt."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_room, filters, formats, room_state, show, state
from dashboard import words as said
from dashboard import words_room as words
from dashboard.views.throttling import minute_day

chosen = filters.chosen()
span = said.period_span(state.period(chosen))
if show.head(words.HURTS_TITLE, state.freshness(chosen, overview.ROOM_JOBS), span):
    view = room_state.hurts(chosen)
    show.section(words.HURTS_NOW, words.HURTS_NOW_TEXT)
    if view.now.rows:
        show.show_table(view.now, about=words.HURTS_NOW)
        show.section(words.WHY)
        labels = said.unique_labels(view.choices)
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
        show.show_table(view.coming, about=words.WILL_HURT)
