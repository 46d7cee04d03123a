"""A period with a hole in it: what is told of its peaks, and how much of it is known, beside what the world really did."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from collector import cli
from collector.domain.periods import DAY, Window, days, midnight
from collector.domain.types import account_key
from collector.store.reads.room import RoomRow, room_rows
from dashboard.views.room import room_view
from tests.end_to_end.stage import LIMITS, NOW, Stage, a_stage, a_world

TODAY = midnight(NOW.date())
KNOWN = (Window(TODAY - 4 * DAY, TODAY - 3 * DAY), Window(TODAY - 2 * DAY, TODAY - DAY))
"""Two days, with a day between them that nobody read."""


@pytest.fixture(scope="module")
def holed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    url = f"sqlite:///{tmp_path_factory.mktemp('gaps') / 'store.db'}"
    world = a_world(days=6, deployments=14, accounts=3)
    with a_stage(url, world) as stage:
        for job in ("inventory", "models", "quotas"):
            stage.collect(job)
        for window in KNOWN:
            stage.collect("metrics", span=window)
        stage.derive()
        yield stage


def rows_of(stage: Stage) -> list[RoomRow]:
    with stage.engine.connect() as connection:
        return room_rows(connection, "7d")


def minutes_of(stage: Stage, row: RoomRow, *windows: Window) -> Any:
    """Billed tokens of every minute of some whole days."""
    deployment = next(
        one
        for one in stage.world.deployments
        if (account_key(one.account.id), one.name.casefold()) == (row.account_key, row.key)
    )
    blocks = [stage.azure.truth.traffic.block(deployment, day) for window in windows for day in days(window)]
    return np.concatenate([one.minute("prompt") + one.minute("completion") for one in blocks])


def test_a_peak_is_that_of_the_known_minutes_and_said_to_be_at_least_so_high(holed: Stage) -> None:
    rows = [row for row in rows_of(holed) if row.requests and row.limit_tpm]
    assert rows
    hidden = 0
    for row in rows:
        known = minutes_of(holed, row, *KNOWN)
        whole = minutes_of(holed, row, Window(KNOWN[0].start, KNOWN[1].end))
        assert (int(known.max()), True) == (row.peak_tpm, row.peak_at_least), row.deployment
        assert whole.max() >= (row.peak_tpm or 0)
        hidden += int(whole.max()) > (row.peak_tpm or 0)
    assert hidden, "the unread day held no peak, so this world proves nothing"


def test_minutes_near_the_limit_are_those_that_were_seen_and_coverage_says_how_many_those_are(
    holed: Stage,
) -> None:
    for row in (row for row in rows_of(holed) if row.requests and row.limit_tpm and not row.throttled):
        share = minutes_of(holed, row, *KNOWN) / row.limit_tpm
        assert int((share >= 0.8).sum()) <= (row.minutes_over_80 or 0)
        assert row.minute_coverage is not None
        existed = round(2 * 1440 / row.minute_coverage)
        assert 4 * 1440 <= existed <= 7 * 1440
        assert (row.coverage, row.minute_coverage) == (row.minute_coverage, pytest.approx(2 * 1440 / existed))


def test_script_terminal_and_screen_say_at_least(holed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_DATABASE_URL", str(holed.engine.url))
    found = json.loads(CliRunner().invoke(cli.main, ["room", "--json"]).stdout)["deployments"]
    text = CliRunner().invoke(cli.main, ["room"]).stdout
    view = room_view(rows_of(holed), (), {}, {}, NOW.date())

    used = [row for row in found if row["requests"] and (row["minute_coverage"] or 0) < 1]
    assert len(used) > 8
    assert {True} == {row["peak_at_least"] for row in used}
    assert all(0 < row["minute_coverage"] < 0.6 for row in used)
    [chat] = [line for line in text.splitlines() if line.startswith("chat-prod ")]
    assert "at least" in chat
    assert "Where minutes are missing" in text
    shown = {row["deployment"]: row["minute_coverage"] for row in view.deployments.rows}
    assert shown == {row["deployment"]: row["minute_coverage"] for row in found}


def test_a_peak_of_hours_alone_is_unknown_and_their_sixtieth_part_is_no_peak(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read by the hour only, as a first run reads what is older than its minutes."""
    with a_stage(sqlite_database, a_world(days=6)) as stage:
        hourly = stage.limited(backfill_days=5, minute_backfill_days=1)
        hourly.collect()
        stage.derive()
        recent, older = {}, {}
        with stage.engine.connect() as connection:
            recent = {row.deployment: row for row in room_rows(connection, "1d")}
            older = {row.deployment: row for row in room_rows(connection, "7d")}
    assert LIMITS.backfill_days < 5
    for name, row in older.items():
        peak = recent[name].peak_tpm
        if row.requests and row.peak_tpm is not None and peak is not None:
            assert row.peak_at_least
            assert row.coverage is not None
            assert row.minute_coverage is not None
            assert row.minute_coverage < row.coverage
            assert row.peak_tpm >= peak
