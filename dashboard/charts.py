"""Rows in, Plotly figures out, without any Streamlit. Colours come from the theme; a state has its word as well."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any

import plotly.graph_objects as go

from collector.store.reads.cost import MonthlyCost
from dashboard import formats, words
from dashboard.views.cost import Stack
from dashboard.views.endings import TimelineRow
from dashboard.views.room import Closeup, QuotaBar

BANDS = (
    (0.8, 0.9, "rgba(201, 148, 20, 0.10)"),
    (0.9, 1.0, "rgba(208, 110, 30, 0.16)"),
    (1.0, 1.15, "rgba(179, 55, 47, 0.20)"),
)
NEARLY_FULL, MOST_BARS = 0.9, 12
_REST = "#9AA3A9"
_OVER, _TIGHT, _CALM = "#B3372F", "#C7862B", "#2F7882"
_MUTED = "#7C868D"
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
}


def text(name: str) -> str:
    """A name as Plotly shows it: it reads HTML and fills templates, so both are taken apart."""
    return escape(name, quote=False).replace("%{", "%\u200b{").replace("$", "$\u200b")


def daily_cost(stack: Stack) -> go.Figure:
    """Cost per day, one layer a series, the largest at the bottom."""
    figure = go.Figure()
    for series in stack.series:
        figure.add_bar(
            x=list(stack.days),
            y=[float(value) for value in series.values],
            name=_short(series.name),
            customdata=[[formats.money(value, stack.currency), text(series.name)] for value in series.values],
            hovertemplate="%{customdata[0]}  %{customdata[1]}<extra></extra>",
            marker={
                "line_width": 0,
                "opacity": [0.55 if day == stack.partial else 1.0 for day in stack.days],
                **({"color": _REST} if series.rest else {}),
            },
        )
    figure.update_layout(
        **_plain_layout(370, top=14),
        barmode="stack",
        bargap=0.22,
        hovermode="x unified",
        legend={
            "orientation": "h",
            "yanchor": "top",
            "y": -0.1,
            "x": 0,
            "title": None,
            "traceorder": "normal",
        },
    )
    figure.update_yaxes(title=f"{stack.currency} per day, estimated", tickformat="~s", rangemode="tozero")
    figure.update_xaxes(tickformat="%-d %b", hoverformat="%a %-d %b %Y", nticks=12)
    return figure


def months(rows: Sequence[MonthlyCost], currency: str, today: date) -> go.Figure:
    """The sums of the months; the current one says that it is not over."""
    figure = go.Figure()
    figure.add_bar(
        x=[
            f"{row.month:%b %Y}" + (f"<br>{words.SO_FAR}" if row.month == today.replace(day=1) else "")
            for row in rows
        ],
        y=[float(row.cost) for row in rows],
        customdata=[[formats.money(row.cost, currency)] for row in rows],
        hovertemplate="%{x}: %{customdata[0]}<extra></extra>",
        text=[formats.short_money(row.cost, currency) for row in rows],
        textposition="outside",
        cliponaxis=False,
        marker_line_width=0,
    )
    figure.update_layout(**_plain_layout(240), bargap=0.4)
    figure.update_yaxes(tickformat="~s", title=f"{currency}, estimated", rangemode="tozero")
    return figure


def peaks(closeup: Closeup) -> go.Figure:
    """The busiest minute of each hour against the limits that were in force, with bands from 80, 90 and 100 %."""
    figure = go.Figure()
    limit = closeup.limit_now
    if limit:
        for low, high, colour in BANDS:
            figure.add_hrect(y0=low * limit, y1=high * limit, fillcolor=colour, line_width=0, layer="below")
        for share in (0.8, 0.9):
            figure.add_annotation(
                x=0, xref="paper", y=share * limit, text=f"{share:.0%} of limit", showarrow=False, xanchor="left", yanchor="bottom", font_size=11, font_color=_MUTED
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
            marker={"symbol": "x", "size": 7, "color": _OVER},
            customdata=[[hour.date().isoformat(), formats.count(count)] for hour, _, count in refused],
            hovertemplate="%{customdata[1]} refused with 429<extra></extra>",
        )
    _add_limits(figure, closeup)
    figure.update_layout(
        **_plain_layout(340),
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
            y=list(words.WEEKDAYS),
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
    figure.update_layout(**_plain_layout(300))
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
    figure.update_layout(**_plain_layout(96 + 44 * len(shown)), showlegend=False, bargap=0.45)
    figure.update_xaxes(
        range=[0, 165], tickvals=[0, 25, 50, 80, 90, 100], ticksuffix=" %", title="allocated ÷ limit"
    )
    labels = [
        f"{text(_short(bar.name, 44))}<br><span style='font-size:11px;color:{_MUTED}'>{text(_short(bar.where, 46))}</span>"
        for bar in shown
    ]
    figure.update_yaxes(tickvals=list(range(len(shown))), ticktext=labels, showgrid=False, automargin=True)
    figure.add_vline(x=100, line={"color": _MUTED, "dash": "dash", "width": 1})
    return figure


def timeline(rows: Sequence[TimelineRow], *, narrow: bool = False) -> go.Figure:
    """A line from today to each end, soonest on top; shape and word say what happens on the day."""
    shown = list(rows)[::-1]
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
                textposition="middle right",
                name=words.ON_THE_DAY[what],
                customdata=[[text(row.name), text(row.detail)] for _, row in members],
                hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{text}<extra></extra>",
                cliponaxis=False,
            )
    furthest = max((row.days_left for row in rows), default=0)
    figure.update_layout(
        **_plain_layout(110 + 34 * len(shown)),
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None},
    )
    first = min([row.days_left for row in rows] + [0])
    figure.update_xaxes(
        range=[first - 10, max(furthest, 60) * (1.6 if narrow else 1.28)],
        title="days from today (UTC)",
        zeroline=True,
        zerolinewidth=1.5,
    )
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=[text(_short(row.name.split(" · ")[0] if narrow else row.name, 20 if narrow else 46)) for row in shown], showgrid=False, automargin=True, zeroline=False, range=[-0.7, len(shown) - 0.3]
    )  # fmt: skip
    for days in (30, 90, 180):
        if days <= max(furthest, 60) * 1.1:
            figure.add_vline(
                x=days, line={"color": _MUTED, "dash": "dot", "width": 1}, opacity=0.45, layer="below"
            )
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
        line={"dash": "dash", "color": _OVER, "width": 1.6, "shape": "hv"},
        name=words.LIMIT,
        customdata=[[formats.quantity(limit)] for _, limit in inside] + [[formats.quantity(inside[-1][1])]],
        hovertemplate="limit %{customdata[0]}<extra></extra>",
    )


def _shade(share: float) -> str:
    return _OVER if share >= 1 else _TIGHT if share >= 0.8 else _CALM


def _ending_colour(row: TimelineRow) -> str:
    return _OVER if row.days_left <= 30 else _TIGHT if row.days_left <= 180 else _CALM


def _short(name: str, longest: int = 40) -> str:
    shown = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return text(shown) if longest == 40 else shown


def _plain_layout(height: int, *, top: int = 34) -> dict[str, Any]:
    return {"height": height, "margin": {"l": 8, "r": 8, "t": top, "b": 8}, "separators": ". "}


def busiest_hour(closeup: Closeup) -> str:
    """The cell of the week that is busiest, for the description of the chart."""
    cells = [
        (value, f"{words.WEEKDAYS[day]} {hour:02}:00")
        for day, row in enumerate(closeup.week.peak if closeup.week else ())
        for hour, value in enumerate(row)
        if value is not None
    ]
    return max(cells, default=(0.0, formats.UNKNOWN))[1]


def largest(stack: Stack) -> str:
    """The layer that costs most, for the description of the chart."""
    best = max(stack.series, key=lambda one: sum(one.values, Decimal(0)), default=None)
    return best.name if best else formats.UNKNOWN
