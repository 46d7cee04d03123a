"""Migrations, the distributed layout, the dashboard's rights and the way to another database."""

import sys

import click

from collector.cli.shared import TerminalProgress, say


@click.group()
def db() -> None:
    """Migrate and check the database, or distribute it over machines."""


@db.command()
def upgrade() -> None:
    """Bring the database to this program's revision; safe to run again."""
    from collector import settings, wiring
    from collector.store import schema
    from collector.store.distribute import yet_to_be_spread

    engine = wiring.build_engine(settings.load(), any_revision=True)
    schema.upgrade(engine)
    say(f"database is at revision {schema.check(engine).current}")
    if local := yet_to_be_spread(engine):
        say(f"on the coordinator alone: {', '.join(local)}; run `aoai-monitor db distribute`")
    engine.dispose()


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
    from collector.store import distribute as layout

    engine = wiring.build_engine(settings.load())
    for line in layout.distribute(engine):
        say(str(line))
    if told := layout.advice(engine):
        say(told)
    engine.dispose()


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
        engine.dispose()
        return
    for statement in grants.dashboard_grants(role):
        click.echo(f"{statement};")


@db.command()
@click.option(
    "--to",
    required=True,
    help="URL of the empty database that gets everything; a password is best kept in PGPASSFILE or PGPASSWORD.",
)
@click.option("--entra", is_flag=True, help="Log in to --to with an Entra token.")
def copy(to: str, entra: bool) -> None:
    """Copy the whole store into an empty database, SQLite or PostgreSQL, and check every table.

    Stop the collector first. Interrupted, nothing was copied: the same command begins anew.
    """
    from collector import settings, wiring
    from collector.store.copying import copy as run

    chosen = settings.load()
    source, target = wiring.build_engine(chosen), wiring.other_engine(chosen, to, "--to", entra=entra)
    for one in run(source, target, TerminalProgress() if sys.stderr.isatty() else wiring.NoProgress()):
        say(str(one))
    say("every table is as it was; point AOAI_DATABASE_URL at the new database and start the collector again")


COMMANDS = (db,)
