"""Which deployments stop or are upgraded when, and which api-versions clients still name."""

import streamlit as st

from collector.store.reads import overview
from dashboard import (
    charts,
    charts_endings,
    endings_state,
    filters,
    formats,
    show,
    state,
    words,
    words_endings,
)
from dashboard.views import endings as endings_views

chosen = filters.chosen()
if show.head(
    words.ENDINGS_TITLE, state.freshness(chosen, overview.ENDING_JOBS, coverage=False), words.TODAY_ON
):
    owner = filters.owner(endings_state.owners())
    view = endings_state.endings_view(chosen, owner)
    show.tiles(view.tiles, columns=6)
    if view.timeline:
        show.section(words.TIMELINE_TITLE)
        alt = words.timeline_alt(len(view.timeline), formats.days_left(view.timeline[0].days_left))
        show.chart(charts.timeline(view.timeline), key="timeline", alt=alt)
    if view.deployments:
        show.show_table(view.deployments, title=words.ENDINGS_TABLE, about=words.ENDINGS_TABLE)
        st.caption(words.ENDINGS_TEXT)
    else:
        st.caption(words.NO_ENDINGS)
    if view.api_versions:
        show.show_table(view.api_versions, title=words.API_TITLE, about=words.API_TITLE)
        st.caption(words.API_TEXT)
        if len(view.api_weeks) > 1:
            show.section(words_endings.API_WEEKS_TITLE)
            show.chart(
                charts_endings.api_weeks(view.api_weeks),
                key="api-weeks",
                alt=endings_views.weeks_alt(view.api_weeks),
            )
            st.caption(words_endings.API_WEEKS_TEXT)
    else:
        show.section(words.API_TITLE)
        st.caption(words.NO_API_USE)
    if view.changes:
        show.show_table(view.changes, title=words.CHANGES_TITLE, about=words.CHANGES_TITLE)
    else:
        show.section(words.CHANGES_TITLE)
        st.caption(words.NO_CHANGES)
