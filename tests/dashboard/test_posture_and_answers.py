"""Posture counts only what Azure said; answers by place are means over known hours."""

from uuid import UUID

import pytest

from collector.store.reads.posture import PostureDeployment, PostureRow
from collector.store.reads.quality import QualityHourRow, QualityRow
from dashboard.charts import room as charts
from dashboard.views.posture import posture_view
from dashboard.views.quality import answer_course, answering
from dashboard.words import room as words
from tests.dashboard.seed import NOW


def an_account(
    name: str, public: bool | None, keys_off: bool | None, *deployed: PostureDeployment
) -> PostureRow:
    return PostureRow(
        UUID(int=1),
        "s",
        f"/a/{name}",
        name,
        "westeurope",
        "OpenAI",
        public,
        keys_off,
        None,
        0,
        None,
        deployed,
    )


def test_a_tile_counts_of_those_of_which_azure_said_so() -> None:
    rows = [
        an_account("open", True, False, PostureDeployment("world", "GlobalStandard", None)),
        an_account("closed", False, True, PostureDeployment("here", "Standard", "strict"), PostureDeployment("zone", "DataZoneBatch", None)),
        an_account("silent", None, None),
    ]  # fmt: skip
    view = posture_view(rows, {})
    told = {tile.label: tile for tile in view.tiles}

    assert ("1 of 2", "1 of 2", "0 of 0", "1 of 3", "2 of 3") == tuple(tile.value for tile in view.tiles)
    assert words.not_said(1) in told[words.PUBLIC].help
    assert words.not_said(3) in told[words.MICROSOFTS_KEY].help
    assert [
        ("world", "in any Azure region of the world"),
        ("zone", "anywhere in the European Union data zone"),
        ("here", "in westeurope only"),
    ] == [(row["deployment"], row["processed"]) for row in view.deployments.rows]


def a_row(
    key: str,
    location: str,
    first: float | None,
    hours: int,
    asked: int | None = None,
    rejected: int | None = None,
) -> QualityRow:
    return QualityRow(
        UUID(int=1), key, "/a", "a", key, "gpt-4o", "GlobalStandard", location, "", hours,
        first, None if first is None else first + 100, None, None, None, None, 99.0, 90.0, asked, rejected,
    )  # fmt: skip


def test_a_place_is_the_mean_of_its_deployments_by_their_known_hours() -> None:
    rows = [
        a_row("a", "eastus2", 100, 30, 10, 1), a_row("b", "eastus2", 400, 10, 30, 3), a_row("c", "eastus2", None, 50), a_row("d", "uksouth", 50, 1),
    ]  # fmt: skip
    here, there = answering(rows, ()).places.rows

    assert (3, 175.0, 500, 0.99, 0.9) == tuple(
        here[name] for name in ("deployments", "first_token_ms", "first_token_ms_worst", "availability", "availability_worst")
    )  # fmt: skip
    assert pytest.approx(0.1) == here["filter_rate"]
    assert ("uksouth", None, None) == (there["location"], there["filter_rate"], there["filter_rejections"])


def test_answers_begin_with_the_mean_and_the_worst_of_all() -> None:
    rows = [a_row("a", "eastus2", 100, 30, 10, 1), a_row("b", "uksouth", 400, 10, 30, 3)]

    tiles = answering(rows, ()).tiles

    assert ["175 ms", "500 ms", "99.00 %", "90.00 %", "10.00 %"] == [tile.value for tile in tiles]


def test_a_small_loss_of_availability_can_be_seen() -> None:
    course = answer_course([QualityHourRow(NOW, "", 500.0, None, None, 99.97, 10)])
    assert course is not None
    low, high = charts.available(course).to_dict()["layout"]["yaxis"]["range"]
    assert (98.9, 100.05) == (low, high)
