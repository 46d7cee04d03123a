"""Charts of the deeper room screens."""

from datetime import timedelta

import plotly.graph_objects as go

from collector.domain.periods import DAY
from collector.domain.room.fullness import HORIZON_DAYS
from dashboard import formats
from dashboard.charts.style import BANDS, MUTED, OVER, plain_layout, text
from dashboard.views.evidence import Filling, LineEvidence
from dashboard.views.quality import AnswerCourse
from dashboard.views.quota_map import FreeMap
from dashboard.views.throttling import MinuteDay
from dashboard.views.units import Curve
from dashboard.words import room as words


def minutes(day: MinuteDay) -> go.Figure:
    """What each minute used against the limit of that minute; refusals as marks, larger where there were more."""
    figure = go.Figure()
    now = next((limit for limit in reversed(day.limit) if limit), None)
    if now:
        for low, high, colour in BANDS:
            figure.add_hrect(y0=low * now, y1=high * now, fillcolor=colour, line_width=0, layer="below")
    figure.add_scatter(
        x=list(day.minutes),
        y=list(day.used),
        mode="lines",
        line={"width": 1.2},
        name=day.unit,
        connectgaps=False,
        customdata=[[formats.quantity(value)] for value in day.used],
        hovertemplate="%{x|%H:%M} UTC: %{customdata[0]}<extra></extra>",
    )
    if any(limit is not None for limit in day.limit):
        figure.add_scatter(
            x=list(day.minutes),
            y=list(day.limit),
            mode="lines",
            line={"dash": "dash", "color": OVER, "width": 1.5, "shape": "hv"},
            name="limit",
            hoverinfo="skip",
        )
    if day.refused:
        most = max(count for _, _, count in day.refused)
        figure.add_scatter(
            x=[at for at, _, _ in day.refused],
            y=[used for _, used, _ in day.refused],
            mode="markers",
            name="minutes with 429s",
            marker={
                "color": OVER,
                "opacity": 0.55,
                "size": [5 + 11 * (count / most) ** 0.5 for _, _, count in day.refused],
                "line_width": 0,
            },
            customdata=[[formats.count(count)] for _, _, count in day.refused],
            hovertemplate="%{x|%H:%M} UTC: %{customdata[0]} refused or spilled<extra></extra>",
        )
    figure.update_layout(
        **plain_layout(360), legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    )
    figure.update_yaxes(title=day.unit, tickformat="~s", rangemode="tozero")
    figure.update_xaxes(title=f"{formats.day(day.day)}, UTC", tickformat="%H:%M")
    return figure


def unit_costs(curve: Curve) -> go.Figure:
    """Money over sizes for each way to buy; the cheapest size is marked, and the present one."""
    figure = go.Figure()
    by_token = 0.0
    for term, one in curve.terms.items():
        by_token = float(one.token_cost)
        figure.add_scatter(
            x=[point.units for point in one.points],
            y=[float(point.cost) for point in one.points],
            mode="lines+markers" if len(one.points) < 12 else "lines",
            name=f"{term}, {one.hourly} {curve.currency} a unit and hour",
            customdata=[
                [
                    formats.money(point.cost, curve.currency),
                    f"{point.spilled_share:.1%}",
                    f"{point.utilisation:.0%}",
                ]
                for point in one.points
            ],
            hovertemplate="%{x:,} units: %{customdata[0]}<br>%{customdata[1]} would not fit, %{customdata[2]} used<extra></extra>",
        )
        figure.add_scatter(
            x=[one.cheapest.units],
            y=[float(one.cheapest.cost)],
            mode="markers",
            marker={"symbol": "star", "size": 12, "color": MUTED},
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_hline(
        y=by_token,
        line={"dash": "dot", "color": MUTED, "width": 1.5},
        annotation_text="all by the token",
        annotation_position="top right",
    )
    figure.add_vline(
        x=curve.units_now,
        line={"dash": "dash", "color": MUTED, "width": 1},
        annotation_text="now",
        annotation_position="top left",
    )
    figure.update_layout(
        **plain_layout(320), legend={"orientation": "h", "y": 1.08, "yanchor": "bottom", "x": 0}
    )
    figure.update_yaxes(
        title=f"{curve.currency} in {curve.days:.0f} days", tickformat="~s", rangemode="tozero"
    )
    figure.update_xaxes(title="provisioned units")
    return figure


def free_map(free: FreeMap) -> go.Figure:
    """Green is free, red is full, grey has no quota at all; the amount stands in the cell, so colour is not the only sign.

    A heat map cannot be clicked, so each cell has an invisible mark that can: its `customdata` is the line.
    """
    figure = go.Figure()
    names = {"x": [text(name) for name in free.locations], "y": [text(name) for name in free.models]}
    cells = [
        (x, y, at, row)
        for at, y in enumerate(names["y"])
        for row, x in enumerate(names["x"])
        if free.lines[at][row]
    ]
    figure.add_heatmap(
        z=[[0 if nothing else None for nothing in row] for row in free.nothing],
        **names,
        text=[[words.NO_QUOTA if nothing else "" for nothing in row] for row in free.nothing],
        texttemplate="%{text}",
        textfont={"size": 11, "color": MUTED},
        colorscale=[[0, "rgba(124, 134, 141, 0.22)"], [1, "rgba(124, 134, 141, 0.22)"]],
        showscale=False,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )
    figure.add_heatmap(
        z=[list(row) for row in free.share],
        **names,
        text=[
            ["" if nothing else text(cell) for cell, nothing in zip(*rows, strict=True)]
            for rows in zip(free.text, free.nothing, strict=True)
        ],
        texttemplate="%{text}",
        textfont={"size": 11},
        zmin=0,
        zmax=1,
        colorscale=[[0, "#B3372F"], [0.1, "#C7862B"], [0.3, "#D9C58A"], [1, "#2F7882"]],
        xgap=2,
        ygap=2,
        hoverinfo="skip",
        colorbar={
            "title": {"text": "free", "side": "right"},
            "thickness": 10,
            "tickformat": ".0%",
            "outlinewidth": 0,
        },
    )
    figure.add_scatter(
        x=[x for x, _, _, _ in cells],
        y=[y for _, y, _, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": 26, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[[free.lines[at][row], text(free.text[at][row])] for _, _, at, row in cells],
        hovertemplate="%{y}<br>%{x}<br>%{customdata[1]} free<extra></extra>",
    )
    figure.update_layout(
        **plain_layout(90 + 30 * max(3, len(free.models))),
        hovermode="closest",
        hoverdistance=60,
        clickmode="event+select",
    )
    tall, wide = len(free.models), len(free.locations)
    figure.update_yaxes(range=[tall - 0.5, -0.5], showgrid=False, automargin=True, type="category")
    figure.update_xaxes(range=[-0.5, wide - 0.5], showgrid=False, side="top", type="category")
    return figure


_MINUTES_AT_MOST = [
    {"dtickrange": [None, 86_400_000], "value": "%H:%M<br>%-d %b"},
    {"dtickrange": [86_400_000, None], "value": "%-d %b"},
]
"""Quotas are read by the quarter of an hour or less often: seconds would claim more."""


def line_history(line: LineEvidence) -> go.Figure:
    """What was allocated of a line against its limit, from reading to reading; bands begin at 80, 90 and 100 %."""
    figure = go.Figure()
    at = [when for when, _, _ in line.history]
    limits = [float(limit) for _, limit, _ in line.history]
    for low, high, colour in BANDS:
        if limits and limits[-1] > 0:
            figure.add_hrect(
                y0=low * limits[-1], y1=high * limits[-1], fillcolor=colour, line_width=0, layer="below"
            )
    for name, values, look in (
        ("allocated", [float(used) for _, _, used in line.history], {"width": 2}),
        ("limit", limits, {"dash": "dash", "color": OVER, "width": 1.5}),
    ):
        figure.add_scatter(
            x=at,
            y=values,
            mode="lines+markers",
            line={**look, "shape": "hv"},
            marker={"size": 4},
            name=name,
            hovertemplate=f"%{{x|%-d %b %Y %H:%M}} UTC: {name} %{{y:,}}<extra></extra>",
        )
    figure.update_layout(
        **plain_layout(260), legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    )
    figure.update_yaxes(title="units of the line", tickformat="~s", rangemode="tozero")
    figure.update_xaxes(title="UTC", tickformatstops=_MINUTES_AT_MOST)
    if at and at[-1] - at[0] < DAY:
        figure.update_xaxes(range=[at[-1] - DAY, at[-1] + DAY / 24])
    return figure


def filling(found: Filling) -> go.Figure:
    """Daily busiest minutes as shares of the limit, and the span of days in which the limit is likely reached."""
    figure = go.Figure()
    for low, high, colour in BANDS:
        figure.add_hrect(y0=low, y1=high, fillcolor=colour, line_width=0, layer="below")
    figure.add_scatter(
        x=list(found.days),
        y=list(found.shares),
        mode="lines",
        line={"width": 1.6},
        connectgaps=False,
        hovertemplate="%{x|%a %-d %b %Y}: %{y:.0%} of the limit<extra></extra>",
    )
    figure.add_hline(y=1, line={"dash": "dash", "color": OVER, "width": 1.5}, annotation_text="limit")
    if found.earliest is not None and found.earliest > found.days[-1]:
        latest = found.latest or found.days[-1] + timedelta(days=HORIZON_DAYS)
        figure.add_vrect(
            x0=found.earliest,
            x1=latest,
            fillcolor="rgba(179, 55, 47, 0.14)",
            line_width=0,
            annotation_text="likely reached" if found.latest else "perhaps reached, or later",
            annotation_position="top left",
            annotation_font_size=11,
        )
    figure.update_layout(**plain_layout(300), showlegend=False)
    figure.update_yaxes(title="busiest minute ÷ limit", tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(tickformat="%-d %b %Y")
    return figure


def answer_course(course: AnswerCourse) -> go.Figure:
    figure = go.Figure()
    figure.add_bar(
        x=list(course.hours), y=list(course.tokens), name="tokens per hour", yaxis="y2", opacity=0.25, marker_line_width=0,
        hovertemplate="%{x|%a %-d %b %H:00} UTC: %{y:.3s} tokens<extra></extra>",
    )  # fmt: skip
    for stream, hours, values in course.series:
        figure.add_scatter(
            x=list(hours),
            y=list(values),
            mode="lines",
            name=f"first token, {text(stream)}",
            connectgaps=False,
            hovertemplate="%{x|%a %-d %b %H:00} UTC: %{y:,.0f} ms<extra></extra>",
        )
    figure.update_layout(
        **plain_layout(320),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "title": "tokens per hour",
            "tickformat": "~s",
            "tickmode": "auto",
            "nticks": 4,
            "range": [0, 1.05 * max((one for one in course.tokens if one), default=1)],
        },
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(yaxis_title="ms to first token")
    figure.update_xaxes(tickformat="%-d %b", title="UTC")
    return figure


def available(course: AnswerCourse) -> go.Figure:
    """From the lowest known hour up to 100 %, so that a small loss can be seen."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(course.hours),
        y=list(course.available),
        mode="lines",
        line={"width": 1.4, "shape": "hvh"},
        connectgaps=False,
        hovertemplate="%{x|%a %-d %b %H:00} UTC: %{y:.3f} %<extra></extra>",
    )
    lowest = min((value for value in course.available if value is not None), default=99.0)
    figure.update_layout(**plain_layout(200), showlegend=False)
    figure.update_yaxes(title="%", range=[min(lowest, 99.0) - 0.1, 100.05])
    figure.update_xaxes(tickformat="%-d %b", title="UTC")
    return figure
