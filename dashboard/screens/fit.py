"""Where a new deployment fits."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state
from dashboard.state import room as room_state
from dashboard.words import room as words

chosen = filters.chosen()
if show.head(words.FIT_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False), words.FIT_TEXT):
    models, skus = room_state.models()
    if models:
        columns = st.columns(4, gap="small")
        model = columns[0].selectbox(words.FIT_MODEL, models, key="fit_model", bind="query-params")
        tpm = columns[1].number_input(
            words.FIT_TPM, min_value=1_000, value=100_000, step=10_000, key="fit_tpm"
        )
        sku = columns[2].selectbox(words.FIT_SKU, [words.ANY, *skus], key="fit_sku", bind="query-params")
        zone = columns[3].selectbox(words.FIT_ZONE, list(words.ZONES), key="fit_zone")
        wanted = model or models[0]
        only, inside = None if sku == words.ANY else sku, words.ZONES[zone or words.ANY]
        view = room_state.fit_view(chosen, wanted, int(tpm), only, inside)
        if view is None or not view.places.rows:
            st.caption(words.NOWHERE)
        else:
            if not view.fitting:
                st.warning(words.NOWHERE)
            show.show_table(view.places, about=words.FIT_TITLE)
        others = room_state.fit_elsewhere(chosen, wanted, int(tpm), only, inside)
        if others:
            show.show_table(others, title=words.ELSEWHERE, about=words.ELSEWHERE)
            st.caption(words.ELSEWHERE_TEXT)
    else:
        st.caption(words.NO_MODELS)
