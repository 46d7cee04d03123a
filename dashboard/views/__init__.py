"""What each screen shows, worked out from the rows of the store without any Streamlit."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure. Label, value and change are our own words and numbers, never a name from Azure."""

    label: str
    value: str
    help: str
    change: str | None = None
    change_note: str | None = None
    trend: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a figure's reader has to know first, in our own words: no name stands in it."""

    level: Literal["info", "warning", "error"]
    text: str
