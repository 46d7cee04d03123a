"""Charts of cost."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from collector.store.reads.cost import MonthlyCost
from dashboard import formats
from dashboard.charts.style import REST, plain_layout, short, text
from dashboard.views.cost_sums import Stack
from dashboard.views.outlook import Course
from dashboard.views.unit_costs import Beside
from dashboard.words import outlook as words
from dashboard.words.cost import SO_FAR


def daily_cost(stack: Stack) -> go.Figure:
    """Cost per day, one layer a series, the largest at the bottom."""
    figure = go.Figure()
    for series in stack.series:
        figure.add_bar(
            x=list(stack.days),
            y=[float(value) for value in series.values],
            name=short(series.name),
            customdata=[[formats.money(value, stack.currency), text(series.name)] for value in series.values],
            hovertemplate="%{customdata[0]}  %{customdata[1]}<extra></extra>",
            marker={
                "line_width": 0,
                "opacity": [0.55 if day == stack.partial else 1.0 for day in stack.days],
                **({"color": REST} if series.rest else {}),
            },
        )
    figure.update_layout(
        **plain_layout(370, top=14),
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
            f"{row.month:%b %Y}" + (f"<br>{SO_FAR}" if row.month == today.replace(day=1) else "")
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
    figure.update_layout(**plain_layout(240), bargap=0.4)
    figure.update_yaxes(tickformat="~s", title=f"{currency}, estimated", rangemode="tozero")
    return figure


def largest(stack: Stack) -> str:
    """The layer that costs most, for the description of the chart."""
    best = max(stack.series, key=lambda one: sum(one.values, Decimal(0)), default=None)
    return best.name if best else formats.UNKNOWN


_LINE, _BAND, _BEFORE, _BILL, _BUDGET = "#2F7882", "rgba(47, 120, 130, 0.18)", "#9AA3A9", "#C7862B", "#B3372F"
_UP, _DOWN = "#C7862B", "#2F7882"


def course(month: Course) -> go.Figure:
    """The month summed up day by day: what is known, what may come with its band, and what it is held against."""
    figure = go.Figure()
    if month.before:
        _add_line(figure, month.before_days, month.before, month, words.MONTH_BEFORE, _BEFORE, dash="dot")
    if month.ahead:
        _add_band(figure, month)
    _add_line(figure, month.known_days, month.known, month, words.KNOWN, _LINE, width=2.6)
    if month.billed:
        _add_line(figure, month.billed_days, month.billed, month, words.BILLED, _BILL, width=1.8)
    if month.budget is not None:
        figure.add_hline(
            y=float(month.budget),
            line={"dash": "dash", "color": _BUDGET, "width": 1.5},
            annotation_text=f"{words.BUDGET} {formats.short_money(month.budget, month.currency)}",
            annotation_position="top left",
        )
    figure.update_layout(
        **plain_layout(320, top=24),
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0, "title": None},
    )
    figure.update_yaxes(
        title=f"{month.currency} since the 1st, estimated", tickformat="~s", rangemode="tozero"
    )
    figure.update_xaxes(tickformat="%-d %b", hoverformat="%a %-d %b", range=[month.first, month.last])
    return figure


def _add_line(
    figure: go.Figure,
    days: Sequence[Any],
    values: Sequence[Any],
    month: Course,
    name: str,
    colour: str,
    *,
    width: float = 1.6,
    dash: str = "solid",
) -> None:
    figure.add_scatter(
        x=list(days),
        y=[float(value) for value in values],
        mode="lines" if len(days) > 1 else "markers",
        name=name,
        line={"width": width, "color": colour, "dash": dash},
        customdata=[[formats.money(value, month.currency)] for value in values],
        hovertemplate=f"%{{customdata[0]}}  {name}<extra></extra>",
    )


def _add_band(figure: go.Figure, month: Course) -> None:
    start = ([month.known_days[-1]], [month.known[-1]]) if month.known else ([], [])
    days = [*start[0], *(one.day for one in month.ahead)]
    low = [*start[1], *(one.low for one in month.ahead)]
    high = [*start[1], *(one.high for one in month.ahead)]
    middle = [*start[1], *(one.total for one in month.ahead)]
    figure.add_scatter(
        x=[*days, *reversed(days)],
        y=[float(value) for value in (*high, *reversed(low))],
        fill="toself",
        mode="lines",
        fillcolor=_BAND,
        line={"width": 0},
        name=words.BAND,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=days,
        y=[float(value) for value in middle],
        mode="lines",
        line={"width": 2, "color": _LINE, "dash": "dash"},
        name=words.TO_COME,
        customdata=[
            [formats.money(value, month.currency), formats.money_range(least, most, month.currency)]
            for value, least, most in zip(middle, low, high, strict=True)
        ],
        hovertemplate="%{customdata[0]}  to come, 4 times in 5 %{customdata[1]}<extra></extra>",
    )


def beside(rows: Sequence[Beside], currency: str) -> go.Figure:
    """A million tokens through provisioned units beside the same by the token."""
    figure = go.Figure()
    names = [text(row.name) for row in rows]
    for label, values, colour in (
        (words.THROUGH_UNITS, [row.units for row in rows], _UP),
        (words.PAID_SINGLY, [row.tokens for row in rows], _DOWN),
    ):
        figure.add_bar(
            y=names,
            x=[None if value is None else float(value) for value in values],
            orientation="h",
            name=label,
            marker={"color": colour, "line_width": 0},
            text=["" if value is None else formats.money(value, currency) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: %{{text}} {label}<extra></extra>",
        )
    figure.update_layout(
        **plain_layout(120 + 58 * len(rows), top=24),
        barmode="group",
        bargap=0.35,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    dearest = max((float(value) for row in rows for value in (row.units, row.tokens) if value), default=1.0)
    figure.update_xaxes(title=f"{currency} per 1M tokens", tickformat="~s", range=[0, dearest * 1.25])
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    return figure
