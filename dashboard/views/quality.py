"""How well deployments answered, and how they are called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.domain.periods import HOUR
from collector.store.reads.quality import QualityHourRow, QualityRow, UseRow
from dashboard.tables import Column, Table, table
from dashboard.views import Tile, headlines

_SHOWN = ("deployment", "model", "sku", "location", "account_name", "account", "hours")
_FIGURES = ("first_token_ms", "first_token_ms_worst", "between_tokens_ms", "between_tokens_ms_worst", "last_byte_ms", "last_byte_ms_worst")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answering:
    tiles: tuple[Tile, ...]
    rows: Table
    places: Table
    uses: Table
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AnswerCourse:
    """Time to first token by hour and streaming, with the hour's tokens; None is not published."""

    series: tuple[tuple[str, tuple[datetime, ...], tuple[float | None, ...]], ...]
    hours: tuple[datetime, ...]
    tokens: tuple[int | None, ...]
    available: tuple[float | None, ...]


def answering(rows: Sequence[QualityRow], uses: Sequence[UseRow]) -> Answering:
    keys = {f"{row.account}/deployments/{row.key}": f"{row.deployment} · {row.account_name}" for row in rows}
    return Answering(
        headlines.of_answers(_together(rows)), _rows(rows), _places(rows), _uses(uses), tuple(keys.items())
    )


def answer_course(rows: Sequence[QualityHourRow]) -> AnswerCourse | None:
    streams = sorted({row.stream for row in rows if row.first_token_ms is not None})
    if not streams:
        return None
    load = {row.hour: row.tokens for row in rows}
    available = {row.hour: row.availability for row in rows if row.availability is not None}
    first, last = min(load), max(load)
    hours = tuple(first + place * HOUR for place in range((last - first) // HOUR + 1))
    told = {(row.stream, row.hour): row.first_token_ms for row in rows}
    return AnswerCourse(
        series=tuple(
            (stream or "all", hours, tuple(told.get((stream, hour)) for hour in hours)) for stream in streams
        ),
        hours=hours,
        tokens=tuple(load.get(hour) for hour in hours),
        available=tuple(available.get(hour) for hour in hours),
    )


def _rows(rows: Sequence[QualityRow]) -> Table:
    return table(
        "answers",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("first_token_ms", "First token, ms", "count"),
            Column("stream", "Streaming"),
            Column("first_token_ms_worst", "Worst hour, ms", "count"),
            Column("between_tokens_ms", "Between tokens, ms", "count"),
            Column("between_tokens_ms_worst", "Worst hour, ms ", "count"),
            Column("last_byte_ms", "Last byte, ms", "count"),
            Column("last_byte_ms_worst", "Worst hour, ms  ", "count"),
            Column("availability", "Available", "percent"),
            Column("availability_worst", "Worst hour", "percent"),
            Column("filter_rate", "Filter rejects", "percent"),
            Column("filter_rejections", "Rejected", "count"),
            Column("hours", "Hours known", "count"),
            Column("model", "Model"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
        ),
        [
            {
                "key": f"{row.account}/deployments/{row.key}",
                **{name: getattr(row, name) for name in (*_SHOWN, *_FIGURES, "filter_rejections")},
                "stream": row.stream or "not told apart",
                "availability": None if row.availability is None else row.availability / 100,
                "availability_worst": None if row.availability_worst is None else row.availability_worst / 100,
                "filter_rate": (row.filter_rejections or 0) / row.filtered_requests if row.filtered_requests else None,
            }
            for row in rows
        ],
    )  # fmt: skip


def _places(rows: Sequence[QualityRow]) -> Table:
    """What a model does in a location, over its deployments there."""
    groups: dict[tuple[str, str, str], list[QualityRow]] = {}
    for row in rows:
        if row.model is not None:
            groups.setdefault((row.model, row.location, row.stream), []).append(row)
    return table(
        "answers-by-place",
        (
            Column("model", "Model", width="medium"),
            Column("location", "Location"),
            Column("stream", "Streaming"),
            Column("deployments", "Deployments", "count"),
            Column("first_token_ms", "First token, ms", "count"),
            Column("first_token_ms_worst", "Worst hour, ms", "count"),
            Column("last_byte_ms", "Last byte, ms", "count"),
            Column("availability", "Available", "percent"),
            Column("availability_worst", "Worst hour", "percent"),
            Column("filter_rate", "Filter rejects", "percent"),
            Column("filter_rejections", "Rejected", "count"),
        ),
        [
            {"model": model, "location": location, "stream": stream or "not told apart", **_together(members)}
            for (model, location, stream), members in sorted(groups.items())
        ],
    )


def _together(rows: Sequence[QualityRow]) -> dict[str, Any]:
    filtered = [row for row in rows if row.filtered_requests]
    asked = sum(row.filtered_requests or 0 for row in filtered)
    rejected = sum(row.filter_rejections or 0 for row in filtered)
    worst = [row.first_token_ms_worst for row in rows if row.first_token_ms_worst is not None]
    low = [row.availability_worst for row in rows if row.availability_worst is not None]
    available = _by_hours(rows, "availability")
    return {
        "deployments": len({(row.account_key, row.key) for row in rows}),
        "first_token_ms": _by_hours(rows, "first_token_ms"),
        "first_token_ms_worst": max(worst, default=None),
        "last_byte_ms": _by_hours(rows, "last_byte_ms"),
        "availability": None if available is None else available / 100,
        "availability_worst": min(low) / 100 if low else None,
        "filter_rate": rejected / asked if asked else None,
        "filter_rejections": rejected if filtered else None,
    }


def _by_hours(rows: Sequence[QualityRow], name: str) -> float | None:
    known = [(getattr(row, name), row.hours) for row in rows if getattr(row, name) is not None]
    hours = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / hours if hours else None


def _uses(uses: Sequence[UseRow]) -> Table:
    names = ("deployment", "operation", "api_version", "stream", "requests", "throttled", "last_day", "account_name", "account")  # fmt: skip
    return table(
        "api-use",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("operation", "Operation", width="medium"),
            Column("api_version", "api-version"),
            Column("stream", "Streaming"),
            Column("requests", "Requests", "count"),
            Column("throttled", "429", "count"),
            Column("last_day", "Last seen", "day"),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
        ),
        [{name: getattr(row, name) for name in names} for row in uses],
    )
