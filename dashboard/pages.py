"""Every page under the question that it answers, for the one navigation of the app."""

from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import words
from dashboard.words import alerts as alerts_words
from dashboard.words import finance as finance_words
from dashboard.words import outlook as outlook_words
from dashboard.words import room as room_words

SCREENS: Final = Path(__file__).parent / "screens"


def pages() -> dict[str, list[Any]]:
    return {
        "": [
            _page("overview", "Overview", "dashboard", words.OVERVIEW_HELP, default=True),
        ],
        words.COST_TITLE: [
            _page("cost", words.COST_TITLE, "payments", words.COST_HELP),
            _page("forecast", outlook_words.FORECAST_TITLE, "trending_up", outlook_words.FORECAST_HELP),
            _page("unit_costs", outlook_words.UNITS_TITLE, "straighten", outlook_words.UNITS_HELP),
            _page("savings", outlook_words.SAVINGS_TITLE, "savings", outlook_words.SAVINGS_HELP),
            _page("finance", finance_words.TITLE, "receipt_long", finance_words.HELP),
        ],
        words.ROOM_TITLE: [
            _page("room", words.ROOM_TITLE, "speed", words.ROOM_HELP),
            _page("throttling", room_words.HURTS_TITLE, "block", room_words.HURTS_HELP),
            _page("advice", room_words.ADVICE_TITLE, "checklist", room_words.ADVICE_HELP),
            _page("fit", room_words.FIT_TITLE, "add_location", room_words.FIT_HELP),
            _page("quota", room_words.MAP_TITLE, "grid_on", room_words.MAP_HELP),
            _page("units", room_words.UNITS_TITLE, "dns", room_words.UNITS_HELP),
            _page("quality", room_words.QUALITY_TITLE, "timer", room_words.QUALITY_HELP),
        ],
        words.ENDINGS_TITLE: [
            _page("endings", words.ENDINGS_TITLE, "event_busy", words.ENDINGS_HELP),
            _page("alerts", alerts_words.TITLE, "notifications", alerts_words.HELP),
        ],
        words.TRUST_TITLE: [
            _page("posture", room_words.POSTURE_TITLE, "shield", room_words.POSTURE_HELP),
            _page("collection", words.COLLECTION_TITLE, "sync", words.COLLECTION_HELP),
        ],
    }


def _page(name: str, title: str, icon: str, help: str, *, default: bool = False) -> Any:
    return st.Page(SCREENS / f"{name}.py", title=title, icon=f":material/{icon}:", help=help, default=default)
