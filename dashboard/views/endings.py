"""The endings screen: which deployments stop or are upgraded when, and which api-versions clients still name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from collector.domain.endings.api_versions import ApiEnding, ApiVersionFact, api_ending
from collector.domain.endings.models import Ending, ModelCatalog, ending_of
from collector.store.reads.endings import ApiUseRow, CatalogChange, DeployedRow
from dashboard import formats, words
from dashboard.tables import Column, Table, table
from dashboard.views import Tile

SOON, LATER = 30, 180
ON_TIMELINE = 25


@dataclass(frozen=True, slots=True)
class DeploymentEnding:
    row: DeployedRow
    ending: Ending


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A deployment on the timeline, soonest first."""

    name: str
    days_left: int
    ends_on: date
    on_the_day: str
    detail: str


@dataclass(frozen=True, slots=True)
class EndingsView:
    tiles: tuple[Tile, ...]
    timeline: tuple[TimelineRow, ...]
    deployments: Table
    api_versions: Table
    changes: Table
    undated: int


def endings_of(
    rows: Iterable[DeployedRow], catalog: ModelCatalog, today: date
) -> tuple[DeploymentEnding, ...]:
    """Every deployment with its ending, soonest first, those without a date last."""
    found = [DeploymentEnding(row, ending_of(row.what, catalog, today)) for row in rows]
    return tuple(
        sorted(
            found,
            key=lambda one: (one.ending.days_left is None, one.ending.days_left or 0, one.row.deployment),
        )
    )


def endings_view(
    endings: Sequence[DeploymentEnding],
    uses: Sequence[ApiUseRow],
    facts: Mapping[str, ApiVersionFact],
    changes: Sequence[CatalogChange],
    names: Mapping[str, str],
    today: date,
) -> EndingsView:
    heard = [(use, api_ending(use.api_version, facts, today)) for use in uses]
    dated = [one for one in endings if one.ending.days_left is not None]
    return EndingsView(
        tiles=_tiles(endings, heard),
        timeline=tuple(_timeline_row(one) for one in dated if -60 <= (one.ending.days_left or 0) <= 730)[
            :ON_TIMELINE
        ],
        deployments=_deployments(endings, names, today),
        api_versions=_api_versions(heard),
        changes=_changes(changes),
        undated=len(endings) - len(dated),
    )


def timeline_of(endings: Iterable[DeploymentEnding]) -> tuple[TimelineRow, ...]:
    """Ends from two months ago to two years ahead, soonest first."""
    return tuple(
        _timeline_row(one)
        for one in endings
        if one.ending.days_left is not None and -60 <= one.ending.days_left <= 730
    )


def ending_within(endings: Iterable[DeploymentEnding], days: int) -> list[DeploymentEnding]:
    return [one for one in endings if one.ending.days_left is not None and 0 <= one.ending.days_left <= days]


def already_over(endings: Iterable[DeploymentEnding]) -> list[DeploymentEnding]:
    return [one for one in endings if one.ending.days_left is not None and one.ending.days_left < 0]


def _tiles(
    endings: Sequence[DeploymentEnding], heard: Sequence[tuple[ApiUseRow, ApiEnding]]
) -> tuple[Tile, ...]:
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


def _timeline_row(one: DeploymentEnding) -> TimelineRow:
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


def _deployments(endings: Sequence[DeploymentEnding], names: Mapping[str, str], today: date) -> Table:
    return table(
        "endings",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("ends_on", "Ends on", "day", words.ENDS_ON_COLUMN),
            Column("left", "Days left", help=words.DAYS_LEFT_COLUMN, download=False),
            Column("days_left", "Days left", "count", screen=False),
            Column("on_the_day", "On the day", help=words.ON_THE_DAY_COLUMN),
            Column("replacement", "Replacement", help=words.REPLACEMENT_COLUMN),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("lifecycle", "Stage", help=words.LIFECYCLE_COLUMN),
            Column("requests_30d", "Requests, 30 days", "count", words.REQUESTS_COLUMN),
            Column("cost_30d", "Cost, 30 days", help=words.COST_30D_COLUMN),
            Column("account_name", "Account"),
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


def _ending_row(one: DeploymentEnding, names: Mapping[str, str]) -> dict[str, Any]:
    row, ending = one.row, one.ending
    return {
        "deployment": row.deployment,
        "ends_on": ending.ends_on,
        "left": formats.days_left(ending.days_left),
        "days_left": ending.days_left,
        "on_the_day": words.ON_THE_DAY[ending.on_the_day],
        "replacement": ending.replacement,
        "model": row.what.model,
        "version": row.what.version,
        "sku": row.what.sku,
        "lifecycle": words.LIFECYCLES[ending.lifecycle],
        "requests_30d": row.requests_30d,
        "cost_30d": ", ".join(formats.money(cost, currency) for currency, cost in row.costs_30d) or None,
        "account_name": row.account_name,
        "account": row.account,
        "subscription": names.get(row.subscription_id, row.subscription_id),
        "location": row.location,
        "firmness": words.FIRMNESS[ending.firmness],
        "why": ending.why,
        "source": ending.ends_on_source,
        "inference_retires_on": ending.inference_retires_on,
    }


def _api_versions(heard: Sequence[tuple[ApiUseRow, ApiEnding]]) -> Table:
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
            Column("last_seen", "Last seen", "day"),
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
                "last_seen": use.last_seen,
                "target": ending.target,
                "advice": ending.advice,
                "operations": ", ".join(use.operations),
            }
            for use, ending in ranked
        ],
    )


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


def cost_of(rows: Iterable[DeployedRow]) -> dict[str, Decimal]:
    """Cost of the last 30 days by currency."""
    found: dict[str, Decimal] = {}
    for row in rows:
        for currency, cost in row.costs_30d:
            found[currency] = found.get(currency, Decimal(0)) + cost
    return found


def since(today: date, days: int) -> date:
    return today - timedelta(days=days)
