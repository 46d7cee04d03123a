"""The entry: pages, filters and the state of the store, before any screen draws a figure."""

from pathlib import Path

import streamlit as st

from collector.settings import BadSettings
from collector.store.errors import StoreError
from dashboard import filters, show, state, words
from dashboard.cost_pages import cost_pages
from dashboard.login.visitors import visitor
from dashboard.room_pages import room_pages

HERE = Path(__file__).parent

st.set_page_config(page_title=words.PRODUCT, page_icon=str(HERE / "assets/icon.svg"), layout="wide")
show.logo(HERE / "assets")
page = st.navigation(
    [
        st.Page("screens/overview.py", title="Overview", icon=":material/dashboard:", default=True, help=words.OVERVIEW_HELP),
        *cost_pages(),
        st.Page("screens/room.py", title=words.ROOM_TITLE, icon=":material/speed:", help=words.ROOM_HELP),
        *room_pages(),
        st.Page("screens/endings.py", title=words.ENDINGS_TITLE, icon=":material/event_busy:", help=words.ENDINGS_HELP),
        st.Page("screens/alerts.py", title="Alerts", icon=":material/notifications:", help="What is open, who looks after it, and what was written to whom."),
        st.Page("screens/collection.py", title=words.COLLECTION_TITLE, icon=":material/sync:", help=words.COLLECTION_HELP),
    ],
    expanded=True,
)  # fmt: skip
show.who_looks(visitor(st.context.headers))
try:
    state.require_store()
    filters.draw(state.choices())
except (StoreError, BadSettings) as error:
    show.failed(str(error))
else:
    page.run()
