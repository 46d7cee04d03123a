"""Each kind of advice is applied to the pretend estate and the same month is lived again: what came stands beside what was promised.

The load stays what it was (the same callers, the same seed); only the limit, the units or the SKU differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np

from collector.domain.advice.need import unthrottled_peak
from collector.domain.advice.ranking import recommend
from collector.domain.advice.types import Line, Money, Place, Recommendation, Seat, Steps
from collector.domain.room.headroom import headroom, limits_by_minute
from collector.domain.room.ptu import TokenPrices, UnitRate, UnitSizes, calibrated, unit_curve, unit_use
from collector.domain.room.quotas import Holding, line_use
from collector.domain.room.spans import room_spans
from collector.domain.room.throttling import summarise
from collector.simulator.estate import Deployment
from collector.simulator.traffic import Traffic
from collector.simulator.truth import truth_of
from collector.simulator.world import World
from tests.conftest import ROOT
from tests.end_to_end.measured import measured
from tests.end_to_end.room_worlds import (
    NOW,
    Minutes,
    minutes_of,
    with_capacity,
    with_deployments,
    with_profile,
)

DAYS = 30
LINE = "OpenAI.GlobalStandard.gpt-4o"
ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/a"
Golden = Callable[[Path, str], None]


def lived(deployment: Deployment, *, seed: int = 7, **differently: object) -> Minutes:
    """A month of a deployment in its world, perhaps with another capacity or other callers."""
    world = World(seed=seed, accounts=6, deployments=24, days=DAYS + 2, now=NOW)
    changed = with_deployments(world, {deployment.index: deployment})
    return minutes_of(Traffic(changed), deployment, DAYS)


def played_by(role: str, *, seed: int = 7) -> Deployment:
    return World(seed=seed, accounts=6, deployments=24, days=DAYS + 2, now=NOW).deployment(role)


def seat_of(name: str, seen: Minutes, units: int, *, key: int = 1, sku: str = "GlobalStandard") -> Seat:
    """The deployment as its minutes tell it, by the same arithmetic as the store's."""
    limits = limits_by_minute(seen.limits, seen.hours)
    summary = summarise(seen.hours, seen.block, seen.classes())
    whole, existed = slice(0, len(seen.hours)), seen.block.prompt.size
    [span] = room_spans(seen.hours, seen.block, limits, [whole], minutes_existed=[existed])
    room = headroom(span, seen.limits[-1])
    diagnosis = seen.diagnosis()
    per = seen.limits[-1]
    return Seat(
        UUID(int=key), ACCOUNT, name, "s", "eastus2", "gpt-4o", "2024-11-20", sku, usage_name=LINE, units=units,
        limit_tpm=per.tpm, limit_rpm=per.rpm, tpm_per_unit=Decimal(1000) if per.tpm else None,
        rpm_per_unit=Decimal(per.rpm) / units if per.rpm else None, days=DAYS, minute_coverage=room.minute_coverage,
        peak_tpm=int(room.tpm.peak or 0) if per.tpm else None, peak_rpm=int(room.rpm.peak or 0),
        demand_tpm=unthrottled_peak(seen.block) if summary.throttled and per.tpm else None, requests=summary.requests,
        throttled=summary.throttled, throttled_at_limit=summary.at_limit, cause=diagnosis.cause if diagnosis else None,
        cost_per_month=Money(Decimal(1000), "USD"),
    )  # fmt: skip


def a_line(limit: int, *seats: Seat) -> Line:
    held = [Holding(seat.account_key, seat.deployment, Decimal(seat.units or 0)) for seat in seats]
    current = sum((one.units for one in held), Decimal(0))
    label = "Tokens Per Minute (thousands) - gpt-4o - GlobalStandard"
    return Line(
        "s", "eastus2", LINE, line_use(LINE, "eastus2", label, Decimal(limit), current, held, now=NOW)
    )


def only(kind: str, found: tuple[Recommendation, ...]) -> Recommendation:
    return next(one for one in found if one.kind == kind)


def refused(seen: Minutes) -> int:
    return int(seen.block.throttled.sum())


def busiest(seen: Minutes) -> int:
    return int(seen.block.tokens.max())


@dataclass(frozen=True)
class Row:
    kind: str
    change: str
    promised: str
    came: str


def raised() -> Row:
    hot = played_by("hot")
    before = lived(hot)
    found = only("raise", recommend([seat := seat_of(hot.name, before, 300)], [a_line(2_000, seat)]))
    [change] = found.changes
    after = lived(with_capacity(hot, change.after))
    assert refused(before) > 1_000
    assert refused(after) <= 0.001 * refused(before)
    assert busiest(after) <= 0.85 * change.after * 1000
    assert busiest(after) - busiest(before) <= (found.effect_tpm or 0)
    return Row(
        "raise",
        f"{change.before} → {change.after} units",
        f"{found.effect_tpm:,} tokens a minute more, busiest minute at 80 %",
        f"429s {refused(before):,} → {refused(after):,}; busiest minute {busiest(after) / change.after / 1000:.0%} of the limit",
    )


def moved_quota() -> Row:
    hot, calm = played_by("hot"), played_by("upgraded", seed=11)
    calm = with_profile(replace(calm, revisions=calm.revisions[-1:]), load=0.12)
    before, idle = lived(hot), lived(calm, seed=11)
    seats = [seat_of(hot.name, before, 300), seat_of("calm", idle, 250, key=2)]
    found = only("move_quota", recommend(seats, [a_line(550, *seats)]))
    loss, gain = found.changes
    after, donor = lived(with_capacity(hot, gain.after)), lived(with_capacity(calm, loss.after), seed=11)
    assert gain.after - gain.before == loss.before - loss.after
    assert refused(after) < 0.6 * refused(before)
    assert refused(donor) == refused(idle) == 0
    return Row(
        "move_quota",
        f"{gain.before} → {gain.after}, neighbour {loss.before} → {loss.after} units",
        f"{found.effect_tpm:,} tokens a minute more, nobody else hurt",
        f"429s {refused(before):,} → {refused(after):,}; neighbour's {refused(idle)} → {refused(donor)}",
    )


def lowered() -> Row:
    calm = with_profile(played_by("datazone"), load=0.25)
    before = lived(calm)
    found = only("lower", recommend([seat := seat_of(calm.name, before, 250)], [a_line(250, seat)]))
    [change] = found.changes
    after = lived(with_capacity(calm, change.after))
    assert refused(before) <= 30
    assert refused(after) <= refused(before) + 0.0005 * (seat.requests or 0)
    return Row(
        "lower",
        f"{change.before} → {change.after} units",
        f"{found.effect_tpm:,} tokens a minute set free, no request refused",
        f"429s {refused(before)} → {refused(after)} of {seat.requests:,}; answers unchanged",
    )


def moved_load() -> Row:
    hot = played_by("hot")
    before = lived(hot)
    place = Place("s", "westus3", "GlobalStandard", "gpt-4o", "2024-11-20", "OpenAI.GlobalStandard.gpt-4o", 2_000, Decimal(1000))  # fmt: skip
    seat = seat_of(hot.name, before, 300)
    found = only("move_load", recommend([seat], [a_line(300, seat)], [place]))
    block = before.block
    served = np.maximum(block.requests - block.throttled, 1)
    overflow = block.throttled * (block.tokens / served)
    fits = float((overflow <= (found.effect_tpm or 0)).mean())
    assert fits >= 0.9999
    return Row(
        "move_load",
        f"{(found.effect_tpm or 0) // 1000} units in westus3",
        f"{found.effect_tpm:,} tokens a minute elsewhere take what is refused",
        f"refused tokens fit there in {fits:.2%} of minutes, at most {overflow.max():,.0f} in one",
    )


def asked_for() -> Row:
    hot = played_by("hot")
    before = lived(hot)
    seat = seat_of(hot.name, before, 300)
    found = only("ask_for_more", recommend([seat], [a_line(300, seat)]))
    assert found.request is not None
    granted = found.request.requested_limit_units
    after = lived(with_capacity(hot, granted))
    assert refused(after) <= 0.001 * refused(before)
    return Row(
        "ask_for_more",
        f"line {found.request.current_limit_units} → {granted} units, all given to it",
        f"{found.effect_tpm:,} tokens a minute more",
        f"429s {refused(before):,} → {refused(after):,}",
    )


def resized() -> Row:
    full = played_by("full")
    before = lived(full)
    calm = before.block.throttled == 0
    rate = calibrated(
        before.block.prompt[calm], before.block.completion[calm], before.block.ptu_max[calm], 50
    )
    assert isinstance(rate, UnitRate)
    sizes = UnitSizes(50, 50)
    served = np.maximum(before.block.requests - before.block.throttled, 1)
    factor = np.minimum(before.block.requests / served, 2.0)
    curve = unit_curve(
        before.block.prompt * factor,
        before.block.completion * factor,
        rate=rate,
        sizes=sizes,
        hourly=Decimal(2),
        prices=TokenPrices(Decimal("0.00000275"), Decimal("0.000011"), "USD"),
    )
    use = unit_use(50, before.block.ptu_max.reshape(-1), mean=None, requests=1, spilled=0, sizes=sizes)
    seat = replace(
        seat_of(full.name, before, 50, sku="ProvisionedManaged"),
        steps=Steps(50, 50), unit_use=use, unit_curve=curve, usage_name="OpenAI.ProvisionedManaged",
    )  # fmt: skip
    found = only("resize_units", recommend([seat]))
    [change] = found.changes
    after = lived(with_capacity(full, change.after))
    assert refused(before) > 1_000
    assert refused(after) == 0
    foretold = next(one for one in curve.points if one.units == change.after).minutes_full
    return Row(
        "resize_units",
        f"{change.before} → {change.after} units",
        f"never full ({foretold} full minutes foretold)",
        f"429s {refused(before):,} → {refused(after)}; highest utilisation {np.nanmax(after.block.ptu_max):.0f} %",
    )


def batched() -> Row:
    hot = played_by("hot")
    share = 0.3
    seat = replace(
        seat_of(hot.name, lived(hot), 300), batchable_share=share, throttled=0, throttled_at_limit=0
    )
    true = {sku: _cost_per_token(hot, sku) for sku in ("GlobalStandard", "GlobalBatch")}
    found = only("batch", recommend([seat]))
    assert found.saves is not None
    promised = found.saves.amount / Decimal(1000)
    came = Decimal(str(share)) * (1 - true["GlobalBatch"] / true["GlobalStandard"])
    assert abs(promised - came) <= Decimal("0.01")
    return Row(
        "batch",
        "30 % of the load to GlobalBatch",
        f"{promised:.1%} of the cost saved",
        f"{came:.1%} by the pretend Azure's own meters",
    )


def _cost_per_token(deployment: Deployment, sku: str) -> Decimal:
    """Input and output of one day under a SKU at the world's own list prices, a token; nothing cached."""
    changed = replace(
        with_profile(deployment, cached=0.0),
        revisions=tuple(replace(one, sku=sku, capacity=5_000) for one in deployment.revisions),
    )
    world = with_deployments(
        World(seed=7, accounts=6, deployments=24, days=DAYS + 2, now=NOW), {deployment.index: changed}
    )
    day = (NOW - timedelta(days=3)).date()
    found = [
        one
        for one in truth_of(world).costs(day, day + timedelta(days=1), [changed])
        if one.kind in ("input", "output")
    ]
    return sum((one.list_cost_usd or Decimal(0) for one in found), Decimal(0)) / sum((one.quantity for one in found), Decimal(0))  # fmt: skip


def test_advice_keeps_what_it_promises_when_the_month_is_lived_again(golden: Golden) -> None:
    rows = [one() for one in (raised, moved_quota, moved_load, asked_for, lowered, resized, batched)]

    lines = ["| kind | change | promised | came |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.kind} | {row.change} | {row.promised} | {row.came} |" for row in rows]
    measured(golden, ROOT / "docs" / "room.md", "advice", "\n".join(lines))


def test_a_deployment_that_large_estimates_fill_is_never_lowered() -> None:
    """Its billed tokens leave the limit almost empty; lowering it by them would refuse far more."""
    greedy = played_by("greedy")
    before = lived(greedy)
    seat = seat_of(greedy.name, before, 400)

    assert ("large_estimates", True) == (seat.cause, (seat.used_share or 1) < 0.3)
    assert [] == [one for one in recommend([seat], [a_line(400, seat)]) if one.kind == "lower"]
    assert refused(lived(with_capacity(greedy, 183))) > 2 * refused(before)
