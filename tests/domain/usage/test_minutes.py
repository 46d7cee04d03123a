import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.domain.usage.minutes import COUNTS, MinuteBlock, pack_many, unpack_many
from tests.domain.usage.hours import HourMinutes, block_of, hour_of, packed, unpacked

LARGEST = 2**63 - 1


def sixty(values: st.SearchStrategy) -> st.SearchStrategy:
    busy = st.lists(values, min_size=60, max_size=60)
    return (busy | values.map(lambda value: [value] * 60)).map(tuple)


counts = sixty(st.integers(0, 300) | st.integers(0, LARGEST))
percents = sixty(
    st.none()
    | st.integers(0, 20_000).map(lambda hundredths: hundredths / 100)
    | st.floats(0, 1e9, allow_nan=False)
    | st.just(-0.0)
)
an_hour = st.builds(HourMinutes, counts, counts, counts, counts, counts, percents, sixty(st.booleans()))


@settings(max_examples=40)
@given(an_hour)
def test_an_hour_comes_back_as_it_was_packed(hour: HourMinutes):
    again = unpacked(packed(hour))
    assert hour == again
    assert [math.copysign(1, p) for p in hour.ptu_max if p is not None] == [
        math.copysign(1, p) for p in again.ptu_max if p is not None
    ]


def some_hour(rng: np.random.Generator) -> HourMinutes:
    """Counts of every width, percentages of every form, whole and partly covered."""
    counts = [tuple(rng.integers(0, 2 ** rng.integers(1, 63), 60).tolist()) for _ in COUNTS]
    values = (None, 12.34, 250.0, 1 / 3)[: rng.integers(1, 5)]
    percent = tuple(values[at] for at in rng.integers(0, len(values), 60))
    covered = tuple((rng.random(60) < rng.choice([0.5, 1.0])).tolist())
    return HourMinutes(*counts, ptu_max=percent, covered=covered)


@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_many_hours_at_once_are_the_hours_one_by_one(seed: int, count: int):
    rng = np.random.default_rng(seed)
    hours = [some_hour(rng) for _ in range(count)]
    together = pack_many(block_of(hours))
    assert [packed(hour) for hour in hours] == together
    block = unpack_many(together)
    assert hours == [hour_of(block, index) for index in range(len(block))]


def test_an_idle_hour_takes_four_bytes():
    assert 4 == len(packed(HourMinutes()))


def test_a_typical_hour_takes_less_than_a_value_of_eight_bytes_would_by_far():
    rng = np.random.default_rng(7)
    tokens = tuple(rng.lognormal(9, 1, 60).astype(int).tolist())
    hour = HourMinutes(prompt=tokens, completion=tokens[::-1], requests=tuple(rng.poisson(20, 60).tolist()))
    assert len(packed(hour)) < 400


def test_an_uncovered_minute_stays_apart_from_an_idle_one():
    partly = HourMinutes(covered=(True,) * 37 + (False,) * 23)
    assert partly == unpacked(packed(partly))
    assert packed(partly) != packed(HourMinutes())


def test_the_largest_count_survives():
    hour = HourMinutes(prompt=(LARGEST,) * 60)
    assert hour == unpacked(packed(hour))


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="throttled holds -1: expected counts of 0 and more"):
        packed(HourMinutes(throttled=(-1,) + (0,) * 59))


def test_an_hour_has_sixty_minutes():
    whole = MinuteBlock.empty(1)
    with pytest.raises(ValueError, match=r"MinuteBlock\.requests has shape \(1, 59\): expected \(1, 60\)"):
        replace(whole, requests=whole.requests[:, :59])


@pytest.mark.parametrize(
    "column", [b"", b"\x01", b"\x02\x00\x00\x00", b"\x01\x99\x99\x99", b"\x01\x10\x00\x00\x07"]
)
def test_a_damaged_column_is_named_and_never_read_as_figures(column: bytes):
    with pytest.raises(ValueError, match="packed hour"):
        unpacked(column)


def test_a_truncated_column_is_named():
    whole = packed(HourMinutes(prompt=tuple(range(60)), completion=(7,) * 60))
    with pytest.raises(ValueError, match="damaged"):
        unpacked(whole[:-3])


def test_tokens_are_prompt_and_completion_together():
    block = block_of([HourMinutes(prompt=(3,) * 60, completion=(4,) * 60)])
    assert {7} == set(block.tokens.ravel().tolist())


def test_no_hours_are_an_empty_block():
    assert [] == pack_many(MinuteBlock.empty(0))
    assert 0 == len(unpack_many([]))
    assert all(0 == getattr(MinuteBlock.empty(0), name).size for name in COUNTS)
