from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.periods import (
    Month,
    PlannedWindow,
    Window,
    days,
    floor_hour,
    floor_minute,
    hours,
    last_days,
    midnight,
    month_of,
    months,
    plan_span,
    plan_windows,
)

NOW = datetime(2026, 11, 22, 10, 37, 12, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


instants = st.integers(0, 730 * 86_400).map(lambda seconds: utc(2026, 1, 1) + timedelta(seconds=seconds))


def test_a_window_holds_its_start_and_not_its_end():
    window = Window(utc(2026, 10, 1), utc(2026, 10, 2))
    assert utc(2026, 10, 1) in window
    assert utc(2026, 10, 2) not in window
    assert timedelta(days=1) == window.length


def test_windows_that_only_touch_do_not_overlap():
    first, second = Window(utc(2026, 10, 1), utc(2026, 10, 2)), Window(utc(2026, 10, 2), utc(2026, 10, 3))
    assert first.overlap(second) is None
    assert second == second.overlap(Window(utc(2026, 10, 1), utc(2026, 10, 5)))


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [
        pytest.param(
            utc(2026, 10, 1).replace(tzinfo=None), utc(2026, 10, 2), "aware instant in UTC", id="naive"
        ),
        pytest.param(
            datetime(2026, 10, 1, tzinfo=timezone(timedelta(hours=2))),
            utc(2026, 10, 2),
            "UTC",
            id="other zone",
        ),
        pytest.param(utc(2026, 10, 2), utc(2026, 10, 2), "start before the end", id="empty"),
        pytest.param(utc(2026, 10, 3), utc(2026, 10, 2), "start before the end", id="backwards"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(start: datetime, end: datetime, word: str):
    with pytest.raises(ValueError, match=word):
        Window(start, end)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "October", "", "2026-10-01", "٢٠٢٦-10"])
def test_a_month_that_cannot_be_read_names_what_would_be_right(text: str):
    with pytest.raises(ValueError, match="expected a year and a month such as 2026-10"):
        Month.parse(text)


def test_a_month_is_its_utc_days():
    february = Month.parse("2028-02")
    assert Window(utc(2028, 2, 1), utc(2028, 3, 1)) == february.window
    assert 29 == len(february.days)
    assert "2028-01" == str(february.shifted(-1))
    assert Month(2029, 2) == february.shifted(12)


def test_a_month_of_an_instant_is_counted_in_utc():
    in_berlin = datetime(2026, 11, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert Month(2026, 10) == month_of(in_berlin)
    assert Month(2026, 11) == month_of(date(2026, 11, 1))


def test_a_window_names_every_hour_day_and_month_it_touches():
    window = Window(utc(2026, 10, 31, 22, 30), utc(2026, 11, 1, 1))
    assert [utc(2026, 10, 31, 22), utc(2026, 10, 31, 23), utc(2026, 11, 1)] == list(hours(window))
    assert [date(2026, 10, 31), date(2026, 11, 1)] == list(days(window))
    assert [Month(2026, 10), Month(2026, 11)] == list(months(window))


def test_the_last_seven_days_end_with_the_day_named():
    assert Window(utc(2026, 11, 16), utc(2026, 11, 23)) == last_days(date(2026, 11, 22), 7)


def test_a_first_run_reads_hours_for_what_is_old_and_minutes_for_the_newest_days():
    plan = plan_windows(None, NOW, backfill_days=4, minute_backfill_days=1, hour_window_days=2)
    assert (
        PlannedWindow(Window(utc(2026, 11, 18), utc(2026, 11, 20)), "PT1H"),
        PlannedWindow(Window(utc(2026, 11, 20), utc(2026, 11, 21)), "PT1H"),
        PlannedWindow(Window(utc(2026, 11, 21), utc(2026, 11, 22)), "PT1M"),
        PlannedWindow(Window(utc(2026, 11, 22), utc(2026, 11, 22, 10, 37)), "PT1M"),
    ) == plan.windows
    assert plan.gap is None


def test_a_later_run_starts_at_the_first_minute_of_the_trailing_hour():
    plan = plan_windows(utc(2026, 11, 22, 10, 30), NOW)
    assert [PlannedWindow(Window(utc(2026, 11, 22, 9), utc(2026, 11, 22, 10, 37)), "PT1M")] == list(plan)


def test_a_nightly_run_reads_two_days_again():
    plan = plan_windows(utc(2026, 11, 22, 10, 30), NOW, nightly=True)
    assert utc(2026, 11, 20, 10) == plan.windows[0].window.start
    assert 3 == len(plan)


def test_a_long_stop_is_read_minute_by_minute():
    plan = plan_windows(NOW - timedelta(days=80), NOW)
    assert {"PT1M"} == {planned.grain for planned in plan}
    assert plan.gap is None


def test_what_azure_has_forgotten_is_a_shown_gap():
    stopped_at = NOW - timedelta(days=100)
    plan = plan_windows(stopped_at, NOW)
    oldest = utc(2026, 8, 21, 11)
    assert Window(floor_hour(stopped_at), oldest) == plan.gap
    assert oldest == plan.windows[0].window.start


def test_a_clock_that_jumped_back_plans_the_trailing_window_and_says_so():
    plan = plan_windows(NOW + timedelta(days=3), NOW)
    assert plan.clock_went_back
    assert [PlannedWindow(Window(utc(2026, 11, 22, 9), utc(2026, 11, 22, 10, 37)), "PT1M")] == list(plan)


def test_a_backfill_is_clipped_to_what_azure_still_knows():
    plan = plan_span(Window(utc(2026, 1, 1), utc(2026, 8, 22)), NOW)
    assert Window(utc(2026, 1, 1), utc(2026, 8, 21, 11)) == plan.gap
    assert (PlannedWindow(Window(utc(2026, 8, 21, 11), utc(2026, 8, 22)), "PT1M"),) == plan.windows
    assert 0 == len(plan_span(Window(utc(2026, 1, 1), utc(2026, 2, 1)), NOW))
    assert 0 == len(plan_span(Window(utc(2027, 1, 1), utc(2027, 2, 1)), NOW))


@given(
    now=instants,
    behind=st.none() | st.timedeltas(timedelta(days=-5), timedelta(days=200)),
    nightly=st.booleans(),
    backfill=st.integers(1, 120),
    minute_backfill=st.integers(1, 120),
    chop=st.integers(1, 10),
)
def test_windows_cover_exactly_the_wanted_span(
    now: datetime, behind: timedelta | None, nightly: bool, backfill: int, minute_backfill: int, chop: int
):
    known = None if behind is None else now - behind
    plan = plan_windows(
        known,
        now,
        nightly=nightly,
        backfill_days=backfill,
        minute_backfill_days=minute_backfill,
        minute_window_days=chop,
    )
    windows = [planned.window for planned in plan]
    oldest = now - timedelta(days=93)
    assert windows[-1].end == floor_minute(now)
    assert all(one.end == two.start for one, two in pairwise(windows))
    assert all(
        one.start == floor_hour(one.start) and one.length <= timedelta(days=chop + 7) for one in windows
    )
    assert windows[0].start >= oldest
    trailing = timedelta(hours=48) if nightly else timedelta(hours=1)
    wanted = (
        midnight((now - timedelta(days=backfill)).date())
        if known is None
        else floor_hour(min(known, now) - trailing)
    )
    if wanted >= oldest:
        assert (wanted, None) == (windows[0].start, plan.gap)
        return
    assert windows[0].start - oldest < timedelta(hours=1)
    lost = None if known is None else floor_hour(min(known, now))
    is_gap = lost is not None and lost < windows[0].start
    assert (Window(lost, windows[0].start) if lost and is_gap else None) == plan.gap


@given(now=instants, later=st.integers(0, 30))
def test_planning_again_after_success_yields_only_the_trailing_window(now: datetime, later: int):
    first = plan_windows(None, now)
    again = plan_windows(first.windows[-1].window.end, now + timedelta(minutes=later))
    span = Window(again.windows[0].window.start, again.windows[-1].window.end)
    # The trailing hour before what is known, its first minute, and the minutes since.
    assert span.length < timedelta(hours=2, minutes=later)
    assert {"PT1M"} == {planned.grain for planned in again}
