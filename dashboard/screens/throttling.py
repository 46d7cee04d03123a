"""What hurts now, why, and what will hurt."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, formats, show, state, words
from dashboard.charts import room as charts
from dashboard.state import evidence as room_evidence
from dashboard.state import room as room_state
from dashboard.views.throttling import minute_day
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(room_words.HURTS_TITLE, state.freshness(chosen, overview.ROOM_JOBS), span):
    view = room_state.hurts(chosen)
    show.tiles(view.tiles, columns=4)
    show.section(room_words.HURTS_NOW, room_words.HURTS_NOW_TEXT)
    if view.now.rows:
        labels = limits_words.unique_labels(view.choices)
        show.show_table(view.now, about=room_words.HURTS_NOW, on_pick=show.picks("throttled", labels))
        st.caption(limits_words.PICK)
        show.section(room_words.WHY)
        picked = st.selectbox(room_words.CHOOSE, list(labels), key="throttled", bind="query-params")
        found = room_state.hurt(chosen, labels[picked]) if picked in labels else None
        if found is not None:
            st.text(found.paragraph)
            days = {formats.day(day): day for day in found.days}
            shown = st.selectbox(room_words.CHOOSE_DAY, list(days), key="throttled_day")
            day = minute_day(found.evidence, days[shown]) if shown in days else None
            if day is None:
                st.caption(room_words.NO_MINUTES)
            else:
                show.part(room_words.MINUTES)
                alt = room_words.minutes_alt(formats.day(day.day), day.throttled)
                show.chart(charts.minutes(day), key="minutes-429", alt=alt)
                st.caption(room_words.MINUTES_TEXT)
    else:
        st.caption(room_words.NOBODY)
    if view.coming.rows:
        show.section(room_words.WILL_HURT, room_words.WILL_HURT_TEXT)
        ends = limits_words.unique_labels(view.filling)
        show.show_table(view.coming, about=room_words.WILL_HURT, on_pick=show.picks("filling", ends))
        st.caption(limits_words.PICK)
        picked = st.selectbox(room_words.CHOOSE, list(ends), key="filling", bind="query-params")
        until = room_evidence.filling(chosen, ends[picked]) if picked in ends else None
        if until is None:
            st.caption(room_words.NO_COURSE)
        else:
            st.text(until.sentence)
            show.part(room_words.COURSE_OF_PEAKS)
            show.chart(
                charts.filling(until), key="filling-course", alt=room_words.filling_alt(len(until.days))
            )
