"""The pages of the deeper room screens, for the one navigation of the app."""

from typing import Any

import streamlit as st

from dashboard import words_room as words


def room_pages() -> list[Any]:
    return [
        st.Page("screens/throttling.py", title=words.HURTS_TITLE, icon=":material/block:", help=words.HURTS_HELP),
        st.Page("screens/advice.py", title=words.ADVICE_TITLE, icon=":material/checklist:", help=words.ADVICE_HELP),
        st.Page("screens/fit.py", title=words.FIT_TITLE, icon=":material/add_location:", help=words.FIT_HELP),
        st.Page("screens/quota.py", title=words.MAP_TITLE, icon=":material/grid_on:", help=words.MAP_HELP),
        st.Page("screens/units.py", title=words.UNITS_TITLE, icon=":material/dns:", help=words.UNITS_HELP),
        st.Page("screens/quality.py", title=words.QUALITY_TITLE, icon=":material/timer:", help=words.QUALITY_HELP),
        st.Page("screens/posture.py", title=words.POSTURE_TITLE, icon=":material/shield:", help=words.POSTURE_HELP),
    ]  # fmt: skip
