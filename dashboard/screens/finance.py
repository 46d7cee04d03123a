"""What finance closes a month with: estimate beside bill, allocation, outlook, and the workbook to take along."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state
from dashboard.state import finance as finance_state
from dashboard.words import finance as words
from dashboard.words import period_name

if show.head(words.TITLE, state.freshness(filters.chosen(), overview.COST_JOBS, coverage=False), words.ABOUT):
    months = finance_state.months()
    if not months:
        st.caption(words.NONE_YET)
    else:
        month = st.selectbox(words.MONTH, months, key="finance-month", width=200, format_func=period_name)
        view = finance_state.view(month)
        st.caption(f"{view.line}. {words.CLOSED if view.is_closed else words.NOT_CLOSED}")
        show.tiles(view.tiles, columns=4, wide=True)
        st.download_button(
            words.WORKBOOK,
            lambda: finance_state.workbook(month),
            file_name=f"azure-openai-{month}.xlsx",
            icon=":material/download:",
        )
        for title, table in view.tables:
            show.show_table(table, title=title, about=title)
        for note in view.notes:
            st.caption(note)
