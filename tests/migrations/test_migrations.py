"""A database comes up from nothing and from every earlier revision with its rows, whole or not at all."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, select
from sqlalchemy.schema import CreateTable

from collector.store import schema, tables
from collector.store.engine import open_engine
from collector.store.errors import SchemaMismatch
from tests.migrations.rows import a_row_in_every_table, counts

ROOT = Path(__file__).parents[2]
SCRIPT = ScriptDirectory(str(ROOT / "migrations"))
REVISIONS = [revision.revision for revision in reversed(list(SCRIPT.walk_revisions()))]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def differences(engine: Engine) -> list[object]:
    def include_name(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or name in tables.metadata.tables

    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": include_name}
        return compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)


def test_the_revisions_form_one_line() -> None:
    assert 1 == len(SCRIPT.get_heads())
    assert REVISIONS == sorted(REVISIONS)


def test_from_nothing_to_what_the_program_expects(engine: Engine) -> None:
    assert "empty" == schema.check(engine).status

    assert "current" == schema.upgrade(engine).status

    assert [] == differences(engine)
    schema.require(engine)


def test_columns_types_nullability_and_keys_are_those_of_the_tables(engine: Engine) -> None:
    schema.upgrade(engine)
    there = inspect(engine)

    for name, table in tables.metadata.tables.items():
        assert [column.name for column in table.primary_key] == there.get_pk_constraint(name)[
            "constrained_columns"
        ]
        assert {column.name: column.nullable for column in table.columns} == {
            column["name"]: column["nullable"] for column in there.get_columns(name)
        }, name
        assert {column.name: column.type.compile(engine.dialect) for column in table.columns} == {
            column["name"]: column["type"].compile(engine.dialect) for column in there.get_columns(name)
        } or engine.dialect.name == "postgresql", name


def test_sqlite_tables_are_written_as_the_models_say(sqlite_database: str) -> None:
    engine = open_engine(sqlite_database)
    schema.upgrade(engine)
    with engine.connect() as connection:
        stored = dict(
            connection.exec_driver_sql("select name, sql from sqlite_schema where type = 'table'").all()
        )

    without_rowid = {name for name, sql in stored.items() if "WITHOUT ROWID" in sql}
    assert {
        name
        for name, table in tables.metadata.tables.items()
        if table.dialect_options["sqlite"]["with_rowid"] is False
    } == (without_rowid)
    assert "WITHOUT ROWID" in str(CreateTable(tables.usage_hour).compile(engine))
    engine.dispose()


def test_hour_tables_are_partitioned_on_postgresql(postgres_database: str) -> None:
    engine = open_engine(postgres_database)
    schema.upgrade(engine)
    with engine.connect() as connection:
        partitioned = connection.exec_driver_sql(
            "select relid::regclass::text from pg_partitioned_table, lateral (select partrelid) p(relid)"
        )
        assert set(tables.PARTITIONED) == {name for (name,) in partitioned}
    engine.dispose()


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    first = schema.upgrade(engine)
    a_row_in_every_table(engine)
    before = counts(engine)

    assert first == schema.upgrade(engine)

    assert before == counts(engine)


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_an_earlier_revision_come_along(engine: Engine, revision: str) -> None:
    schema.upgrade(engine, revision)
    a_row_in_every_table(engine)
    before = counts(engine)

    schema.upgrade(engine)

    after = counts(engine)
    assert before == {name: after[name] for name in before if name in after}
    assert [] == differences(engine)


def test_a_letter_that_waited_through_the_upgrade_keeps_its_words(engine: Engine) -> None:
    """An older program noted nowhere that it was handing a letter over, so any that waits may have been taken."""
    schema.upgrade(engine, "0011")
    a_row_in_every_table(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("update letter set status = 'waiting'")

    schema.upgrade(engine)

    with engine.connect() as connection:
        at, told = connection.execute(select(tables.letter.c.in_hand_at, tables.letter.c.written_at)).one()
    assert told == at


def test_a_line_of_before_invoices_were_kept_has_none(engine: Engine) -> None:
    schema.upgrade(engine, "0012")
    a_row_in_every_table(engine)

    schema.upgrade(engine)

    bill = tables.bill_day
    with engine.connect() as connection:
        told = connection.execute(select(bill.c.invoice, bill.c.commitment, bill.c.actual, bill.c.day)).one()
    assert ("", "", Decimal(1), date(2026, 10, 3)) == tuple(told)


def test_a_newer_database_is_refused_and_left_alone(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999_from_the_future'")

    state = schema.check(engine)

    assert ("newer", "9999_from_the_future") == (state.status, state.current)
    for refuse in (schema.upgrade, schema.require):
        with pytest.raises(SchemaMismatch, match="upgraded by a newer aoai-monitor"):
            refuse(engine)


def test_a_database_behind_is_told_what_to_run(engine: Engine) -> None:
    with pytest.raises(SchemaMismatch, match="run `aoai-monitor db upgrade`"):
        schema.require(engine)


def test_two_that_upgrade_at_once_take_turns(engine: Engine, database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(3)]
    states: list[str] = []

    def upgrade(opened: Engine) -> None:
        states.append(schema.upgrade(opened).status)

    threads = [threading.Thread(target=upgrade, args=(opened,)) for opened in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for opened in engines:
        opened.dispose()

    assert ["current"] * 3 == states


KILLED_IN_MIDDLE = """\
import sys
from sqlalchemy import event
from collector.store import schema
from collector.store.engine import open_engine

engine = open_engine(sys.argv[1])

@event.listens_for(engine, "after_cursor_execute")
def stop(connection, cursor, statement, *rest):
    if "CREATE TABLE price" in statement:
        print("in the middle", flush=True)
        sys.stdin.read()

schema.upgrade(engine)
"""


@pytest.mark.crash
def test_a_kill_in_the_middle_leaves_the_old_schema_whole(engine: Engine, database_url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_IN_MIDDLE, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert "in the middle\n" == process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)

    assert "empty" == schema.check(engine).status
    assert [] == [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    assert "current" == schema.upgrade(engine).status


def test_a_migration_that_fails_says_so_and_changes_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("create table price (somebody_elses integer)")

    with pytest.raises(Exception, match="stays as it was"):
        schema.upgrade(engine)

    assert ["price"] == [name for name in inspect(engine).get_table_names() if name != "alembic_version"]


def test_the_migrations_are_found_wherever_the_program_runs(sqlite_database: str, tmp_path: Path) -> None:
    program = (
        "import sys; from collector.store import schema; from collector.store.engine import open_engine;"
        "print(schema.upgrade(open_engine(sys.argv[1])).status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, sqlite_database],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ("current\n", "", 0) == (done.stdout, done.stderr, done.returncode)
