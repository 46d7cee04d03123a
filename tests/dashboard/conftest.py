"""Stores of every world, made once, and screens opened on them as Streamlit runs them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import state
from tests.dashboard.seed import NOW
from tests.dashboard.worlds import world_at

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"

Opened = Callable[..., AppTest]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The URL of a world's store; each is seeded once and read only from then on."""
    made: dict[str, str] = {}

    def url(name: str) -> str:
        if name not in made:
            made[name] = world_at(tmp_path_factory.mktemp(name) / "store.db", name)
        return made[name]

    return url


@pytest.fixture(scope="session", autouse=True)
def _engines_closed() -> Iterator[None]:
    """Caches are keyed by the store's URL, so tests share them; the engines end with the session."""
    yield
    st.cache_resource.clear()


@pytest.fixture
def opened(world: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Opened:
    """`opened("cost", "demo", period="Last 7 days")`: the screen as it stands after its first run."""

    def open_screen(screen: str, name: str, **query: str | list[str]) -> AppTest:
        monkeypatch.setenv("AOAI_DATABASE_URL", world(name))
        monkeypatch.setenv(state.CLOCK, NOW.isoformat())
        app = AppTest.from_file(str(APP), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        return app if screen == "overview" else shown(app, screen)

    return open_screen


def shown(app: AppTest, screen: str) -> AppTest:
    return app.switch_page(f"screens/{screen}.py").run()


def assert_opens(app: AppTest, screen: str, title: str) -> None:
    shown(app, screen)
    assert [] == [error.message for error in app.exception]
    assert [] == [error.value for error in app.error]
    assert [title] == [found.value for found in app.title]
