"""How far everything is known, what failed and what would mend it, and what can no longer be known."""

import streamlit as st

from dashboard import filters, show, state, words
from dashboard.state import collection as collection_state
from dashboard.words import collection as collection_words

chosen = filters.chosen()
if show.head(words.COLLECTION_TITLE, state.freshness(chosen, (), coverage=False)):
    view = collection_state.view(chosen)
    show.tiles(view.tiles, columns=6)
    show.section(collection_words.FAULTS_TITLE)
    if not view.faults:
        st.success(collection_words.ALL_WELL, icon=":material/check_circle:")
    for fault in view.faults:
        with st.container(border=True):
            st.text(f"{fault.job}: {fault.scope}\n{fault.error} ({fault.since})")
            if fault.remedy:
                st.caption(collection_words.REMEDY)
                st.code(fault.remedy, language=None, wrap_lines=True)
    if view.scopes:
        show.show_table(view.scopes, title=collection_words.SCOPES_TITLE, about=collection_words.SCOPES_TITLE)
        st.caption(collection_words.SCOPES_TEXT)
    if view.gaps:
        show.show_table(view.gaps, title=collection_words.GAPS_TITLE, about=collection_words.GAPS_TITLE)
    else:
        show.section(collection_words.GAPS_TITLE)
        st.caption(collection_words.NO_GAPS)
    if view.runs:
        show.show_table(view.runs, title=collection_words.RUNS_TITLE, about=collection_words.RUNS_TITLE)
    else:
        show.section(collection_words.RUNS_TITLE)
        st.caption(collection_words.NO_RUNS)
