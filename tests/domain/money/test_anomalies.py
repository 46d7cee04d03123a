from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.anomalies import CostPart, PartChange, anomalies, usual_parts, variance
from tests.domain.worlds import a_world

START = date(2026, 8, 3)


def by_day(series: list[float]) -> dict[date, Decimal | None]:
    return {START + timedelta(days=day): Decimal(str(round(value, 2))) for day, value in enumerate(series)}


def a_part(key: str, quantity: str, cost: str, unit: str = "token") -> CostPart:
    return CostPart(key, unit, Decimal(quantity), Decimal(cost))


def test_a_quiet_weekend_is_no_anomaly_and_a_busy_one_is():
    week = [100.0, 104.0, 98.0, 101.0, 97.0, 10.0, 5.0]
    series = week * 8
    assert () == anomalies(by_day(series))
    series[-1] = 60.0
    [found] = anomalies(by_day(series))
    assert (START + timedelta(days=55), Decimal("60.0")) == (found.day, found.cost)
    assert found.expected == pytest.approx(Decimal(5), abs=Decimal(1))
    assert found.low <= found.expected <= found.high < found.cost
    assert found.strangeness > 5


def test_a_day_without_cost_among_busy_ones_is_an_anomaly_too():
    series = [100.0 + day % 3 for day in range(50)]
    series[40] = 0.0
    [found] = anomalies(by_day(series))
    assert START + timedelta(days=40) == found.day
    assert found.strangeness < -5


def test_steady_growth_is_no_anomaly():
    assert () == anomalies(by_day([100 * 1.01**day for day in range(90)]))


def test_little_money_is_no_anomaly():
    series = [0.02] * 50
    series[45] = 0.9
    assert () == anomalies(by_day(series))
    assert 1 == len(anomalies(by_day(series), least=Decimal("0.5")))


def test_an_unknown_day_and_a_short_past_are_not_judged():
    costs = by_day([100.0] * 50)
    costs[START + timedelta(days=45)] = None
    assert () == anomalies(costs)
    assert () == anomalies(by_day([1.0] * 27 + [900.0]))


def test_only_days_since_the_one_named_are_looked_at():
    series = [100.0] * 60
    series[35] = series[50] = 900.0
    assert 2 == len(anomalies(by_day(series)))
    assert 1 == len(anomalies(by_day(series), since=START + timedelta(days=45)))


def test_noise_rarely_looks_strange():
    strange = sum(
        len(anomalies(by_day(a_world(kind, seed, 120).tolist())))
        for kind in ("flat", "growth")
        for seed in range(8)
    )
    assert strange <= 0.01 * 16 * 92


def test_injected_spikes_are_found():
    rng, found = np.random.default_rng(4), 0
    for seed in range(20):
        series = a_world("flat", seed, 100, noise=0.15)
        day = int(rng.integers(60, 100))
        series[day] = 4 * series[day - 7 : day].max()
        found += any(one.day == START + timedelta(days=day) for one in anomalies(by_day(series.tolist())))
    assert found >= 19


def test_more_of_the_same_is_volume():
    found = variance([a_part("gpt", "100", "10")], [a_part("gpt", "150", "15")])
    assert (5, 5, 0, 0, "volume") == (found.change, found.volume, found.price, found.mix, found.main_cause)


def test_the_same_at_another_price_is_price():
    found = variance([a_part("gpt", "100", "10")], [a_part("gpt", "100", "8")])
    assert (-2, 0, -2, 0, "price") == (found.change, found.volume, found.price, found.mix, found.main_cause)


def test_another_model_for_the_same_tokens_is_mix():
    found = variance([a_part("mini", "100", "1"), a_part("big", "0", "0")], [a_part("big", "100", "10")])
    assert (9, 0, 0, 9, "mix") == (found.change, found.volume, found.price, found.mix, found.main_cause)
    assert (
        PartChange("big", Decimal(0), Decimal(10)),
        PartChange("mini", Decimal(1), Decimal(0)),
    ) == found.changes


def test_units_are_never_added_to_tokens():
    tokens = a_part("gpt", "1000", "10")
    found = variance([tokens], [tokens, a_part("ptu", "24", "48", "ptu_hour")])
    assert (48, 48, 0, 0) == (found.change, found.volume, found.price, found.mix)


def test_a_fee_without_a_quantity_changes_by_price():
    found = variance([a_part("fee", "0", "10", "fee")], [a_part("fee", "0", "12", "fee")])
    assert (2, 0, 2, 0) == (found.change, found.volume, found.price, found.mix)


def test_nothing_changed_has_no_cause():
    assert variance([a_part("a", "1", "1")], [a_part("a", "1", "1")]).main_cause is None


money = st.decimals(Decimal(-1000), Decimal(10**7), places=6)
parts = st.lists(
    st.builds(
        CostPart,
        st.sampled_from("abcd"),
        st.sampled_from(("token", "ptu_hour")),
        st.decimals(Decimal(0), Decimal(10**12), places=3),
        money,
    ),
    max_size=8,
)


@given(parts, parts)
def test_volume_price_and_mix_sum_to_the_change_exactly(before: list[CostPart], after: list[CostPart]):
    found = variance(before, after)
    total = sum((p.cost for p in after), Decimal(0)) - sum((p.cost for p in before), Decimal(0))
    assert total == found.change == found.volume + found.price + found.mix
    assert total == sum((part.change for part in found.changes), Decimal(0))


def test_the_usual_day_is_the_mean_of_the_days():
    days = [[a_part("a", "10", "1")], [a_part("a", "20", "2"), a_part("b", "4", "8")]]
    assert {("a", Decimal(15), Decimal("1.5")), ("b", Decimal(2), Decimal(4))} == {
        (part.key, part.quantity, part.cost) for part in usual_parts(days)
    }
    assert () == usual_parts([])
