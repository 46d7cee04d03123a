"""The database is opened, or refused with what was wrong and what would be right."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from collector.domain.types import NeedsHuman, TryLater
from collector.store import schema, tables, writes
from collector.store.engine import network_file_system, open_engine, retrying, where
from collector.store.errors import (
    BadDatabaseUrl,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnavailable,
)
from tests.store.worlds import NOON, hours_of, record, rows

MOUNTS = """\
/dev/vda / ext4 rw 0 0
//files/share /mnt/my\\040share cifs rw 0 0
server:/data /data nfs4 rw 0 0
/dev/vdb /data/local ext4 rw 0 0
blobfuse2 /blobs fuse.blobfuse2 rw 0 0
remote:x /clouds fuse.rclone rw 0 0
overlay /layers fuse.fuse-overlayfs rw 0 0
"""


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "not a database URL"),
        ("aoai-monitor.db", "not a database URL"),
        ("mysql://user:secret@host/db", "starts with mysql://"),
        ("postgresql+psycopg2://user:secret@host/db", "starts with postgresql+psycopg2://"),
        ("postgresql://user:secret@host", "names no database"),
        ("postgresql://user:pa@secret/1@host/db", "every '@' is written %40"),
        ("postgresql://user:pa@secret@host/db", "every '@' is written %40"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////nowhere/at/all/aoai.db", "the folder /nowhere/at/all does not exist"),
        ("sqlite:////tmp", "/tmp is a folder"),
        ("sqlite:////tmp/aoai.db?mode=ro", "options after '?'"),
    ],
)
def test_a_url_that_cannot_work_is_refused_by_name(url: str, says: str) -> None:
    with pytest.raises(BadDatabaseUrl) as refused:
        open_engine(url)

    assert str(refused.value).startswith("AOAI_DATABASE_URL")
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)
    assert isinstance(refused.value, NeedsHuman)


def test_a_dashboard_before_the_first_collection_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BadDatabaseUrl, match="run `aoai-monitor db upgrade` first"):
        open_engine(f"sqlite:///{tmp_path}/none.db", read_only=True)

    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("these are notes, not a database" * 100)

    with pytest.raises(DatabaseDamaged, match=r"notes\.db: is not a sound SQLite database"):
        open_engine(f"sqlite:///{tmp_path}/notes.db")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/aoai.db", None),
        ("/mnt/my share/aoai.db", "cifs"),
        ("/data/aoai.db", "nfs4"),
        ("/data/local/aoai.db", None),
        ("/database/aoai.db", None),
        ("/blobs/aoai.db", "fuse.blobfuse2"),
        ("/clouds/aoai.db", "fuse.rclone"),
        ("/layers/aoai.db", None),
    ],
)
def test_a_network_file_system_is_recognised(path: str, kind: str | None) -> None:
    assert kind == network_file_system(Path(path), MOUNTS)


def test_sqlite_on_a_network_file_system_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.store.engine._mounts", lambda: f"server:/x {tmp_path} nfs rw 0 0\n")

    with pytest.raises(BadDatabaseUrl, match=r"network file system \(nfs\).*use PostgreSQL"):
        open_engine(f"sqlite:///{tmp_path}/aoai.db")


def test_a_server_that_does_not_answer_is_a_matter_of_time_and_shows_no_password() -> None:
    engine = open_engine("postgresql://someone:secret@127.0.0.1:9/aoai")

    with pytest.raises(DatabaseUnavailable) as refused:
        schema.check(engine)

    engine.dispose()
    assert isinstance(refused.value, TryLater)
    assert "127.0.0.1:9/aoai" in str(refused.value)
    assert "secret" not in f"{refused.value} {where(engine)}"


def test_a_wrong_database_name_is_a_matter_for_a_person(postgres_url: str) -> None:
    wrong = make_url(postgres_url).set(database="no_such_database_here")
    engine = open_engine(wrong.render_as_string(hide_password=False))

    with pytest.raises(BadDatabaseUrl, match="no_such_database_here"):
        schema.check(engine)
    engine.dispose()


def test_other_spellings_of_a_postgresql_url_open_the_same(postgres_database: str) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        engine = open_engine(scheme + postgres_database[postgres_database.index(":") :])
        with engine.connect() as connection:
            assert "UTC" == connection.exec_driver_sql("show timezone").scalar()
        engine.dispose()


def test_what_is_opened_to_read_cannot_write(engine: Engine, store_url: str) -> None:
    reading = open_engine(store_url, read_only=True)

    with pytest.raises(DatabaseReadOnly):
        retrying(reading, lambda connection: writes.advance_watermarks(connection, "j", {"s": NOON}, at=NOON))

    reading.dispose()
    assert [] == rows(engine, tables.watermark)


def test_sqlite_readers_see_a_whole_store_while_somebody_writes(sqlite: Engine) -> None:
    record(sqlite, hours_of(3))
    with sqlite.begin() as writer:
        writer.execute(tables.usage_hour.delete())
        with sqlite.connect() as reader:
            seen = reader.execute(text("select count(*) from usage_hour")).scalar()

    assert 3 == seen


def test_two_sqlite_writers_that_read_first_wait_for_each_other(sqlite: Engine) -> None:
    """Were the write lock taken late, the second would fail with a stale snapshot."""
    together = threading.Barrier(2)
    errors: list[BaseException] = []

    def add() -> None:
        try:
            together.wait(10)
            for _ in range(20):
                with sqlite.begin() as connection:
                    count = connection.exec_driver_sql("select count(*) from watermark").scalar() or 0
                    writes.advance_watermarks(connection, "j", {f"scope {count}": NOON}, at=NOON)
        except BaseException as error:  # noqa: BLE001 # shown by the assertion below
            errors.append(error)

    writers = [threading.Thread(target=add) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert [] == errors
    assert 40 == len(rows(sqlite, tables.watermark))


def test_a_server_that_drops_the_connection_in_mid_transaction_is_tried_again(postgres: Engine) -> None:
    tries: list[int | None] = []

    def work(connection: Connection) -> None:
        writes.advance_watermarks(connection, "j", {"s": NOON}, at=NOON)
        tries.append(connection.exec_driver_sql("select pg_backend_pid()").scalar())
        if len(tries) < 3:
            with postgres.connect() as other:
                other.exec_driver_sql("select pg_terminate_backend(%s)", (tries[-1],))
        writes.advance_watermarks(connection, "j", {"t": NOON}, at=NOON)

    retrying(postgres, work, sleep=lambda _: None)

    assert 3 == len(tries)
    assert [("s",), ("t",)] == rows(postgres, tables.watermark, "scope")


def failing(*errors: BaseException) -> Callable[[object], str]:
    left = list(errors)

    def work(_: object) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


def _busy() -> BaseException:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = 5
    return OperationalError("insert", {}, busy)


def test_a_busy_database_is_tried_again_and_the_wait_grows(sqlite: Engine) -> None:
    waits: list[float] = []

    assert "done" == retrying(sqlite, failing(_busy(), _busy(), _busy()), sleep=waits.append)

    assert 3 == len(waits)
    assert waits == sorted(waits)


def test_patience_ends_with_a_clear_word(sqlite: Engine) -> None:
    waits: list[float] = []

    with pytest.raises(DatabaseUnavailable, match="database is locked"):
        retrying(sqlite, failing(*[_busy() for _ in range(99)]), patience_seconds=10, sleep=waits.append)

    assert 10 == pytest.approx(sum(waits), abs=0.02)


def test_a_fault_of_ours_is_neither_retried_nor_dressed_up(engine: Engine) -> None:
    waits: list[float] = []

    with pytest.raises(Exception, match="no_such_table"):
        retrying(
            engine,
            lambda connection: connection.exec_driver_sql("select * from no_such_table"),
            sleep=waits.append,
        )

    assert [] == waits


def test_a_full_disk_keeps_nothing_of_the_write_and_says_so(sqlite: Engine) -> None:
    record(sqlite, hours_of(1))

    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("pragma page_count").scalar()
        connection.exec_driver_sql(f"pragma max_page_count = {pages + 2}")
        writes.record_usage_hours(connection, hours_of(500), at=NOON)

    with pytest.raises(DatabaseFull, match="no space left on the disk"):
        retrying(sqlite, fill)

    sqlite.dispose()
    assert 1 == len(rows(sqlite, tables.usage_hour, "hour"))
