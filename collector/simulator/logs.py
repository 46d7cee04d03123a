"""A Log Analytics workspace that knows one question: RequestResponse logs counted by account, deployment, version and time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from collector.simulator.asked import Refused, timespan
from collector.simulator.estate import Caller, Deployment
from collector.simulator.metrics import REFUSED_HERE
from collector.simulator.metrics_wire import stamp
from collector.simulator.readings import EPOCH, MINUTE, Readings, Span, minute_index
from collector.simulator.world import World

Column = Callable[[Deployment, Caller, datetime], str]
_OTHERS = ("ok", "bad", "failed")
_REFUSED = (*REFUSED_HERE, "spilled")


def answer(world: World, readings: Readings, asked: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The table of a `summarize`; a question of another sort is refused, as nobody here can answer it."""
    query = str(asked.get("query", ""))
    measures, groups = _summarize(query)
    hours = "1d" not in query
    start, end = timespan(str(asked.get("timespan", "")), now)
    span = _span(max(start, world.start), min(end, now), 60 if hours else 1440)
    rows: list[list[Any]] = []
    for deployment in world.deployments:
        rows += _rows(readings, deployment, measures, groups, span, now)
    columns = [{"name": n, "type": "datetime" if text is _time else "string"} for n, text in groups.items()]
    columns += [{"name": name, "type": "long"} for name in measures]
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}


def _summarize(query: str) -> tuple[dict[str, bool], dict[str, Column]]:
    """(measure -> whether it counts 429s only, group -> its text)."""
    found = re.search(r"\|\s*summarize\s+(.*?)\s+by\s+(.*?)\s*$", query, re.IGNORECASE | re.DOTALL)
    if "AzureDiagnostics" not in query or "RequestResponse" not in query or found is None:
        raise Refused(
            501, "NotImplemented", "The simulator knows RequestResponse logs summarized, and no other query."
        )
    measures = {name: "429" in said for name, said in map(_named, _parts(found[1])) if "count" in said}
    return measures, {name: _column(said) for name, said in map(_named, _parts(found[2]))}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def _named(part: str) -> tuple[str, str]:
    name, equals, said = part.partition("=")
    return (name.strip(), said.strip()) if equals else (part, part)


def _time(deployment: Deployment, caller: Caller, at: datetime) -> str:
    return stamp(at)


def _column(said: str) -> Column:
    lower = said.lower()
    if "bin(timegenerated" in lower:
        return _time
    if "resourceid" in lower:
        folded = "tolower" in lower
        return lambda d, caller, at: d.account.id.lower() if folded else d.account.id.upper()
    if "deployment" in lower:
        return lambda deployment, caller, at: deployment.name
    if "apiversion" in lower:
        return lambda deployment, caller, at: caller.api_version
    if "operationname" in lower:
        return lambda deployment, caller, at: caller.operation
    raise Refused(
        501, "NotImplemented", f"The simulator does not know the column {said} of RequestResponse logs."
    )


def _span(start: datetime, end: datetime, grain: int) -> Span:
    first = minute_index(start) // grain * grain
    return Span(first, max(0, minute_index(end) - first), grain)


def _rows(
    readings: Readings,
    deployment: Deployment,
    measures: Mapping[str, bool],
    groups: Mapping[str, Column],
    span: Span,
    now: datetime,
) -> list[list[Any]]:
    """One row for each caller and bucket in which there was a call."""
    if span.minutes == 0 or deployment.format != "OpenAI":
        return []
    refused = readings.parts(deployment, _REFUSED, deployment.callers, span, now)
    served = readings.parts(deployment, _OTHERS, deployment.callers, span, now)
    rows: list[list[Any]] = []
    for caller, throttled, others in zip(deployment.callers, refused, served, strict=True):
        for i in (throttled + others).nonzero()[0].tolist():
            at = EPOCH + (span.first + i * span.grain) * MINUTE
            counted = _counts(measures, int(throttled[i]), int(others[i]))
            rows.append([*(text(deployment, caller, at) for text in groups.values()), *counted])
    return rows


def _counts(measures: Mapping[str, bool], throttled: int, others: int) -> Sequence[int]:
    return [throttled if only_429 else throttled + others for only_429 in measures.values()]
