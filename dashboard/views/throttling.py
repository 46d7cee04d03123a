"""What hurts now and what will: refusals with their cause, days until full, and a day's minutes with the 429s drawn in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from collector.domain.room.diagnosis import Diagnosis
from collector.domain.room.fullness import NoDate, UntilFull, in_words
from collector.domain.room.throttling_words import describe
from collector.store.reads.evidence import DeploymentMinutes
from collector.store.reads.room import RoomRow
from dashboard.tables import Column, Table, table
from dashboard.views import Tile, headlines
from dashboard.views.room import Measure, choice_key, course
from dashboard.words import room as words

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class HurtsView:
    tiles: tuple[Tile, ...]
    now: Table
    coming: Table
    choices: tuple[tuple[str, str], ...]
    filling: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MinuteDay:
    """A day minute by minute: None is not known; `refused` holds the minutes with 429s and how many."""

    day: date
    minutes: tuple[datetime, ...]
    used: tuple[float | None, ...]
    limit: tuple[float | None, ...]
    refused: tuple[tuple[datetime, float, int], ...]
    unit: str

    @property
    def throttled(self) -> int:
        return sum(count for _, _, count in self.refused)


def hurts_view(
    rows: Sequence[RoomRow],
    causes: Mapping[tuple[Any, str], Diagnosis],
    full: Mapping[tuple[Any, str], UntilFull | NoDate],
    names: Mapping[str, str],
    today: date,
) -> HurtsView:
    hurt = sorted(
        (row for row in rows if row.throttled or row.spilled),
        key=lambda row: (-(row.throttled or 0), -(row.spilled or 0)),
    )
    coming = _coming(rows, full, names, today)
    return HurtsView(
        tiles=headlines.of_throttling(rows, coming.rows),
        now=_now(hurt, causes, names),
        coming=coming,
        choices=tuple((choice_key(row), f"{row.deployment} · {row.account_name}") for row in hurt),
        filling=tuple((row["key"], f"{row['deployment']} · {row['account_name']}") for row in coming.rows),
    )


def paragraph(diagnosis: Diagnosis) -> str:
    return describe(diagnosis)


def days_with_refusals(evidence: DeploymentMinutes) -> list[date]:
    """Worst day first."""
    counts: dict[date, int] = {}
    for hour, throttled, spilled in zip(evidence.hours, evidence.throttled, evidence.spilled, strict=True):
        if throttled or spilled:
            counts[hour.date()] = counts.get(hour.date(), 0) + throttled + spilled
    return sorted(counts, key=lambda day: (-counts[day], day))


def minute_day(evidence: DeploymentMinutes, day: date, measure: Measure | None = None) -> MinuteDay | None:
    """Tokens (requests where no token is counted, utilisation where units are) against the limit of each minute.

    A `measure` that binds is drawn instead, where there is such a limit.
    """
    rows = [place for place, hour in enumerate(evidence.hours) if hour.date() == day]
    if not rows or not evidence.block.covered[rows].any():
        return None
    block, covered = evidence.block, evidence.block.covered[rows]
    if not np.isnan(block.ptu_max[rows]).all():
        used, limit, unit = block.ptu_max[rows], np.full((len(rows), 60), 100.0), "highest PTU utilisation, %"
    elif measure != "rpm" and block.tokens[rows].any() and not np.isnan(evidence.limits.tpm[rows]).all():
        used, limit, unit = block.tokens[rows].astype(float), evidence.limits.tpm[rows], "tokens per minute"
    else:
        served = np.maximum(block.requests[rows] - block.throttled[rows] - block.spilled[rows], 0)
        used, limit, unit = served.astype(float), evidence.limits.rpm[rows], "answered requests per minute"
    shown = np.where(covered, used, np.nan)
    at = [evidence.hours[row] + minute * _MINUTE for row in rows for minute in range(60)]
    counts = np.where(covered, block.throttled[rows] + block.spilled[rows], 0).reshape(-1)
    flat = shown.reshape(-1)
    return MinuteDay(
        day=day,
        minutes=tuple(at),
        used=tuple(_known(flat)),
        limit=tuple(_known(limit.reshape(-1))),
        refused=tuple(
            (at[place], 0.0 if np.isnan(flat[place]) else float(flat[place]), int(counts[place]))
            for place in np.flatnonzero(counts)
        ),
        unit=unit,
    )


def _known(values: Iterable[float]) -> list[float | None]:
    return [None if value != value else float(value) for value in values]


def _now(
    rows: Sequence[RoomRow], causes: Mapping[tuple[Any, str], Diagnosis], names: Mapping[str, str]
) -> Table:
    return table(
        "throttled",
        (
            Column("deployment", "Deployment", width=170),
            Column("cause", "Likely cause", help=words.CAUSE_COLUMN),
            Column("sure", "How sure", help=words.SURE_COLUMN),
            Column("rate", "429 rate", "percent"),
            Column("throttled", "429", "count"),
            Column("account_name", "Account"),
            Column("spilled", "Spilled", "count"),
            Column("throttled_minutes", "Minutes", "count"),
            Column("worst_at", "Worst minute", "instant"),
            Column("used_share", "Busiest minute", "share"),
            Column("trend", "Course", "trend"),
            Column("model", "Model"),
            Column("sku", "SKU"),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
            Column("minute_coverage", "Minutes known", "percent"),
            Column("account", "Account id", screen=False),
        ),
        [_hurt(row, causes.get((row.account_key, row.key)), names) for row in rows],
    )


def _hurt(row: RoomRow, found: Diagnosis | None, names: Mapping[str, str]) -> dict[str, Any]:
    told = ("deployment", "throttled", "spilled", "throttled_minutes", "used_share", "model", "sku", "account_name", "account", "location", "minute_coverage")  # fmt: skip
    return {
        "key": choice_key(row),
        **{name: getattr(row, name) for name in told},
        "cause": words.CAUSES[found.cause] if found else words.CAUSES["unknown"],
        "sure": None if found is None else "sure enough" if found.certain else "a first guess",
        "rate": (row.throttled or 0) / row.requests if row.requests else None,
        "worst_at": found.summary.worst_minute_at if found else None,
        "trend": course(row.trend),
        "subscription": names.get(row.subscription_id, row.subscription_id),
    }


def _coming(
    rows: Sequence[RoomRow],
    full: Mapping[tuple[Any, str], UntilFull | NoDate],
    names: Mapping[str, str],
    today: date,
) -> Table:
    found = [
        {
            "key": choice_key(row),
            "deployment": row.deployment,
            "full": in_words(until, today),
            "low": until.low if isinstance(until, UntilFull) else None,
            "high": until.high if isinstance(until, UntilFull) else None,
            "error": until.error if isinstance(until, UntilFull) else None,
            "used_share": row.used_share,
            "trend": course(row.trend),
            "model": row.model,
            "sku": row.sku,
            "account_name": row.account_name,
            "account": row.account,
            "subscription": names.get(row.subscription_id, row.subscription_id),
            "location": row.location,
        }
        for row in rows
        if row.deleted_at is None and (until := full.get((row.account_key, row.key))) is not None
    ]
    order = sorted(found, key=lambda one: (_days(one["low"]), _days(one["high"]), -(one["used_share"] or 0)))
    return table(
        "full-next",
        (
            Column("deployment", "Deployment", width=170),
            Column("full", "Reaches its limit", width=330),
            Column("account_name", "Account"),
            Column("low", "Earliest, days", "count"),
            Column("high", "Latest, days", "count"),
            Column("used_share", "Busiest minute", "share"),
            Column("trend", "Course", "trend"),
            Column("error", "Error in trials", "percent", "How far off the value two weeks ahead was, as a share of the limit"),
            Column("model", "Model"),
            Column("sku", "SKU"),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
            Column("account", "Account id", screen=False),
        ),
        order,
    )  # fmt: skip


def _days(value: int | None) -> int:
    return 10_000 if value is None else value
