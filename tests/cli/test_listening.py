"""`aoai-monitor dashboard` says where it listens, and says in a sentence why it cannot."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector import cli
from collector.store import schema
from collector.store.engine import open_engine
from tests.dashboard.test_security import a_dashboard


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = open_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    return url


def start(store: str, *words: str, **settings: str) -> Result:
    given = {"AOAI_DATABASE_URL": store, **{f"AOAI_{name}": value for name, value in settings.items()}}
    return CliRunner().invoke(cli.main, ["dashboard", *words], env=given)


@pytest.mark.parametrize(
    "place", ["8501", "localhost", "127.0.0.1:99999", "127.0.0.1:http", "::1:8501", ":1"]
)
def test_a_place_that_is_none_ends_with_2_and_shows_one_that_is(store: str, place: str) -> None:
    by_option, by_variable = start(store, "--listen", place), start(store, DASHBOARD_LISTEN=place)

    assert (2, True) == (by_option.exit_code, "expected host:port such as" in by_option.output)
    assert (2, True) == (by_variable.exit_code, f"AOAI_DASHBOARD_LISTEN='{place}'" in by_variable.output)


def test_a_port_that_is_taken_ends_with_1_and_is_named(store: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = start(store, "--listen", f"127.0.0.1:{port}")

    assert (1, f"127.0.0.1:{port} is taken by another process") == (
        found.exit_code,
        found.output.partition(":")[0] + ":" + found.output.split(":")[1],
    )


def test_demo_says_that_its_port_is_taken_before_it_collects(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = CliRunner().invoke(cli.main, ["demo", "--port", str(port), "--directory", str(tmp_path)])

    assert (1, True) == (
        found.exit_code,
        found.output.startswith(f"Error: cannot listen on 127.0.0.1:{port} ("),
    )
    assert "choose another with --port" in found.output
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_of_another_machine_ends_with_2(store: str, host: str) -> None:
    found = start(store, "--listen", f"{host}:8501")

    assert (2, True) == (found.exit_code, f"cannot listen on {host}:8501" in found.output), found.output


def test_where_it_listens_is_said_and_without_login_who_could_look(tmp_path: Path, store: str) -> None:
    with (
        a_dashboard(tmp_path, store, AOAI_DASHBOARD_LISTEN="0.0.0.0:0") as open_to_all,
        a_dashboard(tmp_path, store) as loopback,
    ):
        said, quiet = open_to_all.log.read_text(), loopback.log.read_text()

    assert f"dashboard: {open_to_all.url}   (listens on 0.0.0.0:" in said
    assert "warning: there is no login" in said
    assert f"dashboard: {loopback.url}   (listens on 127.0.0.1:" in quiet
    assert "warning" not in quiet
