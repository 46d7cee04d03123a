import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.domain.usage.minutes import (
    COUNTS,
    HourMinutes,
    MinuteBlock,
    pack_hour,
    pack_many,
    unpack_hour,
    unpack_many,
)

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
    again = unpack_hour(pack_hour(hour))
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
    packed = pack_many(MinuteBlock.of(hours))
    assert [pack_hour(hour) for hour in hours] == packed
    block = unpack_many(packed)
    assert hours == [block.hour(index) for index in range(len(block))]


def test_an_idle_hour_takes_four_bytes():
    assert 4 == len(pack_hour(HourMinutes()))


def test_a_typical_hour_takes_less_than_a_value_of_eight_bytes_would_by_far():
    rng = np.random.default_rng(7)
    tokens = tuple(rng.lognormal(9, 1, 60).astype(int).tolist())
    hour = HourMinutes(prompt=tokens, completion=tokens[::-1], requests=tuple(rng.poisson(20, 60).tolist()))
    assert len(pack_hour(hour)) < 400


def test_an_uncovered_minute_stays_apart_from_an_idle_one():
    partly = HourMinutes(covered=(True,) * 37 + (False,) * 23)
    assert partly == unpack_hour(pack_hour(partly))
    assert pack_hour(partly) != pack_hour(HourMinutes())


def test_the_largest_count_survives_and_a_larger_one_is_refused():
    hour = HourMinutes(prompt=(LARGEST,) * 60)
    assert hour == unpack_hour(pack_hour(hour))
    with pytest.raises(ValueError, match="fits 64 bits"):
        pack_hour(HourMinutes(prompt=(LARGEST + 1,) * 60))


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="throttled holds -1: expected counts of 0 and more"):
        pack_hour(HourMinutes(throttled=(-1,) + (0,) * 59))


def test_an_hour_has_sixty_minutes():
    with pytest.raises(ValueError, match=r"HourMinutes\.prompt has 59 values: expected 60"):
        HourMinutes(prompt=(1,) * 59)


@pytest.mark.parametrize(
    "packed", [b"", b"\x01", b"\x02\x00\x00\x00", b"\x01\x99\x99\x99", b"\x01\x10\x00\x00\x07"]
)
def test_a_damaged_column_is_named_and_never_read_as_figures(packed: bytes):
    with pytest.raises(ValueError, match="packed hour"):
        unpack_hour(packed)


def test_a_truncated_column_is_named():
    whole = pack_hour(HourMinutes(prompt=tuple(range(60)), completion=(7,) * 60))
    with pytest.raises(ValueError, match="damaged"):
        unpack_hour(whole[:-3])


def test_tokens_are_prompt_and_completion_together():
    block = MinuteBlock.of([HourMinutes(prompt=(3,) * 60, completion=(4,) * 60)])
    assert {7} == set(block.tokens.ravel().tolist())


def test_no_hours_are_an_empty_block():
    assert [] == pack_many(MinuteBlock.empty(0))
    assert 0 == len(unpack_many([]))
    assert all(0 == getattr(MinuteBlock.empty(0), name).size for name in COUNTS)
