"""The way into the costs: which team, then which of its deployments, then which kind. It lives in the address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from collector.store.reads.cost import Dimension
from collector.store.reads.scope import NARROWING, narrowed
from dashboard.state import Chosen
from dashboard.tables import Row
from dashboard.views.cost_sums import label
from dashboard.words import outlook as words
from dashboard.words.cost import DIMENSIONS, SPLITS
from dashboard.words.limits import unique_labels

_PARAMETER: Final = "within"
_INSIDE: Final = "inside"
_NEXT: Final[Mapping[Dimension, tuple[Dimension, ...]]] = {
    "subscription": ("account", "deployment", "kind"),
    "location": ("account", "deployment", "kind"),
    "account": ("deployment", "kind"),
    "team": ("deployment", "kind"),
    "model": ("deployment", "kind"),
    "sku": ("deployment", "kind"),
    "deployment": ("kind", "model"),
    "kind": ("deployment", "model"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the way: a dimension and its value; the value "" is what bears none."""

    dimension: Dimension
    key: str

    @property
    def text(self) -> str:
        return f"{self.dimension}:{self.key}"


def way() -> tuple[Turn, ...]:
    """As the address says; a turn that means nothing is left out, and of two in one dimension the later counts."""
    found: dict[str, Turn] = {}
    for text in st.query_params.get_all(_PARAMETER):
        dimension, parted, key = text.partition(":")
        if parted and dimension in NARROWING:
            found.pop(dimension, None)
            found[dimension] = Turn(dimension, key)  # pyright: ignore[reportArgumentType]  # it is one of them
    return tuple(found.values())


def go(turns: Sequence[Turn]) -> None:
    if turns:
        st.query_params[_PARAMETER] = [turn.text for turn in turns]
    elif _PARAMETER in st.query_params:
        del st.query_params[_PARAMETER]


def inside(chosen: Chosen) -> Chosen:
    """What the person chose at the side, narrowed by the way."""
    filters = chosen.filters
    for turn in way():
        filters = narrowed(filters, turn.dimension, turn.key)
    return replace(chosen, filters=filters)


def next_dimension(dimension: Dimension, turns: Sequence[Turn]) -> Dimension | None:
    """What a value is split by once it is looked into; None where nothing is left to split by."""
    taken = {turn.dimension for turn in turns}
    return next((one for one in _NEXT.get(dimension, ()) if one not in taken), None)


def name_of(turn: Turn, names: Mapping[str, str]) -> str:
    return label(turn.key, names, turn.dimension)


def first_split() -> str | None:
    """The split of a fresh page; None where a way in or the address has named one already."""
    return None if "by" in st.session_state else "Model"


def is_at_the_price(turns: Sequence[Turn]) -> bool:
    """One deployment's one kind of use: there every charge is shown with the price it came from."""
    return {"deployment", "kind"} <= {turn.dimension for turn in turns}


def look_into(dimension: Dimension, turns: Sequence[Turn]) -> Callable[[Row], None]:
    """What opening a row does: the way gets a turn, and the split goes one dimension deeper."""

    def pick(row: Row) -> None:
        taken = (*turns, Turn(dimension, row["key"] or ""))
        deeper = next_dimension(dimension, taken)
        go(taken)
        if deeper:
            _split_by(deeper)

    return pick


def choose_inside(rows: Sequence[Row], dimension: Dimension, turns: Sequence[Turn]) -> None:
    """The way in by keyboard: the buttons of a table answer the mouse alone."""
    labels = unique_labels([(row["key"] or "", row["name"]) for row in rows])

    def chosen() -> None:
        label = st.session_state.pop(_INSIDE)
        if label in labels:
            look_into(dimension, turns)({"key": labels[label]})

    st.selectbox(
        words.LOOK_INSIDE,
        list(labels),
        index=None,
        key=_INSIDE,
        placeholder=DIMENSIONS[dimension],
        on_change=chosen,
        width=330,
    )


def show_way(turns: Sequence[Turn], names: Mapping[str, str]) -> None:
    """Where we are and the way back. Names go through text: Markdown never sees them."""
    if not turns:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            words.EVERYTHING, key="way-out", icon=":material/home:", on_click=_back, args=((), turns[0])
        )
        if len(turns) > 1:
            st.button(
                words.BACK,
                key="way-back",
                icon=":material/arrow_back:",
                on_click=_back,
                args=(turns[:-1], turns[-1]),
            )
        st.text(" › ".join(f"{DIMENSIONS[turn.dimension]} {name_of(turn, names)}" for turn in turns))


def _back(turns: Sequence[Turn], left: Turn) -> None:
    go(turns)
    _split_by(left.dimension)


def _split_by(dimension: Dimension) -> None:
    st.session_state["by"] = next((name for name, one in SPLITS.items() if one == dimension), "Model")
