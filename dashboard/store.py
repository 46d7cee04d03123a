"""How the dashboard opens the store: to read, and to note what a person does with an alert."""

from collections.abc import Callable

from collector.store.engine import Engine, open_engine

_passwords: list[Callable[[], str]] = []


def log_in_with(password: Callable[[], str] | None) -> None:
    """What the process that starts the dashboard logs in with; it may know of Entra tokens, the dashboard does not."""
    _passwords[:] = [] if password is None else [password]


def open_store(url: str) -> Engine:
    return open_engine(url, read_only=True, password=_password())


def open_to_note(url: str) -> Engine:
    """For `alert_action` rows of people who are signed in, and for nothing else; on PostgreSQL the role sees to that."""
    return open_engine(url, password=_password())


def _password() -> Callable[[], str] | None:
    return _passwords[0] if _passwords else None
