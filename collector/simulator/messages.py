"""A call as it came in and an answer as it goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from collector.simulator.asked import Refused


@dataclass(slots=True)
class Call:
    """`query` names are in lower case, but for `$filter` and its kind; header names too."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    throttled_metrics: frozenset[str] = frozenset()

    def kind(self) -> str:
        """The call's shape, for counting: its last word, unless that is a name."""
        last = self.path.rstrip("/").rsplit("/", 1)[-1]
        return f"{self.method} {'{name}' if re.search(r'-.*-|[0-9]', last) else last}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json; charset=utf-8"


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(value, default=_plain), headers or {})


def error_answer(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, wrapped: bool = True
) -> Answer:
    inner = {"code": code, "message": message}
    return json_answer({"error": inner} if wrapped else inner, status, headers)


def json_object(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Refused(400, "BadRequest", f"The request body is not JSON: {error}") from error


def next_link(url: str, call: Call, skip: int, dollar: str) -> str:
    """The same call with a skip token; ARM escapes the dollar, Cost Management does not."""
    target = re.sub(r"[?&](?:\$|%24)skiptoken=\d+", "", call.target, flags=re.IGNORECASE)
    return f"{url}{target}{'&' if '?' in target else '?'}{dollar}skiptoken={skip}"


def page_answer(
    url: str, call: Call, rows: Sequence[Any], size: int, headers: Mapping[str, str] | None = None
) -> Answer:
    """A page of an ARM list and the way to the next; the last page has no `nextLink`."""
    skip = skipped(call)
    body: dict[str, Any] = {"value": rows[skip : skip + size]}
    if skip + size < len(rows):
        body["nextLink"] = next_link(url, call, skip + size, "%24")
    return json_answer(body, 200, headers)


def skipped(call: Call) -> int:
    text = call.query.get("$skiptoken", "0") or "0"
    if not text.isdigit():
        raise Refused(400, "InvalidSkipToken", f"The skip token '{text}' is not valid.")
    return int(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value)} has no JSON form")
