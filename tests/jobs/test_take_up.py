"""A changed rate, team or shipped price takes effect by itself, on the days that it concerns, whatever is killed."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from collector.domain.money.rule_changes import NOT_KEPT
from collector.domain.money.teams import parse_team_rules
from collector.domain.periods import DAY
from collector.domain.pricing import parse_rates
from collector.jobs.charges import MoneyRules
from collector.jobs.derive import Derived, derive
from collector.store import tables
from collector.store.reads.money_rules import rules_told, waiting
from tests.conftest import a_copy
from tests.end_to_end.stage import Stage, a_stage, everything_stored

ROOT = Path(__file__).parents[2]
CHARGES = ("charge_day", "charge_month", "cost_day", "cost_month")
HALF = {"kind": "input", "percent_off": 50, "from": "2026-11-19"}


@pytest.fixture(scope="module")
def collected_url(shared_url: str) -> str:
    """A store of each engine in which nothing is worked out yet."""
    with a_stage(shared_url) as stage:
        for job in ("inventory", "models", "metrics", "prices"):
            stage.collect(job)
    return shared_url


@pytest.fixture
def stage(collected_url: str, tmp_path: Path) -> Iterator[Stage]:
    with a_copy(collected_url, tmp_path) as url, a_stage(url) as stage:
        yield stage


def with_rates(stage: Stage, *rates: dict[str, Any]) -> MoneyRules:
    return replace(stage.rules, rates=parse_rates(rates))


def after(stage: Stage, rules: MoneyRules, **how: Any) -> Derived:
    return derive(stage.engine, rules, stage.now + timedelta(minutes=1), **how)


def charges(stage: Stage) -> dict[str, Any]:
    found = everything_stored(stage.engine)
    return {name: found[name] for name in CHARGES}


def test_a_first_derivation_has_nothing_to_tell(stage: Stage) -> None:

    assert () == stage.derive().why
    assert () == stage.derive().why
    with stage.engine.connect() as connection:
        assert {None} == {one.why for one in rules_told(connection)}


def test_a_new_rate_is_charged_from_its_first_day_on(stage: Stage) -> None:
    stage.derive()
    before = charges(stage)["charge_day"]
    rules = with_rates(stage, HALF)

    told = after(stage, rules)

    found = charges(stage)
    after(stage, rules, everything=True)
    whole = charges(stage)
    first = parse_rates([HALF])[0].starts_on
    assert ("rates changed (1 new): charges from 2026-11-19 on",) == told.why
    assert whole == found
    old, new = ([row for row in days if row["day"] < first] for days in (before, found["charge_day"]))
    assert old == new != []
    assert {"rate"} == {
        row["step"]
        for row in found["charge_day"]
        if row["kind"] == "input" and row["day"] >= first and row["cost"]
    }


def test_a_rate_taken_back_leaves_no_trace(stage: Stage) -> None:
    after(stage, stage.rules)
    before = charges(stage)
    after(stage, with_rates(stage, HALF))

    told = after(stage, stage.rules)

    assert ("rates changed (1 gone): charges from 2026-11-19 on",) == told.why
    assert before == charges(stage)


def test_what_charges_alike_works_nothing_out_again(stage: Stage) -> None:
    """Another order of rates, another way to write a number, and how a report splits a team."""
    other = {"kind": "output", "percent_off": "12.50", "from": "2026-01-01"}
    shared = {"team": "Everybody", "deployment": "*"}
    rules = with_rates(stage, HALF, other)
    after(stage, replace(rules, teams=parse_team_rules([shared])))
    same = with_rates(stage, {**other, "percent_off": "12.5"}, HALF)

    assert () == after(stage, replace(same, teams=parse_team_rules([{**shared, "split": "evenly"}]))).why


def test_a_new_team_bears_every_day(stage: Stage) -> None:
    stage.derive()

    told = after(stage, replace(stage.rules, teams=parse_team_rules([{"team": "All", "deployment": "*"}])))

    assert ("teams changed: every charge",) == told.why
    assert {"All"} == {row["team"] for row in charges(stage)["cost_day"]}


def test_a_release_with_other_prices_charges_by_them(database_url: str) -> None:
    with a_stage(database_url) as stage:
        for job in ("inventory", "models", "metrics"):
            stage.collect(job)
        stage.derive()
        dearer = replace(
            stage.rules,
            snapshot=[replace(row, unit_price=row.unit_price * 2) for row in stage.rules.snapshot],
        )

        told = after(stage, dearer)

        found = charges(stage)
        after(stage, dearer, everything=True)
        assert ("price snapshot changed: every charge",) == told.why
        assert charges(stage) == found
        assert any(row["cost"] for row in found["charge_day"])


def test_a_store_that_kept_no_rules_is_charged_once_anew(stage: Stage) -> None:
    stage.derive()
    with stage.engine.begin() as connection:
        connection.execute(delete(tables.money_rule))

    told = after(stage, with_rates(stage, HALF))

    assert (f"{NOT_KEPT}: every charge",) == told.why
    assert () == after(stage, with_rates(stage, HALF)).why


def test_two_collectors_with_other_rules_each_take_their_own_up(stage: Stage) -> None:
    ours, theirs = stage.rules, with_rates(stage, HALF)
    after(stage, ours)
    mine = charges(stage)
    assert after(stage, theirs).why
    halved = charges(stage)

    assert after(stage, ours).why

    assert mine == charges(stage) != halved


def test_two_collectors_with_the_same_new_rules_take_them_up_once(stage: Stage) -> None:
    stage.derive()
    rules, told = with_rates(stage, HALF), list[Derived]()
    both = [threading.Thread(target=lambda: told.append(after(stage, rules))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)

    assert [0, 1] == sorted(len(one.why) for one in told)
    found = charges(stage)
    after(stage, rules, everything=True)
    assert charges(stage) == found


KILLED = """\
import sys
from datetime import datetime
from collector.catalog.prices import load_price_notes, load_snapshot
from collector.domain.pricing import parse_rates
from collector.jobs.charges import MoneyRules
from collector.jobs.derive import derive
from collector.store.engine import open_engine
from tests.crash.deaths import die_at

url, moment, matching, now = sys.argv[1:]
engine = open_engine(url)
die_at(engine, moment, 1, matching)
rates = parse_rates([{"kind": "input", "percent_off": 50, "from": "2026-11-19"}])
rules = MoneyRules(rates, snapshot=load_snapshot().rows, notes=load_price_notes())
derive(engine, rules, datetime.fromisoformat(now))
"""


@pytest.mark.crash
@pytest.mark.parametrize(
    ("moment", "matching", "taken_up"),
    [
        pytest.param("statement", "money_rule", False, id="between rules and marks"),
        pytest.param("statement", "dirty_day", False, id="amid the marks"),
        pytest.param("after", "dirty_day", True, id="marked and not yet worked out"),
        pytest.param("after", "charge_day", True, id="half worked out"),
    ],
)
def test_a_kill_loses_no_change(stage: Stage, moment: str, matching: str, *, taken_up: bool) -> None:
    stage.derive()
    now = stage.now + timedelta(minutes=1)
    url = stage.engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-c", KILLED, url, moment, matching, now.isoformat()]
    ended = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
    assert -signal.SIGKILL == ended.returncode, ended.stderr
    with stage.engine.connect() as connection:
        waits = waiting(connection).days

    told = after(stage, with_rates(stage, HALF))

    found = charges(stage)
    after(stage, with_rates(stage, HALF), everything=True)
    assert charges(stage) == found
    assert {"rate"} == {
        row["step"]
        for row in found["charge_day"]
        if row["kind"] == "input" and row["day"] >= (stage.now - DAY).date() and row["cost"]
    }
    assert taken_up is (told.why == ())
    assert taken_up is (waits > 0)
    with stage.engine.connect() as connection:
        assert 0 == waiting(connection).days
        assert "rates changed (1 new)" in {one.why for one in rules_told(connection)}
        assert [] == connection.execute(select(tables.dirty_day)).all()
