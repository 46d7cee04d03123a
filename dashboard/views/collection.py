"""The collection screen: how far every scope is known, what failed and what would mend it, and what is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from collector.store.reads.overview import Calls, GapRow, RunRow, ScopeRow
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import JOBS
from dashboard.words import collection as words


@dataclass(frozen=True, slots=True)
class Fault:
    """A scope that is not well, with the exact command that would mend it, where one is known."""

    job: str
    scope: str
    error: str
    remedy: str | None
    since: str


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    scopes: Sequence[ScopeRow]
    gaps: Sequence[GapRow]
    runs: Sequence[RunRow]
    calls_24h: Calls
    calls_month: Calls
    coverage_24h: float | None
    call_price_per_1000: Decimal | None


@dataclass(frozen=True, slots=True)
class CollectionView:
    tiles: tuple[Tile, ...]
    faults: tuple[Fault, ...]
    scopes: Table
    gaps: Table
    runs: Table


def collection_view(facts: CollectionFacts, now: datetime, names: Mapping[str, str]) -> CollectionView:
    """`names` says what subscription ids and account ids are called."""
    called = {key.casefold(): name for key, name in names.items()}
    return CollectionView(
        tiles=_tiles(facts, now),
        faults=tuple(_fault(row, now, called) for row in facts.scopes if row.status != "ok"),
        scopes=_scopes(facts.scopes, now, called),
        gaps=_gaps(facts.gaps, called),
        runs=_runs(facts.runs),
    )


def _tiles(facts: CollectionFacts, now: datetime) -> tuple[Tile, ...]:
    known = [row.through for row in facts.scopes if row.through is not None]
    oldest = min(known, default=None)
    failed = sum(1 for row in facts.scopes if row.status != "ok")
    lost = sum((gap.ends_at - gap.starts_at for gap in facts.gaps), timedelta())
    return (
        Tile(
            words.OLDEST_SCOPE, formats.age(now - oldest) if oldest else words.NEVER, words.OLDEST_SCOPE_HELP
        ),
        Tile(words.SCOPES_FAILED, f"{failed} of {len(facts.scopes)}", words.SCOPES_FAILED_HELP),
        Tile(words.COVERAGE_24H, formats.percent(facts.coverage_24h, 1), words.COVERAGE_HELP),
        Tile(words.GAPS, formats.count(len(facts.gaps)), words.gaps_help(lost)),
        Tile(
            words.CALLS_24H, formats.count(facts.calls_24h.calls), words.calls_help(facts.calls_24h.throttles)
        ),
        Tile(words.CALL_COST, _call_cost(facts), words.CALL_COST_HELP),
    )


def _call_cost(facts: CollectionFacts) -> str:
    if facts.call_price_per_1000 is None:
        return formats.UNKNOWN
    return f"{facts.call_price_per_1000 * facts.calls_month.calls / 1000:,.2f}"


def scope_name(scope: str, names: Mapping[str, str]) -> str:
    """`account · subscription`, `subscription · location`, or what stands in the scope where nothing is called so."""
    parts = scope.strip("/").split("/")
    if parts[0].casefold() == "subscriptions" and len(parts) > 2:
        return f"{names.get(scope.casefold(), parts[-1])} · {names.get(parts[1].casefold(), parts[1])}"
    known = [part for part in parts if part.casefold() != "subscriptions"]
    return " · ".join(names.get(part.casefold(), part) for part in known)


def _job(job: str) -> str:
    return JOBS.get(job, job)


def _fault(row: ScopeRow, now: datetime, names: Mapping[str, str]) -> Fault:
    since = words.last_good(row.succeeded_at, now)
    return Fault(_job(row.job), scope_name(row.scope, names), row.error or words.NO_REASON, row.remedy, since)


def _scopes(rows: Sequence[ScopeRow], now: datetime, names: Mapping[str, str]) -> Table:
    return table(
        "scopes",
        (
            Column("read", "What is read", download=False),
            Column("job", "Job", screen=False),
            Column("named", "Scope", width=330, download=False),
            Column("scope", "Scope", screen=False),
            Column("status", "Status"),
            Column("age", "Known through", help=words.THROUGH_COLUMN, download=False),
            Column("through", "Through", "instant"),
            Column("error", "Error", width="large"),
            Column("remedy", "What would mend it", width="large"),
            Column("attempted_at", "Last tried", "instant"),
        ),
        [
            {
                **{
                    name: getattr(row, name)
                    for name in ("job", "through", "scope", "error", "remedy", "attempted_at")
                },
                "read": _job(row.job),
                "named": scope_name(row.scope, names),
                "status": words.STATUSES.get(row.status, row.status),
                "age": words.NEVER if row.through is None else formats.ago(now - row.through),
            }
            for row in rows
        ],
    )


def _gaps(rows: Sequence[GapRow], names: Mapping[str, str]) -> Table:
    return table(
        "gaps",
        (
            Column("read", "What is missing", download=False),
            Column("job", "Job", screen=False),
            Column("named", "Scope", width=330, download=False),
            Column("starts_at", "From", "instant"),
            Column("ends_at", "To", "instant"),
            Column("why", "Why", width="large"),
            Column("scope", "Scope", screen=False),
        ),
        [
            {
                **{name: getattr(row, name) for name in ("job", "starts_at", "ends_at", "why", "scope")},
                "read": _job(row.job),
                "named": scope_name(row.scope, names),
            }
            for row in rows
        ],
    )


def _runs(rows: Sequence[RunRow]) -> Table:
    return table(
        "runs",
        (
            Column("started_at", "Started", "instant"),
            Column("read", "What was read", download=False),
            Column("job", "Job", screen=False),
            Column("status", "Status"),
            Column("seconds", "Seconds", "number"),
            Column("calls", "Calls", "count"),
            Column("throttles", "Throttled", "count"),
            Column("rows", "Rows", "count"),
            Column("windows", "Windows", "count"),
            Column("error", "Error", width="large"),
        ),
        [
            {
                **{
                    name: getattr(row, name)
                    for name in ("started_at", "job", "calls", "throttles", "rows", "windows", "error")
                },
                "read": _job(row.job),
                "status": words.STATUSES.get(row.status, row.status),
                "seconds": None
                if row.finished_at is None
                else (row.finished_at - row.started_at).total_seconds(),
            }
            for row in rows
        ],
    )
