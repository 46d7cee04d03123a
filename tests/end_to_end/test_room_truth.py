"""Units, lines and the day a limit is reached, against what the pretend Azure really does."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from collector.domain.room.fullness import UntilFull, time_until_full
from collector.domain.room.ptu import TokenPrices, UnitRate, UnitSizes, calibrated, unit_curve
from collector.simulator import facts
from collector.simulator.quota import usages
from collector.simulator.traffic import Traffic
from collector.simulator.world import World
from collector.store.reads.seats_lines import room_estate
from tests.conftest import ROOT
from tests.end_to_end.measured import measured
from tests.end_to_end.room_worlds import NOW, minutes_of, with_capacity, with_deployments, with_profile
from tests.end_to_end.stage import a_stage, a_world

Golden = Callable[[Path, str], None]
PRICES = TokenPrices(Decimal("0.00000275"), Decimal("0.000011"), "USD")


def test_units_are_calibrated_and_each_size_is_foretold_as_it_comes(golden: Golden) -> None:
    """A provisioned deployment's curve, from 30 days on 50 units, beside the same month lived on each size."""
    world = World(seed=7, accounts=6, deployments=24, days=32, now=NOW)
    full = world.deployment("full")
    seen = minutes_of(Traffic(world), full, 30)
    calm, block = seen.block.throttled == 0, seen.block
    rate = calibrated(block.prompt[calm], block.completion[calm], block.ptu_max[calm], 50)
    assert isinstance(rate, UnitRate)
    per_unit, weight = facts.PTU_THROUGHPUT["gpt-4o"]
    uncached = 1 - full.profile.cached
    served = np.maximum(block.requests - block.throttled, 1)
    factor = np.minimum(block.requests / served, 2.0)
    curve = unit_curve(
        block.prompt * factor, block.completion * factor, rate=rate, sizes=UnitSizes(50, 50), hourly=Decimal(2), prices=PRICES
    )  # fmt: skip

    lines = ["| units | full minutes foretold | came | load that does not fit, foretold | came |", "| --- | --- | --- | --- | --- |"]  # fmt: skip
    for point in curve.points:
        lived = minutes_of(Traffic(with_deployments(world, {full.index: with_capacity(full, point.units)})), full if point.units == 50 else with_capacity(full, point.units), 30)  # fmt: skip
        minutes = int((lived.block.throttled > 0).sum())
        share = float(lived.block.throttled.sum() / lived.block.requests.sum())
        lines.append(
            f"| {point.units} | {point.minutes_full:,} | {minutes:,} | {point.spilled_share:.1%} | {share:.1%} |"
        )
        assert abs(point.spilled_share - share) <= 0.03
    lines.append(f"\nTokens that a unit carries: {rate.input_tpm:,.0f} a minute, an answer's token weighs {rate.output_weight:.1f}; in truth {per_unit / uncached:,.0f} and {weight / uncached:.1f}.")  # fmt: skip
    measured(golden, ROOT / "docs" / "room.md", "units", "\n".join(lines))
    assert 0.85 * per_unit / uncached <= rate.input_tpm <= 1.02 * per_unit / uncached
    assert abs(rate.output_weight - weight / uncached) <= 0.1 * weight / uncached


def test_the_day_a_deployment_fills_lies_in_the_interval(golden: Golden) -> None:
    """Known for 90 days, then lived on: deployments that grow by 1 to 8 % a week towards a limit that they have not met."""
    known, ahead = 90, 180
    rng = np.random.default_rng(5)
    told, inside, wide, none, early = 0, 0, [], 0, 0
    for seed in range(1, 41):
        world = World(seed=300 + seed, accounts=3, deployments=12, days=known + ahead, now=NOW)
        plain = world.deployment("upgraded")
        plain = replace(plain, revisions=plain.revisions[-1:])
        grown = with_profile(
            plain,
            growth=float(rng.uniform(0.01, 0.08)),
            load=float(rng.uniform(0.08, 0.3)),
            max_tokens=260,
            completion=250,
        )
        grown = replace(grown, revisions=tuple(replace(one, from_at=one.from_at) for one in grown.revisions))
        lived = minutes_of(Traffic(with_deployments(world, {grown.index: grown})), grown, known + ahead)
        limit = lived.limits[-1].tpm
        assert limit is not None
        daily = lived.block.tokens.reshape(-1, 1440).max(axis=1) / limit
        found = time_until_full([float(one) for one in daily[:known]], 0.95)
        reached = np.flatnonzero(daily[known:] >= 0.95)
        came = int(reached[0]) + 1 if reached.size else None
        if not isinstance(found, UntilFull) or found.days == 0:
            none += not isinstance(found, UntilFull)
            continue
        told += 1
        low, high = (
            found.low if found.low is not None else ahead,
            found.high if found.high is not None else 10_000,
        )
        inside += low <= (came if came is not None else ahead + 1) <= high
        early += came is not None and came < low
        wide += [high - low] if high < 10_000 else []
    text = (
        f"Of 40 growing deployments, {told} were given an interval and {none} no date; in {inside} of them ({inside / told:.0%}) the limit was reached "
        f"within it or, as told, not within six months; {early} filled earlier than told. Intervals with both ends are {np.median(wide):.0f} days wide (median)."
    )
    measured(golden, ROOT / "docs" / "room.md", "fullness", text)
    assert told >= 20
    assert inside >= 0.7 * told


def test_what_is_allocated_free_and_unexplained_is_what_the_world_holds(sqlite_database: str) -> None:
    """Every line of an estate with an account that was deleted yesterday while it still held quota."""
    world = a_world(subscriptions=2, accounts=6, deployments=24, days=4)
    with a_stage(sqlite_database, world) as stage:
        for job in ("inventory", "models", "quotas"):
            stage.collect(job)
        with stage.engine.connect() as connection:
            estate = room_estate(connection, stage.now)
    visible: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in world.deployments:
        if one.exists(stage.now):
            revision = one.revision_at(stage.now)
            name = one.sku_fact(revision).usage_name
            visible[one.account.subscription.id, one.account.location, name] += revision.capacity
    lines = {(line.subscription_id, line.location, line.usage_name): line.use for line in estate.lines}
    told = {
        (subscription.id, location, row["name"]["value"]): row
        for subscription in world.subscriptions
        for location in {
            account.location for account in world.accounts if account.subscription == subscription
        }
        for row in usages(world, subscription, location, stage.now)
    }
    assert told.keys() >= lines.keys()
    assert len(lines) > 200
    for key, use in lines.items():
        limit, current = Decimal(str(told[key]["limit"])), Decimal(str(told[key]["currentValue"]))
        assert (limit - current, visible[key], current - visible[key]) == (
            use.free,
            use.visible,
            use.unexplained,
        ), key
    unexplained = {key for key, use in lines.items() if use.unexplained}
    gone = [one for one in world.accounts if one.deleted_at is not None]
    assert gone
    assert {(key[0], key[1]) for key in unexplained} <= {(one.subscription.id, one.location) for one in gone}
    assert all(one.deleted_at and stage.now - one.deleted_at < timedelta(hours=48) for one in gone)
