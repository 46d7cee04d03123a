from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.room.diagnosis import Diagnosis, diagnose
from collector.domain.room.headroom import LimitRevision, limits_by_minute
from collector.domain.room.throttling import classify, summarise
from collector.domain.room.throttling_words import describe
from collector.domain.usage.minutes import MinuteBlock
from tests.domain.usage.hours import HourMinutes, block_of

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
LIMITS = [LimitRevision(NOON, tpm=10_000, rpm=60)]


def at(minute: int, value: float, rest: float | None = 0) -> tuple:
    return tuple(value if position == minute else rest for position in range(60))


def classes_of(hour: HourMinutes, limits: list[LimitRevision] | None = None) -> tuple[int, int, int]:
    found = classify([NOON], block_of([hour]), limits_by_minute(LIMITS if limits is None else limits, [NOON]))
    return int(found.at_limit.sum()), int(found.below_limit.sum()), int(found.unclassified.sum())


CASES = {
    "tokens at 90 %": (
        HourMinutes(prompt=at(5, 8000), completion=at(5, 1000), throttled=at(5, 3)),
        (3, 0, 0),
    ),
    "tokens at 89 %": (HourMinutes(prompt=at(5, 8900), throttled=at(5, 3)), (0, 3, 0)),
    "requests at 90 %": (HourMinutes(requests=at(5, 54), throttled=at(5, 3)), (3, 0, 0)),
    "full one minute before": (HourMinutes(prompt=at(4, 9500), throttled=at(5, 3)), (3, 0, 0)),
    "full two minutes before": (HourMinutes(prompt=at(3, 9500), throttled=at(5, 3)), (0, 3, 0)),
    "full one minute after": (HourMinutes(prompt=at(6, 9500), throttled=at(5, 3)), (0, 3, 0)),
    "provisioned units full": (HourMinutes(ptu_max=at(5, 100.0, None), throttled=at(5, 3)), (3, 0, 0)),
    "uncovered minute": (HourMinutes(throttled=at(5, 3), covered=(False,) * 60), (0, 0, 0)),
}


@pytest.mark.parametrize(("hour", "expected"), CASES.values(), ids=CASES.keys())
def test_a_429_is_classed_by_the_limit_of_its_minute(hour: HourMinutes, expected: tuple[int, int, int]):
    assert expected == classes_of(hour)


def test_without_a_known_limit_a_429_is_unclassified():
    unlimited = [LimitRevision(NOON, None, None)]
    assert (0, 0, 3) == classes_of(HourMinutes(throttled=at(5, 3)), unlimited)
    assert (0, 3, 0) == classes_of(HourMinutes(throttled=at(5, 3), ptu_max=at(5, 40.0, None)), unlimited)
    assert (0, 0, 3) == classes_of(HourMinutes(throttled=at(5, 3), ptu_max=at(6, 40.0, None)), unlimited)


def test_the_minute_before_may_lie_in_the_hour_before():
    full_then_throttled = [HourMinutes(prompt=at(59, 9999)), HourMinutes(throttled=at(0, 2))]
    block = block_of(full_then_throttled)
    next_hour = [NOON, NOON + timedelta(hours=1)]
    assert 2 == classify(next_hour, block, limits_by_minute(LIMITS, next_hour)).at_limit.sum()
    later = [NOON, NOON + timedelta(hours=2)]
    assert 2 == classify(later, block, limits_by_minute(LIMITS, later)).below_limit.sum()


def test_429s_of_hours_known_only_as_a_whole_are_unclassified():
    block = MinuteBlock.empty(1)
    classes = classify([NOON], block, limits_by_minute(LIMITS, [NOON]))
    found = summarise([NOON], block, classes, hour_throttled=[7], hour_requests=[70], hour_spilled=[1])
    assert (7, 7, 1, 0, 0.1) == (
        found.throttled,
        found.unclassified,
        found.spilled,
        found.minutes_touched,
        found.rate,
    )
    assert found.worst_minute_at is None


def test_a_summary_names_the_worst_minute():
    hour = HourMinutes(requests=(10,) * 60, throttled=(0,) * 7 + (2, 5) + (0,) * 51)
    block = block_of([hour])
    found = summarise([NOON], block, classify([NOON], block, limits_by_minute(LIMITS, [NOON])))
    assert (7, 2, 5) == (found.throttled, found.minutes_touched, found.worst_minute_throttled)
    assert NOON + timedelta(minutes=8) == found.worst_minute_at
    assert found.rate == pytest.approx(7 / 600)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_classes_are_a_partition_of_what_was_throttled(seed: int, limited: bool):
    rng = np.random.default_rng(seed)
    block = MinuteBlock.empty(6)
    block.prompt[:] = rng.integers(0, 15_000, (6, 60))
    block.requests[:] = rng.integers(0, 80, (6, 60))
    block.throttled[:] = rng.integers(0, 9, (6, 60)) * (rng.random((6, 60)) < 0.2)
    block.covered[:] = rng.random((6, 60)) < 0.9
    hours = [NOON + timedelta(hours=hour) for hour in range(6)]
    classes = classify(hours, block, limits_by_minute(LIMITS if limited else [], hours))
    found = summarise(hours, block, classes, hour_throttled=[int(rng.integers(0, 300)) for _ in hours])
    assert found.throttled == found.at_limit + found.below_limit + found.unclassified


def told(hours: list[HourMinutes], limits: list[LimitRevision] | None = None) -> str:
    found = diagnosis_of(hours, limits)
    assert found is not None
    return describe(found)


def diagnosis_of(hours: list[HourMinutes], limits: list[LimitRevision] | None = None) -> Diagnosis | None:
    starts = [NOON + timedelta(hours=hour) for hour in range(len(hours))]
    block = block_of(hours)
    classes = classify(starts, block, limits_by_minute(LIMITS if limits is None else limits, starts))
    return diagnose(summarise(starts, block, classes), block, classes)


def world(
    *, tokens_when_hit: int, tokens_when_calm: int, served_when_hit: int = 5, throttled: int = 2
) -> HourMinutes:
    hit = [minute % 6 == 0 for minute in range(60)]
    return HourMinutes(
        prompt=tuple(tokens_when_hit if one else tokens_when_calm for one in hit),
        requests=tuple(served_when_hit + throttled if one else 5 for one in hit),
        throttled=tuple(throttled if one else 0 for one in hit),
    )


DIAGNOSES = {
    "token_limit": world(tokens_when_hit=9_800, tokens_when_calm=2_000),
    "request_limit": world(tokens_when_hit=100, tokens_when_calm=50, served_when_hit=58),
    "large_estimates": world(tokens_when_hit=6_000, tokens_when_calm=2_000),
    "bursts": world(tokens_when_hit=1_000, tokens_when_calm=300, served_when_hit=30),
    "service_load": world(tokens_when_hit=900, tokens_when_calm=900),
}


@pytest.mark.parametrize(("cause", "hour"), DIAGNOSES.items(), ids=DIAGNOSES.keys())
def test_how_throttling_goes_with_load_tells_its_cause(cause: str, hour: HourMinutes):
    found = diagnosis_of([hour])
    assert (cause, True) == (found.cause, found.certain)


def test_full_provisioned_units_and_spilled_requests_are_told_apart():
    full = HourMinutes(requests=(5,) * 60, throttled=at(5, 2), ptu_max=at(5, 131.0, 60.0))
    assert "ptu_full" == diagnosis_of([full], []).cause
    spilled = replace(full, throttled=(0,) * 60, spilled=at(5, 2))
    assert "spilled_only" == diagnosis_of([spilled], []).cause
    assert "2 requests were served elsewhere" in told([spilled], [])


def test_an_unknown_limit_is_no_diagnosis_and_no_throttling_needs_none():
    assert "unknown" == diagnosis_of([HourMinutes(throttled=at(5, 2))], []).cause
    assert diagnosis_of([HourMinutes(requests=(5,) * 60)]) is None


def test_a_diagnosis_reads_as_a_paragraph_with_its_evidence():
    text = told([DIAGNOSES["large_estimates"]])
    assert (
        "20 requests of 320 (6.2 %) were answered with 429, in 10 minutes; the worst was 2026-11-16 12:00 UTC with 2. "
        "None of them came at the limit: throttled minutes used 60 % of the token limit and 8.3 % of the request "
        "limit, and were 3.0 times as loaded as calm ones; 100 % of the minutes as loaded as these were throttled. The limiter counts prompt plus max_tokens when a request "
        "arrives, the metrics what was used in the end. What usually helps: set max_tokens to what answers really "
        "need; more quota helps too."
    ) == text


def test_few_figures_are_called_a_first_guess():
    once = HourMinutes(prompt=at(5, 6000, 1000), requests=(5,) * 60, throttled=at(5, 2))
    found = diagnosis_of([once])
    assert not found.certain
    assert told([once]).endswith("take this as a first guess.")


@dataclass(frozen=True)
class Limited:
    """Half a day behind a limiter that works by mechanism: estimated tokens a minute, requests in tenths of a minute."""

    block: MinuteBlock
    limit: LimitRevision
    refused_by: Counter[str]


CAUSES = ("token_limit", "request_limit", "large_estimates", "bursts", "service_load")


def limited(cause: str, seed: int) -> Limited:
    rng = np.random.default_rng([CAUSES.index(cause), seed])
    tokens, completion = rng.uniform(500, 1500), rng.uniform(50, 300)
    estimated = rng.uniform(3, 15) if cause == "large_estimates" else rng.uniform(1, 1.05)
    size = tokens + completion * estimated
    per_minute = rng.uniform(30, 90)
    tpm = int(
        size
        * per_minute
        * {"token_limit": 0.9, "large_estimates": 0.9, "service_load": rng.uniform(2, 20)}.get(cause, 4)
    )
    rpm = int(per_minute * {"request_limit": 0.9, "bursts": rng.uniform(2, 3)}.get(cause, 6))
    together = max(4, int(rpm / 6 * rng.uniform(0.5, 0.9))) if cause == "bursts" else 1
    block, refused_by, shed = MinuteBlock.empty(12), Counter[str](), 0.0
    for minute in range(720):
        load = (
            per_minute
            * (0.3 + 0.7 * max(0.0, np.sin((minute + 300) / 1440 * 2 * np.pi - 1.2)))
            * rng.lognormal(0, 0.15)
        )
        at = np.sort(np.repeat(rng.random(rng.poisson(load / together)) * 60, together))
        prompt = rng.gamma(4, tokens / 4, at.size).astype(int) + 1
        answer = rng.gamma(4, completion / 4, at.size).astype(int) + 1
        shed = rng.uniform(0.1, 0.5) if rng.random() < 0.01 else shed * (rng.random() < 0.7)
        busy = (rng.random(at.size) < shed) & (cause == "service_load")
        full = ~busy & (np.cumsum(np.where(busy, 0, prompt + answer * estimated)) > tpm)
        window = at // 6
        crowded = ~busy & ~full & (np.arange(at.size) - np.searchsorted(window, window) >= rpm / 10)
        refused_by.update(service=int(busy.sum()), tokens=int(full.sum()), requests=int(crowded.sum()))
        served, row = ~busy & ~full & ~crowded, divmod(minute, 60)
        block.prompt[row], block.completion[row] = prompt[served].sum(), answer[served].sum()
        block.requests[row], block.throttled[row] = at.size, (~served).sum()
    block.covered[:] = True
    return Limited(block, LimitRevision(NOON, tpm, rpm), refused_by)


def test_worlds_with_a_known_cause_are_diagnosed_right():
    hours = [NOON + timedelta(hours=hour) for hour in range(12)]
    table: dict[str, Counter[str]] = {cause: Counter() for cause in CAUSES}
    for cause in CAUSES:
        for seed in range(6):
            world = limited(cause, seed)
            limits = limits_by_minute([world.limit], hours)
            classes = classify(hours, world.block, limits)
            found = diagnose(summarise(hours, world.block, classes), world.block, classes)
            if found is not None:
                table[cause][found.cause] += 1
    for cause, guesses in table.items():
        print(f"{cause:16} {dict(guesses)}")
    for cause, guesses in table.items():
        told = sum(others[cause] for others in table.values())
        assert guesses.total() >= 4
        assert guesses[cause] >= 0.85 * guesses.total(), "recall"
        assert guesses[cause] >= 0.85 * told, "precision"
