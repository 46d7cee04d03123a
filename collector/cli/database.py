"""Migrations and the distributed layout."""

import click

from collector.cli.shared import say


@click.group()
def db() -> None:
    """Migrate and check the database, or distribute it over machines."""


@db.command()
def upgrade() -> None:
    """Bring the database to this program's revision; safe to run again."""
    from collector import settings, wiring
    from collector.store import schema

    engine = wiring.build_engine(settings.load(), any_revision=True)
    schema.upgrade(engine)
    say(f"database is at revision {schema.check(engine).current}")


@db.command()
def check() -> None:
    """Say which revision the database has; exit status 1 unless it is this program's."""
    from collector import settings, wiring
    from collector.store import schema

    engine = wiring.build_engine(settings.load(), any_revision=True)
    state = schema.check(engine)
    say(f"database is at revision {state.current}, this program expects {state.head}")
    schema.require(engine)


@db.command()
def distribute() -> None:
    """Lay the tables out over a Citus cluster; refused where the extension is absent."""
    from collector import settings, wiring
    from collector.store.distribute import distribute as spread

    for line in spread(wiring.build_engine(settings.load())):
        say(str(line))


@db.command()
@click.option(
    "--role", required=True, help="The database role (or Entra identity) that the dashboard logs in as."
)
@click.option("--run", is_flag=True, help="Run the statements on AOAI_DATABASE_URL (default: print them).")
@click.option(
    "--entra", is_flag=True, help="With --run: make the role first, for the Entra identity of that name."
)
def grant(role: str, run: bool, entra: bool) -> None:
    """Let the dashboard's PostgreSQL role read everything and write only what people do with alerts."""
    from collector import settings, wiring
    from collector.store import grants

    if entra and not run:
        raise click.UsageError("--entra without --run: expected both, since the role is made on the server")
    if run:
        engine = wiring.build_engine(settings.load())
        if entra and grants.make_entra_role(engine, role):
            say(f"role {role}: made")
        done = grants.grant(engine, role)
        say(f"role {role}: {len(done)} statements run")
        return
    for statement in grants.dashboard_grants(role):
        click.echo(f"{statement};")


COMMANDS = (db,)
