"""Where a point stands in its window, by the text of its instant: parsing each would cost more than all the rest."""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from collector.domain.periods import Window
from collector.sources.said import instant


class Stamps:
    """The instants of a window as Azure writes them, and where each stands."""

    def __init__(self, window: Window, grain: timedelta) -> None:
        self.window = window
        self.grain = grain
        count = -(-window.length // grain)
        self.expected = [f"{window.start + index * grain:%Y-%m-%dT%H:%M:%SZ}" for index in range(count)]
        self._index = {stamp: index for index, stamp in enumerate(self.expected)}

    def __len__(self) -> int:
        return len(self.expected)

    def first(self, stamps: Sequence[Any]) -> int | None:
        """Where a list of points begins, if at an instant of the window in Azure's usual spelling."""
        return self._index.get(stamps[0]) if stamps else 0

    def index(self, stamp: Any, answered: Window) -> int | None:
        """Where a stamp stands; None where it lies outside of what was asked but inside of what was answered."""
        found = self._index.get(stamp)
        if found is not None:
            return found
        moment = instant(stamp)
        if moment is None:
            raise ValueError(f"a point at {str(stamp)[:40]!r}, which is no instant")
        # The end belongs to the next window: some answers hold its first point too.
        if not answered.start <= moment <= answered.end:
            raise ValueError(f"a point at {stamp}, outside of the window")
        if moment not in self.window:
            return None
        place, off = divmod(moment - self.window.start, self.grain)
        if off:
            raise ValueError(f"a point at {stamp}, between two points of the grain")
        return place


@lru_cache(maxsize=16)
def stamps_of(window: Window, grain: timedelta) -> Stamps:
    return Stamps(window, grain)
