"""What the store says when it cannot: each error names the thing, what was wrong and what would be right."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from collector.domain.types import Misconfigured, NeedsHuman, TryLater

_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_READONLY, _SQLITE_IOERR = 5, 6, 8, 10
_SQLITE_CORRUPT, _SQLITE_FULL, _SQLITE_CANTOPEN, _SQLITE_NOTADB = 11, 13, 14, 26

# Citus reports a lost worker as 58030 or XX000, so a retry on connection errors alone would let some through.
_PASSING_STATES = ("40P01", "40001", "55P03", "57P01", "57P02", "57P03", "58030", "53300", "XX000")


class StoreError(Exception):
    """Anything the store refuses or cannot do."""


class BadDatabaseUrl(StoreError, Misconfigured):
    """The database named by AOAI_DATABASE_URL cannot be what it says."""


class NoDatabaseYet(BadDatabaseUrl):
    """The SQLite file is not there; a migration would make it."""


class DatabaseUnavailable(StoreError, TryLater):
    """The database does not answer, or is busy; the same work may succeed later."""


class DatabaseFull(StoreError, NeedsHuman):
    """No room left on the database's disk; nothing of the transaction was kept."""


class DatabaseReadOnly(StoreError, NeedsHuman):
    """The database may be read but not written."""


class DatabaseDamaged(StoreError, NeedsHuman):
    """The file is no database, or no longer a sound one."""


class SchemaMismatch(StoreError, NeedsHuman):
    """The database's revision is not the one that this program was written for."""


class LeaseHeld(StoreError, TryLater):
    """Another process does this step now."""


class LeaseLost(StoreError, TryLater):
    """The connection that held the lease is gone: another process may hold it by now."""


class CitusAbsent(StoreError, NeedsHuman):
    """The distributed layout was asked of a database that has no Citus extension."""


def driver_error(error: BaseException) -> Any:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def passes(error: BaseException) -> bool:
    """Whether the same transaction may succeed if it is simply done again."""
    if isinstance(error, PoolTimeout | DatabaseUnavailable):
        return True
    cause = driver_error(error)
    if _refused(cause):
        return False
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if _sqlite_code(cause) in {_SQLITE_BUSY, _SQLITE_LOCKED}:
        return True
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate
        if state is None:
            return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        return state.startswith("08") or state in _PASSING_STATES
    return isinstance(error, InterfaceError)


def named(error: BaseException, where: str) -> StoreError | None:
    """The store's own word for a database error, or None where it is a fault of ours."""
    cause = driver_error(error)
    code, state = _sqlite_code(cause), getattr(cause, "sqlstate", None)
    if code == _SQLITE_FULL or state == "53100":
        return DatabaseFull(
            f"{where}: no space left on the disk ({cause}); nothing of this write was kept. Free some space: the next run "
            "does the work again"
        )
    if code == _SQLITE_READONLY or state == "25006":
        return DatabaseReadOnly(
            f"{where}: cannot be written ({cause}); give this process the right to write it"
        )
    if code in {_SQLITE_CORRUPT, _SQLITE_NOTADB}:
        return DatabaseDamaged(
            f"{where}: is not a sound SQLite database ({cause}); set AOAI_DATABASE_URL to another file or restore a copy"
        )
    if code == _SQLITE_CANTOPEN:
        return BadDatabaseUrl(
            f"{where}: cannot be opened ({cause}); AOAI_DATABASE_URL must name a file that this process may read and write"
        )
    if code == _SQLITE_IOERR:
        return DatabaseUnavailable(f"{where}: the disk failed ({cause}); nothing of this write was kept")
    if state in {"28P01", "28000", "3D000", "42501"} or _refused(cause):
        return BadDatabaseUrl(
            f"{where}: {_first_line(cause)}; check user, password and database in AOAI_DATABASE_URL"
        )
    if passes(error):
        return DatabaseUnavailable(f"{where}: does not answer ({_first_line(cause)})")
    return None


@contextmanager
def clear_errors(where: str) -> Iterator[None]:
    """Database errors that a person can act on leave as `StoreError`; faults of ours pass as they are."""
    try:
        yield
    except (DBAPIError, psycopg.Error, PoolTimeout) as error:
        clear = named(error, where)
        if clear is None:
            raise
        raise clear from error


def _refused(cause: BaseException) -> bool:
    """Whether the server answered and turned us away; libpq gives no code for that, only the server's words."""
    words = (
        "password authentication failed",
        "does not exist",
        "no pg_hba.conf entry",
        "is not permitted to log in",
    )
    return (
        isinstance(cause, psycopg.OperationalError)
        and cause.sqlstate is None
        and any(w in str(cause) for w in words)
    )


def _sqlite_code(cause: BaseException) -> int | None:
    code = getattr(cause, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _first_line(cause: BaseException) -> str:
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
