"""Bad weather on request: what to do with the next calls whose path matches."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "status",
        "throttle",
        "reset",
        "cut",
        "delay",
        "malformed",
        "html",
        "empty",
        "null",
        "garbage",
        "metric_throttled",
    }
)
_GARBAGE = (b"NaN", b"-7", b'"many"', b"1e308", b"123456789012345678901234567890", b"null", b"Infinity")
_POINT = re.compile(rb'\{"timeStamp":"[^"]+","(?:total|average)":[^,}]+')


@dataclass(slots=True)
class Fault:
    """`times` calls (None: all) whose method and path match: `status` with a body, or one of the other kinds.

    `holds` must be found in the body of the call too, so that a batch can fail for one resource in it.
    """

    match: str
    kind: str = "status"
    status: int = 500
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    retry_after: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: str | None = None
    metrics: tuple[str, ...] = ("*",)
    holds: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r}: expected one of {', '.join(sorted(KINDS))}")
        try:
            re.compile(self.match)
        except re.error as error:
            raise ValueError(f"match={self.match!r}: expected a regular expression ({error})") from error

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Fault:
        given = dict(row)
        known = set(cls.__slots__)
        strange = sorted(set(given) - known)
        if strange:
            raise ValueError(f"fault key {strange[0]!r}: expected one of {', '.join(sorted(known))}")
        if "kind" not in given:
            given["kind"] = "status"
        if given["kind"] == "throttle":
            given.setdefault("status", 429)
        if given.get("retry_after") is not None:
            given["retry_after"] = str(given["retry_after"])
        if "metrics" in given:
            given["metrics"] = tuple(given["metrics"])
        return cls(**given)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """`kind=throttle,match=getBatch,times=3,retry_after=1` as on the command line."""
        row: dict[str, Any] = {}
        for part in text.split(","):
            key, _, value = part.partition("=")
            key = key.strip().replace("-", "_")
            row[key] = (
                int(value)
                if key in ("status", "times", "skip")
                else float(value)
                if key == "seconds"
                else value
            )
        if row.get("times") == 0:
            row["times"] = None
        return cls.read(row)


class Weather:
    """The faults that are on; each matching call uses one up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def set(self, faults: list[Fault]) -> None:
        with self._lock:
            self._faults = list(faults)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def left(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def strike(self, method: str, target: str, body: str = "") -> list[Fault]:
        """The faults that hit this call: delays together with at most one other."""
        hit: list[Fault] = []
        with self._lock:
            for fault in list(self._faults):
                if not re.search(fault.match, f"{method} {target}"):
                    continue
                if fault.holds is not None and not re.search(fault.holds, body, re.IGNORECASE):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.kind != "delay" and any(f.kind != "delay" for f in hit):
                    continue
                hit.append(fault)
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
        return hit


def with_garbage(body: bytes) -> bytes:
    """Every third point of an answer becomes something no counter says, and one point comes twice."""
    seen = 0

    def spoil(match: re.Match[bytes]) -> bytes:
        nonlocal seen
        seen += 1
        text = match[0]
        if seen == 2:
            return text + b"}," + text
        if seen % 3:
            return text
        return text[: text.rindex(b":") + 1] + _GARBAGE[(seen // 3) % len(_GARBAGE)]

    return _POINT.sub(spoil, body)
