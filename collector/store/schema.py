"""The schema's revisions: bringing a database up to this program's, and saying where it stands."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from collector.store.engine import has_citus, where
from collector.store.errors import SchemaMismatch, StoreError, clear_errors, driver_error
from collector.store.lease import Holder, lease

UPGRADE: Final = "upgrade"
LOCK_TIMEOUT: Final = "30s"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where a database stands: `current` is its revision (None before the first), `head` this program's."""

    current: str | None
    head: str
    status: Literal["current", "empty", "behind", "newer"]

    def __str__(self) -> str:
        return {
            "current": f"at revision {self.current}, as this program expects",
            "empty": f"empty: run `aoai-monitor db upgrade` to bring it to revision {self.head}",
            "behind": f"at revision {self.current}, this program expects {self.head}: run `aoai-monitor db upgrade`",
            "newer": f"at revision {self.current}, which this program (revision {self.head}) does not know: it was upgraded "
            "by a newer aoai-monitor; run that one",
        }[self.status]


def check(engine: Engine) -> SchemaState:
    """Where the database stands; reads only. A database that does not answer raises `DatabaseUnavailable`."""
    with clear_errors(where(engine)), engine.connect() as connection:
        return _state(connection, ScriptDirectory.from_config(_config()))


def require(engine: Engine) -> None:
    """Refuse to work on a database of another revision than this program's."""
    state = check(engine)
    if state.status != "current":
        raise SchemaMismatch(f"{where(engine)} is {state}")


def upgrade(
    engine: Engine,
    revision: str = "head",
    *,
    on_wait: Callable[[Holder], None] | None = None,
    stop: threading.Event | None = None,
) -> SchemaState:
    """Bring the database to `revision`, all or nothing, one process at a time; a newer one is refused.

    All steps run in one transaction on both engines, so that a kill in the middle leaves the old schema whole.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    with lease(engine, UPGRADE, on_wait=on_wait, stop=stop):
        before = check(engine)
        if before.status == "newer":
            raise SchemaMismatch(f"{where(engine)} is {before}")
        if before.status != "current":
            try:
                with clear_errors(where(engine)), engine.begin() as connection:
                    _prepare(connection)
                    config.attributes["connection"] = connection
                    command.upgrade(config, revision)
            except DBAPIError as error:
                raise StoreError(
                    f"{where(engine)} could not be brought from revision {before.current} to {script.get_current_head()} and "
                    f"stays as it was: {driver_error(error)}"
                ) from error
    return check(engine)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _state(connection: Connection, script: ScriptDirectory) -> SchemaState:
    head = script.get_current_head()
    assert head is not None
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return SchemaState(None, head, "empty")
    if current == head:
        return SchemaState(current, head, "current")
    known = {revision.revision for revision in script.walk_revisions()}
    return SchemaState(current, head, "behind" if current in known else "newer")


def _prepare(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    # A migration that waits behind a long read would make every later read wait behind it.
    connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
    if has_citus(connection):
        connection.exec_driver_sql("set local citus.multi_shard_modify_mode to 'sequential'")
