"""The dashboard's database role reads everything, inserts what people do with alerts, and writes nowhere else."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from collector.domain.alerts.types import Action
from collector.domain.types import NeedsHuman
from collector.store.engine import open_engine, writing
from collector.store.errors import BadDatabaseUrl
from collector.store.grants import INSERTABLE, dashboard_grants, grant, make_entra_role, writable_tables
from collector.store.reads.alerts import waiting_actions
from collector.store.tables import metadata
from collector.store.writes.alerts import ask_for


@pytest.fixture
def role(postgres: Engine) -> Iterator[str]:
    """A role that may log in and nothing else, with a name that must be quoted."""
    name = f'dash"board-{uuid.uuid4().hex[:8]}'
    quoted = sql.Identifier(name).as_string(None)
    with writing(postgres) as connection:
        connection.exec_driver_sql(f"create role {quoted} login password 'x'")
    yield name
    with writing(postgres) as connection:
        connection.exec_driver_sql(f"drop owned by {quoted}")
        connection.exec_driver_sql(f"drop role {quoted}")


@pytest.fixture
def as_role(postgres: Engine, role: str) -> Iterator[Engine]:
    opened = open_engine(postgres.url.set(username=role, password="x").render_as_string(hide_password=False))
    yield opened
    opened.dispose()


def refusal(engine: Engine, statement: str) -> str | None:
    try:
        with writing(engine) as connection:
            connection.exec_driver_sql(statement)
    except Exception as error:  # noqa: BLE001  # whichever error it is, its state is looked at
        return getattr(getattr(error, "orig", None), "sqlstate", repr(error))
    return None


def test_the_role_reads_every_table_and_writes_only_what_people_do_with_alerts(
    postgres: Engine, role: str, as_role: Engine
) -> None:
    grant(postgres, role)

    tables = sorted(metadata.tables)
    assert {} == {table: found for table in tables if (found := refusal(as_role, f"select * from {table}"))}
    for table in tables:
        assert "42501" == refusal(as_role, f"delete from {table}"), table
        assert "42501" == refusal(as_role, f"truncate {table}"), table
        if table != "alert_action":
            assert "42501" == refusal(as_role, f"insert into {table} default values"), table
    assert "42501" == refusal(as_role, "create table mine (x int)")
    with writing(as_role) as connection:
        ask_for(
            connection,
            Action("quota:eastus2", "acknowledge", datetime(2026, 11, 22, tzinfo=UTC), "ann@example.com"),
        )
    with postgres.connect() as connection:
        assert ["ann@example.com"] == [action.action.by for action in waiting_actions(connection)]
    with as_role.connect() as connection:
        assert () == writable_tables(connection)


def test_a_role_that_may_write_where_it_should_read_is_found_and_mended(
    postgres: Engine, role: str, as_role: Engine
) -> None:
    quoted = sql.Identifier(role).as_string(None)
    with writing(postgres) as connection:
        connection.exec_driver_sql(f"grant update on price to {quoted}")
        connection.exec_driver_sql(f"grant all on charge_day, alert_action to {quoted}")
    with as_role.connect() as connection:
        assert ("alert_action", "charge_day", "price") == writable_tables(connection)

    grant(postgres, role)

    with as_role.connect() as connection:
        assert () == writable_tables(connection)


def test_tables_of_later_migrations_are_readable_too(postgres: Engine, role: str, as_role: Engine) -> None:
    grant(postgres, role)
    with writing(postgres) as connection:
        connection.exec_driver_sql("create table later (x int)")

    assert None is refusal(as_role, "select * from later")
    assert "42501" == refusal(as_role, "insert into later values (1)")


def test_granting_twice_changes_nothing(postgres: Engine, role: str) -> None:
    def rights() -> list[tuple[object, ...]]:
        with postgres.connect() as connection:
            found = connection.exec_driver_sql("select relname, relacl::text from pg_class order by relname")
            return [tuple(row) for row in found]

    grant(postgres, role)
    once = rights()
    grant(postgres, role)

    assert once == rights()


def test_the_role_of_an_entra_identity_is_made_once_by_azure_s_own_function(
    postgres: Engine, role: str
) -> None:
    """A stand-in of the function; the real one is Azure's and could not be tried here."""
    made = f"identity-{uuid.uuid4().hex[:8]}"
    with writing(postgres) as connection:
        connection.exec_driver_sql(
            "create function pgaadauth_create_principal(name text, admin bool, mfa bool) returns text language plpgsql as "
            "$$ begin execute format('create role %%I login', name); return name; end $$"
        )
    home = postgres.url.database or ""
    try:
        assert [True, False] == [make_entra_role(postgres, made, home=home) for _ in range(2)]
        assert not make_entra_role(postgres, role, home=home)
    finally:
        with writing(postgres) as connection:
            connection.exec_driver_sql(f'drop role if exists "{made}"')


def test_a_role_that_does_not_exist_is_named(postgres: Engine) -> None:
    with pytest.raises(NeedsHuman, match=r"no database role 'nobody-here'"):
        grant(postgres, "nobody-here")


def test_sqlite_has_no_roles_and_the_owner_of_everything_is_told(sqlite: Engine, postgres: Engine) -> None:
    with pytest.raises(NeedsHuman, match="roles and rights are PostgreSQL's"):
        grant(sqlite, "dashboard")
    with sqlite.connect() as connection:
        assert () == writable_tables(connection)
    with postgres.connect() as connection:
        assert set(metadata.tables) - set(INSERTABLE) <= set(writable_tables(connection))


def test_a_hostile_role_name_stays_one_name() -> None:
    hostile = 'x"; drop table price; --'

    for statement in dashboard_grants(hostile):
        assert '"x""; drop table price; --"' in statement
    with pytest.raises(NeedsHuman):
        dashboard_grants("")


def test_every_connection_asks_for_its_own_password(postgres: Engine) -> None:
    asked: list[str] = []

    def password() -> str:
        asked.append(f"token-{len(asked)}")
        return asked[-1]

    url = postgres.url.render_as_string(hide_password=False)
    engine = open_engine(url, password=password)
    used: list[str] = []
    for _ in range(2):
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            used.append(driver.info.password)
        engine.dispose()

    assert ["token-0", "token-1"] == used


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://someone:secret@db.example.com/aoai"])
def test_a_token_login_without_a_place_for_it_is_refused(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="AOAI_DATABASE_AUTH='entra' needs a PostgreSQL URL") as refused:
        open_engine(url, password=lambda: "token")
    assert "secret" not in str(refused.value)
