"""What is open, who looks after it, what happened, and what was written to whom."""

import streamlit as st

from collector.store.errors import StoreError
from dashboard import alerts, filters, show, state
from dashboard.login.visitors import visitor
from dashboard.words import alerts as words

JOBS = ("inventory", "metrics", "models", "quotas")

chosen = filters.chosen()
person = visitor(st.context.headers).person


def act(key: str) -> None:
    """Only for a person with a name: the alert keeps who did it and why."""
    if person is None:
        st.caption(words.NO_LOGIN)
        return
    with st.form("act", clear_on_submit=True):
        kind = st.radio(words.WHAT, list(words.KINDS), horizontal=True)
        why = st.text_input(words.WHY, help=words.WHY_HELP, max_chars=500)
        until = st.date_input(words.UNTIL, value=None, min_value=state.today(), help=words.UNTIL_HELP)
        if not st.form_submit_button(words.DO_IT):
            return
    if not why.strip():
        st.warning(words.WHY_MISSING)
        return
    try:
        alerts.note(key, words.KINDS[kind or "Acknowledge"], person, why.strip(), until)
    except StoreError as error:
        st.error(words.NOT_NOTED)
        st.code(str(error), language=None, wrap_lines=True)
    else:
        st.success(words.NOTED)


def one_alert(key: str) -> None:
    found = alerts.detail(key)
    if found is None:
        return
    with st.container(border=True):
        st.text(found.title)
        st.text(found.headline)
        if found.facts:
            st.text("\n".join(f"{label}: {value}" for label, value in found.facts))
        if found.if_nothing:
            st.caption(words.IF_NOTHING)
            st.text(found.if_nothing)
        if found.steps:
            st.caption(words.NEXT_STEPS)
            for text, link in found.steps:
                st.text(f"• {text}" + (f"  {link}" if link and link.startswith("https://") else ""))
        st.text(found.standing)
        if found.asked:
            st.caption(words.ASKED)
            for line in found.asked:
                st.text(line)


if show.head(words.TITLE, state.freshness(chosen, JOBS, coverage=False), words.ABOUT):
    view = alerts.view(chosen)
    if view.looked_at is None:
        st.info(words.NOT_LOOKED)
    show.tiles(view.tiles)
    if view.open:
        show.show_table(view.open, title=words.OPEN_TITLE, about=words.OPEN_TITLE)
    else:
        show.section(words.OPEN_TITLE)
        st.caption(words.NO_OPEN)
    if view.acknowledged:
        show.show_table(view.acknowledged, title=words.ACKNOWLEDGED_TITLE, about=words.ACKNOWLEDGED_TITLE)
    if view.choices:
        show.section(words.DETAIL_TITLE)
        key = st.selectbox(
            words.DETAIL_LABEL, list(view.choices), format_func=lambda one: view.choices[one], key="alert"
        )
        if key is not None:
            one_alert(key)
            act(key)
    if view.history:
        show.show_table(view.history, title=words.HISTORY_TITLE, about=words.HISTORY_TITLE)
        st.caption(words.HISTORY_TEXT)
    else:
        show.section(words.HISTORY_TITLE)
        st.caption(words.NO_HISTORY)
    if view.letters:
        show.show_table(view.letters, title=words.LETTERS_TITLE, about=words.LETTERS_TITLE)
        st.caption(words.LETTERS_TEXT)
    else:
        show.section(words.LETTERS_TITLE)
        st.caption(words.NO_LETTERS)
