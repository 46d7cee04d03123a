"""Backup, restore, upgrade and rollback do what the operator's page says, by the very lines of the page."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from collector.store import schema
from collector.store.engine import open_engine
from tests.conftest import lacking
from tests.deploy.shell import ROOT, block, environment, needs, shell
from tests.migrations.rows import a_row_in_every_table, counts

PAGE = ROOT / "docs" / "operate.md"
LINES = block(PAGE, "Backup and restore")
SQLITE_URL = "sqlite:///aoai-monitor.db"


def run(lines: list[str], folder: Path, env: Mapping[str, str]) -> None:
    assert lines
    for line in lines:
        done = shell(line, folder, env)
        assert 0 == done.returncode, f"{line}\n{done.stdout}\n{done.stderr}"


def lines_with(*words: str) -> list[str]:
    return [line for line in LINES if any(word in line for word in words)]


BACKUP = lines_with("sqlite3")
RESTORE = lines_with("rm -f", "cp ", "db check")


def test_a_sqlite_backup_taken_in_use_is_restored(tmp_path: Path) -> None:
    needs("sqlite3")
    env = environment()
    engine = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    schema.upgrade(engine)
    a_row_in_every_table(engine)
    before = counts(engine)
    with engine.connect() as reading:
        reading.exec_driver_sql("select count(*) from account").scalar()
        run(BACKUP, tmp_path, env)
    with engine.begin() as connection:
        connection.exec_driver_sql("delete from letter")
    engine.dispose()

    run(RESTORE, tmp_path, env)

    restored = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    assert before == counts(restored)
    restored.dispose()


def test_an_upgrade_is_rolled_back_by_the_backup(tmp_path: Path) -> None:
    """The older program refuses what the newer one has made of the database, and the backup is what it knows."""
    needs("sqlite3")
    env = environment()
    engine = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    schema.upgrade(engine)
    a_row_in_every_table(engine)
    before = counts(engine)
    run(BACKUP, tmp_path, env)
    with engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999_of_the_next_release'")
    engine.dispose()
    for command in ("collect", "db upgrade", "db check", "status"):
        refused = shell(f"aoai-monitor {command}", tmp_path, env)
        assert (1, True) == (refused.returncode, "does not know" in refused.stderr), refused.stderr

    run(RESTORE, tmp_path, env)

    restored = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    assert before == counts(restored)
    restored.dispose()


def test_an_older_database_is_upgraded_with_its_rows_by_the_page_s_lines(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    schema.upgrade(engine, "0001")
    a_row_in_every_table(engine)
    before = counts(engine)
    engine.dispose()

    refused = shell("aoai-monitor status", tmp_path, environment())
    run(["aoai-monitor db upgrade", "aoai-monitor db check"], tmp_path, environment())

    upgraded = open_engine(f"sqlite:///{tmp_path / 'aoai-monitor.db'}")
    assert (1, True) == (refused.returncode, "run `aoai-monitor db upgrade`" in refused.stderr)
    assert before == {name: count for name, count in counts(upgraded).items() if name in before}
    upgraded.dispose()


@pytest.fixture
def libpq(postgres_url: str) -> Iterator[dict[str, str]]:
    """The server in libpq's own variables, so that `createdb aoai_restored` finds it; the database goes afterwards."""
    url = make_url(postgres_url)
    host = url.host or str(url.query.get("host", ""))
    given = {"PGHOST": host, "PGUSER": url.username or "", "PGPASSWORD": url.password or ""}
    given |= {"PGPORT": str(url.port)} if url.port else {}
    env = environment(**{name: value for name, value in given.items() if value})
    needs("pg_dump", "pg_restore", "createdb", path=env["PATH"])
    server = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        major = connection.info.server_version // 10_000
        said = subprocess.run(
            ["pg_dump", "--version"], env=env, capture_output=True, text=True, check=True
        ).stdout
        if int(said.split()[2].split(".")[0]) < major:
            lacking(f"{said.strip()} cannot dump a server of version {major}")
        connection.execute("drop database if exists aoai_restored with (force)")
        connection.execute("drop role if exists aoai_dashboard")
        connection.execute("create role aoai_dashboard")
        yield env
        connection.execute("drop database if exists aoai_restored with (force)")
        connection.execute(sql.SQL("drop role aoai_dashboard"))


def test_a_postgresql_dump_is_restored_with_the_dashboard_s_rights(
    postgres_database: str, libpq: dict[str, str], tmp_path: Path
) -> None:
    engine = open_engine(postgres_database)
    schema.upgrade(engine)
    a_row_in_every_table(engine)
    before = counts(engine)
    engine.dispose()
    restored = make_url(postgres_database).set(database="aoai_restored")
    env = {
        **libpq,
        "URL": make_url(postgres_database).set(drivername="postgresql").render_as_string(hide_password=False),
        "AOAI_DATABASE_URL": restored.render_as_string(hide_password=False),
    }

    run([*lines_with("pg_dump", "createdb", "db grant"), "aoai-monitor db check"], tmp_path, env)

    other = open_engine(env["AOAI_DATABASE_URL"])
    assert before == counts(other)
    with other.connect() as connection:
        rights = connection.exec_driver_sql(
            "select has_table_privilege('aoai_dashboard', 'letter', 'select'),"
            " has_table_privilege('aoai_dashboard', 'letter', 'delete')"
        ).one()
    assert (True, False) == tuple(rights)
    other.dispose()
