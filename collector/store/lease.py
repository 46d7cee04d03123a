"""One process a step: a lease that dies with the process that holds it.

PostgreSQL: a session advisory lock on a connection of its own, straight to the server (on Citus to the
coordinator: the lock lives on the node one is connected to). SQLite: the operating system's lock on a file
beside the database.
"""

import fcntl
import json
import os
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

import psycopg
from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from collector.store.engine import database_path, where
from collector.store.errors import LeaseHeld, LeaseLost, clear_errors
from collector.store.token_login import log_in_like

NAMESPACE: Final = 0x_A0A1
_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease; what cannot be seen is None."""

    host: str | None
    pid: int | None
    since: datetime | None

    def __str__(self) -> str:
        if self.host is None:
            return "another process"
        since = "" if self.since is None else f" since {self.since:%Y-%m-%dT%H:%M:%SZ}"
        return f"process {self.pid} on {self.host}{since}"


NOBODY_KNOWN: Final = Holder(None, None, None)
"""Held, but by whom cannot be seen."""


class Lease(Protocol):
    def confirm(self) -> None:
        """Raise `LeaseLost` if the lease is no longer ours; to be asked before each piece of work."""
        ...


class _Lock(Lease, Protocol):
    def try_take(self) -> bool: ...

    def holder(self) -> Holder: ...

    def release(self) -> None: ...


@contextmanager
def lease(
    engine: Engine,
    step: str,
    *,
    wait: bool = True,
    on_wait: Callable[[Holder], None] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Lease]:
    """Hold the lease of `step` for the block.

    While another holds it, `on_wait` is told once who, and again when the holder changes. `LeaseHeld` is raised
    instead with `wait=False`, or when `stop` is set while waiting.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", step):
        raise ValueError(f"lease step {step!r}: expected a word such as 'collect'")
    with clear_errors(where(engine)):
        lock: _Lock = (
            _FileLock(engine, step) if engine.dialect.name == "sqlite" else _AdvisoryLock(engine, step)
        )
    try:
        _take(lock, engine, step, wait, on_wait, stop or threading.Event())
        yield lock
    finally:
        lock.release()


def lock_path(engine: Engine, step: str) -> Path:
    """The file beside a SQLite database whose lock is the lease."""
    database = database_path(engine)
    return database.with_name(f"{database.name}.{step}.lock")


def lock_number(step: str) -> int:
    """The second half of the advisory lock's key; the first one is `NAMESPACE`."""
    return zlib.crc32(step.encode()) - 2**31


def holder_in(text: str) -> Holder:
    """What the holder wrote into the lock's file."""
    with suppress(ValueError, KeyError, TypeError):
        said = json.loads(text)
        return Holder(said["host"], said["pid"], datetime.fromtimestamp(said["since"], UTC))
    return NOBODY_KNOWN


def holder_by_name(name: str | None) -> Holder:
    """What the holder calls its connection."""
    told = re.fullmatch(r"aoai-monitor (\d+) (\d+) (.*)", name or "")
    return Holder(told[3], int(told[2]), datetime.fromtimestamp(int(told[1]), UTC)) if told else NOBODY_KNOWN


def _take(
    lock: _Lock,
    engine: Engine,
    step: str,
    wait: bool,
    on_wait: Callable[[Holder], None] | None,
    stop: threading.Event,
) -> None:
    told: Holder | None = None
    while True:
        with clear_errors(where(engine)):
            if lock.try_take():
                return
            now = lock.holder()
            now = told if now is NOBODY_KNOWN and told else now
        if not wait or stop.is_set():
            raise LeaseHeld(f"{step} is being done by {now} on {where(engine)}")
        if on_wait is not None and now != told:
            on_wait(now)
        told = now
        stop.wait(_POLL_SECONDS)


class _FileLock:
    def __init__(self, engine: Engine, step: str) -> None:
        self._path = lock_path(engine, step)
        self._file: IO[str] | None = None

    def try_take(self) -> bool:
        # flock, not lockf: its locks belong to the open file, so that two threads of one process exclude each other too.
        file = self._path.open("a+")
        if not _locked(file):
            file.close()
            return False
        file.seek(0)
        file.truncate()
        json.dump({"host": socket.gethostname(), "pid": os.getpid(), "since": int(_now().timestamp())}, file)
        file.flush()
        self._file = file
        return True

    def holder(self) -> Holder:
        with suppress(OSError):
            return holder_in(self._path.read_text())
        return NOBODY_KNOWN

    def confirm(self) -> None:
        if self._file is None or not _same_file(self._file, self._path):
            raise LeaseLost(
                f"{self._path} is no longer the file that was locked: do not delete it while a step runs"
            )

    def release(self) -> None:
        # The file stays: deleting it would let a waiter lock a file that nobody else sees.
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None


def _locked(file: IO[str]) -> bool:
    """Tried three times: whoever only looks (lease_holders.py) shares the lock for an instant."""
    for wait in (0.02, 0.02, 0):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(wait)
        else:
            return True
    return False


def _same_file(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


class _AdvisoryLock:
    def __init__(self, engine: Engine, step: str) -> None:
        self._step = step
        self._key = (NAMESPACE, lock_number(step))
        arguments = {
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "connect_timeout": 10,
        }
        self._engine = create_engine(
            engine.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={name: value for name, value in arguments.items() if name not in engine.url.query},
        )
        log_in_like(self._engine, engine)
        self._connection: Connection | None = None

    def try_take(self) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect()
        taken = self._ask("select pg_try_advisory_lock(%s, %s)", self._key)
        if taken:
            who = f"aoai-monitor {int(_now().timestamp())} {os.getpid()} {socket.gethostname()}"
            self._ask("select set_config('application_name', %s, false)", (who[:63],))
        return taken

    def holder(self) -> Holder:
        name = self._ask(
            "select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid"
            " where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objid = %s and l.objsubid = 2"
            " and l.database = (select oid from pg_database where datname = current_database())",
            (self._key[0], self._key[1] % 2**32),
        )
        return holder_by_name(name)

    def confirm(self) -> None:
        try:
            held = self._ask(
                "select 1 from pg_locks where locktype = 'advisory' and granted and classid = %s and objid = %s"
                " and objsubid = 2 and pid = pg_backend_pid()",
                (self._key[0], self._key[1] % 2**32),
            )
        except (DBAPIError, psycopg.Error) as error:
            raise LeaseLost(f"the connection that held the lease of {self._step} is gone: {error}") from error
        if not held:
            # A transaction pooler gives each statement another session.
            raise LeaseLost(
                f"the lease of {self._step} is not held by this session: AOAI_DATABASE_URL must lead straight to the "
                "server, not through a transaction pooler"
            )

    def release(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                # Said, not left to the end of the session, which the server notices a moment after us.
                self._ask("select pg_advisory_unlock_all()", ())
            with suppress(SQLAlchemyError, psycopg.Error):
                self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _ask(self, statement: str, parameters: tuple[Any, ...]) -> Any:
        assert self._connection is not None
        return self._connection.exec_driver_sql(statement, parameters).scalar()


def _now() -> datetime:
    return datetime.now(UTC)
