"""The deeper room screens open on every kind of store, and show what the store holds."""

from collections.abc import Callable

import pytest

from collector.store.engine import open_engine
from collector.store.reads import room
from collector.store.reads.posture import posture_rows
from dashboard import words
from dashboard.views.fit import most_asked_first
from dashboard.views.posture import deviations
from dashboard.words import room as room_words
from tests.dashboard.conftest import Opened, assert_opens, shown
from tests.dashboard.worlds import HOSTILE

TITLES = {
    "throttling": room_words.HURTS_TITLE,
    "advice": room_words.ADVICE_TITLE,
    "fit": room_words.FIT_TITLE,
    "quota": room_words.MAP_TITLE,
    "units": room_words.UNITS_TITLE,
    "quality": room_words.QUALITY_TITLE,
    "posture": room_words.POSTURE_TITLE,
}


@pytest.mark.parametrize("name", ["demo", "empty", "troubled", "hostile"])
def test_every_room_screen_opens_on_every_store(opened: Opened, name: str) -> None:
    app = opened("overview", name)

    for screen, title in TITLES.items():
        assert_opens(app, screen, title)


def test_an_empty_store_says_how_to_begin_on_each(opened: Opened) -> None:
    app = opened("overview", "empty")

    for screen in TITLES:
        shown(app, screen)
        assert words.EMPTY_COMMANDS in [code.value for code in app.code]


def test_what_hurts_is_every_deployment_that_was_refused_with_its_paragraph(
    opened: Opened, world: Callable[[str], str]
) -> None:
    app = opened("throttling", "demo")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        rows = room.room_rows(connection, "2026-11")
    hurt = sorted((row for row in rows if row.throttled), key=lambda row: -row.throttled)
    assert [row.deployment for row in hurt] == list(app.dataframe[0].value["deployment"])
    assert any("answered with 429" in one.value for one in app.text)


def test_names_from_azure_are_never_markup(opened: Opened) -> None:
    app = opened("overview", "hostile")

    for screen in TITLES:
        shown(app, screen)
        marked = " ".join(one.value for one in (*app.markdown, *app.caption, *app.subheader, *app.warning))
        assert HOSTILE not in marked
        assert "<b>" not in marked


def test_fit_without_a_models_list_that_names_limits_says_so(opened: Opened) -> None:
    assert room_words.NO_MODELS in [one.value for one in opened("fit", "demo").caption]


def test_posture_names_only_what_azure_said(opened: Opened, world: Callable[[str], str]) -> None:
    app = opened("posture", "demo")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        rows = posture_rows(connection)
    assert [row.name for row in rows] == list(app.dataframe[0].value["account"])
    for row in rows:
        assert row.local_auth_disabled is False or "keys are allowed" not in deviations(row)


def test_models_are_offered_by_how_much_they_are_asked_and_the_unused_by_name() -> None:
    seats = [("GPT-4o", 10), ("o3", 0), ("gpt-4o", 5), ("gpt-5", 12)]

    found = most_asked_first({"ada", "gpt-4o", "gpt-5", "o3", "Babbage"}, seats)

    assert ["gpt-4o", "gpt-5", "o3", "ada", "Babbage"] == found
