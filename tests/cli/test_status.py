"""`status` fits a terminal however large the estate: what is well is counted, what is not is listed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from collector import cli
from collector.store import schema, writes
from collector.store.engine import open_engine
from collector.store.lease import lease
from collector.store.writes.money import record_rules
from dashboard import health

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
WELL, ILL = 900, 40
REMEDY = "az role assignment create --role Reader"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Nine hundred scopes that are known, forty that failed, and thirty gaps."""
    monkeypatch.setenv("AOAI_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    schema.upgrade(engine)
    with engine.begin() as connection:
        known = {f"/subscriptions/one/accounts/{number}": NOW for number in range(WELL)}
        writes.advance_watermarks(connection, "metrics", known, at=NOW)
        writes.advance_watermarks(connection, "prices", {"USD": NOW - timedelta(hours=3)}, at=NOW)
        for number in range(ILL):
            scope = f"/subscriptions/two/accounts/{number}"
            writes.fail_watermark(connection, "metrics", scope, "403 no", REMEDY, at=NOW)
    return engine


def status(*words: str) -> Result:
    found = CliRunner().invoke(cli.main, ["status", *words], obj=lambda: NOW)
    assert 0 == found.exit_code, found.output
    return found


def test_what_is_well_is_counted_and_twenty_of_what_is_not_are_listed(store: Engine) -> None:
    lines = status().stdout.splitlines()

    assert ["metrics", "940", "40", "failed", "nothing", "yet"] == lines[1].split()
    assert ["prices", "1", "0", "2026-11-22T09:03:00Z"] == lines[2].split()
    assert 20 == sum("/subscriptions/two/" in line for line in lines)
    assert 0 == sum("/subscriptions/one/" in line for line in lines)
    assert REMEDY in "\n".join(lines)
    assert "and 20 more; `aoai-monitor status --all` lists every scope" in lines
    assert len(lines) < 60


def test_all_lists_every_scope(store: Engine) -> None:
    lines = status("--all").stdout.splitlines()

    assert WELL + ILL == sum("/subscriptions/" in line for line in lines)


def test_an_empty_store_says_what_fills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    schema.upgrade(open_engine(f"sqlite:///{tmp_path / 'store.db'}"))

    said = status().stdout

    assert "`aoai-monitor serve`" in said.splitlines()[0]
    assert "how many minutes are known is unknown" in said


def test_who_works_now_is_named_and_metrics_tells_the_same_by_a_mark(store: Engine) -> None:
    url = f"sqlite:///{store.url.database}"
    with lease(store, "collect"):
        said, (found,) = status().stdout, json.loads(status("--json").stdout)["leases"]
        during = {
            one.labels["task"]: one for one in health.gauges(url) if one.name == "aoai_lease_held_seconds"
        }
    after = [one for one in health.gauges(url) if one.name == "aoai_lease_held_seconds"]

    assert f"Now: collect by process {found['pid']} on {found['host']}" in said
    assert found["mark"] == during["collect"].labels["holder"] != found["host"]
    assert {"collect"} == {task for task, one in during.items() if one.labels["holder"]}
    assert {("", 0.0)} == {(one.labels["holder"], one.value) for one in after}
    assert "alert" in {one.labels["task"] for one in after}


def test_why_charges_are_worked_out_again_is_told_with_what_waits(store: Engine) -> None:
    since = NOW - timedelta(hours=1)
    with store.begin() as connection:
        writes.mark_days(connection, [(uuid4(), NOW.date())])
        writes.mark_days(connection, [(uuid4(), since.date())], charges_only=True)
        record_rules(connection, [("rates", {}, "rates changed (1 new)"), ("teams", {}, None)], since)
    said, told = status().stdout, json.loads(status("--json").stdout)

    assert "Charges are worked out anew, since 2026-11-22T11:03:00Z: rates changed (1 new)\n" in said
    assert (
        "Waiting to be worked out: 2 days of accounts from 2026-11-22 on, 1 of them for their charges alone"
        in said
    )
    assert {"days": 2, "charges_only": 1, "first": "2026-11-22"} == told["waiting"]
    assert ["rates", "teams"] == [one["part"] for one in told["charged_by"]]
