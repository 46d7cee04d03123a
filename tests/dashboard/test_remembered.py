"""How long an answer of the store is remembered."""

from collections.abc import Callable
from datetime import date

import pytest

from dashboard import state
from dashboard.state import memory
from tests.dashboard.seed import NOW


@pytest.mark.parametrize(
    ("name", "asked"),
    [pytest.param("demo", "kept", id="all worked out"), pytest.param("collected", "brief", id="days wait")],
)
def test_while_days_wait_answers_are_remembered_for_seconds_only(
    world: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, name: str, asked: str
) -> None:
    monkeypatch.setenv(state.CLOCK, NOW.isoformat())
    read = memory._Remembered(lambda url: "kept", lambda url: "brief")  # pyright: ignore[reportArgumentType]  # no `clear`

    assert asked == read(world(name))


def test_a_brief_answer_is_not_the_one_that_was_kept(
    world: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(state.CLOCK, NOW.isoformat())
    times: list[str] = []

    @state.remembered()
    def answer(url: str, on: date) -> int:
        times.append(url)
        return len(times)

    done, waiting = world("demo"), world("collected")
    assert [1, 1, 2, 2] == [answer(url, NOW.date()) for url in (done, done, waiting, waiting)]
    answer.clear()
    assert [3, 4] == [answer(url, NOW.date()) for url in (done, waiting)]
