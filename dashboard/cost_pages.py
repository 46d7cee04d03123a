"""The pages about money, for the one navigation of the app."""

from typing import Any

import streamlit as st

from dashboard import words, words_finance
from dashboard import words_cost as said


def cost_pages() -> list[Any]:
    return [
        st.Page("screens/cost.py", title=words.COST_TITLE, icon=":material/payments:", help=words.COST_HELP),
        st.Page("screens/forecast.py", title=said.FORECAST_TITLE, icon=":material/trending_up:", help=said.FORECAST_HELP),
        st.Page("screens/unit_costs.py", title=said.UNITS_TITLE, icon=":material/straighten:", help=said.UNITS_HELP),
        st.Page("screens/savings.py", title=said.SAVINGS_TITLE, icon=":material/savings:", help=said.SAVINGS_HELP),
        st.Page("screens/finance.py", title=words_finance.TITLE, icon=":material/receipt_long:", help=words_finance.HELP),
    ]  # fmt: skip
