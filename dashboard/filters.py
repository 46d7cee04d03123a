"""The filters in the sidebar: they live in the address of the page, so a link carries them and every screen keeps them."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from collector.store.reads.overview import Choices
from collector.store.reads.scope import Filters
from dashboard import state, words
from dashboard.periods import DEFAULT, period_keys
from dashboard.state import Chosen

_CHOSEN = "chosen"


def draw(choices: Choices) -> None:
    """Every option is named once and for all: what stands in a link must mean the same tomorrow."""
    with st.sidebar:
        keys = period_keys(choices.months, state.today())
        labels = {words.period_name(key): key for key in keys}
        period = st.selectbox(
            words.PERIOD, list(labels), key="period", help=words.PERIOD_HELP, bind="query-params"
        )
        subscriptions = _unique(choices.subscriptions)
        accounts = _unique(choices.accounts)
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


def one_of(label: str, key: str, options: Sequence[str], help: str) -> str | None:
    """One of a few; nothing is drawn where there is no choice."""
    if len(options) < 2:
        return options[0] if options else None
    return st.segmented_control(
        label, options, key=key, default=options[0], required=True, help=help, bind="query-params"
    )


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
