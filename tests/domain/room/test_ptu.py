import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.room.ptu import (
    NotCalibrated,
    TokenPrices,
    UnitRate,
    UnitSizes,
    calibrated,
    curves_by_term,
    unit_curve,
    unit_use,
    units_needed,
)

RATE = UnitRate(input_tpm=2500, output_weight=4, source="a table")
SIZES = UnitSizes(minimum=15, increment=5)
PRICES = TokenPrices(Decimal("0.0000025"), Decimal("0.00001"), "USD")


def a_day(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    prompt = rng.lognormal(10.5, 0.6, 1440).astype(np.int64)
    return prompt, (prompt * rng.uniform(0.05, 0.4, 1440)).astype(np.int64)


def test_sizes_are_sold_from_a_minimum_in_increments():
    assert [15, 15, 20, 20, 25] == [SIZES.at_least(units) for units in (0, 15, 15.1, 20, 21)]


def test_idle_units_are_those_the_busiest_minute_left_in_whole_increments():
    used = unit_use(100, np.array([20.0, 61.0, np.nan]), mean=30.0, requests=1000, spilled=50, sizes=SIZES)
    assert (35, 61.0, 0, 2, 0.05) == (
        used.idle_units, used.peak, used.minutes_full, used.minutes_known, used.spillover_share
    )  # fmt: skip
    assert 39 == unit_use(100, np.array([61.0]), mean=None, requests=0, spilled=0).idle_units


def test_utilisation_that_nobody_published_is_unknown():
    used = unit_use(100, np.full(60, np.nan), mean=None, requests=0, spilled=0)
    assert (None, None, None, None) == (used.peak, used.p95, used.idle_units, used.spillover_share)


def test_a_utilisation_above_100_percent_leaves_nothing_idle():
    used = unit_use(50, np.array([140.0, 99.0]), mean=80.0, requests=1, spilled=0, sizes=SIZES)
    assert (0, 1) == (used.idle_units, used.minutes_full)


def test_an_output_token_weighs_as_much_as_its_weight():
    needed = units_needed(np.array([2500, 0]), np.array([0, 2500]), RATE)
    assert [1.0, 4.0] == needed.tolist()


def test_tokens_per_unit_are_found_again_from_utilisation():
    prompt, completion = a_day()
    noise = np.random.default_rng(2).normal(1, 0.05, 1440)
    utilisation = units_needed(prompt, completion, RATE) / 100 * 100 * noise
    found = calibrated(prompt, completion, utilisation, 100)
    assert isinstance(found, UnitRate)
    assert found.input_tpm == pytest.approx(2500, rel=0.05)
    assert found.output_weight == pytest.approx(4, rel=0.1)
    assert "calibrated from" in found.source


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda p, c: (p, c, np.full(p.shape, 1.0)), "only 0 minutes", id="idle"),
        pytest.param(lambda p, c: (p, p // 4, p / 2500 * 2), "rise and fall together", id="proportional"),
        pytest.param(
            lambda p, c: (p, c, np.random.default_rng(9).uniform(5, 90, p.size)),
            "explain only|together",
            id="noise",
        ),
    ],
)
def test_where_utilisation_says_nothing_there_is_no_rate(make, reason: str):
    found = calibrated(*make(*a_day()), units=100)
    assert isinstance(found, NotCalibrated)
    assert re.search(reason, found.reason)


def test_a_steady_load_is_cheapest_on_as_many_units_as_it_needs():
    prompt, completion = np.full(600, 2500 * 20), np.zeros(600, dtype=np.int64)
    curve = unit_curve(prompt, completion, rate=RATE, sizes=SIZES, hourly=Decimal("0.10"), prices=PRICES)
    assert [15, 20] == [point.units for point in curve.points]
    assert (20, Decimal("20.00"), 0.0, 1.0) == (
        curve.cheapest.units, curve.cheapest.cost, curve.cheapest.spilled_share, curve.cheapest.utilisation
    )  # fmt: skip
    assert (Decimal("75.0"), Decimal("55.0"), 10.0) == (curve.token_cost, curve.saves, curve.hours)
    assert curve.break_even_utilisation == pytest.approx(0.10 / (2500 * 60 * 0.0000025))
    smaller = curve.points[0]
    assert (0.25, 600, Decimal("18.75")) == (
        smaller.spilled_share,
        smaller.minutes_full,
        smaller.spilled_cost,
    )
    assert Decimal("1460.00") == curve.per_month(curve.cheapest.cost)


def test_a_rare_peak_is_better_spilled_than_bought():
    prompt = np.full(1440, 2500 * 15)
    prompt[700] = 2500 * 400
    curve = unit_curve(
        prompt, np.zeros_like(prompt), rate=RATE, sizes=SIZES, hourly=Decimal("0.3"), prices=PRICES
    )
    assert (15, 400, 0) == (
        curve.cheapest.units,
        curve.never_throttles.units,
        curve.never_throttles.minutes_full,
    )


def test_a_light_load_never_pays_for_units():
    prompt = np.full(600, 100)
    curve = unit_curve(prompt, prompt // 10, rate=RATE, sizes=SIZES, hourly=Decimal(1), prices=PRICES)
    assert curve.saves < 0
    assert (curve.break_even_utilisation or 0) > 1


def test_no_load_has_no_break_even():
    idle = np.zeros(60, dtype=np.int64)
    curve = unit_curve(idle, idle, rate=RATE, sizes=SIZES, hourly=Decimal(1), prices=PRICES)
    assert (None, 15, 0) == (curve.break_even_utilisation, curve.cheapest.units, curve.token_cost)


def test_a_longer_term_is_another_curve():
    curves = curves_by_term(
        *a_day(),
        rate=RATE,
        sizes=SIZES,
        prices=PRICES,
        hourly_by_term={"hourly": Decimal(1), "yearly": Decimal("0.3")},
    )
    assert curves["yearly"].cheapest.units >= curves["hourly"].cheapest.units
    assert curves["yearly"].cheapest.cost < curves["hourly"].cheapest.cost


def test_as_many_prompt_as_completion_minutes_are_needed():
    with pytest.raises(ValueError, match="3 prompt and 2 completion minutes"):
        unit_curve(np.ones(3), np.ones(2), rate=RATE, sizes=SIZES, hourly=Decimal(1), prices=PRICES)


@given(st.integers(0, 10_000), st.decimals(Decimal("0.01"), Decimal(3), places=2))
def test_more_units_cost_more_and_spill_less(seed: int, hourly: Decimal):
    curve = unit_curve(*a_day(seed), rate=RATE, sizes=SIZES, hourly=hourly, prices=PRICES)
    costs, spills = [p.unit_cost for p in curve.points], [p.spilled_share for p in curve.points]
    assert sorted(costs) == costs
    assert sorted(spills, reverse=True) == spills
    assert 0 == spills[-1]
    assert all(curve.cheapest.cost <= point.cost for point in curve.points)
