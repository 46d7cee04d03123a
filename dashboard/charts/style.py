"""What all charts share: colours, layout, and names as text."""

from html import escape
from typing import Any

import plotly.graph_objects as go

BANDS = (
    (0.8, 0.9, "rgba(201, 148, 20, 0.10)"),
    (0.9, 1.0, "rgba(208, 110, 30, 0.16)"),
    (1.0, 1.15, "rgba(179, 55, 47, 0.20)"),
)
NEARLY_FULL, MOST_BARS = 0.9, 12
REST = "#9AA3A9"
OVER, TIGHT, CALM = "#B3372F", "#C7862B", "#2F7882"
MUTED = "#7C868D"
AXES = "#56616A"
"""On light paper; the template's own grey is too pale there."""
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
}


def darken(figure: go.Figure) -> None:
    """Every word beside a figure so that it can be read on light paper."""
    figure.update_xaxes(title_font_color=AXES, tickfont_color=AXES)
    figure.update_yaxes(title_font_color=AXES, tickfont_color=AXES)
    figure.update_annotations(font_color=AXES)
    figure.update_traces(
        colorbar_tickfont_color=AXES, colorbar_title_font_color=AXES, selector={"type": "heatmap"}
    )


def text(name: str) -> str:
    """A name as Plotly shows it: it reads HTML and fills templates, so both are taken apart."""
    return escape(name, quote=False).replace("%{", "%\u200b{").replace("$", "$\u200b")


def short(name: str, longest: int = 40) -> str:
    shown = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return text(shown) if longest == 40 else shown


def plain_layout(height: int, *, top: int = 34) -> dict[str, Any]:
    return {"height": height, "margin": {"l": 8, "r": 8, "t": top, "b": 8}, "separators": ". "}
