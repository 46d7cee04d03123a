"""How near deployments came to their limits, one of them close up, and which quota lines fill."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, formats, show, state, words
from dashboard.charts import closeup as closeup_charts
from dashboard.charts import room as room_charts
from dashboard.charts import style as style_charts
from dashboard.state import evidence as room_evidence
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(words.ROOM_TITLE, state.freshness(chosen, overview.ROOM_JOBS), span):
    view = state.room_view(chosen)
    show.tiles(view.tiles)
    if view.deployments:
        labels = limits_words.unique_labels(view.choices)
        pick = show.picks("deployment", labels)
        about = limits_words.ROOM_DEPLOYMENTS
        show.show_table(view.deployments, title=about, about=about, on_pick=pick)
        st.caption(f"{limits_words.PICK} {limits_words.ROOM_LIMITS}")
        show.section(limits_words.CLOSEUP_TITLE)
        filters.read_deployment_link(labels)
        picked = st.selectbox(
            limits_words.CLOSEUP_CHOOSE, list(labels), key="deployment", bind="query-params"
        )
        close = state.closeup(chosen, labels[picked]) if picked in labels else None
        if picked is None or close is None or not close.hours:
            st.caption(limits_words.NO_HOURS)
        else:
            figures = room_evidence.figures(chosen, labels[picked])
            if figures is not None and figures.rows:
                show.show_table(figures, about=limits_words.CLOSEUP_TITLE, download=False)
            if close.at_least:
                st.caption(limits_words.AT_LEAST)
            days = {formats.day(day): day for day in room_evidence.days(chosen, labels[picked])}
            highest = formats.quantity(max((peak for peak in close.peaks if peak is not None), default=None))
            show.part(limits_words.PEAKS_TITLE)
            alt = limits_words.peaks_alt(highest, formats.quantity(close.limit_now))
            show.chart(
                closeup_charts.peaks(close), key="peaks", alt=alt, on_pick=show.picks_day("close_day", days)
            )
            st.caption(limits_words.PICK_HOUR)
            if days:
                shown = st.selectbox(room_words.CHOOSE_DAY, list(days), key="close_day")
                day = room_evidence.day(chosen, labels[picked], days[shown]) if shown in days else None
                if day is not None:
                    show.part(room_words.MINUTES)
                    alt = room_words.minutes_alt(formats.day(day.day), day.throttled)
                    show.chart(room_charts.minutes(day), key="minutes", alt=alt)
                    st.caption(room_words.MINUTES_TEXT)
            changed = room_evidence.revisions(chosen, labels[picked])
            if changed is not None:
                show.part(room_words.REVISIONS)
                show.show_table(changed, about=room_words.REVISIONS, download=False)
            week = closeup_charts.week(close)
            if week is not None:
                show.part(limits_words.WEEK_TITLE)
                show.chart(week, key="week", alt=limits_words.week_alt(closeup_charts.busiest_hour(close)))
    else:
        show.no_figures(state.days_waiting())
    if view.quotas:
        show.section(limits_words.QUOTA_TITLE, limits_words.QUOTA_TEXT)
        full = sum(1 for bar in view.quota_bars if bar.share >= style_charts.NEARLY_FULL)
        bars = view.quota_bars[: style_charts.MOST_BARS]
        show.chart(
            closeup_charts.quota_bars(bars), key="quota", alt=limits_words.quota_alt(len(view.quotas), full)
        )
        show.show_table(view.quotas, about=limits_words.QUOTA_TITLE)
        st.page_link("screens/quota.py", label=room_words.TO_LINES, icon=":material/arrow_forward:")
