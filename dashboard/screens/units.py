"""Provisioned units: use, spillover, and what each size would cost."""

import streamlit as st

from collector.store.reads import overview
from dashboard import filters, show, state
from dashboard.charts import room as charts
from dashboard.state import room as room_state
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

chosen = filters.chosen()
if show.head(
    room_words.UNITS_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False), room_words.UNITS_TEXT
):
    view = room_state.units_view(chosen)
    if view.use.rows:
        show.tiles(view.tiles)
        labels = limits_words.unique_labels([(curve.key, curve.name) for curve in view.curves])
        pick = show.picks("units", labels)
        show.show_table(view.use, about=room_words.UNITS_TITLE, on_pick=pick)
        for name, why in view.missing:
            st.text(f"{name}: no curve, since {why}.")
        if view.curves:
            show.section(room_words.CURVE, room_words.CURVE_TEXT)
            curves = {curve.key: curve for curve in view.curves}
            picked = st.selectbox(room_words.CHOOSE, list(labels), key="units", bind="query-params")
            if picked in labels:
                curve = curves[labels[picked]]
                cheapest = min(curve.terms.values(), key=lambda one: one.cheapest.cost).cheapest.units
                show.chart(charts.unit_costs(curve), key="curve", alt=room_words.curve_alt(cheapest))
                st.caption(f"Tokens per unit {curve.source}.")
            show.show_table(view.sizes, about=room_words.CURVE, on_pick=pick)
        if view.beside.rows:
            show.section(room_words.FASTER)
            show.show_table(view.beside, about=room_words.FASTER)
    else:
        st.caption(room_words.NO_UNITS)
    if view.lines.rows:
        show.section(room_words.UNALLOCATED, room_words.UNALLOCATED_TEXT)
        show.show_table(view.lines, about=room_words.UNALLOCATED)
