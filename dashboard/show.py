"""How a view's parts are drawn with Streamlit: headings, tiles, notices, tables with their download, charts.

Names from Azure go through `st.text`, tables and escaped charts only; Markdown never sees them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import formats, words
from dashboard.charts import style as charts
from dashboard.login.visitors import Visitor
from dashboard.tables import Column, Row, Table, to_csv
from dashboard.views import Notice, Tile
from dashboard.views.freshness import FreshnessView
from dashboard.words import limits as limits_words

_NUMBERS: Final = {
    "money": "%,.2f",
    "price": "%,.4f",
    "amount": "%,.0f",
    "number": "localized",
    "count": "%,d",
    "tokens": "compact",
    "percent": "percent",
}
ROW, HEADER, MOST_ROWS, PINNED_FROM, OPENER = 35, 37, 14, 7, 64
_OPEN: Final = "open"


def logo(assets: Path) -> None:
    dark = st.context.theme.type == "dark"
    st.logo(
        str(assets / ("logo-dark.svg" if dark else "logo-light.svg")),
        size="large",
        icon_image=str(assets / "icon.svg"),
    )


def who_looks(visitor: Visitor) -> None:
    """Who is signed in and the way out; without login, a warning where strangers can reach the dashboard."""
    if visitor.open_to_all:
        st.warning(words.OPEN_TO_ALL, icon=":material/lock_open:")
    if visitor.person is not None:
        # Text, not Markdown: a provider's name for a person is not ours to trust.
        st.sidebar.text(words.signed_in(visitor.person))
        st.sidebar.link_button(words.SIGN_OUT, "/logout")


def head(title: str, fresh: FreshnessView, about: str | None = None) -> bool:
    """Title, age and what is missing; False where there is nothing to show yet."""
    st.title(title, anchor=False)
    if fresh.state == "empty":
        empty()
        return False
    st.caption(f"{about} · {fresh.line}" if about else fresh.line)
    for notice in fresh.notices:
        show_notice(notice)
    return True


def empty() -> None:
    with st.container(border=True):
        st.header(words.EMPTY_TITLE, anchor=False)
        st.write(words.EMPTY_TEXT)
        st.code(words.EMPTY_COMMANDS, language=None)
        st.caption(words.EMPTY_DEMO)


def failed(reason: str) -> None:
    """The store's own sentence, as text: it may hold a path or an address."""
    st.title(words.FAILED_TITLE, anchor=False)
    st.error(words.FAILED_TEXT, icon=":material/error:")
    st.code(reason, language=None, wrap_lines=True)


def no_figures(waiting: int = 0) -> None:
    """Filters are to blame only where nothing waits to be worked out."""
    with st.container(border=True):
        st.header(words.WAITING_TITLE if waiting else words.NO_FIGURES, anchor=False)
        st.caption(words.WAITING_HINT if waiting else words.NO_FIGURES_HINT)


def show_notice(notice: Notice) -> None:
    draw = {"info": st.info, "warning": st.warning, "error": st.error}[notice.level]
    icon = {"info": ":material/info:", "warning": ":material/warning:", "error": ":material/error:"}[
        notice.level
    ]
    draw(notice.text, icon=icon)


def tiles(found: Iterable[Tile], *, columns: int = 5, wide: bool = False) -> None:
    """`wide` where a value may be an interval: on a telephone each then has a line of its own."""
    with st.grid(columns, min_column_width=230 if wide else 140, gap="small"):
        for one in found:
            tile(one)


def tile(one: Tile, *, card: bool = True) -> None:
    st.metric(
        one.label,
        one.value,
        one.change,
        delta_color="off",
        delta_arrow="auto" if (one.change or "").startswith(("+", "-", "−")) else "off",
        delta_description=one.change_note if one.change else None,
        help=one.help,
        border=card,
        chart_data=list(one.trend) or None,
        chart_type="area",
        height="stretch" if card else "content",
    )


def section(title: str, about: str | None = None) -> None:
    st.header(title, anchor=False)
    if about:
        st.caption(about)


def part(title: str) -> None:
    """A heading within a section."""
    st.subheader(title, anchor=False)


def show_table(
    one: Table,
    *,
    about: str,
    title: str | None = None,
    download: bool = True,
    on_pick: Callable[[Row], None] | None = None,
    most: int = MOST_ROWS,
) -> None:
    """A table of at most so many rows at once, its download above it where a title stands.

    With `on_pick` each row has a button beside its name that tells it the row. A clicked cell would not do: whoever walks
    through the page by keyboard chooses the first cell by arriving, and must not be led elsewhere by that.
    """
    if title or download:
        place = "distribute" if title else "right"
        with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment=place):
            if title:
                st.header(title, anchor=False)
            if download:
                save(one)
    columns = one.shown
    rows, config = frame(one, columns), _configs(columns)
    if on_pick is not None:
        rows.insert(1, _OPEN, [words.OPEN] * len(one))
        config[_OPEN] = _opener(one, on_pick)
    st.dataframe(
        rows,
        hide_index=True,
        column_config=config,
        height=HEADER + ROW * min(len(one), most) if one.rows else "auto",
        row_height=ROW,
        placeholder="–",
        alt=about,
        key=f"table-{one.name}",
    )


def _opener(one: Table, act: Callable[[Row], None]) -> Any:
    key = f"open-{one.name}"

    def clicked() -> None:
        act(one.rows[st.session_state[key].row])

    return st.column_config.ButtonColumn(
        "", width=OPENER, help=words.OPEN_HELP, type="tertiary", on_click=clicked, key=key
    )


def picks(key: str, labels: Mapping[str, str]) -> Callable[[Row], None]:
    """Chooses in the selectbox `key` what a clicked row is about: its `key`, by the label that it has there."""
    label_of = {value: label for label, value in labels.items()}

    def choose(row: Row) -> None:
        label = label_of.get(row["key"])
        if label is not None:
            st.session_state[key] = label

    return choose


def picks_day(key: str, days: Mapping[str, date]) -> Callable[[Any], None]:
    """Chooses in the selectbox `key` the day that a clicked mark lies on."""
    shown = {day.isoformat(): label for label, day in days.items()}

    def choose(day: Any) -> None:
        if day in shown:
            st.session_state[key] = shown[day]

    return choose


def link_to_minutes(name: str, key: str) -> None:
    """A way to the close-up of a deployment by its ARM id; its name is Azure's, so it is no label of a link."""
    st.page_link(
        "screens/room.py",
        label=limits_words.minutes_of(formats.plain(name)),
        icon=":material/speed:",
        query_params={"deployment": key},
    )


def save(one: Table) -> None:
    st.download_button(
        words.DOWNLOAD,
        data=lambda: to_csv(one).encode("utf-8-sig"),
        file_name=f"{words.PRODUCT}-{one.name}.csv",
        mime="text/csv",
        key=f"save-{one.name}",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )


def chart(figure: go.Figure, *, key: str, alt: str, on_pick: Callable[[Any], None] | None = None) -> None:
    """A chart; `on_pick` is told what the figure says of a mark that is clicked (its `customdata`'s first)."""
    figure.update_layout(template="streamlit")  # its colours follow light and dark
    if st.context.theme.type != "dark":
        charts.darken(figure)

    def picked() -> None:
        points = st.session_state[key].selection.points
        if points and points[0].get("customdata") and on_pick is not None:
            on_pick(points[0]["customdata"][0])

    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config=charts.CONFIG,
        on_select="ignore" if on_pick is None else picked,
        selection_mode="points",
    )


def frame(one: Table, columns: tuple[Column, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {column.key: _values(column, [row.get(column.key) for row in one.rows]) for column in columns}
    )


def _values(column: Column, values: list[Any]) -> pd.Series:
    """The column in the type that sorts and formats it; nothing known stays missing."""
    match column.kind:
        case "share":
            return pd.Series(
                [None if value is None else float(value) * 100 for value in values], dtype="Float64"
            )
        case "money" | "price" | "amount" | "number" | "percent":
            return pd.Series([None if value is None else float(value) for value in values], dtype="Float64")
        case "count" | "tokens":
            return pd.Series([None if value is None else int(value) for value in values], dtype="Int64")
        case "instant":
            return pd.Series(pd.to_datetime(values, utc=True))
        case "day":
            return pd.Series(values, dtype="object")
        case "trend":
            return pd.Series(values, dtype="object")
        case "text":
            return pd.Series([None if value is None else str(value) for value in values], dtype="object")


def _configs(columns: tuple[Column, ...]) -> dict[str, Any]:
    return {
        column.key: _config(column, pinned=column is columns[0] and len(columns) >= PINNED_FROM)
        for column in columns
    }


def _config(column: Column, *, pinned: bool) -> Any:
    config = st.column_config
    about: dict[str, Any] = {
        "label": column.label,
        "help": column.help,
        "width": column.width,
        "pinned": pinned,
    }
    if column.kind in _NUMBERS:
        return config.NumberColumn(**about, format=_NUMBERS[column.kind])
    match column.kind:
        case "share":
            return config.ProgressColumn(**about, format="%.0f %%", min_value=0, max_value=100)
        case "trend":
            return config.LineChartColumn(**about, y_min=0)
        case "instant":
            return config.DatetimeColumn(**about, format="D MMM YYYY, HH:mm", timezone="UTC")
        case "day":
            return config.DateColumn(**about, format="D MMM YYYY")
        case _:
            return config.TextColumn(**about)
