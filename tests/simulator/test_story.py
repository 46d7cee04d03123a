"""A story happens on its days: callers move, dates move, limits are granted, and load surges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from collector.simulator import model_lists, quota
from collector.simulator.cast import CAST
from collector.simulator.estate import Caller, growing
from collector.simulator.plan import Plan
from collector.simulator.story import DateMove, Story, Surge
from collector.simulator.truth import truth_of
from collector.simulator.world import World

NOW = datetime(2027, 1, 4, tzinfo=UTC)
DAY = date(2027, 2, 1)
OLD, NEW = Caller("2024-02-01", "a", "", 0.25, until=DAY), Caller("2024-10-21", "a", "", 0.25)
LINE = "OpenAI.GlobalStandard.gpt-4o"
HOT: Plan = replace(CAST[0], own_callers=(OLD, NEW), gone_on=date(2027, 3, 1), capacities=((DAY, 500),))
STORY = Story(
    (HOT,),
    moves=(DateMove(DAY, "gpt-4o", "2024-11-20", "2027-05-05", "GlobalStandard"),),
    surges=(Surge("hot", DAY, date(2027, 2, 2), 10.0),),
    limits={LINE: ((date(2020, 1, 1), 600), (DAY, 900))},
)


def a_world() -> World:
    return World(seed=1, subscriptions=1, accounts=1, deployments=1, days=2, now=NOW, story=STORY)


def test_who_stops_calling_leaves_its_requests_to_the_others() -> None:
    assert (0.5, 1.0) == growing((OLD, NEW), DAY - timedelta(days=1))
    assert (0.0, 1.0) == growing((OLD, NEW), DAY)


def test_a_date_moves_on_its_day_and_for_its_sku_only() -> None:
    world, ends = a_world(), {}
    for day in (DAY - timedelta(days=1), DAY):
        listed = model_lists.listed(world, day)
        model = next(m for m in listed if (m.name, m.version) == ("gpt-4o", "2024-11-20"))
        ends[day] = (model.sku("GlobalStandard").ends_on, model.sku("Standard").ends_on)
    before, after = ends.values()
    assert "2027-05-05" == after[0] != before[0]
    assert before[1] == after[1]


def test_a_limit_is_granted_and_taken_on_its_day() -> None:
    world = a_world()
    told = {}
    for on in (DAY - timedelta(days=1), DAY + timedelta(days=1), date(2027, 3, 2)):
        rows = quota.usages(
            world, world.subscriptions[0], "eastus2", datetime(on.year, on.month, on.day, tzinfo=UTC)
        )
        told[on] = next((r["limit"], r["currentValue"]) for r in rows if r["name"]["value"] == LINE)
    assert [(600, 300), (900, 500), (900, 0)] == list(told.values())


def test_a_surge_lasts_its_day() -> None:
    world = a_world()
    requests = [
        sum(
            int(
                truth_of(world)
                .traffic.block(world.deployments[0], DAY + timedelta(days=d))
                .minute(name)
                .sum()
            )
            for name in ("ok", "at_limit", "max_tokens")
        )
        for d in (-7, 0, 7)
    ]
    assert requests[0] * 5 < requests[1] > requests[2] * 5
