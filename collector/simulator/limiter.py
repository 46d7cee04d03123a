"""Who is turned away, by mechanism: request windows, service load, estimated tokens at arrival, a full PTU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TEN_SECONDS_SPARE = 1.5
ONE_SECOND_SPARE = 4.0


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests answered 429 in each minute, by what really caused them."""

    at_limit: Ints
    burst: Ints
    max_tokens: Ints
    service_load: Ints
    spilled: Ints

    def total(self) -> Ints:
        return self.at_limit + self.burst + self.max_tokens + self.service_load + self.spilled


def request_windows(
    arrivals: Ints, rpm: Ints, bunched: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """(refused because the minute held more than RPM, refused because a 10 s or 1 s window did).

    A window may take somewhat more than its even share: half as much again in 10 s, four times in 1 s,
    so that a steady stream under the limit passes and a bunch does not.
    """
    at_limit, burst = np.zeros_like(arrivals), np.zeros_like(arrivals)
    per_ten = np.maximum(1, np.ceil(rpm / 6 * TEN_SECONDS_SPARE)).astype(np.int64)
    window = arrivals / 6
    hot = np.flatnonzero((window + 5 * np.sqrt(window) > per_ten) | (bunched & (arrivals > per_ten // 2)))
    if not hot.size:
        return at_limit, burst
    even, bunch = np.full(6, 1 / 6), np.array([0.55, 0.2, 0.1, 0.05, 0.05, 0.05])
    windows = rng.multinomial(arrivals[hot], np.where(bunched[hot, None], bunch, even))
    over_ten = np.maximum(0, windows - per_ten[hot, None]).sum(axis=1)
    kept = np.minimum(windows, per_ten[hot, None])
    per_second = np.maximum(2, np.ceil(rpm[hot] / 60 * ONE_SECOND_SPARE)).astype(np.int64)
    crowded = np.flatnonzero(kept.max(axis=1) > per_second)
    over_one = np.zeros(hot.size, dtype=np.int64)
    if crowded.size:
        seconds = rng.multinomial(kept[crowded], np.full(10, 0.1))
        over_one[crowded] = np.maximum(0, seconds - per_second[crowded, None, None]).sum(axis=(1, 2))
    refused = over_ten + over_one
    beyond_minute = np.maximum(0, arrivals[hot] - refused - rpm[hot])
    by_rpm = np.minimum(refused + beyond_minute, np.maximum(0, arrivals[hot] - rpm[hot]))
    at_limit[hot] = by_rpm
    burst[hot] = refused + beyond_minute - by_rpm
    return at_limit, burst


def admitted_by_tokens(waiting: Ints, estimate: Floats, tpm: Ints) -> Ints:
    """How many of the waiting requests fit: the limiter adds prompt + max_tokens of each as it arrives."""
    return np.minimum(waiting, np.floor(tpm / np.maximum(estimate, 1.0)).astype(np.int64))


def admitted_by_provisioned(waiting: Ints, cost: Floats, units: Ints, per_unit: int) -> Ints:
    """How many fit before utilisation reaches 100 %."""
    return np.minimum(waiting, np.floor(units * per_unit / np.maximum(cost, 1.0)).astype(np.int64))
