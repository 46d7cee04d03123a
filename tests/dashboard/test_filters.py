"""A filter at the side is only to be used where it changes something."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import filters
from dashboard.pages import SCREENS
from tests.dashboard.conftest import Opened
from tests.dashboard.conftest import shown as switched
from tests.dashboard.seed import SUBSCRIPTIONS

CHOICES = {
    "period": "Last 7 days",
    "subscription": SUBSCRIPTIONS[1][1],
    "account": "contoso-foundry",
    "tag": "team=Research",
    "model": "o3",
    "location": "westeurope",
}


UNSEEN = {
    # What the seeded estate has not: places to deploy to, prices of units, alerts.
    "fit": {"subscription", "location"},
    "units": {"subscription", "account", "tag", "model", "location"},
    "alerts": {"subscription", "account"},
}


@pytest.mark.parametrize("page", sorted(filters.ACTS))
def test_a_filter_is_open_just_where_it_changes_what_is_shown(opened: Opened, page: str) -> None:
    screen = page or "overview"
    whole = opened(screen, "demo")
    open_here = {key for key in CHOICES if not _widget(whole, key).disabled}
    changes = {
        key for key, value in CHOICES.items() if shown(opened(screen, "demo", **{key: value})) != shown(whole)
    }

    assert open_here == changes | UNSEEN.get(screen, set())


def test_every_page_says_which_filters_it_knows() -> None:
    assert {f"{name or 'overview'}.py" for name in filters.ACTS} == {
        path.name for path in SCREENS.glob("*.py") if path.name != "__init__.py"
    }


def test_a_choice_outlives_a_page_that_does_not_know_it(opened: Opened) -> None:
    app = opened("finance", "demo", tag="team=Assist", period="Last 7 days")
    assert (True, True) == (_widget(app, "tag").disabled, _widget(app, "period").disabled)

    again = switched(app, "cost")

    assert (["team=Assist"], "Last 7 days") == (_widget(again, "tag").value, _widget(again, "period").value)


def shown(app: AppTest) -> list[str]:
    """Everything below the head of a screen, which tells how old its figures are."""
    return [
        *(str(table.value.to_dict()) for table in app.dataframe),
        *(f"{tile.label} {tile.value} {tile.delta}" for tile in app.metric),
        *(said.value for said in [*app.text, *app.markdown, *app.header, *app.code, *app.info]),
        *(said.value for said in app.main.caption[1:]),
        *(chart.proto.spec for chart in app.get("plotly_chart")),
    ]


def _widget(app: AppTest, key: str) -> Any:
    return app.sidebar.selectbox(key=key) if key == "period" else app.sidebar.multiselect(key=key)
