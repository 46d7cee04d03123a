"""Free, over-allocated and stranded quota, what stands behind each cell and line, and what changed."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state
from dashboard.charts import room as charts
from dashboard.state import evidence as room_evidence
from dashboard.state import room as room_state
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

chosen = filters.chosen()
if show.head(room_words.MAP_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False)):
    view = room_state.quota_view(chosen)
    labels = limits_words.unique_labels(view.choices)
    pick = show.picks("line", labels)
    if view.map.models:
        show.section(room_words.MAP, room_words.MAP_TEXT)
        alt = room_words.map_alt(len(view.map.models), len(view.map.locations))
        show.chart(
            charts.free_map(view.map),
            key="free-map",
            alt=alt,
            on_pick=lambda line: pick({"key": line}),
        )
    if view.lines.rows:
        show.section(room_words.LINE)
        picked = st.selectbox(room_words.CHOOSE_LINE, list(labels), key="line", bind="query-params")
        line = room_evidence.line(chosen, labels[picked]) if picked in labels else None
        if line is not None:
            st.text(line.sentence)
            left, right = st.columns([3, 2], gap="medium")
            with left:
                show.part(room_words.HISTORY)
                alt = room_words.history_alt(len(line.history))
                show.chart(charts.line_history(line), key="line-history", alt=alt)
            with right:
                if line.changes.rows:
                    show.show_table(line.changes, about=room_words.CHANGES, download=False)
                else:
                    st.caption(room_words.NEVER_MOVED)
            if line.holders.rows:
                show.show_table(line.holders, about=room_words.HOLDERS, download=False)
                with st.container(horizontal=True):
                    for name, key in line.links:
                        show.link_to_minutes(name, key)
            else:
                st.caption(room_words.NO_HOLDER)
        show.show_table(view.lines, title=room_words.LINES, about=room_words.LINES, on_pick=pick)
        st.caption(limits_words.PICK)
    else:
        show.no_figures()
    if view.changes.rows:
        show.section(room_words.CHANGES, room_words.CHANGES_TEXT)
        show.show_table(view.changes, about=room_words.CHANGES, on_pick=pick)
