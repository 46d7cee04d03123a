"""Logging in to PostgreSQL with a password that lives minutes: asked for anew for every connection."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Engine, event

Password = Callable[[], str]
_KEPT: Final = "aoai_password"


def log_in_by(engine: Engine, password: Password) -> None:
    """Every new connection of the engine asks `password` for what it logs in with."""

    @event.listens_for(engine, "do_connect")
    def put_password(_dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> None:
        named["password"] = password()

    engine.update_execution_options(**{_KEPT: password})


def log_in_like(engine: Engine, other: Engine) -> None:
    """An engine made from another's URL logs in as that one does."""
    password: Password | None = other.get_execution_options().get(_KEPT)
    if password is not None:
        log_in_by(engine, password)
