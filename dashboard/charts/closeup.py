"""One deployment close up, and quota lines."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import plotly.graph_objects as go

from dashboard import formats, words
from dashboard.charts.style import BANDS, CALM, MUTED, OVER, TIGHT, plain_layout, short, text
from dashboard.views.room import Closeup, QuotaBar
from dashboard.words import limits as limits_words


def peaks(closeup: Closeup) -> go.Figure:
    """The busiest minute of each hour against the limits that were in force, with bands from 80, 90 and 100 %."""
    figure = go.Figure()
    limit = closeup.limit_now
    if limit:
        for low, high, colour in BANDS:
            figure.add_hrect(y0=low * limit, y1=high * limit, fillcolor=colour, line_width=0, layer="below")
        for share in (0.8, 0.9):
            figure.add_annotation(
                x=0, xref="paper", y=share * limit, text=f"{share:.0%} of limit", showarrow=False, xanchor="left", yanchor="bottom", font_size=11
            )  # fmt: skip
    figure.add_scatter(
        x=list(closeup.hours),
        y=list(closeup.peaks),
        mode="lines+markers",
        line={"width": 1.6, "shape": "hvh"},
        marker={"size": 6, "opacity": 0},  # what is clicked: a line alone is no mark
        name=closeup.unit,
        connectgaps=False,
        customdata=[
            [hour.date().isoformat(), formats.quantity(peak)]
            for hour, peak in zip(closeup.hours, closeup.peaks, strict=True)
        ],
        hovertemplate="%{x|%a %-d %b %H:00} UTC: %{customdata[1]}<extra></extra>",
    )
    refused = [
        (hour, peak, count)
        for hour, peak, count in zip(closeup.hours, closeup.peaks, closeup.throttled, strict=True)
        if count
    ]
    if refused:
        figure.add_scatter(
            x=[hour for hour, _, _ in refused],
            y=[peak or 0 for _, peak, _ in refused],
            mode="markers",
            name="hours with 429",
            marker={"symbol": "x", "size": 7, "color": OVER},
            customdata=[[hour.date().isoformat(), formats.count(count)] for hour, _, count in refused],
            hovertemplate="%{customdata[1]} refused with 429<extra></extra>",
        )
    _add_limits(figure, closeup)
    figure.update_layout(
        **plain_layout(340),
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_yaxes(title=closeup.unit, tickformat="~s", rangemode="tozero")
    span = [closeup.hours[0], closeup.hours[-1] + timedelta(hours=1)] if closeup.hours else None
    figure.update_xaxes(title=words.UTC_NOTE, tickformat="%-d %b", range=span)
    return figure


def week(closeup: Closeup) -> go.Figure | None:
    """Hour by weekday; an hour that nothing is known of stays empty."""
    if closeup.week is None:
        return None
    rows = list(closeup.week.peak)
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            x=[f"{hour:02}" for hour in range(24)],
            y=list(limits_words.WEEKDAYS),
            customdata=[[formats.quantity(value) for value in row] for row in rows],
            hovertemplate="%{y} %{x}:00 UTC: %{customdata}<extra></extra>",
            xgap=2,
            ygap=2,
            hoverongaps=False,
            colorbar={
                "title": {"text": closeup.unit, "side": "right"},
                "thickness": 10,
                "tickformat": "~s",
                "outlinewidth": 0,
            },
        )
    )
    figure.update_layout(**plain_layout(300))
    figure.update_yaxes(autorange="reversed", showgrid=False, title=None)
    figure.update_xaxes(showgrid=False, title="hour, UTC", type="category")
    return figure


def quota_bars(bars: Sequence[QuotaBar]) -> go.Figure:
    """The fullest lines; colour and word both say how full."""
    shown = list(bars)[::-1]
    figure = go.Figure()
    figure.add_bar(
        y=list(range(len(shown))),
        x=[min(bar.share, 1.2) * 100 for bar in shown],
        orientation="h",
        marker={"color": [_shade(bar.share) for bar in shown], "line_width": 0},
        customdata=[[text(bar.name), text(bar.where), text(bar.text)] for bar in shown],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )
    figure.add_scatter(
        x=[max(104.0, min(bar.share, 1.2) * 100 + 3) for bar in shown],
        y=list(range(len(shown))),
        mode="text",
        text=[f"<b>{formats.percent(bar.share)}</b>  {text(bar.text)}" for bar in shown],
        textposition="middle right",
        hoverinfo="skip",
        cliponaxis=False,
    )
    figure.update_layout(**plain_layout(96 + 44 * len(shown)), showlegend=False, bargap=0.45)
    figure.update_xaxes(
        range=[0, 165], tickvals=[0, 25, 50, 80, 90, 100], ticksuffix=" %", title="allocated ÷ limit"
    )
    labels = [
        f"{text(short(bar.name, 44))}<br><span style='font-size:11px'>{text(short(bar.where, 46))}</span>"
        for bar in shown
    ]
    figure.update_yaxes(tickvals=list(range(len(shown))), ticktext=labels, showgrid=False, automargin=True)
    figure.add_vline(x=100, line={"color": MUTED, "dash": "dash", "width": 1})
    return figure


def _add_limits(figure: go.Figure, closeup: Closeup) -> None:
    known = [(at, limit) for at, limit in closeup.limits if limit is not None]
    if not known or not closeup.hours:
        return
    start, end = closeup.hours[0], closeup.hours[-1] + timedelta(hours=1)
    steps: list[tuple[datetime, int | None]] = [
        (max(at, start), limit) for at, limit in closeup.limits if at < end
    ]
    inside = [
        step for place, step in enumerate(steps) if place == len(steps) - 1 or steps[place + 1][0] > start
    ]
    figure.add_scatter(
        x=[at for at, _ in inside] + [end],
        y=[limit for _, limit in inside] + [inside[-1][1]],
        mode="lines",
        line={"dash": "dash", "color": OVER, "width": 1.6, "shape": "hv"},
        name=limits_words.LIMIT,
        customdata=[[formats.quantity(limit)] for _, limit in inside] + [[formats.quantity(inside[-1][1])]],
        hovertemplate="limit %{customdata[0]}<extra></extra>",
    )


def _shade(share: float) -> str:
    return OVER if share >= 1 else TIGHT if share >= 0.8 else CALM


def busiest_hour(closeup: Closeup) -> str:
    """The cell of the week that is busiest, for the description of the chart."""
    cells = [
        (value, f"{limits_words.WEEKDAYS[day]} {hour:02}:00")
        for day, row in enumerate(closeup.week.peak if closeup.week else ())
        for hour, value in enumerate(row)
        if value is not None
    ]
    return max(cells, default=(0.0, formats.UNKNOWN))[1]
