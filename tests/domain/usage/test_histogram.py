import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.usage.histogram import RELATIVE_ERROR, Histogram, merge

minute_values = st.lists(
    st.just(0) | st.integers(0, 200) | st.integers(0, 10**12) | st.floats(1e-6, 1e9), max_size=300
).map(lambda values: np.array(values, dtype=np.float64))


@given(minute_values, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_a_quantile_is_within_one_percent_of_the_nearest_rank(values: np.ndarray, qs: list[float]):
    found = Histogram.from_values(values).quantiles(qs)
    if not values.size:
        assert [None] * len(qs) == list(found)
        return
    for q, value in zip(qs, found, strict=True):
        exact = np.quantile(values, q, method="inverted_cdf")
        assert abs(value - exact) <= RELATIVE_ERROR * exact


@given(st.lists(minute_values, max_size=5))
def test_a_merge_is_the_histogram_of_all_values_together(parts: list[np.ndarray]):
    together = np.concatenate([np.zeros(0), *parts])
    merged = merge(Histogram.from_values(part).to_bytes() for part in parts)
    assert Histogram.from_values(together) == merged
    assert together.size == merged.count


@given(minute_values)
def test_the_bytes_hold_all_of_it(values: np.ndarray):
    histogram = Histogram.from_values(values)
    assert histogram == Histogram.from_bytes(histogram.to_bytes())


def test_idle_minutes_count():
    values = np.array([0] * 99 + [5000])
    histogram = Histogram.from_values(values)
    assert 0 == histogram.quantile(0.5) == histogram.quantile(0.99)
    assert 5000 == histogram.quantile(1.0) == histogram.max
    assert (100, 99) == (histogram.count, histogram.zeros)


def test_nan_is_no_value():
    assert 1 == Histogram.from_values(np.array([np.nan, 42.5, np.nan])).count
    assert Histogram() == Histogram.from_values(np.array([np.nan]))


def test_small_counts_round_to_themselves():
    for value in range(50):
        histogram = Histogram.from_values(np.array([value, 10**6]))
        assert value == round(histogram.quantile(0.5) or 0)


def test_a_busy_day_takes_a_few_hundred_bytes():
    day = np.random.default_rng(3).lognormal(10, 1, 1440).astype(np.int64)
    assert len(Histogram.from_values(day).to_bytes()) < 500


@pytest.mark.parametrize("values", [[-1.0], [float("inf")]])
def test_values_that_no_minute_has_are_refused(values: list[float]):
    with pytest.raises(ValueError, match="expected finite ones of 0 and more"):
        Histogram.from_values(np.array(values))


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match="expected shares between 0 and 1"):
        Histogram().quantile(99)


@pytest.mark.parametrize("packed", [b"", b"\x07" * 20, Histogram.from_values(np.arange(900)).to_bytes()[:-2]])
def test_damaged_bytes_are_named(packed: bytes):
    with pytest.raises(ValueError, match="histogram"):
        merge([packed])


def test_the_share_of_the_highest_tenth_tells_runs_from_an_even_flow() -> None:
    even = Histogram.from_values(np.full(1_000, 70.0))
    runs = Histogram.from_values(np.concatenate([np.zeros(900), np.full(50, 1_000.0), np.full(50, 500.0)]))

    assert even.share_of_top(0.1) == pytest.approx(0.1, rel=0.01)
    assert runs.share_of_top(0.1) == pytest.approx(1.0)
    assert runs.share_of_top(0.05) == pytest.approx(2 / 3, rel=0.02)
    assert Histogram.from_values(np.zeros(10)).share_of_top(0.1) is None
