"""A store that cannot be read ends every command with a sentence and the documented status, never with a traceback."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from collector import cli
from collector.store import schema
from collector.store.engine import open_engine

ALERT = ("no-such-alert", "--who", "Ann", "--why", "known")
NEEDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("alert", "show"): ("no-such-alert",),
    ("alert", "acknowledge"): ALERT,
    ("alert", "resolve"): ALERT,
    ("alert", "reopen"): ALERT,
    ("alert", "snooze"): (*ALERT, "--until", "14d"),
    ("alert", "resend"): ("no-such-letter",),
    ("report", "finance"): ("--month", "2026-10", "--out", "month.xlsx"),
    ("report", "close"): ("--month", "2026-10"),
    ("room", "fit"): ("--model", "gpt-4o", "--tpm", "1000"),
    ("prices", "explain"): ("--model", "gpt-4o", "--sku", "GlobalStandard", "--location", "eastus2"),
    ("db", "copy"): ("--to", "sqlite:///other.db"),
    ("db", "grant"): ("--role", "reader", "--run"),
}
"""What a command has to be told before it asks the store."""
WITHOUT_A_STORE = {("simulate",), ("demo",), ("alert", "preview"), ("prices", "explain")}
"""`prices explain` answers by the snapshot inside the program."""
ANY_REVISION = {("db", "upgrade"), ("doctor",)}
"""`db upgrade` is what a store of an older revision needs, and `doctor` says so in a report of its own."""


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield (*path, name)
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = [path for path in leaves(cli.main) if path not in WITHOUT_A_STORE]


def garbage(path: Path) -> str:
    path.write_bytes(os.urandom(5_000))
    return "is not a sound SQLite database"


def damaged(path: Path) -> str:
    """The first page is whole and what it points to is not."""
    _made(path)
    held = bytearray(path.read_bytes())
    held[100:200] = b"\xff" * 100
    path.write_bytes(held)
    return "sound SQLite database"


def of_a_newer_program(path: Path) -> str:
    _made(path)
    engine = open_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    engine.dispose()
    return "was upgraded by a newer aoai-monitor"


def of_an_older_program(path: Path) -> str:
    engine = open_engine(f"sqlite:///{path}")
    schema.upgrade(engine, "0001")
    engine.dispose()
    return "run `aoai-monitor db upgrade`"


def empty(path: Path) -> str:
    path.write_bytes(b"")
    return "run `aoai-monitor db upgrade`"


def _made(path: Path) -> None:
    engine = open_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()


STORES: list[Callable[[Path], str]] = [garbage, damaged, of_a_newer_program, of_an_older_program, empty]


@pytest.mark.parametrize(
    ("path", "spoil"),
    [
        (path, spoil)
        for path in COMMANDS
        for spoil in STORES
        if not (path in ANY_REVISION and spoil in {of_an_older_program, empty})
    ],
    ids=lambda one: one.__name__.replace("_", " ") if callable(one) else " ".join(one),
)
def test_every_command_says_what_is_wrong_with_the_store_and_ends_with_1(
    path: tuple[str, ...], spoil: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = spoil(tmp_path / "aoai-monitor.db")
    monkeypatch.setenv("AOAI_AUTH", "none")
    for name in ("ARM", "METRICS", "PRICES"):
        monkeypatch.setenv(f"AOAI_{name}_ENDPOINT", "http://127.0.0.1:9")

    found = CliRunner().invoke(cli.main, [*path, *NEEDS.get(path, ())])

    assert (1, True) == (found.exit_code, expected in found.output), found.output
    assert "Traceback" not in found.output
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
