"""A Log Analytics workspace that knows one question: RequestResponse logs by account, deployment, version and caller."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.simulator.asked import Refused, timespan
from collector.simulator.callers import PREFIX
from collector.simulator.estate import Caller, Deployment
from collector.simulator.metrics import REFUSED_HERE
from collector.simulator.metrics_wire import stamp
from collector.simulator.readings import EPOCH, MINUTE, Readings, Span, minute_index
from collector.simulator.world import NAMESPACE, World

_ALL = ("ok", "bad", "failed", *REFUSED_HERE, "spilled")
_NEEDED = ("AzureDiagnostics", "RequestResponse", "CorrelationId", "modelDeploymentName")
SHARES = (0.7, 0.3)
"""Two machines run each program."""


@dataclass(frozen=True, slots=True)
class _Calls:
    """What one machine of one program called, and when first and last."""

    deployment: Deployment
    caller: Caller
    machine: int
    requests: int
    first: datetime
    last: datetime

    @property
    def address(self) -> str:
        """Azure masks the last part."""
        return (
            f"10.{self.deployment.index % 200}.{self.deployment.callers.index(self.caller)}{self.machine}.***"
        )

    @property
    def identity(self) -> str:
        """Every second program signs in; the others use a key and bear no object id."""
        if self.deployment.callers.index(self.caller) % 2:
            return self.address
        return str(uuid.uuid5(NAMESPACE, f"{self.deployment.id}{self.caller.api_version}{self.machine}"))


_GROUPS: Mapping[str, Callable[[_Calls, str], str]] = {
    "account": lambda calls, said: calls.deployment.account.id.lower(),
    "deployment": lambda calls, said: calls.deployment.name,
    "apiname": lambda calls, said: PREFIX + calls.caller.api_version if calls.caller.api_version else "",
    "caller": lambda calls, said: calls.identity if "objectid" in said else calls.address,
}


def answer(world: World, readings: Readings, asked: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The table of the last `summarize`; a question of another sort is refused, as nobody here can answer it."""
    query = str(asked.get("query", ""))
    measures, groups = _summarize(query)
    start, end = timespan(str(asked.get("timespan", "")), now)
    who = query.lower().partition("caller = max(")[2].partition("),")[0]
    rows: dict[tuple[str, ...], list[_Calls]] = {}
    for calls in _calls(world, readings, max(start, world.start), min(end, now), now):
        rows.setdefault(tuple(_GROUPS[name](calls, who) for name in groups), []).append(calls)
    columns = [{"name": name, "type": "string"} for name in groups.values()]
    columns += [{"name": name, "type": _TYPES[what]} for name, what in measures.items()]
    told = [[*key, *(_measured(what, mine) for what in measures.values())] for key, mine in rows.items()]
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": told}]}


_TYPES = {"count": "long", "count_distinctif": "long", "min": "datetime", "max": "datetime"}


def _measured(what: str, calls: list[_Calls]) -> Any:
    if what == "count":
        return sum(one.requests for one in calls)
    if what == "count_distinctif":
        return len({one.identity for one in calls})
    return stamp(min(one.first for one in calls) if what == "min" else max(one.last for one in calls))


def _summarize(query: str) -> tuple[dict[str, str], dict[str, str]]:
    """(measure by its name, spelling of each group) of the last summarize."""
    found = re.search(r".*\|\s*summarize\s+(.*?)\s+by\s+(.*?)\s*$", query, re.IGNORECASE | re.DOTALL)
    if found is None or any(word not in query for word in _NEEDED):
        raise Refused(
            501, "NotImplemented", "The simulator knows RequestResponse logs by caller, and no other query."
        )
    measures: dict[str, str] = {}
    for name, _, said in (part.partition("=") for part in _parts(found[1])):
        what = said.strip().partition("(")[0]
        if what not in _TYPES:
            raise Refused(501, "NotImplemented", f"The simulator does not know the measure {said.strip()}.")
        measures[name.strip()] = what
    groups = {part.lower(): part for part in _parts(found[2])}
    for name in groups:
        if name not in _GROUPS:
            raise Refused(501, "NotImplemented", f"The simulator does not know the column {name}.")
    return measures, groups


def _parts(text: str) -> list[str]:
    """Split at the commas outside of all brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _calls(
    world: World, readings: Readings, start: datetime, end: datetime, now: datetime
) -> Iterator[_Calls]:
    """By hour, so that first and last are known to the hour."""
    first = minute_index(start) // 60 * 60
    span = Span(first, max(0, minute_index(end) - first), 60)
    for deployment in world.deployments:
        if span.minutes == 0 or deployment.format != "OpenAI":
            continue
        parts = readings.parts(deployment, _ALL, deployment.callers, span, now)
        for caller, counted in zip(deployment.callers, parts, strict=True):
            hours = counted.nonzero()[0].tolist()
            if not hours:
                continue
            whole, ends = (
                int(counted.sum()),
                [EPOCH + (span.first + at * 60) * MINUTE for at in (hours[0], hours[-1])],
            )
            lesser = int(whole * SHARES[1])
            for machine, requests in enumerate((whole - lesser, lesser)):
                if requests:
                    yield _Calls(deployment, caller, machine, requests, ends[0], ends[1])
