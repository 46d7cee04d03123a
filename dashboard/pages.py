"""Every page under the question that it answers, for the one navigation of the app."""

from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import words, words_alerts, words_finance
from dashboard import words_cost as cost
from dashboard import words_room as room

SCREENS: Final = Path(__file__).parent / "screens"


def pages() -> dict[str, list[Any]]:
    return {
        "": [
            _page("overview", "Overview", "dashboard", words.OVERVIEW_HELP, default=True),
        ],
        words.COST_TITLE: [
            _page("cost", words.COST_TITLE, "payments", words.COST_HELP),
            _page("forecast", cost.FORECAST_TITLE, "trending_up", cost.FORECAST_HELP),
            _page("unit_costs", cost.UNITS_TITLE, "straighten", cost.UNITS_HELP),
            _page("savings", cost.SAVINGS_TITLE, "savings", cost.SAVINGS_HELP),
            _page("finance", words_finance.TITLE, "receipt_long", words_finance.HELP),
        ],
        words.ROOM_TITLE: [
            _page("room", words.ROOM_TITLE, "speed", words.ROOM_HELP),
            _page("throttling", room.HURTS_TITLE, "block", room.HURTS_HELP),
            _page("advice", room.ADVICE_TITLE, "checklist", room.ADVICE_HELP),
            _page("fit", room.FIT_TITLE, "add_location", room.FIT_HELP),
            _page("quota", room.MAP_TITLE, "grid_on", room.MAP_HELP),
            _page("units", room.UNITS_TITLE, "dns", room.UNITS_HELP),
            _page("quality", room.QUALITY_TITLE, "timer", room.QUALITY_HELP),
        ],
        words.ENDINGS_TITLE: [
            _page("endings", words.ENDINGS_TITLE, "event_busy", words.ENDINGS_HELP),
            _page("alerts", words_alerts.TITLE, "notifications", words_alerts.HELP),
        ],
        words.TRUST_TITLE: [
            _page("posture", room.POSTURE_TITLE, "shield", room.POSTURE_HELP),
            _page("collection", words.COLLECTION_TITLE, "sync", words.COLLECTION_HELP),
        ],
    }


def _page(name: str, title: str, icon: str, help: str, *, default: bool = False) -> Any:
    return st.Page(SCREENS / f"{name}.py", title=title, icon=f":material/{icon}:", help=help, default=default)
