"""The filters in the sidebar: they live in the address of the page, so a link carries them and every screen keeps them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from collector.store.reads.overview import Choices
from collector.store.reads.scope import Filters
from dashboard import state, words
from dashboard.periods import DEFAULT, period_keys
from dashboard.state import Chosen
from dashboard.words import endings as endings_words

_PLACES: Final = frozenset({"subscription", "account", "location"})
_ESTATE: Final = _PLACES | {"tag", "model"}
_ALL: Final = _ESTATE | {"period"}
ACTS: Final[Mapping[str, frozenset[str]]] = {
    "": _ALL,
    "cost": _ALL,
    "forecast": _ESTATE,
    "unit_costs": _ALL,
    "savings": _ESTATE,
    "finance": frozenset(),
    "room": _ALL,
    "throttling": _ALL,
    "advice": _ESTATE,
    "fit": frozenset({"subscription", "location"}),
    "quota": _PLACES,
    "units": _ESTATE,
    "quality": _ALL - {"model"},
    "endings": _ESTATE,
    "alerts": frozenset({"subscription", "account"}),
    "posture": _PLACES | {"tag"},
    "collection": _PLACES,
}
"""By page: the filters that change anything on it. The others stand there greyed and keep their choice for other pages."""
_CHOSEN = "chosen"


def draw(choices: Choices, page: str) -> None:
    """Every option is named once and for all: what stands in a link must mean the same tomorrow."""
    acts = ACTS[page]
    keys = period_keys(choices.months, state.today())
    labels = {words.period_name(key): key for key in keys}
    subscriptions, accounts = _unique(choices.subscriptions), _unique(choices.accounts)
    _read_letter_link(labels, {"subscription": subscriptions, "account": accounts})
    with st.sidebar:
        period = st.selectbox(
            words.PERIOD,
            list(labels),
            key="period",
            help=words.PERIOD_HELP if "period" in acts else words.NOT_HERE,
            bind="query-params",
            disabled="period" not in acts,
        )
        filters = Filters(
            subscriptions=_several(words.SUBSCRIPTION, "subscription", subscriptions, acts),
            accounts=_several(words.ACCOUNT, "account", accounts, acts),
            tags=_several(words.TAG, "tag", {tag: tag for tag in choices.tags}, acts, words.TAG_HELP),
            models=_several(words.MODEL, "model", {model: model for model in choices.models}, acts),
            locations=_several(
                words.LOCATION, "location", {place: place for place in choices.locations}, acts
            ),
        )
        st.caption(words.SHARE_HINT)
    key = labels.get(period or "", DEFAULT) if "period" in acts else DEFAULT
    st.session_state[_CHOSEN] = Chosen(key, filters)


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


def _several(
    label: str, key: str, options: Mapping[str, str], acts: frozenset[str], help: str | None = None
) -> tuple[str, ...]:
    """Any number of options, none of them meaning all; what changes nothing on this page cannot be chosen here."""
    picked = st.multiselect(
        label,
        list(options),
        key=key,
        help=help if key in acts else words.NOT_HERE,
        placeholder=words.ALL,
        bind="query-params",
        select_all=False,
        disabled=not options or key not in acts,
    )
    return tuple(options[name] for name in picked if name in options and key in acts)


def _unique(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Value by name; a name that two things bear is told apart by what identifies them."""
    times = Counter(name for _, name in pairs)
    return {name if times[name] == 1 else f"{name} ({value})": value for value, name in pairs}
