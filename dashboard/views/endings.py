"""The endings screen: which deployments stop or are upgraded when, and which api-versions clients still name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from collector.domain.alerts.rules import Where
from collector.domain.endings.api_versions import ApiEnding, ApiVersionFact, api_ending
from collector.domain.endings.callers import Callers
from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import ModelCatalog
from collector.domain.endings.replacement import price_in_words
from collector.store.reads.api_use import ApiUseRow, ApiWeek
from collector.store.reads.callers import CallKey
from collector.store.reads.ending_stories import EndingStory
from collector.store.reads.endings import CatalogChange, DeployedRow
from collector.store.reads.scope import Pair
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import endings as words

SOON, LATER = 30, 180
ON_TIMELINE = 25


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A deployment on the timeline, soonest first."""

    name: str
    days_left: int
    ends_on: date
    on_the_day: str
    detail: str


@dataclass(frozen=True, slots=True)
class ApiStateWeeks:
    """The share of all requests that named api-versions of one state, week by week."""

    state: str
    weeks: tuple[date, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EndingsView:
    tiles: tuple[Tile, ...]
    timeline: tuple[TimelineRow, ...]
    deployments: Table
    api_versions: Table
    api_weeks: tuple[ApiStateWeeks, ...]
    changes: Table
    undated: int


def endings_of(rows: Iterable[DeployedRow], catalog: ModelCatalog, today: date) -> tuple[EndingStory, ...]:
    """Every deployment with its ending, soonest first, those without a date last."""
    return soonest_first(EndingStory(row, ending_of(row.what, catalog, today)) for row in rows)


def soonest_first(stories: Iterable[EndingStory]) -> tuple[EndingStory, ...]:
    return tuple(
        sorted(
            stories,
            key=lambda one: (one.ending.days_left is None, one.ending.days_left or 0, one.row.deployment),
        )
    )


def owners_of(places: Iterable[Where]) -> list[str]:
    """Everybody who owns anything, by name."""
    return sorted({place.owner for place in places if place.owner}, key=str.casefold)


def endings_view(
    endings: Sequence[EndingStory],
    uses: Sequence[ApiUseRow],
    facts: Mapping[str, ApiVersionFact],
    changes: Sequence[CatalogChange],
    names: Mapping[str, str],
    today: date,
    places: Mapping[Pair, Where] | None = None,
    weeks: Sequence[ApiWeek] = (),
    callers: Mapping[CallKey, Callers] | None = None,
) -> EndingsView:
    heard = [(use, api_ending(use.api_version, facts, today)) for use in uses]
    dated = [one for one in endings if one.ending.days_left is not None]
    return EndingsView(
        tiles=_tiles(endings, heard),
        timeline=tuple(_timeline_row(one) for one in dated if -60 <= (one.ending.days_left or 0) <= 730)[
            :ON_TIMELINE
        ],
        deployments=_deployments(endings, names, today),
        api_versions=_api_versions(heard, places or {}, callers or {}),
        api_weeks=_api_weeks(weeks, facts, today),
        changes=_changes(changes),
        undated=len(endings) - len(dated),
    )


def weeks_alt(states: Sequence[ApiStateWeeks]) -> str:
    newest = ", ".join(f"{words.API_STATES[one.state]} {one.shares[-1]:.0%}" for one in states)
    return words.api_weeks_alt(len(states[0].weeks), newest)


def timeline_of(endings: Iterable[EndingStory]) -> tuple[TimelineRow, ...]:
    """Ends from two months ago to two years ahead, soonest first."""
    return tuple(
        _timeline_row(one)
        for one in endings
        if one.ending.days_left is not None and -60 <= one.ending.days_left <= 730
    )


def ending_within(endings: Iterable[EndingStory], days: int) -> list[EndingStory]:
    return [one for one in endings if one.ending.days_left is not None and 0 <= one.ending.days_left <= days]


def already_over(endings: Iterable[EndingStory]) -> list[EndingStory]:
    return [one for one in endings if one.ending.days_left is not None and one.ending.days_left < 0]


def _tiles(endings: Sequence[EndingStory], heard: Sequence[tuple[ApiUseRow, ApiEnding]]) -> tuple[Tile, ...]:
    soon, later, over = ending_within(endings, SOON), ending_within(endings, LATER), already_over(endings)
    stops = sum(1 for one in later if one.ending.on_the_day == "stops")
    unnamed = sum(1 for one in endings if one.ending.days_left is None)
    dated = {use.api_version for use, ending in heard if ending.state in ("announced", "retired")}
    return (
        Tile(words.ALREADY_OVER, formats.count(len(over)), words.ALREADY_OVER_HELP),
        Tile(words.ENDS_SOON, formats.count(len(soon)), words.ends_help(SOON)),
        Tile(words.ENDS_LATER, formats.count(len(later)), words.ends_help(LATER)),
        Tile(words.STOPS, formats.count(stops), words.STOPS_HELP),
        Tile(words.NO_END_DATE, formats.count(unnamed), words.NO_END_DATE_HELP),
        Tile(words.API_VERSIONS_ENDING, formats.count(len(dated)), words.API_VERSIONS_ENDING_HELP),
    )


def _timeline_row(one: EndingStory) -> TimelineRow:
    ending = one.ending
    assert ending.days_left is not None
    assert ending.ends_on is not None
    detail = f"{one.row.what.model} {one.row.what.version or ''} · {one.row.what.sku or formats.UNKNOWN} · {one.row.location}"
    return TimelineRow(
        f"{one.row.deployment} · {one.row.account_name}",
        ending.days_left,
        ending.ends_on,
        ending.on_the_day,
        detail,
    )


def _deployments(endings: Sequence[EndingStory], names: Mapping[str, str], today: date) -> Table:
    return table(
        "endings",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("ends_on", "Ends on", "day", words.ENDS_ON_COLUMN),
            Column("left", "Days left", help=words.DAYS_LEFT_COLUMN, download=False),
            Column("days_left", "Days left", "count", screen=False),
            Column("on_the_day", "On the day", help=words.ON_THE_DAY_COLUMN),
            Column("account_name", "Account"),
            Column("replacement", "Replacement", help=words.REPLACEMENT_COLUMN),
            Column("offered", "Offered there", help=words.OFFERED_COLUMN),
            Column("free", "Free quota for it", help=words.FREE_FOR_IT_COLUMN),
            Column("price", "Its price", help=words.ITS_PRICE_COLUMN, width="medium"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("lifecycle", "Stage", help=words.LIFECYCLE_COLUMN),
            Column("requests_30d", "Requests, 30 days", "count", words.REQUESTS_COLUMN),
            Column("cost_30d", "Cost, 30 days", help=words.COST_30D_COLUMN),
            Column("last_used_on", "Last used", "day", words.LAST_USED_COLUMN),
            Column("owner", "Owner", help=words.OWNER_COLUMN),
            Column("account", "Account id", screen=False),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
            Column("firmness", "How firm", help=words.FIRMNESS_COLUMN),
            Column("why", "Why", width="large"),
            Column("source", "Date from", screen=False),
            Column("inference_retires_on", "Model retires on", "day", screen=False),
        ),
        [_ending_row(one, names) for one in endings],
    )


def _ending_row(one: EndingStory, names: Mapping[str, str]) -> dict[str, Any]:
    row, ending = one.row, one.ending
    return {
        "deployment": row.deployment,
        "ends_on": ending.ends_on,
        "left": formats.days_left(ending.days_left),
        "days_left": ending.days_left,
        "on_the_day": words.ON_THE_DAY[ending.on_the_day],
        "replacement": ending.replacement,
        "offered": None if ending.replacement is None else words.OFFERED[ending.replacement_offered],
        "free": one.replacement_free
        and formats.quantity(
            one.replacement_free.amount, (one.replacement_free.unit or "").replace("_", " ")
        ),
        "price": price_in_words(one.price, one.replacement_price),
        "model": row.what.model,
        "version": row.what.version,
        "sku": row.what.sku,
        "lifecycle": words.LIFECYCLES[ending.lifecycle],
        "requests_30d": row.requests_30d,
        "cost_30d": ", ".join(formats.money(cost, currency) for currency, cost in row.costs_30d) or None,
        "last_used_on": one.last_used_on,
        "owner": one.where.owner,
        "account_name": row.account_name,
        "account": row.account,
        "subscription": names.get(row.subscription_id, row.subscription_id),
        "location": row.location,
        "firmness": words.FIRMNESS[ending.firmness],
        "why": ending.why,
        "source": ending.ends_on_source,
        "inference_retires_on": ending.inference_retires_on,
    }


def _api_weeks(
    weeks: Sequence[ApiWeek], facts: Mapping[str, ApiVersionFact], today: date
) -> tuple[ApiStateWeeks, ...]:
    """By what has to be done about them; a state that nobody named is left out."""
    by_week: dict[date, dict[str, int]] = {}
    for one in weeks:
        state = api_ending(one.api_version, facts, today).state
        held = by_week.setdefault(one.week, {})
        held[state] = held.get(state, 0) + one.requests
    days = tuple(sorted(by_week))
    return tuple(
        ApiStateWeeks(
            state,
            days,
            tuple(by_week[day].get(state, 0) / sum(by_week[day].values()) for day in days),
        )
        for state in words.API_STATES
        if any(state in by_week[day] for day in days)
    )


def _api_versions(
    heard: Sequence[tuple[ApiUseRow, ApiEnding]],
    places: Mapping[Pair, Where],
    callers: Mapping[CallKey, Callers],
) -> Table:
    order = {state: place for place, state in enumerate(words.API_STATES)}
    ranked = sorted(heard, key=lambda pair: (order[pair[1].state], pair[1].days_left or 0, -pair[0].requests))
    return table(
        "api-versions",
        (
            Column("api_version", "Api-version"),
            Column("state", "State", help=words.API_STATE_COLUMN),
            Column("ends_on", "Ends on", "day"),
            Column("deployment", "Deployment"),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
            Column("requests", "Requests, 30 days", "count", words.REQUESTS_COLUMN),
            Column("share", "Share", "percent", words.API_SHARE_COLUMN),
            Column("share_before", "30 days before", "percent", words.API_SHARE_BEFORE_COLUMN),
            Column("first_seen", "First seen", "day", words.FIRST_SEEN_COLUMN),
            Column("last_seen", "Last seen", "day"),
            Column("callers", "Callers", help=words.CALLERS_COLUMN),
            Column("owner", "Owner", help=words.OWNER_COLUMN),
            Column("target", "Move to"),
            Column("advice", "Advice", width="large"),
            Column("operations", "Operations", screen=False),
        ),
        [
            {
                "api_version": use.api_version,
                "state": words.API_STATES[ending.state],
                "ends_on": ending.ends_on,
                "deployment": use.deployment,
                "account_name": use.account_name,
                "account": use.account,
                "requests": use.requests,
                "share": use.share,
                "share_before": use.share_before,
                "first_seen": use.first_seen,
                "callers": _callers(callers.get((use.account_key, use.key, use.api_version))),
                "owner": places.get((use.account_key, use.key), Where()).owner,
                "last_seen": use.last_seen,
                "target": ending.target,
                "advice": ending.advice,
                "operations": ", ".join(use.operations),
            }
            for use, ending in ranked
        ],
    )


def _callers(who: Callers | None) -> str | None:
    return None if who is None else str(who)


def _changes(changes: Sequence[CatalogChange]) -> Table:
    return table(
        "catalog-changes",
        (
            Column("seen_at", "Seen at", "instant"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("change", "Change"),
            Column("before", "Before"),
            Column("after", "After"),
        ),
        [
            {
                **{
                    name: getattr(row, name)
                    for name in ("seen_at", "model", "version", "sku", "location", "before", "after")
                },
                "change": row.change.replace("_", " "),
            }
            for row in changes
        ],
    )


def since(today: date, days: int) -> date:
    return today - timedelta(days=days)
