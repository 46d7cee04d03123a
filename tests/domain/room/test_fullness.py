from datetime import date

import numpy as np
import pytest

from collector.domain.room.fullness import HORIZON_DAYS, NoDate, UntilFull, in_words, time_until_full
from tests.domain.worlds import KINDS, a_world

TODAY = date(2026, 11, 22)


def grown(days: int, growth: float, *, noise: float = 0.03) -> list[float | None]:
    rng = np.random.default_rng(1)
    return (1000 * np.exp(growth * np.arange(days) + rng.normal(0, noise, days))).tolist()


def test_on_held_out_worlds_the_interval_holds_the_day_and_beats_supposing_no_change():
    covered, ours, last, dated = [], [], [], 0
    for kind in KINDS:
        for seed in range(200, 221):
            days = (35, 60, 91)[seed % 3]
            world = a_world(kind, seed, days + HORIZON_DAYS, noise=0.2)
            limit = float(world[days - 28 : days].max() * np.random.default_rng(seed).uniform(1.1, 3))
            found = time_until_full(world[:days].tolist(), limit)
            reached = np.flatnonzero(world[days:] >= limit)
            truth = int(reached[0]) + 1 if reached.size else HORIZON_DAYS + 1
            if isinstance(found, UntilFull):
                low, high = found.low or HORIZON_DAYS + 1, found.high or HORIZON_DAYS + 1
                dated += found.high is not None
                covered.append(low <= truth <= high)
                ours.append(abs(min(found.days or HORIZON_DAYS, HORIZON_DAYS) - min(truth, HORIZON_DAYS)))
                last.append(HORIZON_DAYS - min(truth, HORIZON_DAYS))
    print(
        f"covered {np.mean(covered):.2f}, off {np.mean(ours):.0f} days, no change {np.mean(last):.0f}, dated {dated}"
    )
    assert 0.7 <= np.mean(covered) <= 0.9
    assert np.mean(ours) < 0.85 * np.mean(last)


def test_steady_growth_is_full_when_it_reaches_the_limit():
    found = time_until_full(grown(84, 0.01), 1000 * np.exp(0.01 * 114))
    assert isinstance(found, UntilFull)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 30 <= found.high
    assert found.high - found.low < 30
    assert found.error is not None
    assert found.last_value_error is not None
    assert found.error < found.last_value_error


def test_an_interval_holds_four_fifths_of_what_may_come_with_one_end_or_two():
    series = grown(84, 0.004, noise=0.1)
    for limit in range(1500, 4000, 250):
        found = time_until_full(series, limit)
        assert isinstance(found, UntilFull)
        if found.high is None:
            later = time_until_full(series, limit * 1.5)
            assert found.low is None or found.chance >= 0.2
            assert isinstance(later, UntilFull)
            assert found.low is not None or later.low is None
        else:
            assert found.chance >= 0.9


def test_a_share_of_the_limit_is_reached_before_the_limit():
    series, limit = grown(84, 0.01), 1000 * np.exp(0.01 * 124)
    at_80, at_100 = time_until_full(series, limit, share=0.8), time_until_full(series, limit)
    assert isinstance(at_80, UntilFull)
    assert isinstance(at_100, UntilFull)
    assert (at_80.days or 0) < (at_100.days or 0)


def test_what_has_been_at_its_limit_this_week_is_full_now():
    assert UntilFull(0, 0, 0, 1.0, None, None) == time_until_full([10.0] * 30 + [100.0, 10.0], 100)


@pytest.mark.parametrize(
    ("series", "limit", "reason"),
    [
        pytest.param([1.0, 2.0] * 10, 9, "only 20 days are known; a date needs 28", id="short"),
        pytest.param([1.0, None, 3.0, None] * 25, 9, "too many of the last days are unknown", id="gaps"),
        pytest.param([1.0, 2.0] * 30, None, "the limit is unknown", id="no limit"),
        pytest.param([1.0, 2.0] * 30, 0, "the limit is 0", id="limit 0"),
        pytest.param([5.0] * 60, 9, "it did not change", id="constant"),
        pytest.param([0.0] * 60, 9, "it is not used", id="idle"),
    ],
)
def test_no_date_where_the_data_cannot_carry_one(
    series: list[float | None], limit: float | None, reason: str
):
    assert NoDate(reason) == time_until_full(series, limit)


def test_something_that_shrinks_is_not_full_within_the_horizon():
    found = time_until_full(grown(84, -0.01), 2000)
    assert isinstance(found, UntilFull)
    assert (None, None) == (found.low, found.high)


WORDS = {
    "full now": UntilFull(0, 0, 0, 1.0, None, None),
    "within 3 weeks": UntilFull(12, 5, 19, 1.0, None, None),
    "within 1 week": UntilFull(3, 2, 7, 1.0, None, None),
    "between 12 December and February 2027": UntilFull(40, 20, 80, 1.0, None, None),
    "not before March 2027, perhaps not within 6 months": UntilFull(None, 110, None, 0.3, None, None),
    "not within 6 months": UntilFull(None, None, None, 0.0, None, None),
    "no date: the limit is unknown": NoDate("the limit is unknown"),
}


@pytest.mark.parametrize(("words", "found"), WORDS.items(), ids=WORDS.keys())
def test_an_interval_in_words_says_only_what_the_figures_carry(words: str, found: UntilFull | NoDate):
    assert words == in_words(found, TODAY)
