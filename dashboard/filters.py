"""The filters in the sidebar: they live in the address of the page, so a link carries them and every screen keeps them."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from collector.store.reads.overview import Choices
from collector.store.reads.scope import Filters
from dashboard import state, words
from dashboard.periods import DEFAULT, period_keys
from dashboard.state import Chosen
from dashboard.words import endings as endings_words

_CHOSEN = "chosen"


def draw(choices: Choices) -> None:
    """Every option is named once and for all: what stands in a link must mean the same tomorrow."""
    keys = period_keys(choices.months, state.today())
    labels = {words.period_name(key): key for key in keys}
    subscriptions, accounts = _unique(choices.subscriptions), _unique(choices.accounts)
    _read_letter_link(labels, {"subscription": subscriptions, "account": accounts})
    with st.sidebar:
        period = st.selectbox(
            words.PERIOD, list(labels), key="period", help=words.PERIOD_HELP, bind="query-params"
        )
        filters = Filters(
            subscriptions=_several(words.SUBSCRIPTION, "subscription", subscriptions),
            accounts=_several(words.ACCOUNT, "account", accounts),
            tags=_several(words.TAG, "tag", {tag: tag for tag in choices.tags}, words.TAG_HELP),
            models=_several(words.MODEL, "model", {model: model for model in choices.models}),
            locations=_several(words.LOCATION, "location", {place: place for place in choices.locations}),
        )
        st.caption(words.SHARE_HINT)
    st.session_state[_CHOSEN] = Chosen(labels.get(period or "", DEFAULT), filters)


def chosen() -> Chosen:
    return st.session_state.get(_CHOSEN, Chosen())


def read_deployment_link(labels: Mapping[str, str]) -> None:
    """A letter names a deployment by its own name, beside the filter for its account; a screen by its ARM id."""
    named = st.query_params.get("deployment")
    if named is None or named in labels:
        return
    ending = named.casefold() if "/" in named else f"/deployments/{named.casefold()}"
    found = next((label for label, key in labels.items() if key.casefold().endswith(ending)), None)
    if found is not None:
        st.session_state["deployment"] = found


def _read_letter_link(periods: Mapping[str, str], ids: Mapping[str, Mapping[str, str]]) -> None:
    """Links in letters name a month as `2026-10` and things by their Azure ids; the filters name them for people."""
    month = st.query_params.get("month")
    if month is not None:
        named = next((label for label, key in periods.items() if key == month), None)
        del st.query_params["month"]
        if named is not None:
            st.session_state["period"] = named
    for key, options in ids.items():
        wanted = {value.casefold() for value in st.query_params.get_all(key)}
        found = [label for label, value in options.items() if value.casefold() in wanted]
        if found:
            st.session_state[key] = found


def one_of(label: str, key: str, options: Sequence[str], help: str) -> str | None:
    """One of a few; nothing is drawn where there is no choice."""
    if len(options) < 2:
        return options[0] if options else None
    return st.segmented_control(
        label, options, key=key, default=options[0], required=True, help=help, bind="query-params"
    )


def owner(owners: Sequence[str]) -> str | None:
    """None is everybody, "" what nobody owns; nothing is drawn where no tag names anybody."""
    if not owners:
        return None
    picked = st.selectbox(
        endings_words.OWNER,
        [endings_words.EVERYBODY, *owners, endings_words.NOBODY],
        key="owner",
        help=endings_words.OWNER_HELP,
        bind="query-params",
    )
    if picked in (None, endings_words.EVERYBODY):
        return None
    return "" if picked == endings_words.NOBODY else picked


def _several(label: str, key: str, options: Mapping[str, str], help: str | None = None) -> tuple[str, ...]:
    """Any number of options, none of them meaning all; a filter with one option has nothing to narrow."""
    picked = st.multiselect(
        label,
        list(options),
        key=key,
        help=help,
        placeholder=words.ALL,
        bind="query-params",
        select_all=False,
        disabled=not options,
    )
    return tuple(options[name] for name in picked if name in options)


def _unique(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Value by name; a name that two things bear is told apart by what identifies them."""
    times = Counter(name for _, name in pairs)
    return {name if times[name] == 1 else f"{name} ({value})": value for value, name in pairs}
