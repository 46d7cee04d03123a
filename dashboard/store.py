"""The one way in which the dashboard opens the store: to read."""

from collections.abc import Callable

from collector.store.engine import Engine, open_engine

_passwords: list[Callable[[], str]] = []


def log_in_with(password: Callable[[], str] | None) -> None:
    """What the process that starts the dashboard logs in with; it may know of Entra tokens, the dashboard does not."""
    _passwords[:] = [] if password is None else [password]


def open_store(url: str) -> Engine:
    return open_engine(url, read_only=True, password=_passwords[0] if _passwords else None)
