from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.periods import Window
from collector.domain.room.coverage import minutes_existed
from collector.domain.room.headroom import (
    LimitRevision,
    MinuteLimits,
    RoomSpan,
    headroom,
    limits_by_minute,
    merged,
    week_picture,
)
from collector.domain.room.spans import room_spans
from collector.domain.usage.histogram import Histogram
from collector.domain.usage.minutes import MinuteBlock
from tests.domain.usage.hours import HourMinutes, block_of

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
LIMIT = LimitRevision(MONDAY, tpm=1000, rpm=60)


def hours_from(start: datetime, count: int) -> list[datetime]:
    return [start + timedelta(hours=hour) for hour in range(count)]


def an_hour(
    *, tokens: int = 0, busiest: int | None = None, requests: int = 1, covered: int = 60
) -> HourMinutes:
    prompt = [tokens] * 60
    if busiest is not None:
        prompt[17] = busiest
    return HourMinutes(
        prompt=tuple(prompt), requests=(requests,) * 60, covered=(True,) * covered + (False,) * (60 - covered)
    )


def a_span(
    *hours: HourMinutes, limits: list[LimitRevision] | None = None, existed: int | None = None, **totals
):
    block, starts = block_of(hours), hours_from(MONDAY, len(hours))
    [found] = room_spans(
        starts,
        block,
        limits_by_minute([LIMIT] if limits is None else limits, starts),
        [slice(0, len(hours))],
        minutes_existed=[60 * len(hours) if existed is None else existed],
        **totals,
    )
    return found


def test_headroom_is_what_the_busiest_minute_leaves():
    found = headroom(a_span(an_hour(tokens=100), an_hour(tokens=100, busiest=950)), LIMIT)
    assert (950, 50, "tpm", 0.95) == (found.tpm.peak, found.headroom_tpm, found.binding, found.used_share)
    assert (1, 1, 0) == (found.minutes_over_80, found.minutes_over_90, found.minutes_over_100)
    assert (59, False) == (found.headroom_rpm, found.at_least)
    assert found.tpm.median == pytest.approx(100, rel=0.01)


def test_headroom_can_be_negative_and_a_limit_of_nothing_is_over_at_once():
    assert -500 == headroom(a_span(an_hour(busiest=1500)), LIMIT).headroom_tpm
    nothing = LimitRevision(MONDAY, tpm=0, rpm=None)
    found = headroom(a_span(an_hour(busiest=5), limits=[nothing]), nothing)
    assert (-5, 1, None) == (found.headroom_tpm, found.minutes_over_100, found.binding)


def test_requests_bind_where_they_come_nearer_to_their_limit():
    found = headroom(a_span(an_hour(tokens=100, requests=54)), LIMIT)
    assert ("rpm", 0.9, 60) == (found.binding, found.used_share, found.minutes_over_90)


def test_provisioned_units_bind_where_no_limit_is_known():
    hour = replace(an_hour(tokens=9), ptu_max=(None,) * 59 + (104.5,))
    found = headroom(a_span(hour, limits=[]), None)
    assert ("ptu", 1.045, 1, None) == (
        found.binding,
        found.used_share,
        found.minutes_over_100,
        found.headroom_tpm,
    )


def test_each_minute_is_judged_by_the_limit_of_that_minute():
    raised = [LIMIT, LimitRevision(MONDAY + timedelta(minutes=30), tpm=2000, rpm=60)]
    found = headroom(a_span(an_hour(tokens=850), limits=raised), raised[-1])
    assert (30, 2000, 1150) == (found.minutes_over_80, found.limit_tpm, found.headroom_tpm)


def test_before_the_oldest_revision_the_oldest_one_is_assumed():
    found = limits_by_minute([LimitRevision(MONDAY + timedelta(days=3), 7, None)], [MONDAY])
    assert {7.0} == set(found.tpm.ravel().tolist())
    assert np.isnan(found.rpm).all()


def test_several_revisions_inside_one_hour_each_have_their_minutes():
    revisions = [LimitRevision(MONDAY + timedelta(minutes=at), at + 1, None) for at in (0, 10, 40, 60)]
    [row] = limits_by_minute(revisions, [MONDAY]).tpm
    assert [1.0] * 10 + [11.0] * 30 + [41.0] * 20 == row.tolist()


def test_a_peak_is_at_least_the_sixtieth_part_of_an_hour_known_only_as_a_whole():
    span = a_span(an_hour(tokens=10), an_hour(covered=0), hour_tokens=[600, 6_001], hour_requests=[60, 120])
    found = headroom(span, LIMIT)
    assert (101, True, 0.5, 1.0) == (found.tpm.peak, found.at_least, found.minute_coverage, found.coverage)


def test_a_peak_is_unknown_where_no_minute_is_known():
    found = headroom(a_span(an_hour(covered=0), hour_tokens=[60_000], hour_requests=[60]), LIMIT)
    assert (None, None, None, None) == (
        found.tpm.peak,
        found.headroom_tpm,
        found.minutes_over_80,
        found.binding,
    )
    assert (0.0, 1.0) == (found.minute_coverage, found.coverage)


def test_uncovered_minutes_are_not_idle_minutes():
    found = a_span(an_hour(tokens=100, covered=1))
    assert 1 == Histogram.from_bytes(found.tpm_histogram or b"").count


def test_idle_minutes_count_in_percentiles():
    found = headroom(a_span(HourMinutes(), HourMinutes(), an_hour(busiest=900, requests=0)), LIMIT)
    assert (900, 0, 0, None) == (found.tpm.peak, found.tpm.p99, found.tpm.median, found.tpm.burst_ratio)


def test_without_anything_known_nothing_is_claimed():
    found = headroom(RoomSpan(), None)
    assert (None, None, None, None) == (
        found.tpm.peak,
        found.coverage,
        found.used_share,
        found.minutes_over_80,
    )


def test_a_deployment_exists_from_its_creation_to_its_end_and_the_newest_minutes_are_left_out():
    day, now = Window(MONDAY, MONDAY + timedelta(days=1)), MONDAY + timedelta(hours=12)
    assert 705 == minutes_existed(day, None, None, now)
    assert 105 == minutes_existed(day, MONDAY + timedelta(hours=10), None, now)
    assert 30 == minutes_existed(day, None, MONDAY + timedelta(minutes=30), now)
    assert 0 == minutes_existed(day, now + timedelta(hours=1), None, now)


def test_a_week_picture_has_a_cell_for_every_hour_of_the_week():
    picture = week_picture(
        [MONDAY, MONDAY + timedelta(days=7), MONDAY + timedelta(hours=25)], [10, 30, None], [600, 1200, 60]
    )
    assert (30.0, 15.0) == (picture.peak[0][0], picture.mean[0][0])
    assert (None, 1.0) == (picture.peak[1][1], picture.mean[1][1])
    assert picture.peak[6][23] is None


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 11))
def test_a_period_of_days_is_the_period_of_its_minutes(seed: int, count: int, cut: int):
    rng = np.random.default_rng(seed)
    starts = hours_from(MONDAY, count)
    block = MinuteBlock.empty(count)
    block.prompt[:] = rng.integers(0, 2000, (count, 60)) * (rng.random((count, 60)) < 0.5)
    block.requests[:] = rng.integers(0, 70, (count, 60))
    block.ptu_max[:] = np.where(rng.random((count, 60)) < 0.2, rng.integers(0, 120, (count, 60)), np.nan)
    block.covered[:] = rng.random((count, 60)) < 0.9
    limits = limits_by_minute([LIMIT, LimitRevision(MONDAY + timedelta(minutes=90), 1500, None)], starts)

    def span(low: int, high: int) -> RoomSpan:
        part = MinuteBlock(*(getattr(block, name)[low:high] for name in MinuteBlock.__slots__))
        part_limits = MinuteLimits(limits.tpm[low:high], limits.rpm[low:high])
        rows, existed = slice(0, high - low), 60 * (high - low)
        [found] = room_spans(starts[low:high], part, part_limits, [rows], minutes_existed=[existed])
        return found

    cut = min(cut, count)
    assert span(0, count) == merged([span(0, cut), span(cut, count)] if cut < count else [span(0, count)])
