"""Every screen opens on every kind of store, and its headline figures are the store's own."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from collector.domain.periods import Month
from collector.store.engine import open_engine
from collector.store.reads import cost, room
from dashboard import formats, state, words
from dashboard.state import collection as collection_state
from dashboard.tables import to_csv
from dashboard.views.collection import CollectionView
from dashboard.words import cost as cost_words
from dashboard.words import limits as limits_words
from tests.dashboard.conftest import APP, Opened, assert_opens, shown
from tests.dashboard.seed import SUBSCRIPTIONS
from tests.dashboard.worlds import HOSTILE, SWEDEN

NOVEMBER = Month(2026, 11).window
MARKUP = ("<script>", "<img", "<b>bo", "<b>acc", "<i>x", "<u>team")
TITLES = {
    "overview": words.OVERVIEW_TITLE,
    "cost": words.COST_TITLE,
    "room": words.ROOM_TITLE,
    "endings": words.ENDINGS_TITLE,
    "collection": words.COLLECTION_TITLE,
}


@pytest.mark.parametrize("name", ["demo", "empty", "collected", "troubled", "hostile"])
def test_every_screen_opens_on_every_store(opened: Opened, name: str) -> None:
    app = opened("overview", name)

    for screen, title in TITLES.items():
        assert_opens(app, screen, title)


def test_an_empty_store_says_how_to_begin(opened: Opened) -> None:
    app = opened("overview", "empty")

    for screen in ("overview", "cost", "room", "endings"):
        shown(app, screen)
        assert words.EMPTY_COMMANDS in [code.value for code in app.code]
        assert [] == list(app.metric)


def test_the_headlines_of_the_overview_are_the_stores(opened: Opened, world: Callable[[str], str]) -> None:
    app = opened("overview", "demo")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        total = cost.cost_totals(connection, NOVEMBER)[0]
        rows = room.room_rows(connection, "2026-11")
    known = [row.used_share for row in rows if row.used_share is not None]
    assert [
        formats.money(total.cost, "USD"),
        f"{sum(share >= 0.8 for share in known)} of {len(known)}",
        "2",
    ] == [metric.value for metric in app.metric]


def test_the_days_of_the_cost_chart_add_up_to_the_headline(
    opened: Opened, world: Callable[[str], str]
) -> None:
    app = opened("cost", "demo")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        total = cost.cost_totals(connection, NOVEMBER)[0]
    drawn = sum(sum(_numbers(trace["y"])) for trace in _figure(app, 1)["data"])
    assert formats.money(total.cost, "USD") == app.metric[0].value
    assert float(total.cost) == pytest.approx(drawn)


def test_the_table_of_slices_holds_every_dollar_of_the_period(
    opened: Opened, world: Callable[[str], str]
) -> None:
    app = opened("cost", "demo", by="Team")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        slices = cost.cost_by(connection, "team", NOVEMBER)
    table = app.dataframe[0].value
    assert [part.key or cost_words.NO_KEY["team"] for part in slices] == list(table["name"])
    assert float(sum((part.cost for part in slices), Decimal(0))) == pytest.approx(table["cost"].sum())


def test_what_has_no_price_is_told_apart_from_what_costs(opened: Opened) -> None:
    app = opened("cost", "demo")

    unpriced = next(metric for metric in app.metric if metric.label == cost_words.UNPRICED)
    assert unpriced.value.endswith("tokens")
    (why,) = [table.value for table in app.dataframe if "why" in table.value.columns]
    assert {"voice-ptu", "new-model-trial"} == set(why["deployment"])


def test_room_shows_the_deployment_nearest_to_its_limit_first(opened: Opened) -> None:
    app = opened("room", "demo")

    table = app.dataframe[0].value
    assert ["summaries-mini", "voice-ptu", "chat-prod"] == list(table["deployment"][:3])
    assert -8_000 == table["headroom_tpm"][0]
    assert "104 %" == app.metric[0].value


def test_room_draws_the_deployment_that_a_link_names(opened: Opened) -> None:
    app = opened("room", "demo", deployment="chat-prod · contoso-aoai-eastus2")

    assert "chat-prod · contoso-aoai-eastus2" == app.selectbox(key="deployment").value
    limits = next(trace for trace in _figure(app, 0)["data"] if trace["name"] == limits_words.LIMIT)
    assert {450_000} == set(_numbers(limits["y"]))


def test_endings_come_soonest_first_and_say_what_happens(opened: Opened) -> None:
    app = opened("endings", "demo")

    table = app.dataframe[0].value
    assert ["intranet-bot", "voice-ptu", "summaries-mini"] == list(table["deployment"][:3])
    assert ["7 days ago", "in 12 days", "in 26 days"] == list(table["left"][:3])
    assert ["upgraded by Azure", "stops working", "upgraded by Azure"] == list(table["on_the_day"][:3])


def test_a_failed_scope_is_named_with_what_would_mend_it(opened: Opened) -> None:
    app = opened("collection", "troubled")

    said = " ".join(text.value for text in app.text)
    assert f"{SWEDEN.name} · {SUBSCRIPTIONS[0][1]}" in said
    assert "403 AuthorizationFailed" in said
    assert any("Monitoring Reader" in code.value for code in app.code)


def test_scopes_are_shown_by_name_and_downloaded_by_their_azure_id(opened: Opened) -> None:
    found = state_of_collection(opened)

    assert f"{SWEDEN.name} · {SUBSCRIPTIONS[0][1]}" in {row["named"] for row in found.scopes.rows}
    assert not [row["named"] for row in found.scopes.rows if "/subscriptions/" in str(row["named"])]
    assert SWEDEN.arm_id.lower() in to_csv(found.scopes)
    assert "scope" not in {column.key for column in found.scopes.shown}


def state_of_collection(opened: Opened) -> CollectionView:
    opened("collection", "troubled")
    return collection_state.view(state.Chosen())


def test_figures_that_wait_to_be_worked_out_are_not_blamed_on_filters(opened: Opened) -> None:
    app = opened("cost", "collected")

    assert words.WAITING_TITLE in [found.value for found in app.header]
    assert words.NO_FIGURES_HINT not in [found.value for found in app.caption]
    assert any("still being worked out" in found.value for found in app.info)


def test_an_overview_without_figures_claims_no_prices(opened: Opened) -> None:
    app = opened("overview", "collected")

    assert not [found.value for found in app.caption if "Everything used has a price" in found.value]
    assert any("still being worked out" in found.value for found in app.info)


def test_old_and_missing_data_is_said_above_the_figures(opened: Opened) -> None:
    app = opened("overview", "troubled")

    for screen in ("overview", "cost", "room"):
        shown(app, screen)
        said = " ".join(warning.value for warning in app.warning)
        assert "These figures are old" in said
        assert "could not be read" in said
        assert any("80.0 %" in info.value for info in app.info)


def test_filters_narrow_every_figure(opened: Opened, world: Callable[[str], str]) -> None:
    whole, narrowed = opened("cost", "demo"), opened("cost", "demo", tag="team=Legal", charges="true")

    (charges,) = [table.value for table in narrowed.dataframe if "team" in table.value.columns]
    assert {"Legal"} == set(charges["team"])
    assert whole.metric[0].value != narrowed.metric[0].value


def test_a_link_that_means_nothing_shows_the_usual_period(opened: Opened) -> None:
    app = opened("cost", "demo", period="Last 3 centuries", subscription="nobody")

    assert words.period_name("month") == app.selectbox(key="period").value
    assert [] == list(app.exception)


def test_a_link_from_a_letter_finds_its_account_deployment_and_month(opened: Opened) -> None:
    room = opened("room", "demo", account=SWEDEN.arm_id, deployment="Contract-Review", month="2026-10")

    assert ["contoso-aoai-sweden"] == room.multiselect(key="account").value
    assert "contract-review · contoso-aoai-sweden" == room.selectbox(key="deployment").value
    assert "October 2026" == room.selectbox(key="period").value


def test_a_store_of_another_revision_is_refused_with_its_own_word(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    path = tmp_path / "other.db"
    open_engine(f"sqlite:///{path}").dispose()
    monkeypatch.setenv("AOAI_DATABASE_URL", f"sqlite:///{path}")
    app = AppTest.from_file(str(APP), default_timeout=30).run()

    assert [words.FAILED_TITLE] == [title.value for title in app.title]
    assert any("db upgrade" in code.value for code in app.code)


def test_hostile_names_never_reach_markdown_nor_plotly_as_they_are(opened: Opened) -> None:
    app = opened("overview", "hostile")

    for screen in TITLES:
        shown(app, screen)
        marked = [
            *app.markdown,
            *app.caption,
            *app.title,
            *app.header,
            *app.subheader,
            *app.warning,
            *app.info,
            *app.error,
        ]
        labels = [metric.label + metric.value + (metric.help or "") for metric in app.metric]
        drawn = [json.dumps(_figure(app, place)) for place in range(len(app.get("plotly_chart")))]
        for said in [*(element.value for element in marked), *labels]:
            assert [] == [piece for piece in (*MARKUP, "**bold**", "http://evil") if piece in said]
        for figure in drawn:
            assert [] == [piece for piece in (*MARKUP, "[r] %{x}") if piece in figure]


def test_a_hostile_name_stands_in_the_table_as_it_is(opened: Opened) -> None:
    app = opened("room", "hostile")

    assert HOSTILE in list(app.dataframe[0].value["deployment"])


def _figure(app: AppTest, place: int) -> dict[str, Any]:
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def _numbers(values: Any) -> list[float]:
    """Plain lists, or Plotly's typed arrays."""
    if isinstance(values, dict):
        import base64

        import numpy as np

        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()
    return [float(value) for value in values]


def test_the_endings_of_one_owner_can_be_looked_at_alone(opened: Opened) -> None:
    whole = opened("endings", "demo")
    owners = [one for one in whole.selectbox(key="owner").options if "@" in one]
    alone = opened("endings", "demo", owner=owners[0])

    table = alone.dataframe[0].value
    assert {owners[0]} == set(table["owner"])
    assert 0 < len(table) < len(whole.dataframe[0].value)


def test_api_versions_show_their_share_and_the_way_to_newer_ones(opened: Opened) -> None:
    app = opened("endings", "demo")

    shares = app.dataframe[1].value
    assert {"share", "last_seen", "requests"} <= set(shares.columns)
    assert any("newer api-versions" in head.value for head in app.header)
