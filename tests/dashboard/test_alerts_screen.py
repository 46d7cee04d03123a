"""The Alerts screen on stores of every kind: what stands there, what a person may do, and that names stay text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from collector import wiring
from collector.domain.alerts.types import Action
from collector.jobs.alert import alert
from collector.jobs.outbox import send_letters
from collector.settings import Settings
from collector.store.engine import open_engine
from collector.store.reads import alerts as reads
from dashboard import alerts, state
from dashboard.state import Chosen
from dashboard.views.alerts import AlertFacts, alerts_view
from dashboard.words import EMPTY_COMMANDS
from dashboard.words import alerts as words
from tests.dashboard.conftest import APP, Opened, shown
from tests.dashboard.seed import NOW
from tests.dashboard.worlds import world_at

Looked = Callable[[str], AppTest]


def looked_at(url: str) -> None:
    """One pass over the rules and one round of an outbox without a mail server."""
    settings = Settings.model_validate({"database": {"url": url}, "mail": {"to": ["ops@contoso.com"]}})
    how, engine = wiring.telling(settings), open_engine(url)
    alert(engine, how.look, how.rules, how.writing, NOW)
    send_letters(engine, how.post, lambda: NOW)
    engine.dispose()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    made: dict[str, str] = {}

    def url(name: str) -> str:
        if name not in made:
            made[name] = world_at(tmp_path_factory.mktemp(f"watched-{name}") / "store.db", name)
            looked_at(made[name])
        return made[name]

    return url


@pytest.fixture
def screen(watched: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Looked:
    def open_screen(name: str) -> AppTest:
        monkeypatch.setenv("AOAI_DATABASE_URL", watched(name))
        monkeypatch.setenv(state.CLOCK, NOW.isoformat())
        return shown(AppTest.from_file(str(APP), default_timeout=30).run(), "alerts")

    return open_screen


@pytest.mark.parametrize("name", ["demo", "troubled", "hostile"])
def test_the_screen_shows_what_is_open_and_what_waits_to_be_sent(
    screen: Looked, watched: Callable[[str], str], name: str
) -> None:
    app = screen(name)

    assert [] == [error.message for error in app.exception]
    assert [words.TITLE] == [found.value for found in app.title]
    with open_engine(watched(name), read_only=True).connect() as connection:
        rows = reads.alert_rows(connection, ("open",))
    critical = sum(row.severity == "critical" for row in rows)
    assert [str(len(rows)), str(critical), "0", "1", "0"] == [metric.value for metric in app.metric]


def test_a_store_without_a_pass_says_how_to_run_one(opened: Opened) -> None:
    app = opened("alerts", "demo")

    assert [words.NOT_LOOKED] == [found.value for found in app.info if found.value == words.NOT_LOOKED]
    assert words.NO_OPEN in [found.value for found in app.caption]


def test_an_empty_store_says_how_to_begin(opened: Opened) -> None:
    app = opened("alerts", "empty")

    assert EMPTY_COMMANDS in [code.value for code in app.code]


def test_without_login_there_is_nothing_to_press(screen: Looked) -> None:
    app = screen("demo")

    assert [] == [button.label for button in app.button if button.label == words.DO_IT]
    assert words.NO_LOGIN in [found.value for found in app.caption]


def test_names_of_a_hostile_estate_stay_text(screen: Looked) -> None:
    app = screen("hostile")

    drawn = [str(one.value) for one in (*app.markdown, *app.caption, *app.title)]
    assert [] == [text for text in drawn if "<script" in text or "<img" in text]


def test_what_a_person_asks_for_is_noted_and_done_by_the_next_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world_at(tmp_path / "store.db", "demo")
    looked_at(url)
    monkeypatch.setenv("AOAI_DATABASE_URL", url)
    monkeypatch.setenv(state.CLOCK, NOW.isoformat())
    key = next(iter(alerts.view(Chosen()).choices))

    alerts.note(key, "acknowledge", "ann@contoso.com", "moving in spring", None)

    with open_engine(url).connect() as connection:
        asked = reads.waiting_actions(connection)
    assert [Action(key, "acknowledge", NOW, "ann@contoso.com", "moving in spring")] == [
        one.action for one in asked
    ]
    detail = alerts.detail(key)
    assert detail is not None
    assert ("acknowledge by ann@contoso.com: moving in spring",) == detail.asked
    looked_at(url)
    with open_engine(url).connect() as connection:
        done = reads.state(connection, key)
    assert done is not None
    assert ("acknowledged", "ann@contoso.com") == (done.status, done.acknowledged_by)


def test_filters_leave_what_has_no_place_of_its_own(watched: Callable[[str], str]) -> None:
    from collector.store.reads.scope import Filters

    with open_engine(watched("demo"), read_only=True).connect() as connection:
        facts = AlertFacts(reads.alert_rows(connection), (), (), {}, NOW)
    none = alerts_view(facts, Filters(subscriptions=("00000000-0000-0000-0000-000000000009",)), NOW.date())

    assert {row["account"] for row in none.open.rows} <= {None}
    assert len(none.open) < len(alerts_view(facts, Filters(), NOW.date()).open)
