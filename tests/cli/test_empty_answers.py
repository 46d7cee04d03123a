"""An answer without a row says so, and where to look, instead of a title and nothing."""

import pytest
from click.testing import CliRunner

from collector import cli
from collector.store import schema
from collector.store.engine import open_engine


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("cost", "No use has a price in these days."),
        ("room", "No deployment is known."),
        ("endings", "No deployment is known."),
        ("report months", "No month has figures yet."),
        ("status", "Nothing was collected yet"),
        ("alert list", "No alert is open."),
    ],
)
def test_an_empty_store_is_told_in_a_sentence(sqlite_database: str, words: str, said: str) -> None:
    engine = open_engine(sqlite_database)
    schema.upgrade(engine)
    engine.dispose()

    found = CliRunner().invoke(cli.main, words.split(), env={"AOAI_DATABASE_URL": sqlite_database})

    assert (0, True) == (found.exit_code, any(line.startswith(said) for line in found.stdout.splitlines())), (
        found.output
    )
