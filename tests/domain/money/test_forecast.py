from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from collector.domain.daily_series import filled, weekday_factors
from collector.domain.money.forecast import (
    MonthForecast,
    NoForecast,
    SumForecast,
    forecast_sum,
    month_course,
    month_end,
)
from collector.domain.periods import Month
from tests.domain.worlds import KINDS, a_world

OCTOBER = Month(2026, 10)


def held_out() -> list[tuple[str, SumForecast, float, float, float]]:
    """Forecasts of worlds no constant was chosen on: (kind, forecast, truth, last value, last week)."""
    cases = []
    for kind in KINDS:
        for seed in range(100, 112):
            days, ahead = ((60, 20), (90, 6), (90, 27), (150, 13))[seed % 4]
            series = a_world(kind, seed, days + ahead)
            past, truth = series[:days], float(series[days:].sum())
            found = forecast_sum(past.tolist(), ahead)
            if isinstance(found, SumForecast):
                last_week = float(np.resize(past[-7:], ahead).sum())
                cases.append((kind, found, truth, float(past[-1]) * ahead, last_week))
    return cases


def test_on_held_out_worlds_four_of_five_intervals_hold_the_truth_and_the_error_beats_the_naive_ways():
    cases = held_out()
    assert len(cases) > 0.8 * 12 * len(KINDS)
    covered = np.mean([found.low <= truth <= found.high for _, found, truth, _, _ in cases])
    assert 0.7 <= covered <= 0.9
    error, last_value, last_week = _errors(cases)
    assert error < 0.95 * last_week < last_value
    print(f"covered {covered:.2f}, error {error:.3f}, last value {last_value:.3f}, last week {last_week:.3f}")


def _errors(cases: list[tuple[str, SumForecast, float, float, float]]) -> tuple[float, float, float]:
    ours = [abs(found.total - truth) / truth for _, found, truth, _, _ in cases]
    last_value = [abs(value - truth) / truth for _, _, truth, value, _ in cases]
    last_week = [abs(week - truth) / truth for _, _, truth, _, week in cases]
    return float(np.mean(ours)), float(np.mean(last_value)), float(np.mean(last_week))


def test_a_steady_week_is_forecast_as_it_is():
    week = [100.0, 110.0, 105.0, 100.0, 95.0, 20.0, 0.0]
    found = forecast_sum(week * 10, 14)
    assert isinstance(found, SumForecast)
    assert found.total == pytest.approx(2 * sum(week), rel=0.03)
    assert found.low < found.total < found.high
    assert found.error <= found.last_value_error


def test_the_same_series_always_gives_the_same_forecast():
    series = a_world("mix", 5, 90).tolist()
    assert forecast_sum(series, 9) == forecast_sum(series, 9)


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        pytest.param([1.0] * 34, "only 34 days are known; a forecast needs 35", id="short"),
        pytest.param([1.0] * 40 + [0.0] * 28, "nothing was spent in the last 28 days", id="idle"),
        pytest.param([1.0, None, None] * 40, "too many of the last days are unknown", id="gaps"),
        pytest.param([1.0] * 60 + [-3.0], "a day has a negative or impossible amount", id="negative"),
    ],
)
def test_what_cannot_carry_a_forecast_gets_none_and_is_told_why(series: list[float | None], reason: str):
    assert NoForecast(reason) == forecast_sum(series, 10)


def test_a_forecast_that_the_last_value_would_have_beaten_is_not_shown():
    steps = np.repeat(np.random.default_rng(0).choice([10.0, 14.0, 20.0, 28.0], 40), 9)[:90]
    found = forecast_sum(steps.tolist(), 3)
    assert isinstance(found, NoForecast)
    assert "better forecast" in found.reason


def test_a_forecast_that_was_off_by_more_than_half_is_not_shown():
    jumps = np.repeat(np.random.default_rng(2).choice([1.0, 40.0], 30), 3)
    found = forecast_sum(jumps.tolist(), 3)
    assert isinstance(found, NoForecast)
    assert "were off by 69% on its own past" in found.reason


def test_an_unknown_day_is_taken_from_the_nearest_same_weekday():
    series: list[float | None] = [float(day % 7) for day in range(21)]
    series[9] = None
    assert [float(day % 7) for day in range(21)] == filled(series).tolist()


def test_weekday_factors_keep_their_weekday_whatever_the_length():
    week = np.array([2.0, 1, 1, 1, 1, 1, 0])
    for extra in range(7):
        series = np.resize(week, 28 + extra)
        assert 0 == weekday_factors(series).argmax()
        assert 6 == weekday_factors(series).argmin()


def a_quarter(per_day: str = "10.50") -> dict[date, Decimal | None]:
    return {date(2026, 8, 1) + timedelta(days=day): Decimal(per_day) for day in range(75)}


def test_a_month_is_what_is_known_and_what_may_come():
    found = month_end(a_quarter(), OCTOBER, date(2026, 10, 14))
    assert isinstance(found, MonthForecast)
    assert (Decimal("147.00"), 14, 17) == (found.known, found.known_days, found.forecast_days)
    assert found.total == pytest.approx(Decimal("325.50"), rel=Decimal("0.01"))
    assert found.known <= found.low <= found.total <= found.high


def test_later_days_than_the_one_named_are_not_looked_at():
    costs = a_quarter() | {date(2026, 10, 20): Decimal(10**9)}
    assert month_end(a_quarter(), OCTOBER, date(2026, 10, 14)) == month_end(
        costs, OCTOBER, date(2026, 10, 14)
    )


def test_the_days_to_come_lead_to_the_months_end_and_widen_on_the_way():
    costs: dict[date, Decimal | None] = {
        day: Decimal(10 + at % 7 + at * 37 % 5) for at, day in enumerate(a_quarter())
    }
    through = date(2026, 10, 14)
    course, end = month_course(costs, OCTOBER, through), month_end(costs, OCTOBER, through)
    assert isinstance(end, MonthForecast)
    assert not isinstance(course, NoForecast)
    assert [date(2026, 10, 15), date(2026, 10, 31)] == [course[0].day, course[-1].day]
    assert (end.total, end.low, end.high) == (course[-1].total, course[-1].low, course[-1].high)
    widths = [day.high - day.low for day in course]
    assert widths[-1] > widths[0] > 0


def test_a_month_that_is_over_or_has_unknown_days_gets_no_forecast():
    assert NoForecast("2026-09 is over") == month_end(a_quarter(), Month(2026, 9), date(2026, 10, 14))
    gap: dict[date, Decimal | None] = a_quarter() | {date(2026, 10, 5): None}
    assert NoForecast("1 of the month's days so far are unknown") == month_end(
        gap, OCTOBER, date(2026, 10, 14)
    )
    assert NoForecast("no day's cost is known") == month_end({}, OCTOBER, date(2026, 10, 14))


def test_a_horizon_of_no_days_is_refused():
    with pytest.raises(ValueError, match="expected 1 to 62 days"):
        forecast_sum([1.0] * 60, 0)
