"""The cost screens open on every kind of store, lead into every figure, and show what the store holds."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import streamlit as st

from collector.store.engine import open_engine
from collector.store.reads import cost
from collector.store.reads.scope import Filters
from dashboard import formats
from dashboard.words import cost as cost_words
from dashboard.words import outlook as outlook_words
from tests.dashboard.conftest import Opened, assert_opens, shown
from tests.dashboard.test_screens import MARKUP, NOVEMBER
from tests.dashboard.worlds import EAST, HOSTILE

TITLES = {
    "forecast": outlook_words.FORECAST_TITLE,
    "unit_costs": outlook_words.UNITS_TITLE,
    "savings": outlook_words.SAVINGS_TITLE,
}
BUDGETS = """
[[budgets]]
name = "Everything"
amount = 30000
currency = "USD"

[[budgets]]
name = "Assist"
amount = 100
currency = "USD"
team = "Assist"
"""


@pytest.fixture
def budgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(BUDGETS, encoding="utf-8")
    monkeypatch.setenv("AOAI_CONFIG", str(path))
    st.cache_resource.clear()


@pytest.mark.parametrize("name", ["demo", "empty", "troubled", "hostile"])
def test_every_cost_screen_opens_on_every_store(opened: Opened, name: str) -> None:
    app = opened("overview", name)

    for screen, title in TITLES.items():
        assert_opens(app, screen, title)
        texts = [str(one.value) for one in (*app.markdown, *app.caption)]
        assert [] == [text for text in texts if any(bad in text for bad in MARKUP)]


def test_a_team_is_looked_into_by_its_address(opened: Opened, world: Callable[[str], str]) -> None:
    app = opened("cost", "demo", within="team:Assist", by="Deployment")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        (total,) = cost.cost_totals(connection, NOVEMBER, Filters(teams=("Assist",)))
    assert formats.money(total.cost, "USD") == app.metric[0].value
    assert ["Team Assist"] == [text.value for text in app.text]
    assert {"chat-prod", "assist-41", "chat-eu"} == {
        name.rpartition(" / ")[2] for name in app.dataframe[0].value["name"]
    }


def test_at_a_deployments_kind_every_charge_shows_its_price(opened: Opened) -> None:
    deployment = f"deployment:{EAST.arm_id}/deployments/chat-prod"
    app = opened("cost", "demo", within=["team:Assist", deployment, "kind:output"])

    (charges,) = [table.value for table in app.dataframe if "meter_name" in table.value.columns]
    assert {("chat-prod", cost_words.KINDS["output"])} == set(
        zip(charges["deployment"], charges["kind_name"], strict=True)
    )
    assert all(price.endswith("per 1M tokens") for price in charges["price"])


def test_the_way_in_needs_no_mouse(opened: Opened) -> None:
    app = opened("cost", "demo", by="Team")

    app.selectbox(key="inside").set_value("Assist").run()

    assert app.query_params["within"] in ("team:Assist", ["team:Assist"])
    assert app.session_state["by"] == "Deployment"


def test_the_way_leads_back(opened: Opened) -> None:
    app = opened("cost", "demo", within=["team:Assist", "kind:input"], by="Deployment")

    app.button(key="way-back").click().run()
    assert app.query_params["within"] in ("team:Assist", ["team:Assist"])
    app.button(key="way-out").click().run()
    assert "within" not in app.query_params
    assert "Team" == app.segmented_control(key="by").value


def test_a_way_that_means_nothing_shows_everything(opened: Opened) -> None:
    plain, odd = opened("cost", "demo"), opened("cost", "demo", within=["nonsense", "step:rate", "moon:full"])

    assert [one.value for one in plain.metric] == [one.value for one in odd.metric]


def test_a_hostile_name_on_the_way_stays_text(opened: Opened) -> None:
    app = opened("cost", "hostile", within=f"team:{HOSTILE}")

    assert [] == [error.message for error in app.exception]
    assert [] == [one.value for one in app.markdown if "<script>" in one.value]


def test_the_months_end_is_an_interval_beside_its_past_error(opened: Opened) -> None:
    app = opened("cost", "demo")

    (end,) = [one for one in app.metric if one.label == cost_words.MONTH_END]
    assert "–" in end.value
    assert end.delta.startswith("± ")
    assert "repeating the last week by" in end.help


def test_the_months_end_is_the_same_wherever_it_is_shown(opened: Opened) -> None:
    def end(screen: str, label: str) -> str:
        (tile,) = [one for one in opened(screen, "demo").metric if one.label.startswith(label)]
        return tile.value

    on_cost = end("cost", cost_words.MONTH_END)
    assert on_cost == end("forecast", cost_words.MONTH_END)
    assert on_cost == end("finance", "Month's end")


def test_every_forecast_of_a_part_has_its_interval_and_errors_or_says_why_not(opened: Opened) -> None:
    app = opened("forecast", "demo", forecast_by="Deployment")

    (parts,) = [table.value for table in app.dataframe if "last_week_error" in table.value.columns]
    for part in parts.to_dict("records"):
        if part["forecast"] is not None:
            assert part["low"] <= part["forecast"] <= part["high"]
            assert part["error"] is not None
        else:
            assert part["why"]


def test_budgets_stand_beside_the_month(budgets: None, opened: Opened) -> None:
    app = opened("cost", "demo")
    (used,) = [one for one in app.metric if one.label == outlook_words.BUDGET_USED]
    assert used.value.endswith("%")

    shown(app, "forecast")
    (table,) = [one.value for one in app.dataframe if "spent_on" in one.value.columns]
    assert ["Assist", "Everything"] == list(table["name"])
    assert "spent" == table["standing"][0]


def test_unit_costs_by_team_hold_the_cost_of_what_is_paid_by_use(
    opened: Opened, world: Callable[[str], str]
) -> None:
    app = opened("unit_costs", "demo", unit_by="Team")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        (total,) = cost.cost_totals(connection, NOVEMBER)
        hourly = [
            part.cost
            for part in cost.cost_by(connection, "kind", NOVEMBER)
            if part.key in ("ptu_hour", "hosting_hour")
        ]
    table = app.dataframe[0].value
    assert float(total.cost - sum(hourly, Decimal(0))) == pytest.approx(table["cost"].sum())


def test_savings_are_those_of_what_the_filters_leave(opened: Opened) -> None:
    everything, narrow = opened("savings", "demo"), opened("savings", "demo", account="contoso-foundry")

    names = set(everything.dataframe[0].value["account"])
    assert len(names) > 1
    assert {"contoso-foundry"} >= {
        name for table in narrow.dataframe for name in table.value.get("account", [])
    }
