"""How near deployments came to their limits, why requests were refused, and which quota lines fill."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts, filters, formats, show, state, words

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(words.ROOM_TITLE, state.freshness(chosen, overview.ROOM_JOBS), span):
    view = state.room_view(chosen)
    show.tiles(view.tiles)
    if view.deployments:
        show.show_table(view.deployments, title=words.ROOM_DEPLOYMENTS, about=words.ROOM_DEPLOYMENTS)
        st.caption(words.ROOM_LIMITS)
        show.section(words.CLOSEUP_TITLE)
        labels = words.unique_labels(view.choices)
        filters.read_deployment_link(labels)
        picked = st.selectbox(words.CLOSEUP_CHOOSE, list(labels), key="deployment", bind="query-params")
        close = state.closeup(chosen, labels[picked]) if picked in labels else None
        if close is None or not close.hours:
            st.caption(words.NO_HOURS)
        else:
            if close.at_least:
                st.caption(words.AT_LEAST)
            highest = formats.quantity(max((peak for peak in close.peaks if peak is not None), default=None))
            st.markdown(f"**{words.PEAKS_TITLE}**")
            alt = words.peaks_alt(highest, formats.quantity(close.limit_now))
            show.chart(charts.peaks(close), key="peaks", alt=alt)
            left, right = st.columns(2, gap="medium")
            with left:
                week = charts.week(close)
                if week is not None:
                    st.markdown(f"**{words.WEEK_TITLE}**")
                    show.chart(week, key="week", alt=words.week_alt(charts.busiest_hour(close)))
            with right:
                day = state.busiest_day(chosen, labels[picked])
                if day is not None:
                    st.markdown(f"**{words.MINUTES_TITLE}**")
                    alt = words.minutes_alt(formats.day(day.day), highest)
                    show.chart(charts.minutes(day), key="minutes", alt=alt)
    else:
        show.no_figures()
    if view.quotas:
        show.section(words.QUOTA_TITLE, words.QUOTA_TEXT)
        full = sum(1 for bar in view.quota_bars if bar.share >= charts.NEARLY_FULL)
        bars = view.quota_bars[: charts.MOST_BARS]
        show.chart(charts.quota_bars(bars), key="quota", alt=words.quota_alt(len(view.quotas), full))
        show.show_table(view.quotas, about=words.QUOTA_TITLE)
