"""The entry: pages, filters and the state of the store, before any screen draws a figure."""

from pathlib import Path

import streamlit as st

from collector.settings import BadSettings
from collector.store.errors import StoreError
from dashboard import filters, show, state, words
from dashboard.login.visitors import visitor
from dashboard.pages import pages

HERE = Path(__file__).parent

st.set_page_config(page_title=words.PRODUCT, page_icon=str(HERE / "assets/icon.svg"), layout="wide")
show.logo(HERE / "assets")
page = st.navigation(pages(), expanded=True)
show.who_looks(visitor(st.context.headers))
try:
    state.require_store()
    filters.draw(state.choices(), page.url_path)
except (StoreError, BadSettings) as error:
    show.failed(str(error))
else:
    page.run()
