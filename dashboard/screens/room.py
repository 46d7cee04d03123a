"""How near deployments came to their limits, one of them close up, and which quota lines fill."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts, charts_room, filters, formats, room_evidence, show, state, words
from dashboard import words_room as deeper

chosen = filters.chosen()
span = words.period_span(state.period(chosen))
if show.head(words.ROOM_TITLE, state.freshness(chosen, overview.ROOM_JOBS), span):
    view = state.room_view(chosen)
    show.tiles(view.tiles)
    if view.deployments:
        labels = words.unique_labels(view.choices)
        pick = show.picks("deployment", labels)
        about = words.ROOM_DEPLOYMENTS
        show.show_table(view.deployments, title=about, about=about, on_pick=pick)
        st.caption(f"{words.PICK} {words.ROOM_LIMITS}")
        show.section(words.CLOSEUP_TITLE)
        filters.read_deployment_link(labels)
        picked = st.selectbox(words.CLOSEUP_CHOOSE, list(labels), key="deployment", bind="query-params")
        close = state.closeup(chosen, labels[picked]) if picked in labels else None
        if picked is None or close is None or not close.hours:
            st.caption(words.NO_HOURS)
        else:
            figures = room_evidence.figures(chosen, labels[picked])
            if figures is not None and figures.rows:
                show.show_table(figures, about=words.CLOSEUP_TITLE, download=False)
            if close.at_least:
                st.caption(words.AT_LEAST)
            days = {formats.day(day): day for day in room_evidence.days(chosen, labels[picked])}
            highest = formats.quantity(max((peak for peak in close.peaks if peak is not None), default=None))
            st.markdown(f"**{words.PEAKS_TITLE}**")
            alt = words.peaks_alt(highest, formats.quantity(close.limit_now))
            show.chart(charts.peaks(close), key="peaks", alt=alt, on_pick=show.picks_day("close_day", days))
            st.caption(words.PICK_HOUR)
            if days:
                shown = st.selectbox(deeper.CHOOSE_DAY, list(days), key="close_day")
                day = room_evidence.day(chosen, labels[picked], days[shown]) if shown in days else None
                if day is not None:
                    st.markdown(f"**{deeper.MINUTES}**")
                    alt = deeper.minutes_alt(formats.day(day.day), day.throttled)
                    show.chart(charts_room.minutes(day), key="minutes", alt=alt)
                    st.caption(deeper.MINUTES_TEXT)
            changed = room_evidence.revisions(chosen, labels[picked])
            if changed is not None:
                st.markdown(f"**{deeper.REVISIONS}**")
                show.show_table(changed, about=deeper.REVISIONS, download=False)
            week = charts.week(close)
            if week is not None:
                st.markdown(f"**{words.WEEK_TITLE}**")
                show.chart(week, key="week", alt=words.week_alt(charts.busiest_hour(close)))
    else:
        show.no_figures()
    if view.quotas:
        show.section(words.QUOTA_TITLE, words.QUOTA_TEXT)
        full = sum(1 for bar in view.quota_bars if bar.share >= charts.NEARLY_FULL)
        bars = view.quota_bars[: charts.MOST_BARS]
        show.chart(charts.quota_bars(bars), key="quota", alt=words.quota_alt(len(view.quotas), full))
        show.show_table(view.quotas, about=words.QUOTA_TITLE)
        st.page_link("screens/quota.py", label=deeper.TO_LINES, icon=":material/arrow_forward:")
