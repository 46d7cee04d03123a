"""A price that comes late moves charges and nothing else, and gives what working out everything gives."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from collector.domain.money.teams import TeamRule, TeamRules
from collector.domain.periods import DAY, Window, midnight
from collector.domain.pricing import parse_rates
from collector.jobs.derive import derive
from collector.store import writes
from collector.store.engine import retrying
from collector.store.reads.charges import payers
from tests.end_to_end.stage import Stage, a_stage, everything_stored

CHARGES = ("charge_day", "charge_month", "cost_day", "cost_month")
RECORDS = ("run", "watermark", "dirty_day")


def mark_all(stage: Stage) -> None:
    def mark(connection: Any) -> None:
        window = Window(midnight((stage.now - 93 * DAY).date()), midnight(stage.now.date()) + DAY)
        writes.mark_window(connection, list(payers(connection)), window, charges_only=True)

    retrying(stage.engine, mark)


def test_charges_alone_come_out_as_everything_does(database_url: str) -> None:
    with a_stage(database_url) as stage:
        for job in ("inventory", "models", "metrics", "prices"):
            stage.collect(job)
        stage.derive()
        before = everything_stored(stage.engine)
        later = stage.now + timedelta(minutes=1)
        rates = parse_rates([{"kind": "input", "percent_off": 50, "from": "2026-01-01"}])
        rules = replace(stage.rules, rates=rates, teams=TeamRules((TeamRule("Everybody"),)))

        mark_all(stage)
        derive(stage.engine, rules, later)
        charged = everything_stored(stage.engine)
        derive(stage.engine, rules, later, everything=True)
        whole = everything_stored(stage.engine)

    today = later.date()
    untouched = [[row for row in one["usage_day"] if row["day"] < today] for one in (before, charged)]
    assert untouched[0] == untouched[1] != []
    assert before["charge_day"] != charged["charge_day"]
    assert {"Everybody"} == {row["team"] for row in charged["cost_day"]}
    for name in CHARGES:
        assert charged[name] == whole[name], name
