"""A collector that stopped: what it did not read is a gap in every figure, until it is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import streamlit as st
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from collector.cli import main
from collector.domain.money.reconciliation import Status
from collector.domain.periods import DAY, Month, Window, midnight
from collector.domain.room.coverage import SETTLING
from collector.jobs.collecting.metrics import collect_usage
from collector.store.reads.finance_report import FinanceRules, finance_report
from dashboard import state, words
from tests.end_to_end.stage import NOW, Stage, a_stage, a_world

APP: Final = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
WEEK_BEGAN: Final = midnight(NOW.date()) - 6 * DAY
STOPPED_AT: Final = NOW - 3 * DAY
OCTOBER: Final = Month(2026, 10)
UNREAD: Final = Window(OCTOBER.window.start + 9 * DAY, OCTOBER.window.start + 11 * DAY)


@dataclass(frozen=True, slots=True)
class Told:
    """What a script, the room, the status and the head of a screen say of the same days."""

    cost: float
    room: Mapping[str, float | None]
    status: float
    screen: float


def told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setenv("AOAI_DATABASE_URL", stage.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv(state.CLOCK, stage.now.isoformat())
    today = stage.now.date()
    week = ("--from", str(today - 6 * DAY), "--to", str(today + DAY))
    return Told(
        cost=ask(stage, "cost", *week)["coverage"],
        room={row["deployment"]: row["coverage"] for row in ask(stage, "room")["deployments"]},
        status=ask(stage, "status")["coverage_24h"],
        screen=head_of_the_cost_screen(),
    )


def ask(stage: Stage, *words: str) -> Any:
    found = CliRunner().invoke(main, [*words, "--json"], obj=stage.azure.now)
    assert 0 == found.exit_code, found.output
    return orjson.loads(found.stdout)


def head_of_the_cost_screen() -> float:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["period"] = words.period_name("7d")
    app.run()
    app.switch_page("screens/cost.py").run()
    st.cache_resource.clear()
    said = " ".join(one.value for one in app.caption)
    share = re.search(r"([\d.]+)\s?% of the period's minutes collected", said)
    assert share, said
    return float(share[1]) / 100


def test_a_stopped_collector_lowers_every_coverage_alike_and_coming_back_mends_them(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it stands still a deployment is deleted and another one created; older days are known by the hour."""
    with a_stage(database_url, a_world(days=9, deployments=20, accounts=5)) as stage:
        assert {"deleted", "created"} <= {one.role for one in stage.world.deployments}
        stage.azure.set_clock(STOPPED_AT)
        stage = stage.limited(backfill_days=6, minute_backfill_days=2)
        stage.collect()
        stage.derive()
        before = told(stage, monkeypatch)
        stage.azure.set_clock(NOW)
        stage.derive()
        stopped = told(stage, monkeypatch)
        stage.collect()
        stage.derive()
        after = told(stage, monkeypatch)
        stage.pass_time(days=1)
        stage.collect()
        stage.derive()
        later = told(stage, monkeypatch)

    known = (STOPPED_AT - WEEK_BEGAN) / (NOW - SETTLING - WEEK_BEGAN)
    assert (pytest.approx(known, abs=0.01), 0) == (stopped.cost, stopped.status)
    assert [pytest.approx(stopped.cost, abs=0.001)] * len(stopped.room) == list(stopped.room.values())
    assert pytest.approx(stopped.cost, abs=0.001) == stopped.screen
    for whole in (before, after, later):
        shares = (whole.cost, whole.status, whole.screen, *whole.room.values())
        assert [pytest.approx(1, abs=0.02)] * len(shares) == list(shares)


def test_a_month_with_unread_days_is_not_covered_until_they_are_read(database_url: str) -> None:
    with a_stage(database_url, a_world(days=52)) as stage:
        stage = stage.limited(backfill_days=52)
        for job in ("inventory", "models", "prices", "bills"):
            stage.collect(job)
        for part in (Window(OCTOBER.window.start, UNREAD.start), Window(UNREAD.end, OCTOBER.window.end)):
            collect_usage(stage.context, span=part)
        stage.derive()
        holed, statuses = october(stage)
        collect_usage(stage.context, span=UNREAD)
        stage.derive()
        filled, mended = october(stage)

    assert (pytest.approx(29 / 31, abs=0.001), {Status.NOT_COVERED}) == (holed, statuses)
    assert 1 == filled
    assert Status.NOT_COVERED not in mended


def october(stage: Stage) -> tuple[float | None, set[Status]]:
    rules = FinanceRules(stage.rules.snapshot, stage.rules.notes)
    with stage.engine.connect() as connection:
        report = finance_report(connection, OCTOBER, stage.now, rules)
    billed = [row.line for row in report.reconciliations if row.line.bill]
    assert billed
    return report.coverage, {line.status for line in billed}
