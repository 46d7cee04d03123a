"""What to do about room, ranked, and everything needed to do it."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state
from dashboard.state import room as room_state
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

chosen = filters.chosen()
if show.head(
    room_words.ADVICE_TITLE,
    state.freshness(chosen, overview.ROOM_JOBS, coverage=False),
    room_words.ADVICE_TEXT,
):
    view = room_state.advice_view(chosen)
    if view.details:
        labels = {one.label: one for one in view.details}
        pick = show.picks("advice", {one.label: one.key for one in view.details})
        show.show_table(view.table, about=room_words.ADVICE_TITLE, on_pick=pick)
        st.caption(limits_words.PICK)
        picked = st.selectbox(room_words.EXACT, list(labels), key="advice")
        if picked in labels:
            one = labels[picked]
            st.text(one.summary)
            if one.residency:
                st.text(one.residency)
            for command in one.commands:
                st.code(command, language=None, wrap_lines=True)
            if one.request:
                st.caption(room_words.REQUEST)
                st.code(one.request, language=None, wrap_lines=True)
            st.caption(room_words.EVIDENCE)
            st.text("\n".join(f"{name}: {value}" for name, value in one.evidence))
            show.link_to_minutes(one.name, one.about)
            st.caption(room_words.SUPPOSES)
            st.text(one.assumption)
    else:
        st.caption(room_words.NO_ADVICE)
