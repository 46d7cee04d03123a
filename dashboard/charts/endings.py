"""Charts of endings."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import formats
from dashboard.charts.style import CALM, MUTED, OVER, REST, TIGHT, plain_layout, short, text
from dashboard.views.endings import ApiStateWeeks, TimelineRow
from dashboard.words import endings as words


def timeline(rows: Sequence[TimelineRow], *, narrow: bool = False) -> go.Figure:
    """A line from today to each end, soonest on top; shape and word say what happens on the day."""
    shown = list(rows)[::-1]
    furthest = max((row.days_left for row in rows), default=0)
    axis_end = max(furthest, 60) * (1.6 if narrow else 1.28)
    figure = go.Figure()
    for place, row in enumerate(shown):
        figure.add_shape(
            type="line",
            x0=0,
            x1=row.days_left,
            y0=place,
            y1=place,
            line={"color": _ending_colour(row), "width": 3},
        )
    for what, symbol in (("stops", "x"), ("upgraded", "arrow-up"), ("unknown", "circle-open")):
        members = [(place, row) for place, row in enumerate(shown) if row.on_the_day == what]
        if members:
            figure.add_scatter(
                x=[row.days_left for _, row in members],
                y=[place for place, _ in members],
                mode="markers+text",
                marker={
                    "symbol": symbol,
                    "size": 12,
                    "color": [_ending_colour(row) for _, row in members],
                    "line_width": 1.5,
                },
                text=[
                    f"  {formats.days_left(row.days_left)}"
                    + ("" if narrow else f" · {formats.day(row.ends_on)}")
                    for _, row in members
                ],
                textposition=[
                    "top left" if row.days_left > axis_end / 2 else "middle right" for _, row in members
                ],
                name=words.ON_THE_DAY[what],
                customdata=[[text(row.name), text(row.detail)] for _, row in members],
                hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{text}<extra></extra>",
                cliponaxis=False,
            )
    figure.update_layout(
        **plain_layout(110 + 34 * len(shown)),
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None},
    )
    first = min([row.days_left for row in rows] + [0])
    figure.update_xaxes(
        range=[first - 10, axis_end],
        title="days from today (UTC)",
        zeroline=True,
        zerolinewidth=1.5,
    )
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=[text(short(row.name.split(" · ")[0] if narrow else row.name, 20 if narrow else 46)) for row in shown], showgrid=False, automargin=True, zeroline=False, range=[-0.7, len(shown) - 0.3]
    )  # fmt: skip
    for days in (30, 90, 180):
        if days <= max(furthest, 60) * 1.1:
            figure.add_vline(
                x=days, line={"color": MUTED, "dash": "dot", "width": 1}, opacity=0.45, layer="below"
            )
    return figure


def _ending_colour(row: TimelineRow) -> str:
    return OVER if row.days_left <= 30 else TIGHT if row.days_left <= 180 else CALM


def api_weeks(states: Sequence[ApiStateWeeks]) -> go.Figure:
    """Shares by week, stacked to the whole; what needs nothing stands at the bottom."""
    colours = {
        "retired": OVER,
        "announced": TIGHT,
        "superseded": "#D9B77E",
        "unknown": REST,
        "current": CALM,
        "unversioned": "#7FB2B5",
    }
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
        **plain_layout(300, top=14),
        barmode="stack",
        bargap=0.22,
        hovermode="x unified",
        legend={"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0, "title": None},
    )
    figure.update_xaxes(tickformat="%-d %b")
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return figure
