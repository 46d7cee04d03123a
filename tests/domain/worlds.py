"""Daily series with a known future: growth, weekly season, bursts, level shifts, drift and noise."""

import numpy as np
from numpy.typing import NDArray

WEEKS = (
    (1.0, 1.05, 1.05, 1.0, 0.95, 0.35, 0.3),
    (1.0,) * 7,
    (1.2, 1.0, 1.0, 1.0, 0.8, 0.0, 0.0),
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.7),
)
KINDS = ("flat", "growth", "linear", "shift", "drift", "burst", "mix")


def a_world(kind: str, seed: int, days: int, *, noise: float = 0.3) -> NDArray[np.float64]:
    rng = np.random.default_rng([KINDS.index(kind), seed])
    week = np.array(WEEKS[rng.integers(len(WEEKS))])
    at, base = np.arange(days), 10 ** rng.uniform(0.5, 5)
    level = np.full(days, base)
    if kind in ("growth", "mix"):
        level = level * np.exp(rng.uniform(-0.002, 0.012) * at)
    if kind == "linear":
        level = level * (1 + rng.uniform(0, 0.02) * at)
    if kind == "shift":
        for _ in range(rng.integers(1, 4)):
            level = np.where(at >= rng.integers(10, days), level * rng.choice([0.5, 0.75, 1.4, 1.8]), level)
    if kind in ("drift", "mix"):
        level = level * np.exp(np.cumsum(rng.normal(0, rng.uniform(0.01, 0.04), days)))
    spread = rng.uniform(0.05, noise)
    series = level * (week / week.mean())[at % 7] * np.exp(rng.normal(0, spread, days) - spread**2 / 2)
    if kind in ("burst", "mix"):
        series = series * np.where(rng.random(days) < 0.03, rng.uniform(1.5, 5, days), 1)
    return series
