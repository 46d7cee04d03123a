"""Which deployments stop or are upgraded when, and which api-versions clients still name."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, formats, show, state, words
from dashboard.charts import endings as charts
from dashboard.state import endings as endings_state
from dashboard.views import endings as endings_views
from dashboard.words import endings as endings_words

chosen = filters.chosen()
if show.head(
    words.ENDINGS_TITLE, state.freshness(chosen, overview.ENDING_JOBS, coverage=False), endings_words.TODAY_ON
):
    owner = filters.owner(endings_state.owners())
    view = endings_state.endings_view(chosen, owner)
    show.tiles(view.tiles, columns=6)
    if view.timeline:
        show.section(endings_words.TIMELINE_TITLE)
        alt = endings_words.timeline_alt(len(view.timeline), formats.days_left(view.timeline[0].days_left))
        show.chart(charts.timeline(view.timeline), key="timeline", alt=alt)
    if view.deployments:
        show.show_table(
            view.deployments, title=endings_words.ENDINGS_TABLE, about=endings_words.ENDINGS_TABLE
        )
        st.caption(endings_words.ENDINGS_TEXT)
    else:
        st.caption(endings_words.NO_ENDINGS)
    if view.api_versions:
        show.show_table(view.api_versions, title=endings_words.API_TITLE, about=endings_words.API_TITLE)
        st.caption(endings_words.API_TEXT)
        if len(view.api_weeks) > 1:
            show.section(endings_words.API_WEEKS_TITLE)
            show.chart(
                charts.api_weeks(view.api_weeks),
                key="api-weeks",
                alt=endings_views.weeks_alt(view.api_weeks),
            )
            st.caption(endings_words.API_WEEKS_TEXT)
    else:
        show.section(endings_words.API_TITLE)
        st.caption(endings_words.NO_API_USE)
    if view.changes:
        show.show_table(view.changes, title=endings_words.CHANGES_TITLE, about=endings_words.CHANGES_TITLE)
    else:
        show.section(endings_words.CHANGES_TITLE)
        st.caption(endings_words.NO_CHANGES)
