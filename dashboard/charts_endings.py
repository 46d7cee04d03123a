"""Figures of the endings screen: how clients move on to newer api-versions."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import words
from dashboard.charts import _OVER, _REST, _TIGHT, _plain_layout
from dashboard.views.endings import ApiStateWeeks


def api_weeks(states: Sequence[ApiStateWeeks]) -> go.Figure:
    """Shares by week, stacked to the whole; what needs nothing stands at the bottom."""
    colours = {"retired": _OVER, "announced": _TIGHT, "superseded": "#D9B77E", "unknown": _REST}
    figure = go.Figure()
    for one in reversed(states):
        word = words.API_STATES[one.state]
        figure.add_bar(
            x=list(one.weeks),
            y=list(one.shares),
            name=word,
            customdata=[f"{share:.0%} {word}" for share in one.shares],
            hovertemplate="%{customdata}<extra></extra>",
            marker={"line_width": 0, **({"color": colours[one.state]} if one.state in colours else {})},
        )
    figure.update_layout(
        **_plain_layout(300, top=14),
        barmode="stack",
        bargap=0.22,
        hovermode="x unified",
        legend={"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0, "title": None},
    )
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return figure
