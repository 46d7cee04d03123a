"""Units, lines and the day a limit is reached, against what the pretend Azure really does."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from collector.domain.room.fullness import NoDate, UntilFull, time_until_full
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
KNOWN, AHEAD, FULL = 90, 180, 0.95
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


@dataclass(frozen=True)
class Filling:
    """What was told of a growing deployment on day 90, and the day it filled, counted from then; None is not within `AHEAD`."""

    told: UntilFull | NoDate
    came: int | None

    @property
    def both_ends(self) -> bool:
        return isinstance(self.told, UntilFull) and self.told.high is not None

    @property
    def inside(self) -> bool:
        assert isinstance(self.told, UntilFull)
        low, high = self.told.low, self.told.high
        came = AHEAD + 1 if self.came is None else self.came
        return (low or AHEAD + 1) <= came and (high is None or came <= high)

    def off_by(self, day: int | None) -> int:
        return abs(min(day or AHEAD, AHEAD) - min(self.came or AHEAD, AHEAD))


def filling(seed: int, growth: float, load: float) -> Filling:
    """A deployment that grows towards a limit which it has not met, known for 90 days and then lived on."""
    world = World(seed=seed, accounts=3, deployments=12, days=KNOWN + AHEAD, now=NOW)
    plain = world.deployment("upgraded")
    plain = replace(plain, revisions=plain.revisions[-1:])
    grown = with_profile(plain, growth=growth, load=load, max_tokens=260, completion=250)
    lived = minutes_of(Traffic(with_deployments(world, {grown.index: grown})), grown, KNOWN + AHEAD)
    limit = lived.limits[-1].tpm
    assert limit is not None
    daily = lived.block.tokens.reshape(-1, 1440).max(axis=1) / limit
    reached = np.flatnonzero(daily[KNOWN:] >= FULL)
    told = time_until_full([float(one) for one in daily[:KNOWN]], FULL)
    return Filling(told, int(reached[0]) + 1 if reached.size else None)


def test_the_day_a_deployment_fills_lies_in_the_interval(golden: Golden) -> None:
    """Four fifths of the plays should hold about four fifths of what comes, and say more than supposing no change."""
    rng = np.random.default_rng(5)
    lived = [
        filling(300 + seed, float(rng.uniform(0.01, 0.08)), float(rng.uniform(0.08, 0.3)))
        for seed in range(1, 161)
    ]
    full = sum(isinstance(one.told, UntilFull) and one.told.days == 0 for one in lived)
    none = sum(isinstance(one.told, NoDate) for one in lived)
    dated = [one for one in lived if isinstance(one.told, UntilFull) and one.told.days != 0]
    closed = [one.told for one in dated if one.both_ends]
    widths = [one.high - one.low for one in closed if isinstance(one, UntilFull) and one.high and one.low]
    inside = sum(one.inside for one in dated)
    inside_closed = sum(one.inside for one in dated if one.both_ends)
    ours = np.mean([one.off_by(one.told.days) for one in dated if isinstance(one.told, UntilFull)])
    no_change = np.mean([one.off_by(None) for one in dated])
    text = (
        f"Of {len(lived)} growing deployments, {full} were full already, {len(dated)} were given an interval and {none} no date; "
        f"in {inside} of the {len(dated)} ({inside / len(dated):.0%}) the limit was reached within it or, as told, not within six months. "
        f"Of {len(closed)} intervals with both ends {inside_closed} held ({inside_closed / len(closed):.0%}); they are {np.median(widths):.0f} days wide (median). "
        f"The middle was {ours:.0f} days off, supposing no change {no_change:.0f}."
    )
    measured(golden, ROOT / "docs" / "room.md", "fullness", text)
    assert 0.7 <= inside / len(dated) <= 0.9
    assert ours < 0.5 * no_change


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
