"""Forecasts of pretend estates that no constant was chosen on: at every level the interval keeps its word."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from collector.domain.money.forecast import SumForecast, forecast_sum
from collector.simulator.server import Simulator
from collector.simulator.world import World

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
DAYS = 140
SEEDS = range(31, 37)
"""Others than those on which the constants of the forecast were chosen (1 to 8)."""

LEVELS = ("deployment", "team", "model", "account", "subscription", "everything")
KNOWN_AND_AHEAD = ((60, 20), (90, 6), (110, 27), (124, 13))

Series = list[list[float]]


@dataclass(frozen=True)
class Case:
    forecast: SumForecast
    truth: float
    last_value: float
    last_week: float


@pytest.fixture(scope="module")
def costs() -> dict[str, Series]:
    """The true daily cost, at list price, of every part of six estates."""
    found: dict[str, Series] = defaultdict(list)
    for seed in SEEDS:
        for level, series in _costs_of(seed).items():
            found[level] += series
    return found


def _costs_of(seed: int) -> dict[str, Series]:
    world = World(seed=seed, subscriptions=3, accounts=6, deployments=16, days=DAYS + 2, now=NOW)
    first = NOW.date() - timedelta(days=DAYS)
    found: dict[str, dict[str, list[float]]] = {level: {} for level in LEVELS}
    subscriptions = {one.account.id: one.account.subscription.id for one in world.deployments}
    teams = {(one.account.id, one.name): one.account.tags.get("team", "") for one in world.deployments}
    with Simulator(world) as azure:
        for cost in azure.truth.costs(first, NOW.date()):
            keys = (
                f"{cost.account}/{cost.deployment}",
                teams[cost.account, cost.deployment],
                cost.model,
                cost.account,
                subscriptions[cost.account],
                "",
            )
            for level, key in zip(LEVELS, keys, strict=True):
                found[level].setdefault(key, [0.0] * DAYS)[_at(cost.day, first)] += float(
                    cost.list_cost_usd or 0
                )
    return {level: list(parts.values()) for level, parts in found.items()}


def _at(day: date, first: date) -> int:
    return (day - first).days


def cases(series: Series) -> list[Case]:
    found: list[Case] = []
    for place, one in enumerate(series):
        # Every series at one horizon, so that no easy one counts four times; the few of the whole at all.
        asked = (
            KNOWN_AND_AHEAD
            if len(series) < 40
            else (KNOWN_AND_AHEAD[place % 4], KNOWN_AND_AHEAD[(place + 2) % 4])
        )
        for days, ahead in asked:
            past, truth = one[:days], sum(one[days : days + ahead])
            forecast = forecast_sum(past, ahead)
            if isinstance(forecast, SumForecast) and truth > 0:
                last_week = float(np.resize(past[-7:], ahead).sum())
                found.append(Case(forecast, truth, past[-1] * ahead, last_week))
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_at_every_level_the_interval_keeps_its_word_and_the_error_beats_the_plain_ways(
    costs: dict[str, Series], level: str
) -> None:
    tried = cases(costs[level])
    covered = np.mean([one.forecast.low <= one.truth <= one.forecast.high for one in tried])
    error, last_value, last_week = (
        float(np.mean([abs(made - one.truth) / one.truth for one, made in zip(tried, way, strict=True)]))
        for way in (
            [one.forecast.total for one in tried],
            [one.last_value for one in tried],
            [one.last_week for one in tried],
        )
    )
    print(
        f"{level}: {len(tried)} forecasts, covered {covered:.2f}, error {error:.4f}, "
        f"last week {last_week:.4f}, last value {last_value:.4f}"
    )

    assert len(tried) >= 20
    assert 0.7 <= covered <= 0.9
    assert error < last_week < last_value
