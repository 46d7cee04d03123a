"""The questions of people and scripts, each answered as the JSON object of the contract (docs/json.md)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from collector.catalog.prices import load_snapshot
from collector.domain.alerts.routing import OWNER_KEYS, TEAM_KEYS
from collector.domain.alerts.rules import Where
from collector.domain.endings.offers import model_catalog
from collector.domain.endings.replacement import PricesOn
from collector.domain.money.reservations import ReservationUse
from collector.domain.periods import DAY, Month, Window, last_days
from collector.domain.pricing import PriceBook, audit_meters, explain_kinds, question_of
from collector.domain.pricing import explain as explain_one
from collector.domain.pricing import explain_lines as explain_each
from collector.domain.types import NeedsHuman
from collector.jobs.charges import MoneyRules
from collector.jobs.facts.look import Known
from collector.reports import contract
from collector.reports.finance.figures import BILL, ESTIMATE
from collector.store.engine import Connection, Engine
from collector.store.lease_holders import held_leases
from collector.store.reads import billed, overview
from collector.store.reads import cost as costs
from collector.store.reads import endings as ends
from collector.store.reads import room as rooms
from collector.store.reads.api_use import api_use_rows
from collector.store.reads.callers import callers
from collector.store.reads.catalog import all_models
from collector.store.reads.coverage import period_coverage
from collector.store.reads.ending_stories import ending_stories
from collector.store.reads.money_rules import rules_told, waiting
from collector.store.reads.prices import price_rows, prices_on
from collector.store.reads.quotas import quota_rows
from collector.store.reads.reservations import reservation_uses
from collector.store.reads.scope import EVERYTHING, Filters
from collector.store.reads.until_full import lines_until_full
from collector.store.reads.whose import whereabouts

COST_JOBS: Final = ("metrics", "inventory", "prices")
ROOM_JOBS: Final = ("metrics", "inventory", "quotas")
ENDING_JOBS: Final = ("inventory", "models", "api_use")
_ROLLING: Final = {"1d": 1, "7d": 7, "30d": 30, "90d": 90}


def cost(
    connection: Connection,
    period: Window,
    filters: Filters = EVERYTHING,
    *,
    now: datetime,
    by_day: bool = False,
    basis: str = ESTIMATE,
    reserved: Sequence[ReservationUse] = (),
) -> contract.Json:
    """As estimated, or by the allocated bill where a month is closed; what was paid ahead stands beside it."""
    if basis == BILL:
        rows = billed.billed_rows(connection, period, filters)
        totals = billed.totals_of(rows)
    else:
        rows = costs.cost_rows(connection, period, filters, by_day=by_day)
        totals = costs.cost_totals(connection, period, filters)
    return contract.cost_object(
        period,
        as_of=overview.freshness(connection, COST_JOBS, filters).as_of,
        coverage=period_coverage(connection, period, now, filters),
        rows=rows,
        unpriced=costs.unpriced(connection, period, filters),
        totals=totals,
        reservations=reserved,
    )


def reserved(
    connection: Connection, period: Window, filters: Filters, rules: MoneyRules, now: datetime
) -> list[ReservationUse]:
    """A reservation serves the whole estate: asked about a part of it, there is none to tell of."""
    if filters != EVERYTHING:
        return []
    return reservation_uses(connection, period, now, rules.reservations, rules.currency)


def room(connection: Connection, period: str, filters: Filters, now: datetime) -> contract.Json:
    window = room_window(period, now)
    quotas = quota_rows(connection, filters)
    return contract.room_object(
        window,
        as_of=overview.freshness(connection, ROOM_JOBS, filters).as_of,
        rows=rooms.room_rows(connection, period, filters),
        quotas=quotas,
        days_to_full=lines_until_full(connection),
    )


def room_window(period: str, now: datetime) -> Window:
    """The span that a period's key names; raises `NeedsHuman` for one that names none."""
    if period in _ROLLING:
        return last_days(now.date(), _ROLLING[period])
    try:
        return Month.parse(period).window
    except ValueError as error:
        raise NeedsHuman(
            f"--period {period!r}: expected one of {', '.join(_ROLLING)} or a month such as 2026-10"
        ) from error


def endings(
    connection: Connection,
    filters: Filters,
    now: datetime,
    known: Known,
    keys: tuple[Sequence[str], Sequence[str]] = (OWNER_KEYS, TEAM_KEYS),
    owner: str | None = None,
) -> contract.Json:
    """`keys` are the tags that name owner and team; with `owner` only what is theirs."""
    today, money, dated = now.date(), known.money, known.dated
    window = Window(last_days(today, 30).start, last_days(today, 1).end)
    rows = ends.deployed_rows(connection, window, filters)
    catalog = model_catalog(
        ends.offers_for(connection, rows, dated.models),
        ends.model_readings(connection),
        dated.models,
        dated.deadlines,
    )

    def prices_at(locations: frozenset[str]) -> PricesOn:
        return prices_on(
            connection,
            locations,
            today,
            snapshot=money.snapshot,
            rates=money.rates,
            notes=money.notes,
            currency=money.currency or "USD",
        )

    places = whereabouts(connection, *keys)
    stories = ending_stories(connection, rows, catalog, places, quota_rows(connection), prices_at, today)
    uses = api_use_rows(connection, window, filters)
    if owner is not None:
        stories = [one for one in stories if one.where.is_of(owner)]
        uses = [one for one in uses if places.get((one.account_key, one.key), Where()).is_of(owner)]
    return contract.endings_object(
        today,
        as_of=overview.freshness(connection, ENDING_JOBS, filters).as_of,
        stories=stories,
        api_uses=uses,
        api_versions=dated.api_versions.versions,
        callers=callers(connection),
    )


def status(connection: Connection, now: datetime, call_price_per_1000: str | None) -> contract.Json:
    day = overview.calls(connection, now - DAY)
    month = overview.calls(connection, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    return contract.status_object(
        scopes=overview.scopes(connection),
        gaps=overview.gaps(connection),
        coverage_24h=period_coverage(connection, last_days(now.date(), 1), now),
        calls_24h=day.calls,
        throttles_24h=day.throttles,
        calls_month=month.calls,
        call_price_per_1000=call_price_per_1000,
        runs=overview.runs(connection),
        leases=held_leases(connection.engine),
        charged_by=rules_told(connection),
        waiting=waiting(connection),
    )


def price_book(engine: Engine | None, rules: MoneyRules) -> PriceBook:
    """All prices known: captured ones where there is a store, and the shipped snapshot."""
    if engine is None:
        return PriceBook(snapshot=rules.snapshot, rates=rules.rates, notes=rules.notes)
    with engine.connect() as connection:
        return price_book_of(connection, rules)


def explain(book: PriceBook, fields: Mapping[str, Any], today: date, currency: str) -> contract.Json:
    """One price; without a kind the object holds one per kind in `prices`."""
    asked, has_kind = question_of(fields, today, currency)
    if has_kind:
        return explain_one(book, asked)
    found = explain_kinds(book, asked)
    return {"prices": found}


def explain_lines(
    book: PriceBook, lines: Iterable[str], today: date, currency: str
) -> Iterator[contract.Json]:
    return explain_each(book, lines, today, currency)


def audit(connection: Connection, rules: MoneyRules, now: datetime) -> contract.Json:
    """Meters that were refused, and what of the last 30 days has no price."""
    captured = price_rows(connection)
    meters = audit_meters(captured or rules.snapshot)
    window = Window(last_days(now.date(), 30).start, last_days(now.date(), 1).end)
    rows = costs.unpriced(connection, window)
    return {
        "meters_understood": meters.understood,
        "meters_refused": [{"meter_name": name, "why": why} for _, name, why in meters.refused],
        "snapshot_captured_on": load_snapshot().captured_on.isoformat(),
        "unpriced": [contract.unpriced_object(row) for row in rows],
    }


def price_book_of(connection: Connection, rules: MoneyRules) -> PriceBook:
    return PriceBook(
        rows=price_rows(connection),
        snapshot=rules.snapshot,
        models=all_models(connection),
        rates=rules.rates,
        notes=rules.notes,
    )
