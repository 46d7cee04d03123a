"""Days worked out in one pass are the days worked out alone, to the last bit of their histograms."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.domain.periods import DAY, HOUR, Window
from collector.domain.room.headroom import LimitRevision
from collector.domain.room.rollup import Lifetime, StoredHour, usage_days
from collector.domain.usage.histogram import Histogram, packed_by_group
from collector.domain.usage.minutes import MinuteBlock, pack_many

FIRST = datetime(2026, 11, 16, tzinfo=UTC)
LIMITS = (LimitRevision(FIRST, 4_000, 90), LimitRevision(FIRST + timedelta(hours=30), 9_000, 90))
ROW: dict[str, Any] = {
    "model": "m",
    "version": None,
    "family": "models",
    "client_errors": 1,
    "server_errors": 0,
}


def hours_of(seed: int, count: int, *, minutes: float, ptu: float) -> list[StoredHour]:
    """Believable hours with holes: some known only as a whole, some partly, some not there."""
    dice = np.random.default_rng(seed)
    shape = (count, 60)
    requests = dice.poisson(20, shape) * (dice.random(shape) < 0.8)
    block = MinuteBlock(
        prompt=requests * dice.integers(1, 300, shape),
        completion=requests * dice.integers(0, 90, shape),
        requests=requests,
        throttled=dice.poisson(0.1, shape),
        spilled=dice.poisson(0.01, shape),
        ptu_max=np.where(dice.random(shape) < ptu, np.rint(dice.random(shape) * 12_000) / 100, np.nan),
        covered=dice.random(shape) < 0.98,
    )
    found: list[StoredHour] = []
    for at, packed in enumerate(pack_many(block)):
        whole = dice.random() >= minutes
        totals = {name: int(getattr(block, name)[at].sum()) for name in ("requests", "throttled", "spilled")}
        tokens: dict[str, Any] = {"prompt_tokens": int(block.prompt[at].sum()), "completion_tokens": None}
        covered = 0 if whole else int(block.covered[at].sum())
        known: dict[str, Any] = {"minutes": None if whole else packed, "ptu_mean": 3.5, "ptu_max": None}
        if dice.random() < 0.95:
            found.append(
                StoredHour(
                    UUID(int=1), "chat", FIRST + at * HOUR, grain_minutes=1, minutes_covered=covered,
                    other_family_requests=at, **ROW, **totals, **tokens, **known,
                )
            )  # fmt: skip
    return found


@given(
    st.integers(0, 10**6), st.integers(1, 75), st.sampled_from([0.0, 0.7, 1.0]), st.sampled_from([0.0, 0.5])
)
@settings(max_examples=40, deadline=None)
def test_days_together_are_days_alone(seed: int, count: int, minutes: float, ptu: float) -> None:
    hours = hours_of(seed, count, minutes=minutes, ptu=ptu)
    days = [Window(FIRST + step * DAY, FIRST + (step + 1) * DAY) for step in range(4)]
    life, now = Lifetime(FIRST, None, LIMITS), FIRST + count * HOUR

    together = usage_days(hours, life, days, now)

    alone = [one for day in days for one in usage_days(hours, life, [day], now)]
    assert alone == together
    assert sum(hour.requests for hour in hours) == sum(one.sums.requests for one in together)


@given(
    st.lists(st.lists(st.floats(0, 1e12), max_size=6), min_size=1, max_size=7),
    st.integers(0, 2),
)
def test_histograms_of_groups_are_those_of_their_values(groups: list[list[float]], more: int) -> None:
    values = np.full((len(groups), 6), np.nan)
    for row, members in enumerate(groups):
        values[row, : len(members)] = members
    counted = ~np.isnan(values)
    number = len(groups) + more

    packed = packed_by_group(values, counted, np.arange(len(groups)), number)

    expected = [Histogram.from_values(np.array(one)).to_bytes() if one else None for one in groups]
    assert [*expected, *[None] * more] == packed
