"""429s have the cause that the mechanism gives them."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.simulator.limiter import admitted_by_provisioned, admitted_by_tokens, request_windows
from collector.simulator.truth import truth_of
from collector.simulator.world import World
from tests.simulator.client import NOW

DAYS = (NOW.replace(hour=0, minute=0, second=0) - timedelta(days=14), NOW.replace(hour=0, minute=0, second=0))

BUSY_DAYS = (DAYS[1] - timedelta(days=3), DAYS[1])


def _sum(world: World, role: str) -> dict[str, int]:
    rows = list(truth_of(world).usage(*DAYS, "total", [world.deployment(role)]))
    names = ("at_limit", "burst", "max_tokens", "service_load", "spilled", "throttled", "ok", "spilled_in")
    return {name: sum(getattr(row, name) for row in rows) for name in names}


@pytest.mark.parametrize(
    ("role", "cause"),
    [
        pytest.param("hot", "at_limit", id="real tokens fill the limit"),
        pytest.param("greedy", "max_tokens", id="announced tokens fill the limit"),
        pytest.param("bursty", "burst", id="a bunch in ten seconds"),
        pytest.param("busy-service", "service_load", id="the service is short of room"),
        pytest.param("provisioned-spilling", "spilled", id="a full PTU spills"),
        pytest.param("full", "at_limit", id="a full PTU without a way out"),
    ],
)
def test_each_cause_has_a_deployment_that_shows_it_most(world: World, role: str, cause: str) -> None:
    causes = {
        k: v
        for k, v in _sum(world, role).items()
        if k in ("at_limit", "burst", "max_tokens", "service_load", "spilled")
    }
    assert cause == max(causes, key=lambda name: causes[name])
    assert causes[cause] > 0


def test_announced_tokens_are_refused_far_below_the_limit_in_billed_tokens(world: World) -> None:
    greedy = world.deployment("greedy")
    tpm = greedy.limits(greedy.revisions[0])[1] or 0
    busy = [u for u in truth_of(world).usage(*BUSY_DAYS, "minute", [greedy]) if u.max_tokens]
    assert busy
    assert all(u.prompt + u.completion < 0.9 * tpm for u in busy)


def test_at_the_limit_the_minute_is_full_in_billed_tokens(world: World) -> None:
    hot = world.deployment("hot")
    tpm = hot.limits(hot.revisions[0])[1] or 0
    full = [u for u in truth_of(world).usage(*BUSY_DAYS, "minute", [hot]) if u.at_limit]
    assert all(u.prompt + u.completion >= 0.88 * tpm for u in full)


def test_spilled_requests_are_served_next_door_or_refused_there(world: World) -> None:
    source, target = world.deployment("provisioned-spilling"), world.deployment("overflow")
    spilled = {u.start: u.spilled for u in truth_of(world).usage(*BUSY_DAYS, "minute", [source])}
    came = {
        u.start: (u.spilled_in, u.requests) for u in truth_of(world).usage(*BUSY_DAYS, "minute", [target])
    }
    assert any(spilled.values())
    for start, count in spilled.items():
        assert came[start][0] <= count <= came[start][1]


def test_a_resize_ends_the_throttling(world: World) -> None:
    resized = world.deployment("resized")
    changed: datetime = resized.revisions[1].from_at
    after = list(truth_of(world).usage(changed, NOW, "total", [resized]))
    assert 0 == sum(u.at_limit + u.max_tokens for u in after)


def test_steady_calls_under_the_limit_pass() -> None:
    rng = np.random.default_rng(1)
    arrivals = np.full(1440, 500, dtype=np.int64)
    at_limit, burst = request_windows(arrivals, np.full(1440, 1000), np.zeros(1440, dtype=bool), rng)
    assert (0, 0) == (at_limit.sum(), burst.sum())


def test_more_than_the_minutes_limit_is_refused_as_the_limit() -> None:
    rng = np.random.default_rng(1)
    arrivals = np.full(10, 1500, dtype=np.int64)
    at_limit, burst = request_windows(arrivals, np.full(10, 1000), np.zeros(10, dtype=bool), rng)
    assert (at_limit >= 500).all()
    assert (arrivals - at_limit - burst <= 1000).all()


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=30),
    st.integers(1, 4000),
    st.booleans(),
    st.integers(0, 99),
)
def test_never_more_is_refused_than_came(arrivals: list[int], rpm: int, bunched: bool, seed: int) -> None:
    came = np.array(arrivals, dtype=np.int64)
    at_limit, burst = request_windows(
        came, np.full(came.size, rpm), np.full(came.size, bunched), np.random.default_rng(seed)
    )
    assert ((at_limit >= 0) & (burst >= 0) & (at_limit + burst <= came)).all()


@given(st.integers(0, 10_000), st.floats(1, 100_000), st.integers(1, 10_000_000))
def test_admitted_requests_fit_their_limit(waiting: int, each: float, limit: int) -> None:
    came, cost = np.array([waiting]), np.array([each])
    for admitted in (
        admitted_by_tokens(came, cost, np.array([limit])),
        admitted_by_provisioned(came, cost, np.array([limit]), 1),
    ):
        assert admitted[0] <= waiting
        assert admitted[0] * each <= limit * (1 + 1e-12), "but for the last digit of a product of floats"
