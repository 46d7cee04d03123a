"""What a metrics call asks for: names, window, grain, filter; and the refusals Azure has for what it cannot answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.simulator.metric_names import BY_NAME, GRAINS, METRICS, Metric

RETENTION = timedelta(days=93)
ARM_MINUTE_SPAN = timedelta(days=31)
TRACE = "{00000000-0000-0000-0000-000000000000}"
_CLAUSE = re.compile(r"\s*\(*\s*([\w.]+)\s+eq\s+'((?:[^']|'')*)'\s*\)*\s*", re.IGNORECASE)
_JOINT = re.compile(r"(and|or)\b", re.IGNORECASE)


class Refused(Exception):
    """An answer that is an error: status, code and text as Azure words them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Asked:
    metrics: tuple[Metric, ...]
    start: datetime
    end: datetime
    interval: str
    grain: int
    floored: bool
    aggregations: tuple[str, ...]
    filter: Mapping[str, frozenset[str]]
    filter_order: tuple[str, ...]
    top: int
    descending: str | None
    rolled_up: frozenset[str]


def instant(text: str) -> datetime:
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    try:
        at = datetime.fromisoformat(trimmed)
    except ValueError as error:
        raise Refused(400, "BadRequest", f"Invalid time: {text}") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def metrics_named(text: str) -> tuple[Metric, ...]:
    names = [name.strip().replace("%2", ",") for name in text.split(",") if name.strip()]
    if len(names) > 20:
        raise Refused(400, "BadRequest", f"Requested metrics count: {len(names)} bigger than allowed max: 20")
    if not names:
        raise Refused(400, "BadRequest", "At least one metric name should be specified.")
    for name in names:
        if name.casefold() not in BY_NAME:
            valid = ",".join(m.name for m in METRICS)
            raise Refused(
                400,
                "BadRequest",
                "Failed to find metric configuration for provider: Microsoft.CognitiveServices, "
                f"resource Type: accounts, metric: {name}, Valid metrics: {valid}",
            )
    return tuple(BY_NAME[name.casefold()] for name in dict.fromkeys(names))


def parse_filter(text: str) -> dict[str, frozenset[str]]:
    """`A eq 'x' or A eq 'y' and B eq '*'`: dimension (lower case) -> values (folded)."""
    wanted: dict[str, set[str]] = {}
    at = 0
    while at < len(text.rstrip()):
        clause = _CLAUSE.match(text, at)
        if clause is None:
            raise Refused(400, "BadRequest", f"Invalid filter: {text}")
        wanted.setdefault(clause[1].lower(), set()).add(clause[2].replace("''", "'").casefold())
        at = clause.end()
        joint = _JOINT.match(text, at)
        if joint is None and at < len(text.rstrip()):
            raise Refused(400, "BadRequest", f"Invalid filter: {text}")
        at = joint.end() if joint else at
    return {name: frozenset(values) for name, values in wanted.items()}


def asked(query: Mapping[str, str], start: datetime, end: datetime, now: datetime, filter_text: str) -> Asked:
    """The call made whole, or refused."""
    metrics = metrics_named(query.get("metricnames", ""))
    if end <= start:
        raise Refused(400, "BadRequest", f"Query startTime: {start} must be before endTime: {end}")
    outside = start if start < now - RETENTION - timedelta(hours=1) else None
    if outside is not None:
        stamp = min(end, outside if end > now - RETENTION else end).strftime("%m/%d/%Y %H:%M:%S")
        raise Refused(
            400,
            "BadRequest",
            f"Query endTime: {stamp} is out of the Max metrics retention period: 93.00:00:00, traceId: {TRACE}",
        )
    wanted = parse_filter(filter_text) if filter_text else {}
    if query.get("validatedimensions", "true").lower() != "false":
        _check_dimensions(metrics, wanted)
    interval, grain = _grain(query, start, end)
    orderby = query.get("orderby", "").lower().split()
    rolled = query.get("rollupby", "")
    return Asked(
        metrics,
        start,
        end,
        interval,
        grain,
        query.get("interval", "").upper() != "FULL" and 1 < grain < 1440,
        _aggregations(query.get("aggregation", "")),
        wanted,
        tuple(wanted),
        _top(query.get("top"), bool(wanted)),
        orderby[1] if len(orderby) > 1 else ("asc" if orderby else None),
        frozenset(name.strip().lower() for name in rolled.split(",") if name.strip()),
    )


def _top(text: str | None, filtered: bool) -> int:
    """Azure's default is ten series a metric, and it does not say that it left some out."""
    if not filtered:
        return 1
    if text is None:
        return 10
    if not text.isdigit() or not 0 < int(text) <= 2147483647:
        raise Refused(400, "BadRequest", f"Invalid top: {text}")
    return int(text)


def _check_dimensions(metrics: Sequence[Metric], wanted: Mapping[str, frozenset[str]]) -> None:
    for metric in metrics:
        known = {name.lower() for name in metric.dimensions}
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise Refused(
                400,
                "BadRequest",
                f"Metric: {metric.name} does not support requested dimension combination: {','.join(unknown)}, "
                f"supported ones are: {','.join(metric.dimensions)}, TraceId: {TRACE}",
            )


def _aggregations(text: str) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(part.strip().capitalize() for part in text.split(",") if part.strip()))
    bad = [a for a in given if a not in {"Total", "Average", "Minimum", "Maximum", "Count", "None"}]
    if bad:
        raise Refused(400, "BadRequest", f"Invalid aggregation type: {bad[0]}")
    return given


def _grain(query: Mapping[str, str], start: datetime, end: datetime) -> tuple[str, int]:
    interval = query.get("interval") or "PT1M"
    if interval.upper() == "FULL":
        minutes = max(1, -(-int((end - start).total_seconds()) // 60))
        hours, rest = divmod(minutes, 60)
        return (f"PT{hours}H" if hours and not rest else f"PT{minutes}M"), minutes
    grain = GRAINS.get({"PT24H": "P1D"}.get(interval.upper(), interval.upper()))
    if grain is not None:
        return interval.upper(), grain
    if query.get("autoadjusttimegrain", "").lower() == "true":
        return "PT1H", 60
    raise Refused(
        400,
        "BadRequest",
        f"Detected invalid time grain input: {interval}, supported ones are: "
        "00:01:00,00:05:00,00:15:00,00:30:00,01:00:00,06:00:00,12:00:00,1.00:00:00",
    )


def timespan(text: str, now: datetime) -> tuple[datetime, datetime]:
    """`start/end`, or a duration that ends now; an hour where nothing is said."""
    if not text:
        return now - timedelta(hours=1), now
    first, slash, second = text.partition("/")
    if slash:
        return instant(first), instant(second)
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", text.upper())
    if match is None:
        raise Refused(400, "BadRequest", f"Invalid timespan: {text}")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return now - timedelta(days=days, hours=hours, minutes=minutes), now


def start_and_end(query: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """How the batch endpoint says its timespan; an end without a start is no timespan."""
    first, second = query.get("starttime"), query.get("endtime")
    if second and not first:
        raise Refused(400, "BadRequest", "endtime without starttime is not valid.")
    end = instant(second) if second else now
    if not first:
        return end - timedelta(hours=1), end
    return (timespan(first, end)[0] if first.upper().startswith("P") else instant(first)), end
