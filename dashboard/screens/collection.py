"""How far everything is known, what failed and what would mend it, and what can no longer be known."""

import streamlit as st

from dashboard import filters, show, state, words

chosen = filters.chosen()
if show.head(words.COLLECTION_TITLE, state.freshness(chosen, (), coverage=False)):
    view = state.collection_view(chosen)
    show.tiles(view.tiles, columns=6)
    show.section(words.FAULTS_TITLE)
    if not view.faults:
        st.success(words.ALL_WELL, icon=":material/check_circle:")
    for fault in view.faults:
        with st.container(border=True):
            st.text(f"{fault.job}: {fault.scope}\n{fault.error} ({fault.since})")
            if fault.remedy:
                st.caption(words.REMEDY)
                st.code(fault.remedy, language=None, wrap_lines=True)
    if view.scopes:
        show.show_table(view.scopes, title=words.SCOPES_TITLE, about=words.SCOPES_TITLE)
    if view.gaps:
        show.show_table(view.gaps, title=words.GAPS_TITLE, about=words.GAPS_TITLE)
    else:
        show.section(words.GAPS_TITLE)
        st.caption(words.NO_GAPS)
    if view.runs:
        show.show_table(view.runs, title=words.RUNS_TITLE, about=words.RUNS_TITLE)
    else:
        show.section(words.RUNS_TITLE)
        st.caption(words.NO_RUNS)
