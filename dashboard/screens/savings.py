"""Money that need not be spent, the largest first."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, formats, show, state
from dashboard.state import savings as saving_state
from dashboard.words import outlook as words
from dashboard.words import period_name

chosen = filters.chosen()
if show.head(
    words.SAVINGS_TITLE,
    state.freshness(chosen, overview.COST_JOBS, coverage=False),
    words.SAVINGS_TEXT,
):
    months = saving_state.saving_months()
    if not months:
        st.caption(words.NO_SAVINGS)
    else:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            month = st.selectbox(
                words.SAVINGS_MONTH, months, key="savings-month", width=190, format_func=period_name
            )
            kinds = saving_state.savings_view(chosen, month, None).kinds
            kind = st.selectbox(
                words.SAVINGS_KIND, kinds, index=None, placeholder=words.ALL_KINDS, key="saving", width=320
            )
        view = saving_state.savings_view(chosen, month, kind)
        if not view.rows.rows:
            st.caption(words.NO_SAVINGS)
        else:
            show.tiles(view.tiles, columns=3)
            show.section(words.LARGEST_SAVINGS)
            for column, one in zip(st.columns(3, gap="small"), view.largest, strict=False):
                with column, st.container(border=True, height="stretch"):
                    show.part(words.SAVING_KINDS[one.kind])
                    st.text(one.deployment)
                    st.metric(
                        words.up_to(one.sure),
                        formats.money(one.monthly, one.currency),
                        help=words.SAVING_COLUMN,
                    )
                    st.text(words.evidence(one))
                    st.text(words.assumption(one))
            show.show_table(view.rows, title=words.ALL_SAVINGS, about=words.SAVINGS_TITLE)
            st.caption(words.ONE_DEPLOYMENT)
