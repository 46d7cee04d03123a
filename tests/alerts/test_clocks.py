"""Whatever clocks do, a digest goes out once for a day and nothing that was due is lost or told twice."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from collector.domain.alerts.types import AlertConfig
from tests.alerts.stage import RULES, START, Stage, a_finding

VIENNA = ZoneInfo("Europe/Vienna")


def a_stage(engine: Engine, now: datetime, zone: str = "UTC", digest_at: time = time(8)) -> Stage:
    rules = replace(RULES, config=AlertConfig(zone=ZoneInfo(zone), digest_at=digest_at))
    return Stage(engine, rules, now).begin()


def news(day: int) -> str:
    return f"deployment-{day}"


def live(stage: Stage, began: date, days: int, step: timedelta = timedelta(hours=1)) -> None:
    """From `began` on something new is found every day at noon (UTC), and all of it stays so."""
    until = stage.now + timedelta(days=days)
    while stage.now < until:
        found = (stage.now - timedelta(hours=12)).date() - began
        stage.facts = [a_finding(news(day), tell="digest") for day in range(found.days + 1)]
        stage.look()
        stage.send()
        stage.now += step


def told(stage: Stage) -> Counter[str]:
    """In how many digests each name stands."""
    digests = [letter.text for letter in stage.post.taken if letter.kind == "digest"]
    return Counter(name for text in digests for name in set(re.findall(r"deployment-\d", text)))


@pytest.mark.parametrize(
    ("before", "after"),
    [("UTC", "Pacific/Auckland"), ("Pacific/Auckland", "America/Los_Angeles"), ("Asia/Tokyo", "UTC")],
)
def test_a_zone_that_changes_between_two_looks_tells_everything_once(
    engine: Engine, before: str, after: str
) -> None:
    stage = a_stage(engine, START.replace(hour=13), before)
    live(stage, START.date(), 2)

    stage.rules = replace(stage.rules, config=replace(stage.rules.config, zone=ZoneInfo(after)))
    live(stage, START.date(), 3)

    assert {1} == set(told(stage).values())
    assert {news(0), news(1), news(2), news(3)} <= set(told(stage))


@pytest.mark.parametrize(
    "change", [date(2026, 10, 25), date(2027, 3, 28)], ids=["an hour is repeated", "an hour is skipped"]
)
@pytest.mark.parametrize("digest_at", [time(2, 30), time(8)], ids=str)
def test_on_the_day_of_a_clock_change_one_digest_goes_out(
    engine: Engine, change: date, digest_at: time
) -> None:
    stage = a_stage(
        engine, datetime.combine(change - timedelta(days=2), time(13), UTC), "Europe/Vienna", digest_at
    )

    live(stage, stage.now.date(), 4, timedelta(minutes=30))

    written = [row.written_at.astimezone(VIENNA).date() for row in stage.letters if row.kind == "digest"]
    assert [change + timedelta(days=ahead) for ahead in (-1, 0, 1, 2)] == written
    assert {1} == set(told(stage).values())


def test_a_clock_that_is_set_back_tells_nothing_again(engine: Engine) -> None:
    stage = a_stage(engine, START.replace(hour=13))
    stage.facts = [a_finding("soon", tell="digest"), a_finding("now")]
    stage.look()
    stage.after(hours=19).look()
    first = [(row.kind, row.subject) for row in stage.letters]

    stage.after(hours=-1).look()
    for _ in range(30):
        stage.after(minutes=5).look()

    assert ["urgent", "digest"] == [kind for kind, _ in first]
    assert first == [(row.kind, row.subject) for row in stage.letters]
