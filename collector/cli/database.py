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


COMMANDS = (db,)
