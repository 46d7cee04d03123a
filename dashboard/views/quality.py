"""How well deployments answered, and how they are called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.domain.periods import HOUR
from collector.store.reads.quality import QualityHourRow, QualityRow, UseRow
from dashboard.tables import Column, Table, table

_SHOWN = ("deployment", "model", "sku", "location", "account_name", "account", "hours")
_FIGURES = ("first_token_ms", "first_token_ms_worst", "between_tokens_ms", "between_tokens_ms_worst", "last_byte_ms", "last_byte_ms_worst")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answering:
    rows: Table
    uses: Table
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AnswerCourse:
    """Time to first token by hour and streaming, with the hour's tokens; None is not published."""

    series: tuple[tuple[str, tuple[datetime, ...], tuple[float | None, ...]], ...]
    hours: tuple[datetime, ...]
    tokens: tuple[int | None, ...]


def answering(rows: Sequence[QualityRow], uses: Sequence[UseRow]) -> Answering:
    keys = {f"{row.account}/deployments/{row.key}": f"{row.deployment} · {row.account_name}" for row in rows}
    return Answering(_rows(rows), _uses(uses), tuple(keys.items()))


def answer_course(rows: Sequence[QualityHourRow]) -> AnswerCourse | None:
    streams = sorted({row.stream for row in rows if row.first_token_ms is not None})
    if not streams:
        return None
    load = {row.hour: row.tokens for row in rows}
    first, last = min(load), max(load)
    hours = tuple(first + place * HOUR for place in range((last - first) // HOUR + 1))
    told = {(row.stream, row.hour): row.first_token_ms for row in rows}
    return AnswerCourse(
        series=tuple(
            (stream or "all", hours, tuple(told.get((stream, hour)) for hour in hours)) for stream in streams
        ),
        hours=hours,
        tokens=tuple(load.get(hour) for hour in hours),
    )


def _rows(rows: Sequence[QualityRow]) -> Table:
    return table(
        "answers",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("stream", "Streaming"),
            Column("first_token_ms", "First token, ms", "count"),
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
