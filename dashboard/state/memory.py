"""Of which store and by which clock the screens ask, and how long an answer is remembered.

The only place that opens the database or reads the clock.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

import streamlit as st

from collector.settings import Settings, load
from collector.store.errors import clear_errors
from collector.store.reads import overview as overview_reads
from dashboard.store import open_store

FRESH_SECONDS = 60
SLOW_SECONDS = 600
BRIEF_SECONDS = 5
SETTLED_DAYS = 3
"""Newer days are read again and worked out all the time, so that they wait says nothing."""
CLOCK = "DASHBOARD_NOW"
"""Names an instant to look from instead of now: for tests and pictures."""

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Remembered(Protocol[P, R_co]):
    """A cached read; `clear` makes the next one ask again."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    def clear(self) -> None: ...


def remembered(seconds: int = FRESH_SECONDS) -> Callable[[Callable[P, R_co]], Remembered[P, R_co]]:
    """A cached read of a store's URL and more, bounded in time and number. Rows are frozen, so everybody may be handed
    the same ones.

    While days wait to be worked out, as on a first run, answers are old in seconds and are remembered no longer.
    """

    def wrap(read: Callable[P, R_co]) -> Remembered[P, R_co]:
        kept = st.cache_resource(ttl=seconds, max_entries=200, show_spinner=False)(read)
        if seconds <= BRIEF_SECONDS:
            return kept
        brief = st.cache_resource(ttl=BRIEF_SECONDS, max_entries=200, show_spinner=False)(_briefly(read))
        return _Remembered(kept, brief)

    return wrap


class _Remembered(Generic[P, R_co]):
    def __init__(self, kept: Remembered[P, R_co], brief: Remembered[P, R_co]) -> None:
        self._kept, self._brief = kept, brief

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return (self._brief if _is_moving(str(args[0])) else self._kept)(*args, **kwargs)

    def clear(self) -> None:
        self._kept.clear()
        self._brief.clear()


def _briefly(read: Callable[P, R_co]) -> Callable[P, R_co]:
    """The same read under another name: Streamlit keeps one cache for each name and source."""

    @wraps(read)
    def briefly(*args: P.args, **kwargs: P.kwargs) -> R_co:
        return read(*args, **kwargs)

    briefly.__qualname__ = f"{read.__qualname__}.briefly"
    return briefly


def _is_moving(url: str) -> bool:
    return waiting_before(url, today() - timedelta(days=SETTLED_DAYS)) > 0


def settings() -> Settings:
    """Checked once for every environment, not once for every figure."""
    return _settings(tuple(sorted(item for item in os.environ.items() if item[0].startswith("AOAI_"))))


@lru_cache(maxsize=8)
def _settings(environment: tuple[tuple[str, str], ...]) -> Settings:
    del environment  # only what tells one from another
    return load()


def now() -> datetime:
    fixed = os.environ.get(CLOCK)
    return datetime.fromisoformat(fixed).astimezone(UTC) if fixed else datetime.now(UTC)


def today() -> date:
    return now().date()


def database() -> str:
    return settings().database.url


@st.cache_resource(show_spinner=False, on_release=lambda engine: engine.dispose())
def engine(url: str) -> Any:
    return open_store(url)


@contextmanager
def reading(url: str) -> Iterator[Any]:
    with clear_errors("the store"), engine(url).connect() as connection:
        yield connection


@remembered(BRIEF_SECONDS)
def waiting_before(url: str, before: date) -> int:
    with reading(url) as connection:
        return overview_reads.days_waiting(connection, before)
