"""Each kind of recommendation is applied to a world whose limiter works by mechanism, and replayed."""

import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.advice.need import spare_units, units_wanted, unthrottled_peak, urgency_of
from collector.domain.advice.ranking import recommend
from collector.domain.advice.types import (
    Line,
    Money,
    Place,
    Recommendation,
    Seat,
    Steps,
    residency_change,
    unit_change,
)
from collector.domain.room.diagnosis import diagnose
from collector.domain.room.fullness import UntilFull
from collector.domain.room.headroom import LimitRevision, headroom, limits_by_minute
from collector.domain.room.ptu import TokenPrices, UnitRate, UnitSizes, unit_curve, unit_use
from collector.domain.room.quotas import Holding, line_use
from collector.domain.room.spans import room_spans
from collector.domain.room.throttling import classify, summarise
from collector.domain.usage.minutes import MinuteBlock

START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30
TOKENS = 500
LINE = "OpenAI.DataZoneStandard.gpt-4.1"
ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/acc"


@dataclass(frozen=True)
class Run:
    """What a limiter of `units` thousand tokens a minute made of a deployment's demand."""

    block: MinuteBlock
    refused: int
    busiest: int


def demand(peak: int, seed: int = 0) -> np.ndarray:
    """Requests wanted per minute: a working day, and one busiest minute."""
    rng = np.random.default_rng(seed)
    hours = np.arange(DAYS * 24) % 24
    day = np.where((hours >= 8) & (hours < 18), 1.0, 0.15)[:, None]
    wanted = rng.poisson(peak / TOKENS * 0.55 * day, (DAYS * 24, 60))
    wanted[11, 30] = peak // TOKENS
    return np.minimum(wanted, peak // TOKENS)


def replayed(wanted: np.ndarray, units: int) -> Run:
    served = np.minimum(wanted, units * 1000 // TOKENS)
    block = MinuteBlock.empty(len(wanted))
    block.prompt[:], block.requests[:], block.throttled[:] = served * TOKENS, wanted, wanted - served
    block.covered[:] = True
    return Run(block, int((wanted - served).sum()), int(served.max()) * TOKENS)


def observed(name: str, wanted: np.ndarray, units: int, *, key: int = 1) -> Seat:
    """The deployment as we would know it from its minutes."""
    block = replayed(wanted, units).block
    hours = [START + timedelta(hours=hour) for hour in range(len(block))]
    revision = LimitRevision(START, units * 1000, None)
    limits = limits_by_minute([revision], hours)
    classes = classify(hours, block, limits)
    summary = summarise(hours, block, classes)
    [span] = room_spans(hours, block, limits, [slice(0, len(hours))], minutes_existed=[block.prompt.size])
    room = headroom(span, revision)
    cause = diagnose(summary, block, classes)
    return Seat(
        UUID(int=key), ACCOUNT, name, "s", "eastus2", "gpt-4.1", "2025-04-14", "DataZoneStandard",
        usage_name=LINE, units=units, limit_tpm=units * 1000, tpm_per_unit=Decimal(1000), days=DAYS,
        minute_coverage=room.minute_coverage, peak_tpm=int(room.tpm.peak or 0), demand_tpm=unthrottled_peak(block),
        requests=summary.requests, throttled=summary.throttled, throttled_at_limit=summary.at_limit,
        cause=cause.cause if cause else None, cost_per_month=Money(Decimal(1000), "USD"),
    )  # fmt: skip


def a_line(limit: int, *seats: Seat) -> Line:
    holdings = [Holding(seat.account_key, seat.deployment, Decimal(seat.units or 0)) for seat in seats]
    current = sum((holding.units for holding in holdings), Decimal(0))
    label = "Tokens Per Minute (thousands) - gpt-4.1 - DataZoneStandard"
    return Line(
        "s", "eastus2", LINE, line_use(LINE, "eastus2", label, Decimal(limit), current, holdings, now=START)
    )


def a_place(location: str = "westus3", sku: str = "GlobalStandard", free: int = 500, **changes) -> Place:
    usage = f"OpenAI.{sku}.gpt-4.1"
    return replace(Place("s", location, sku, "gpt-4.1", "2025-04-14", usage, free, Decimal(1000)), **changes)


def only(kind: str, found: tuple[Recommendation, ...]) -> Recommendation:
    [one] = [one for one in found if one.kind == kind]
    return one


def test_a_raise_from_free_quota_serves_what_was_refused():
    wanted = demand(150_000)
    seat = observed("chat", wanted, 100)
    found = only("raise", recommend([seat], [a_line(400, seat)]))
    [change] = found.changes
    before, after = replayed(wanted, 100), replayed(wanted, change.after)
    assert (100, 188, 88_000) == (change.before, change.after, found.effect_tpm)
    assert (0, 50_000) == (after.refused, after.busiest - before.busiest)
    assert after.busiest <= 0.8 * (change.tpm_after or 0)
    assert before.refused > 0
    assert found.urgency == 0


def test_quota_moved_from_an_idle_neighbour_hurts_nobody():
    wanted, calm = demand(150_000), demand(60_000, 1)
    seat, donor = observed("chat", wanted, 100), observed("batchy", calm, 300, key=2)
    found = recommend([seat, donor], [a_line(400, seat, donor)])
    loss, gain = only("move_quota", found).changes
    assert ("chat", "batchy") == (gain.deployment, loss.deployment)
    assert gain.after - gain.before == loss.before - loss.after == 88
    assert 0 == replayed(wanted, gain.after).refused == replayed(calm, loss.after).refused
    assert only("move_quota", found).effect_tpm == 88_000


def test_units_given_to_a_neighbour_are_not_given_back_too():
    seat, donor = observed("chat", demand(150_000), 100), observed("calm", demand(60_000, 1), 300, key=2)
    found = recommend([seat, donor], [a_line(400, seat, donor)])
    [change] = only("lower", found).changes
    assert (212, 86) == (change.before, change.after)
    assert only("lower", found).effect_tpm == 126_000
    assert 0 == replayed(demand(60_000, 1), change.after).refused


def test_an_over_allocation_is_lowered_to_what_the_busiest_minute_needs():
    wanted = demand(60_000)
    seat = observed("chat", wanted, 300)
    found = only("lower", recommend([seat], [a_line(300, seat)]))
    [change] = found.changes
    assert (300, 86, 214_000, 3) == (change.before, change.after, found.effect_tpm, found.urgency)
    run = replayed(wanted, change.after)
    assert (0, 60_000) == (run.refused, run.busiest)
    assert change.command is not None
    assert change.command.endswith("--sku-name DataZoneStandard --sku-capacity 86")


def test_load_that_no_quota_is_left_for_moves_with_its_residency_named():
    wanted = demand(150_000)
    seat = observed("chat", wanted, 100)
    found = recommend([seat], [a_line(100, seat)], [a_place()])
    moved = only("move_load", found)
    assert moved.place is not None
    rest = np.maximum(
        wanted - replayed(wanted, 100).block.requests + replayed(wanted, 100).block.throttled, 0
    )
    there = replayed(rest, (moved.effect_tpm or 0) // 1000)
    assert (0, 50_000, 88_000) == (there.refused, there.busiest, moved.effect_tpm)
    assert moved.residency == (
        "Prompts and answers would be processed in any Azure region of the world, today anywhere in the United States "
        "data zone. Data at rest would lie in westus3."
    )


def test_asking_for_more_has_the_figures_of_the_form_and_is_enough_once_granted():
    wanted = demand(150_000)
    seat = observed("chat", wanted, 100)
    request = only("ask_for_more", recommend([seat], [a_line(120, seat)])).request
    assert request is not None
    granted = 100 + 20 + request.requested_limit_units - 120
    assert (120, 188, 188_000, LINE) == (
        request.current_limit_units, request.requested_limit_units, request.requested_tpm, request.usage_name
    )  # fmt: skip
    assert 0 == replayed(wanted, granted).refused
    assert "busiest minute used 100,000 of 100,000 tokens per minute" in request.justification


def test_a_partial_raise_comes_before_asking_for_the_rest():
    seat = observed("chat", demand(150_000), 100)
    found = recommend([seat], [a_line(120, seat)])
    assert ["raise", "ask_for_more"] == [one.kind for one in found]
    assert "missing after the quota above" in only("ask_for_more", found).summary
    assert 120 == only("raise", found).changes[0].after


def test_provisioned_units_go_to_their_cheapest_size_and_the_bill_says_so():
    rng = np.random.default_rng(3)
    prompt = rng.lognormal(11, 0.4, DAYS * 1440).astype(np.int64)
    completion = (prompt * rng.uniform(0.05, 0.2, prompt.size)).astype(np.int64)
    prices = TokenPrices(Decimal("0.0000025"), Decimal("0.00001"), "USD")
    curve = unit_curve(prompt, completion, rate=UnitRate(2500, 4, "a table"), sizes=UnitSizes(15, 5),
                       hourly=Decimal("0.3"), prices=prices)  # fmt: skip
    seat = replace(
        observed("chat", demand(1000), 100), sku="DataZoneProvisionedManaged", units=200, unit_curve=curve
    )
    found = only("resize_units", recommend([seat]))
    [change] = found.changes

    def bill(units: int) -> float:
        need = (prompt + 4 * completion) / 2500
        spilled = np.maximum(need - units, 0) / need * (prompt * 2.5e-6 + completion * 1e-5)
        return (0.3 * units * DAYS * 24 + float(spilled.sum())) * 730 / (DAYS * 24)

    assert found.saves is not None
    assert float(found.saves.amount) == pytest.approx(bill(200) - bill(change.after), rel=0.001)
    assert all(bill(change.after) <= bill(size) + 0.01 for size in range(15, 300, 5))


def test_what_is_to_be_done_for_one_deployment_stands_together_and_the_most_refused_one_is_first():
    little, much = observed("little", demand(120_000), 100), observed("much", demand(400_000), 100, key=2)
    found = recommend([little, much], [a_line(220, little, much)], [a_place(free=50)])
    assert "much" == found[0].deployment
    names = [one.deployment for one in found if one.urgency == 0]
    assert names == sorted(names, reverse=True)
    for name in set(names):
        kinds = [one.kind for one in found if one.deployment == name]
        assert kinds == sorted(kinds, key=("raise", "move_quota", "move_load", "ask_for_more").index)


def test_full_units_without_spillover_are_raised_before_money_is_saved():
    prompt = np.full(600, 2500 * 40)
    prices = TokenPrices(Decimal("0.0000025"), Decimal("0.00001"), "USD")
    curve = unit_curve(prompt, prompt * 0, rate=UnitRate(2500, 4, "a table"), sizes=UnitSizes(15, 5), hourly=Decimal(1),
                       prices=prices)  # fmt: skip
    seat = replace(
        observed_cheaply("chat", 20),
        sku="DataZoneProvisionedManaged",
        unit_curve=curve,
        throttled=9,
        throttled_at_limit=9,
    )
    found = only("resize_units", recommend([seat]))
    assert (40, 0, 50_000, Decimal("-14600.00")) == (
        found.changes[0].after, found.urgency, found.effect_tpm, found.saves and found.saves.amount
    )  # fmt: skip


def test_units_that_were_never_used_are_given_back():
    use = unit_use(100, np.full(600, 40.0), mean=30.0, requests=10, spilled=0, sizes=UnitSizes(15, 5))
    seat = replace(observed("chat", demand(1000), 100), sku="ProvisionedManaged", unit_use=use)
    found = only("resize_units", recommend([seat]))
    assert (40, Money(Decimal("600.00"), "USD")) == (found.changes[0].after, found.saves)
    assert () == recommend([replace(seat, days=5)])


def test_load_that_can_wait_costs_half_in_batch():
    seat = replace(observed("chat", demand(60_000), 86), batchable_share=0.3)
    found = only("batch", recommend([seat]))
    by_token, in_batch = Decimal(700), Decimal(300) / 2
    assert found.saves == Money(Decimal(1000) - by_token - in_batch, "USD")
    assert found.residency is None
    assert () == recommend([replace(seat, sku="DataZoneBatch")])


@pytest.mark.parametrize("cause", ["bursts", "service_load"])
def test_429s_that_quota_does_not_help_get_no_quota(cause):
    seat = replace(observed("chat", demand(60_000), 90), throttled=50, throttled_at_limit=5, cause=cause)
    assert urgency_of(seat) is None
    assert not {"raise", "ask_for_more"} & {one.kind for one in recommend([seat], [a_line(900, seat)])}


def test_a_limit_that_fills_soon_is_raised_before_it_hurts():
    seat = replace(observed("chat", demand(84_000), 100), until_full=UntilFull(20, 12, 30, 1.0, None, None))
    assert 1 == only("raise", recommend([seat], [a_line(400, seat)])).urgency
    assert () == recommend([replace(seat, until_full=None)], [a_line(400, seat)])


def test_where_minutes_are_missing_nothing_is_taken_away():
    seat = observed("chat", demand(60_000), 300)
    assert () == recommend([replace(seat, minute_coverage=0.9)], [a_line(300, seat)])
    assert () == recommend([replace(seat, days=7)], [a_line(300, seat)])
    assert () == recommend([replace(seat, peak_tpm=None, demand_tpm=None)], [a_line(300, seat)])


def test_free_quota_is_promised_once_even_across_locations_of_one_pool():
    here = observed("chat", demand(150_000), 100)
    there = replace(here, deployment="other", location="westus3")
    line = a_line(200, here)
    lines = [line, replace(line, location="westus3")]
    raised = [one for one in recommend([here, there], lines) if one.kind == "raise"]
    assert 100 == sum(one.changes[0].after - one.changes[0].before for one in raised)
    assert all("same pool" in one.assumption for one in raised)


def test_the_step_sizes_of_azure_are_kept():
    seat = replace(observed("chat", demand(150_000), 100), steps=Steps(minimum=50, step=50, maximum=1000))
    assert 200 == only("raise", recommend([seat], [a_line(400, seat)])).changes[0].after
    found = recommend([seat], [a_line(140, seat)])
    assert "raise" not in {one.kind for one in found}
    assert [0, 50, 50, 1000] == [seat.steps.down(units) for units in (49, 50, 99, 5000)]


def test_residency_is_named_only_where_it_changes():
    assert residency_change("Standard", "eastus2", "Standard", "eastus2") is None
    assert "in westus3 only, today in eastus2 only" in (
        residency_change("Standard", "eastus2", "Standard", "westus3") or ""
    )
    assert "stay anywhere in the European Union data zone" in (
        residency_change("DataZoneStandard", "swedencentral", "DataZoneStandard", "westeurope") or ""
    )


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 500_000)), min_size=1, max_size=8),
    st.integers(0, 2000),
    st.integers(1, 5),
)
def test_a_line_is_never_promised_beyond_its_limit(seats: list[tuple[int, int]], spare: int, step: int):
    known = [
        replace(
            observed_cheaply(f"d{index}", units * step), peak_tpm=min(peak, units * step * 1000), demand_tpm=peak,
            throttled_at_limit=max(0, peak - units * step * 1000), requests=10**9, steps=Steps(step, step),
        )
        for index, (units, peak) in enumerate(seats)
    ]  # fmt: skip
    held = sum(seat.units or 0 for seat in known)
    after = {seat.deployment: seat.units or 0 for seat in known}
    for one in recommend(known, [a_line(held + spare, *known)]):
        for change in one.changes:
            after[change.deployment] = change.after if one.kind == "lower" else _applied(after, change)
    assert sum(after.values()) <= held + spare
    assert all(units % step == 0 and units >= step for units in after.values())


def _applied(after: dict[str, int], change) -> int:
    return after[change.deployment] + change.after - change.before


def observed_cheaply(name: str, units: int) -> Seat:
    return Seat(
        UUID(int=1), ACCOUNT, name, "s", "eastus2", "gpt-4.1", "2025-04-14", "DataZoneStandard", usage_name=LINE,
        units=units, limit_tpm=units * 1000, tpm_per_unit=Decimal(1000), days=DAYS, minute_coverage=1.0,
    )  # fmt: skip


def test_what_is_wanted_keeps_the_busiest_minute_at_four_fifths():
    seat = replace(observed_cheaply("chat", 100), peak_tpm=80_000, peak_rpm=10, rpm_per_unit=Decimal(1))
    assert 100 == units_wanted(seat)
    assert 0 == spare_units(seat)
    assert 250 == units_wanted(replace(seat, peak_rpm=200))
    assert units_wanted(replace(seat, peak_tpm=None, peak_rpm=None)) is None


def test_a_command_survives_a_name_that_a_shell_would_read():
    account = "/subscriptions/s/resourceGroups/rg$(id)/providers/p/accounts/acc/x/y"
    seat = Seat(UUID(int=1), account, "a;rm -rf ~", "s", "eastus2", "gpt-4o", "1", "Standard")
    command = unit_change(seat, 5).command or ""
    assert {"a;rm -rf ~", "rg$(id)"} < set(shlex.split(command))
