"""Opening the database: one SQLite file for one person, PostgreSQL for a team; the same tables on both."""

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from collector.store.errors import BadDatabaseUrl, NoDatabaseYet, clear_errors, named, passes
from collector.store.expressions import EXACT, money_rank, money_sum
from collector.store.tls import verified
from collector.store.token_login import Password, log_in_by

__all__ = [
    "SETTING",
    "Connection",
    "Engine",
    "database_path",
    "has_citus",
    "money_rank",
    "money_sum",
    "network_file_system",
    "open_engine",
    "retrying",
    "where",
    "writing",
]

SETTING: Final = "AOAI_DATABASE_URL"
_WRITES: Final = "aoai_writes"
_BUSY_SECONDS: Final = 30
_EXPECTED: Final = "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST:5432/DATABASE"
_NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "beegfs",
        "gpfs",
        "ncpfs",
    }
)
# Those that a program of the user's serves; others so served (ntfs-3g, an overlay of containers) are local.
_NETWORK_PROGRAMS: Final = tuple(
    f"fuse.{name}"
    for name in ("sshfs", "s3fs", "blobfuse", "gcsfuse", "rclone", "glusterfs", "ceph", "juicefs", "goofys")
)

Result = TypeVar("Result")


def open_engine(url: str, *, read_only: bool = False, password: Password | None = None) -> Engine:
    """The database of `AOAI_DATABASE_URL`; a URL or a path that cannot work is refused with the reason.

    `password` is asked anew for every connection to PostgreSQL (an Entra token, say). A SQLite file is made when it is
    missing (unless `read_only`) and looked into at once; PostgreSQL is first asked by whoever asks first, since it may
    start after us.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadDatabaseUrl(f"{SETTING}: not a database URL: {_EXPECTED}") from error
    if password is not None and (parsed.password or not parsed.drivername.startswith("postgres")):
        raise BadDatabaseUrl(
            f"{SETTING}: AOAI_DATABASE_AUTH='entra' needs a PostgreSQL URL without a password: expected "
            "postgresql://NAME-OF-THE-IDENTITY@HOST:5432/DATABASE"
        )
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        return _open_sqlite(parsed, read_only=read_only)
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return _open_postgresql(parsed, read_only=read_only, password=password)
    raise BadDatabaseUrl(f"{SETTING} starts with {parsed.drivername}://: {_EXPECTED}")


class StoreEngine(Engine):
    """An engine whose `begin()` is a transaction that writes; `connect()` is for reading.

    SQLite takes its write lock at once there: a transaction that read first and wrote later could not wait for
    another writer, it would fail.
    """

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """One transaction that writes, for rooms that have no SQLAlchemy."""
    return engine.begin()


def retrying(
    engine: Engine,
    work: Callable[[Connection], Result],
    *,
    patience_seconds: float = 30,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """`work` in one transaction, the whole of it again when the connection, a lock or a node was lost.

    The work must be idempotent: where a commit's answer is lost, it may have been done already.
    A full disk, a read-only or a damaged database is no matter of patience and is raised as what it is.
    """
    waited, pause = 0.0, 0.1
    while True:
        try:
            with engine.begin() as connection:
                return work(connection)
        except (DBAPIError, psycopg.Error, PoolTimeout) as error:
            if not passes(error) or waited >= patience_seconds:
                raise _clear(error, engine) from error
        jittered = min(pause * random.uniform(0.8, 1.2), max(patience_seconds - waited, 0.01))
        sleep(jittered)
        waited, pause = waited + jittered, min(pause * 2, 5.0)


def where(engine: Engine) -> str:
    """The database for a person to read: no password in it."""
    if engine.dialect.name == "sqlite":
        return f"the database {database_path(engine)}"
    return f"the database {engine.url.render_as_string(hide_password=True)}"


def database_path(engine: Engine) -> Path:
    """The file of a SQLite engine."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        raise ValueError(f"{engine.url!r} has no file: expected a SQLite database")
    return Path(engine.url.database).absolute()


def has_citus(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return False
    return (
        connection.exec_driver_sql("select 1 from pg_extension where extname = 'citus'").first() is not None
    )


def network_file_system(path: Path, mounts: str) -> str | None:
    """The kind of network file system that holds `path`, by the text of /proc/mounts; None for a local disk."""
    kind, longest = None, -1
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        # A later mount at the same point covers the earlier one.
        if path.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = fields[2], len(point.parts)
    if kind is None:
        return None
    return kind if kind in _NETWORK_FILE_SYSTEMS or kind.startswith(_NETWORK_PROGRAMS) else None


def _clear(error: BaseException, engine: Engine) -> BaseException:
    return named(error, where(engine)) or error


def _store_engine(url: URL, **options: Any) -> Engine:
    made = create_engine(url, **options)
    return StoreEngine(made.pool, made.dialect, made.url)


def _open_sqlite(url: URL, *, read_only: bool) -> Engine:
    path = _checked_path(url, read_only=read_only)
    engine = _store_engine(
        url.set(drivername="sqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS, "cached_statements": 256},
        pool_size=5,
        max_overflow=20,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        _prepare_sqlite(connection, read_only=read_only)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Python's sqlite3 would begin only before the first change and never before DDL.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    with clear_errors(f"the database {path}"), engine.connect() as connection:
        connection.exec_driver_sql("pragma schema_version").first()
    return engine


def _checked_path(url: URL, *, read_only: bool) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise BadDatabaseUrl(
            f"{SETTING} names no file: expected sqlite:///PATH, for example sqlite:///aoai-monitor.db"
        )
    if url.query:
        raise BadDatabaseUrl(f"{SETTING} has options after '?': a SQLite database takes none")
    path = Path(url.database).expanduser().absolute()
    if path.is_dir():
        raise BadDatabaseUrl(
            f"{SETTING}: {path} is a folder: expected a file, for example {path / 'aoai-monitor.db'}"
        )
    if not path.parent.is_dir():
        raise BadDatabaseUrl(
            f"{SETTING}: the folder {path.parent} does not exist: create it or name another file"
        )
    if read_only and not path.exists():
        raise NoDatabaseYet(
            f"{SETTING}: there is no database {path} yet: run `aoai-monitor db upgrade` first"
        )
    if path.exists() and not os.access(path, os.R_OK if read_only else os.R_OK | os.W_OK):
        wanted = "read" if read_only else "read and write"
        raise BadDatabaseUrl(
            f"{SETTING}: this process may not {wanted} {path}: change its owner or its rights"
        )
    kind = network_file_system(path.resolve(), _mounts())
    if kind is not None:
        raise BadDatabaseUrl(
            f"{SETTING}: {path} lies on a network file system ({kind}), where SQLite's locks and its write-ahead log "
            "do not hold and data would be lost: name a file on a local disk, or use PostgreSQL"
        )
    return path


def _mounts() -> str:
    mounts = Path("/proc/mounts")
    return mounts.read_text(errors="replace") if mounts.exists() else ""


def _prepare_sqlite(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.isolation_level = None
    connection.create_function("money_total", 1, _money_total, deterministic=True)
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {_BUSY_SECONDS * 1000}")
    if read_only:
        cursor.execute("pragma query_only = on")
    else:
        if cursor.execute("pragma journal_mode").fetchone()[0] != "wal":
            cursor.execute("pragma journal_mode = wal")
        cursor.execute("pragma synchronous = normal")
        cursor.execute("pragma journal_size_limit = 67108864")
    cursor.execute("pragma foreign_keys = on")
    cursor.execute("pragma temp_store = memory")
    cursor.execute("pragma cache_size = -32000")
    cursor.close()


def _money_total(amounts: str | None) -> str | None:
    """Exact addition of amounts kept as text and joined by commas; null where there is none, as SQL's sum."""
    if amounts is None:
        return None
    with localcontext(EXACT):
        return format(sum(map(Decimal, str(amounts).split(",")), Decimal(0)), "f")


def _open_postgresql(url: URL, *, read_only: bool, password: Password | None) -> Engine:
    if "@" in (url.host or "") + (url.database or ""):
        # Nothing of it is said: it is a piece of the password.
        raise BadDatabaseUrl(
            f"{SETTING} has an '@' in the place of host or database: expected a password in which every '@' is written "
            f"%40, '/' %2F, ':' %3A and '%' %25, as in {_EXPECTED.removeprefix('expected sqlite:///PATH or ')}"
        )
    if not url.database:
        raise BadDatabaseUrl(f"{SETTING} names no database: {_EXPECTED}")
    arguments: dict[str, Any] = {"application_name": "aoai-monitor", "connect_timeout": 10}
    engine = _store_engine(
        verified(url, os.environ).set(drivername="postgresql+psycopg"),
        connect_args={name: value for name, value in arguments.items() if name not in url.query},
        pool_size=5,
        max_overflow=15,
        pool_pre_ping=True,
        pool_recycle=1800,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: psycopg.Connection[Any], _: Any) -> None:
        _prepare_postgresql(connection, read_only=read_only)

    if password is not None:
        log_in_by(engine, password)
    return engine


def _prepare_postgresql(connection: psycopg.Connection[Any], *, read_only: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        # One cached connection per worker makes small writes on Citus five times slower (docs/architecture.md).
        if cursor.execute("select 1 from pg_extension where extname = 'citus'").fetchone():
            cursor.execute("set citus.max_cached_conns_per_worker = 16")
    connection.commit()
    connection.read_only = read_only
