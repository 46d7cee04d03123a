"""Each command answers for help, refuses a wrong argument with 2, and says in its exit status how it ended."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from collector.cli import main
from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.store import schema
from collector.store.engine import open_engine
from collector.store.lease import lease
from tests.end_to_end.stage import NOW, a_world

TOKEN = "eyJhbGciOi-not-a-real-token"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = list(commands(main))


def run(*arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(
        main, arguments, env={f"AOAI_{name}": value for name, value in settings.items()}
    )


@pytest.fixture
def azure() -> Iterator[Simulator]:
    with Simulator(a_world(deployments=2, days=1)) as running:
        yield running


@pytest.fixture
def settings(azure: Simulator, sqlite_database: str) -> dict[str, str]:
    engine = open_engine(sqlite_database)
    schema.upgrade(engine)
    engine.dispose()
    names = ("ARM_ENDPOINT", "METRICS_ENDPOINT", "PRICES_ENDPOINT")
    return {
        "DATABASE_URL": sqlite_database,
        "AUTH": "none",
        "COLLECT_BACKFILL_DAYS": "1",
        **dict.fromkeys(names, azure.url),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_one_screen_of_words(path: tuple[str, ...]) -> None:
    found = run(*path, "--help")
    assert 0 == found.exit_code
    assert "usage" in found.output.casefold()


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != ("simulate",)], ids=" ".join)
def test_an_option_that_is_none_is_refused(path: tuple[str, ...]) -> None:
    found = run(*path, "--no-such-option")
    assert 2 == found.exit_code
    assert (
        "--no-such-option" in found.output or "Missing" in found.output or "No such command" in found.output
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("collect", "--job", "everything"), "--job"),
        (("collect", "--from", "yesterday"), "expected a day such as 2026-10-01"),
        (("collect", "--to", "2026-10-08"), "--to without --from"),
        (("collect", "--from", "2026-10-08", "--to", "2026-10-01"), "expected --from before --to"),
        (("cost", "--by", "week"), "--by"),
        (("cost", "--from", "2026-13-01"), "expected a day such as 2026-10-01"),
        (("prices", "explain", "--model", "gpt-4o"), "--sku, --location"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_argument_exits_with_2_and_says_what_is_right(arguments: tuple[str, ...], named: str) -> None:
    found = run(*arguments)
    assert 2 == found.exit_code
    assert named in found.output


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CURRENCY", "euro"),
        ("TIMEZONE", "Mars/Olympus"),
        ("COLLECT_TOP", "3"),
        ("ARM_ENDPOINT", "http://management.azure.com"),
        ("SUBSCRIPTIONS", "my-subscription"),
        ("DATABASE_URL_FILE", "/no/such/file"),
    ],
)
def test_a_wrong_setting_exits_with_2_and_names_the_key(variable: str, value: str) -> None:
    found = run("collect", **{variable: value})
    assert 2 == found.exit_code
    assert f"AOAI_{variable}" in found.output


def test_a_database_that_was_never_made_is_told_how(tmp_path: object) -> None:
    found = run("status", DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert found.exit_code in {1, 2}
    assert "db upgrade" in found.output


def test_a_collection_that_went_well_exits_with_0(settings: dict[str, str]) -> None:
    found = CliRunner().invoke(
        main,
        ["collect", "--job", "inventory"],
        obj=lambda: NOW,
        env={f"AOAI_{k}": v for k, v in settings.items()},
    )
    assert (0, True) == (found.exit_code, "inventory: ok" in found.stderr)
    assert "" == found.stdout


def test_a_collection_that_ended_partial_exits_with_1_and_names_the_scope(
    settings: dict[str, str], azure: Simulator
) -> None:
    azure.weather.set([Fault("retail/prices", status=403, times=None)])
    found = run("collect", "--job", "prices", **settings)
    assert 1 == found.exit_code
    assert "prices: failed" in found.stderr
    assert "USD" in found.stderr


def test_a_second_collector_that_may_not_wait_exits_with_1_and_says_who_collects(
    settings: dict[str, str],
) -> None:
    engine = open_engine(settings["DATABASE_URL"])
    with lease(engine, "collect"):
        found = run("collect", "--job", "inventory", "--no-wait", **settings)
    engine.dispose()
    assert 1 == found.exit_code
    assert "collect is being done by process" in found.output


def test_nothing_secret_is_ever_printed(azure: Simulator, settings: dict[str, str]) -> None:
    secrets = {"SMTP_URL": "smtp://bob:hunter2secret@127.0.0.1:9", "COOKIE_SECRET": "c" * 40}
    env = {**settings, **secrets, "LOG_LEVEL": "debug", "LOG_FORMAT": "json"}
    for arguments in (("collect", "--job", "inventory"), ("derive",), ("status", "--json")):
        found = run(*arguments, **env)
        for secret in ("hunter2secret", "c" * 40, "Bearer ", TOKEN):
            assert secret not in found.output


def test_logs_are_json_lines_on_stderr_when_asked_and_no_bar_without_a_terminal(
    settings: dict[str, str],
) -> None:
    import json

    found = run("collect", "--job", "inventory", LOG_FORMAT="json", **settings)
    lines = [line for line in found.stderr.splitlines() if line.startswith("{")]
    assert {"job ended"} <= {json.loads(line)["event"] for line in lines}
    assert "\x1b[" not in found.stderr
    assert "" == found.stdout


QUESTION = (
    "--model",
    "gpt-4o",
    "--version",
    "2024-11-20",
    "--sku",
    "GlobalStandard",
    "--location",
    "eastus2",
)


def test_a_price_that_the_store_could_not_be_asked_for_says_so(sqlite_database: str) -> None:
    """Another revision, or no store at all: the shipped prices answer, and the reason stands beside them."""
    engine = open_engine(sqlite_database)
    schema.upgrade(engine, "0001")
    engine.dispose()
    older = run("prices", "explain", *QUESTION, "--kind", "input", DATABASE_URL=sqlite_database)
    none = run("prices", "explain", *QUESTION, "--json", DATABASE_URL=f"{sqlite_database}-not-there")

    for found, why in ((older, "at revision 0001, this program expects"), (none, "aoai-monitor db upgrade")):
        assert 0 == found.exit_code
        assert why in found.stderr
        assert "Answered from the prices shipped with this program, of 20" in found.stderr
        assert "Answered" not in found.stdout


def test_a_price_of_a_store_that_answers_says_nothing_beside_it(settings: dict[str, str]) -> None:
    assert "" == run("prices", "explain", *QUESTION, "--kind", "input", **settings).stderr


def test_a_changed_rate_is_said_to_be_taken_up_once(settings: dict[str, str], tmp_path: Path) -> None:
    for job in ("inventory", "models", "metrics"):
        run("collect", "--job", job, **settings)
    first = run("derive", **settings)
    file = tmp_path / "aoai-monitor.toml"
    file.write_text("[[rates]]\npercent_off = 12\nfrom = 2026-01-01\n")

    second, third = (run("derive", **settings, CONFIG=str(file)) for _ in range(2))

    said = "worked out again, since rates changed (1 new): charges from 2026-01-01 on\n"
    assert [False, True, False] == [said in one.stderr for one in (first, second, third)]
    assert {0} == {one.exit_code for one in (first, second, third)}


def test_the_door_opens_without_what_is_behind_it() -> None:
    """Every command pays for what the door imports; each imports what it needs itself."""
    heavy = "{'sqlalchemy', 'numpy', 'pyarrow', 'pydantic', 'azure', 'streamlit'}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, collector.cli; print(sorted({heavy} & sys.modules.keys()))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "[]\n" == done.stdout
