"""What the dashboard's database role may do on PostgreSQL: read everything, note what a person did, nothing else."""

import re
from collections.abc import Sequence
from typing import Final

from psycopg import sql
from sqlalchemy import Connection, Engine, NullPool, create_engine

from collector.domain.types import NeedsHuman
from collector.store.engine import writing
from collector.store.errors import clear_errors
from collector.store.token_login import log_in_like

INSERTABLE: Final = ("alert_action",)
"""What a person does with an alert is a row here; the alert step applies it."""

_WRITES: Final = ("insert", "update", "delete", "truncate")
_ROLE: Final = re.compile(r"[^\0]{1,63}")


def dashboard_grants(
    role: str, *, schema: str = "public", insertable: Sequence[str] = INSERTABLE
) -> tuple[str, ...]:
    """The statements for an existing role; running them again changes nothing.

    Rights that the role has beyond them are taken away first. The last one covers tables of later migrations, if
    the role that runs this is the one that migrates.
    """
    if not _ROLE.fullmatch(role):
        raise NeedsHuman(f"role {role!r}: expected the name of a database role, at most 63 characters")
    to, within = sql.Identifier(role), sql.Identifier(schema)
    statements = [
        sql.SQL("revoke all on all tables in schema {} from {}").format(within, to),
        sql.SQL("revoke all on all sequences in schema {} from {}").format(within, to),
        sql.SQL("revoke create on schema {} from {}").format(within, to),
        sql.SQL("grant usage on schema {} to {}").format(within, to),
        sql.SQL("grant select on all tables in schema {} to {}").format(within, to),
        *(
            sql.SQL("grant insert on {} to {}").format(sql.Identifier(schema, table), to)
            for table in insertable
        ),
        sql.SQL("alter default privileges in schema {} grant select on tables to {}").format(within, to),
    ]
    return tuple(statement.as_string(None) for statement in statements)


def grant(engine: Engine, role: str) -> tuple[str, ...]:
    """Run the statements in one transaction; gives them back."""
    # A name that cannot be one is refused before anything is asked of the server.
    dashboard_grants(role)
    with clear_errors("granting the dashboard's rights"), writing(engine) as connection:
        schema = _schema(connection)
        if not _exists(connection, role):
            raise NeedsHuman(
                f"there is no database role {role!r}: make it first, with `create role`, or for an Entra identity with "
                "`aoai-monitor db grant --entra`"
            )
        statements = dashboard_grants(role, schema=schema, insertable=_existing(connection, schema))
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    return statements


def make_entra_role(engine: Engine, role: str, *, home: str = "postgres") -> bool:
    """Make the database role of an Entra identity on Azure, which has the function for it in database `home` only.

    False where the role is there already.
    """
    with clear_errors("looking for the role"), engine.connect() as connection:
        _schema(connection)
        if _exists(connection, role):
            return False
    elsewhere = create_engine(engine.url.set(database=home), poolclass=NullPool)
    log_in_like(elsewhere, engine)
    with clear_errors(f"making the role in the database {home}"), elsewhere.begin() as connection:
        # Neither an administrator nor one who must sign in with a second factor, which a program cannot.
        connection.exec_driver_sql("select * from pgaadauth_create_principal(%s, false, false)", (role,))
    return True


def writable_tables(connection: Connection) -> tuple[str, ...]:
    """Tables that whoever is connected may change although a reader should not; for `doctor`. SQLite: none.

    A superuser may change everything, and is told so by every table.
    """
    if connection.dialect.name != "postgresql":
        return ()
    found = connection.exec_driver_sql(
        "select c.relname, array(select p from unnest(%s::text[]) p where has_table_privilege(c.oid, p)) "
        "from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') "
        "and not c.relispartition order by c.relname",
        (list(_WRITES),),
    )
    return tuple(name for name, may in found if set(may) - ({"insert"} if name in INSERTABLE else set()))


def _exists(connection: Connection, role: str) -> bool:
    return (
        connection.exec_driver_sql("select 1 from pg_roles where rolname = %s", (role,)).first() is not None
    )


def _schema(connection: Connection) -> str:
    if connection.dialect.name != "postgresql":
        raise NeedsHuman(
            "roles and rights are PostgreSQL's: a SQLite file is opened read-only by the dashboard, and its file rights rule"
        )
    return connection.exec_driver_sql("select current_schema()").scalar_one()


def _existing(connection: Connection, schema: str) -> tuple[str, ...]:
    found = connection.exec_driver_sql(
        "select tablename from pg_tables where schemaname = %s and tablename = any(%s)",
        (schema, list(INSERTABLE)),
    )
    return tuple(name for (name,) in found)
