"""Who looks at a page, as the guard in front of the dashboard says in headers that no browser can set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PERSON: Final = "x-aoai-person"
OPEN_TO_ALL: Final = "x-aoai-open-to-all"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`person` is None without login; `open_to_all`: strangers can reach this dashboard."""

    person: str | None
    open_to_all: bool


def visitor(headers: Mapping[str, str]) -> Visitor:
    """The visitor by the headers of the page's connection (`st.context.headers`)."""
    return Visitor(headers.get(PERSON), headers.get(OPEN_TO_ALL) == "1")
