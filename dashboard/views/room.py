"""The room screen: deployments against their limits, why requests were refused, quota lines, and one deployment close up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from collector.domain.room.fullness import NoDate, UntilFull, in_words
from collector.domain.room.headroom import WeekPicture, week_picture
from collector.domain.room.quotas import scope_of
from collector.store.reads.close_up import LimitStep, UsageHourRow
from collector.store.reads.quotas import QuotaRow
from collector.store.reads.room import RoomRow
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import limits as words

TIGHT = 0.8
Measure = Literal["tpm", "rpm", "ptu"]
LineKey = tuple[str, str, str]
DaysToFull = Mapping[LineKey, UntilFull | NoDate]


@dataclass(frozen=True, slots=True)
class RoomView:
    tiles: tuple[Tile, ...]
    deployments: Table
    quotas: Table
    quota_bars: tuple["QuotaBar", ...]
    choices: tuple[tuple[str, str], ...]
    tight: int


@dataclass(frozen=True, slots=True)
class QuotaBar:
    """One line as a bar: the share allocated, and what is left in its unit."""

    name: str
    where: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Closeup:
    """One deployment by the hour: its busiest minutes, the limits in force, and the shape of its week."""

    name: str
    hours: tuple[datetime, ...]
    peaks: tuple[float | None, ...]
    throttled: tuple[int, ...]
    limits: tuple[tuple[datetime, int | None], ...]
    limit_now: int | None
    unit: str
    week: WeekPicture | None
    at_least: bool


def room_view(
    rows: Sequence[RoomRow],
    quotas: Sequence[QuotaRow],
    full: DaysToFull,
    names: Mapping[str, str],
    today: date,
) -> RoomView:
    return RoomView(
        tiles=_tiles(rows, quotas),
        deployments=_deployments(rows, names),
        quotas=_quotas(quotas, full, names, today),
        quota_bars=tuple(_bar(row, names) for row in quotas if row.limit or row.current),
        choices=tuple((choice_key(row), f"{row.deployment} · {row.account_name}") for row in rows),
        tight=sum(1 for row in rows if (row.used_share or 0) >= TIGHT),
    )


def choice_key(row: RoomRow) -> str:
    """What a link names a deployment by: its own ARM id."""
    return f"{row.account}/deployments/{row.key}"


def measure_of(row: RoomRow) -> Measure:
    """What to draw of a deployment: the limit that binds it, tokens where none does."""
    return row.binding if row.binding in ("rpm", "ptu") else "tpm"


def closeup(
    name: str, hours: Sequence[UsageHourRow], limits: Sequence[LimitStep], at_least: bool, measure: Measure
) -> Closeup:
    """The busiest minutes of each hour in the measure that binds, against its limit."""
    peaks = [_peak(row, measure) for row in hours]
    steps = [(step.starts_at, _limit(step, measure)) for step in limits]
    at = [row.hour for row in hours]
    totals = [None if row.tokens is None else float(row.tokens) for row in hours]
    return Closeup(
        name=name,
        hours=tuple(at),
        peaks=tuple(peaks),
        throttled=tuple(row.throttled for row in hours),
        limits=tuple(steps),
        limit_now=steps[-1][1] if steps else None,
        unit=words.MEASURES[measure],
        week=week_picture(at, peaks, totals) if any(peak is not None for peak in peaks) else None,
        at_least=at_least,
    )


def _peak(row: UsageHourRow, measure: Measure) -> float | None:
    return {"tpm": row.peak_tpm, "rpm": row.peak_rpm, "ptu": row.ptu_max}[measure]


def _limit(step: LimitStep, measure: Measure) -> int | None:
    return {"tpm": step.limit_tpm, "rpm": step.limit_rpm, "ptu": 100}[measure]


def _tiles(rows: Sequence[RoomRow], quotas: Sequence[QuotaRow]) -> tuple[Tile, ...]:
    known = [row.used_share for row in rows if row.used_share is not None]
    requests, throttled = sum(row.requests or 0 for row in rows), sum(row.throttled or 0 for row in rows)
    at_limit = sum(row.throttled_at_limit or 0 for row in rows)
    spilled = sum(row.spilled or 0 for row in rows)
    tight = sum(1 for share in known if share >= TIGHT)
    shares = [float(row.current / row.limit) for row in quotas if row.limit and row.current]
    return (
        Tile(words.TIGHTEST, formats.percent(max(known, default=None)), words.TIGHTEST_HELP),
        Tile(words.TIGHT, f"{tight} of {len(known)}", words.tight_help(len(rows) - len(known))),
        Tile(
            words.THROTTLED,
            words.rate(throttled, requests),
            words.throttled_help(throttled, at_limit, requests),
        ),
        Tile(words.SPILLED, formats.count(spilled), words.SPILLED_HELP),
        Tile(words.QUOTA_LINES, words.lines_full(shares), words.QUOTA_HELP),
    )


def _deployments(rows: Sequence[RoomRow], names: Mapping[str, str]) -> Table:
    return table(
        "room",
        (
            Column("deployment", "Deployment", width=170),
            Column("used_share", "Busiest minute", "share", words.USED_SHARE_COLUMN),
            Column("account_name", "Account"),
            Column("binding_name", "Limit that binds", help=words.BINDING_COLUMN, download=False),
            Column("binding", "Binding", screen=False),
            Column("headroom_tpm", "Headroom TPM", "count", words.HEADROOM_COLUMN),
            Column("peak_tpm", "Peak TPM", "count", words.PEAK_COLUMN),
            Column("limit_tpm", "Limit TPM", "count"),
            Column("throttle_rate", "429 rate", "percent", words.RATE_COLUMN),
            Column("trend", "Course", "trend", words.ROOM_TREND_COLUMN),
            Column("throttled", "429", "count"),
            Column("headroom_rpm", "Headroom RPM", "count"),
            Column("peak_rpm", "Peak RPM", "count"),
            Column("limit_rpm", "Limit RPM", "count"),
            Column("p99_tpm", "p99 TPM", "count", words.P99_COLUMN),
            Column("p95_tpm", "p95 TPM", "count", words.P95_COLUMN),
            Column("p50_tpm", "Median TPM", "count", words.MEDIAN_COLUMN),
            Column("burst", "Burst ratio", "number", words.BURST_COLUMN),
            Column("p99_rpm", "p99 RPM", "count", screen=False),
            Column("p95_rpm", "p95 RPM", "count", screen=False),
            Column("p50_rpm", "Median RPM", "count", screen=False),
            Column("throttled_at_limit", "429 at limit", "count", words.AT_LIMIT_COLUMN),
            Column("throttled_below_limit", "429 below limit", "count", words.BELOW_LIMIT_COLUMN),
            Column("throttled_unclassified", "429 unclassified", "count", screen=False),
            Column("spilled", "Spilled", "count", words.SPILLED_HELP),
            Column("minutes_over_80", "Min ≥ 80 %", "count", words.OVER_COLUMN),
            Column("minutes_over_90", "Min ≥ 90 %", "count", words.OVER_COLUMN),
            Column("minutes_over_100", "Min ≥ 100 %", "count", words.OVER_COLUMN),
            Column("ptu_max", "PTU max %", "number", screen=False),
            Column("requests", "Requests", "count"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("account", "Account id", screen=False),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
            Column("quota_line", "Quota line", screen=False),
            Column("deleted_at", "Deleted", "instant"),
            Column("minute_coverage", "Minutes known", "percent", words.MINUTE_COVERAGE_COLUMN),
        ),
        [_room_row(row, names) for row in rows],
    )


_ROOM_FIELDS = (
    *(
        "deployment",
        "used_share",
        "binding",
        "headroom_tpm",
        "peak_tpm",
        "p99_tpm",
        "p95_tpm",
        "p50_tpm",
        "p99_rpm",
        "p95_rpm",
        "p50_rpm",
        "limit_tpm",
        "headroom_rpm",
    ),
    *(
        "peak_rpm",
        "limit_rpm",
        "throttled",
        "throttled_at_limit",
        "throttled_below_limit",
        "throttled_unclassified",
    ),
    *(
        "spilled",
        "minutes_over_80",
        "minutes_over_90",
        "minutes_over_100",
        "ptu_max",
        "requests",
        "model",
        "version",
    ),
    *("sku", "account_name", "account", "location", "quota_line", "minute_coverage", "deleted_at"),
)


def _room_row(row: RoomRow, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _ROOM_FIELDS},
        "key": choice_key(row),
        "burst": row.peak_tpm / row.p95_tpm if row.peak_tpm and row.p95_tpm else None,
        "binding_name": words.BINDINGS.get(row.binding or "", row.binding),
        "trend": course(row.trend),
        "throttle_rate": (row.throttled or 0) / row.requests if row.requests else None,
        "subscription": names.get(row.subscription_id, row.subscription_id),
    }


def course(trend: object) -> list[float] | None:
    """The days that are known of a period's course; None where they are too few to draw. An unknown day is no zero."""
    if not isinstance(trend, list) or len(trend) < 3:
        return None
    known = [float(value) for value in trend if isinstance(value, int | float)]
    return known if len(known) > 2 else None


def _quotas(quotas: Sequence[QuotaRow], full: DaysToFull, names: Mapping[str, str], today: date) -> Table:
    return table(
        "quota-lines",
        (
            Column("usage_name", "Quota line", width="medium"),
            Column("subscription", "Subscription"),
            Column("subscription_id", "Subscription id", screen=False),
            Column("location", "Location"),
            Column("share", "Allocated", "share", words.ALLOCATED_COLUMN),
            Column("current", "In use", "number"),
            Column("limit", "Limit", "number"),
            Column("free", "Free", "number", words.FREE_COLUMN),
            Column("unit_name", "Unit", help=words.UNIT_COLUMN),
            Column("until", "Full", help=words.UNTIL_COLUMN),
            Column("pool", "Reach", help=words.POOL_COLUMN),
            Column("trend", "Readings", "trend", words.READINGS_COLUMN),
            Column("last_read_at", "Read at", "instant"),
        ),
        [
            {
                **{
                    name: getattr(row, name)
                    for name in ("usage_name", "subscription_id", "location", "last_read_at")
                },
                "subscription": names.get(row.subscription_id, row.subscription_id),
                "current": row.current,
                "limit": row.limit,
                "free": row.free,
                "share": float(row.current / row.limit) if row.limit else None,
                "unit_name": words.unit(row.unit, row.per_unit),
                "until": _until(full.get((row.subscription_id, row.location, row.usage_name)), today),
                "pool": words.REACHES[scope_of(row.usage_name, row.location).reach],
                "trend": [float(reading.current) for reading in row.history]
                if len(row.history) > 2
                else None,
            }
            for row in quotas
        ],
    )


def _until(found: UntilFull | NoDate | None, today: date) -> str | None:
    return None if found is None else in_words(found, today)


def _bar(row: QuotaRow, names: Mapping[str, str]) -> QuotaBar:
    share = float(row.current / row.limit) if row.limit else 1.0
    used, limit = (words.in_unit(amount, row.unit, row.per_unit) for amount in (row.current, row.limit))
    text = f"{used} of {limit}"
    where = f"{names.get(row.subscription_id, row.subscription_id)} · {row.location}"
    return QuotaBar(row.usage_name, where, share, text)
