"""Free, over-allocated and stranded quota, what stands behind each cell and line, and what changed."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_room, filters, room_evidence, room_state, show, state
from dashboard import words as said
from dashboard import words_room as words

chosen = filters.chosen()
if show.head(words.MAP_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False)):
    view = room_state.quota_view(chosen)
    labels = said.unique_labels(view.choices)
    pick = show.picks("line", labels)
    if view.map.models:
        show.section(words.MAP, words.MAP_TEXT)
        alt = words.map_alt(len(view.map.models), len(view.map.locations))
        show.chart(
            charts_room.free_map(view.map),
            key="free-map",
            alt=alt,
            on_pick=lambda line: pick({"key": line}),
        )
    if view.lines.rows:
        show.section(words.LINE)
        picked = st.selectbox(words.CHOOSE_LINE, list(labels), key="line", bind="query-params")
        line = room_evidence.line(chosen, labels[picked]) if picked in labels else None
        if line is not None:
            st.text(line.sentence)
            left, right = st.columns([3, 2], gap="medium")
            with left:
                st.markdown(f"**{words.HISTORY}**")
                alt = words.history_alt(len(line.history))
                show.chart(charts_room.line_history(line), key="line-history", alt=alt)
            with right:
                if line.changes.rows:
                    show.show_table(line.changes, about=words.CHANGES, download=False)
                else:
                    st.caption(words.NEVER_MOVED)
            if line.holders.rows:
                show.show_table(line.holders, about=words.HOLDERS, download=False)
                with st.container(horizontal=True):
                    for name, key in line.links:
                        show.link_to_minutes(name, key)
            else:
                st.caption(words.NO_HOLDER)
        show.show_table(view.lines, title=words.LINES, about=words.LINES, on_pick=pick)
        st.caption(said.PICK)
    else:
        show.no_figures()
    if view.changes.rows:
        show.section(words.CHANGES, words.CHANGES_TEXT)
        show.show_table(view.changes, about=words.CHANGES, on_pick=pick)
