"""Provisioned units: use, spillover, and what each size would cost."""

import streamlit as st

from collector.store.reads import overview
from dashboard import charts_room, filters, room_state, show, state
from dashboard import words as said
from dashboard import words_room as words

chosen = filters.chosen()
if show.head(
    words.UNITS_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False), words.UNITS_TEXT
):
    view = room_state.units_view(chosen)
    if view.use.rows:
        labels = said.unique_labels([(curve.key, curve.name) for curve in view.curves])
        pick = show.picks("units", labels)
        show.show_table(view.use, about=words.UNITS_TITLE, on_pick=pick)
        for name, why in view.missing:
            st.text(f"{name}: no curve, since {why}.")
        if view.curves:
            show.section(words.CURVE, words.CURVE_TEXT)
            curves = {curve.key: curve for curve in view.curves}
            picked = st.selectbox(words.CHOOSE, list(labels), key="units", bind="query-params")
            if picked in labels:
                curve = curves[labels[picked]]
                cheapest = min(curve.terms.values(), key=lambda one: one.cheapest.cost).cheapest.units
                show.chart(charts_room.unit_costs(curve), key="curve", alt=words.curve_alt(cheapest))
                st.caption(f"Tokens per unit {curve.source}.")
            show.show_table(view.sizes, about=words.CURVE, on_pick=pick)
        if view.beside.rows:
            show.section(words.FASTER)
            show.show_table(view.beside, about=words.FASTER)
    else:
        st.caption(words.NO_UNITS)
    if view.lines.rows:
        show.section(words.UNALLOCATED, words.UNALLOCATED_TEXT)
        show.show_table(view.lines, about=words.UNALLOCATED)
