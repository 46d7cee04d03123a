"""From the JSON of a metrics answer to series of numbers, or to the reason why it may not be stored.

This is where a backfill spends its time. Stamps are compared as text, values go through one list per account into
one numpy array, and every rule on values is one comparison over it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import isodate
import numpy as np

from collector.domain.periods import Window
from collector.domain.types import Account, MetricSeries
from collector.sources.metrics.answer import stamps_in, values_in
from collector.sources.metrics.call import Call, Failed, Outcome, Outcomes, Trouble, Whole
from collector.sources.metrics.stamps import Stamps, stamps_of
from collector.sources.said import instant

# No deployment serves ten trillion tokens in a minute, or takes that many milliseconds.
LARGEST_VALUE = 1e13

_NUMBERS = {int, float}
_NO_VALUE = math.nan
_LACKING = re.compile(r"unsupported|not ?supported|invalid ?metric|not ?found|not available", re.IGNORECASE)
_SEPARATOR = "/providers/microsoft.insights/"


def decoded_batch(body: Mapping[str, Any], call: Call, top: int) -> Outcomes:
    """The outcome of each account of a `metrics:getBatch` answer."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for value in body["values"]:
        by_id.setdefault(_resource_id(value), []).append(value)
    outcomes: Outcomes = {}
    for account in call.accounts:
        found = by_id.get(account.arm_id.lower(), [])
        if len(found) == 1:
            outcomes[account.key] = decoded(found[0], account, call, top)
        else:
            how = "leaves it out" if not found else f"names it {len(found)} times"
            outcomes[account.key] = Failed(
                Trouble.BROKEN, f"the answer to a batch of {len(call.accounts)} {how}"
            )
    if len(call.accounts) > 1 and (metric := _shared_top_reached(body["values"], top)):
        cut = Failed(Trouble.TRUNCATED, f"{metric}: the batch answered {top} series or more")
        return {key: cut if isinstance(one, Whole) else one for key, one in outcomes.items()}
    return outcomes


def decoded_single(body: Mapping[str, Any], account: Account, call: Call, top: int) -> Outcome:
    """The outcome of a single-resource answer, which writes its span as one text."""
    start, _, end = str(body["timespan"]).partition("/")
    return decoded({**body, "starttime": start, "endtime": end}, account, call, top)


def decoded(value: Mapping[str, Any], account: Account, call: Call, top: int) -> Outcome:
    """One account's part of an answer."""
    try:
        start, end = _moment(value["starttime"]).replace(microsecond=0), _moment(value["endtime"])
        if start > call.window.start or end < call.window.end:
            told = f"asked for {_span(call.window.start, call.window.end)}, Azure answered {_span(start, end)} only"
            return Failed(Trouble.CLAMPED, told)
        answered = Window(start, end)
        if isodate.parse_duration(value["interval"]) != call.grain:
            return Failed(
                Trouble.BROKEN,
                f"asked at {isodate.duration_isoformat(call.grain)}, answered at {value['interval']}",
            )
        metrics = _by_name(value["value"])
        return _metrics(metrics, account, call, top, answered)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = (
            f"{type(error).__name__}: {error}"
            if isinstance(error, (KeyError, AttributeError))
            else str(error)
        )
        return Failed(Trouble.BROKEN, what[:300])


def _metrics(
    metrics: Mapping[str, Mapping[str, Any]], account: Account, call: Call, top: int, answered: Window
) -> Outcome:
    sheet = _Sheet(account.key, stamps_of(call.window, call.grain), call.aggregations)
    absent: set[str] = set()
    for name in call.metrics:
        said = metrics.get(name.casefold())
        if said is None:
            return Failed(Trouble.BROKEN, f"{name}: asked for and not answered")
        code = str(said.get("errorCode") or "Success")
        if code != "Success":
            words = f"{code} {said.get('errorMessage') or ''}".strip()
            if not _LACKING.search(words):
                return Failed(Trouble.BUSY, f"{name}: {words[:200]}")
            absent.add(name)
            continue
        series = said["timeseries"]
        if len(series) >= top:
            return Failed(
                Trouble.TRUNCATED, f"{name}: {len(series)} series, as many as were asked for at most"
            )
        for one in series:
            sheet.add(name, one, call.dimensions, answered)
    return Whole(sheet.series(), frozenset(absent))


class _Sheet:
    """The series of one account: rows of one list, turned into numbers and checked at once."""

    def __init__(self, account: UUID, stamps: Stamps, aggregations: Sequence[str]) -> None:
        self._account = account
        self._stamps = stamps
        self._aggregations = [(aggregation, aggregation.lower()) for aggregation in aggregations]
        self._flat: list[Any] = []
        self._rows: list[tuple[str, str, dict[str, str]]] = []
        self._seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()

    def add(self, metric: str, one: Mapping[str, Any], dimensions: Sequence[str], answered: Window) -> None:
        said = {
            str(pair["name"]["value"]).casefold(): "" if pair["value"] is None else str(pair["value"])
            for pair in one["metadatavalues"]
        }
        if dimensions and dimensions[0].casefold() not in said:
            raise ValueError(f"{metric}: a series that names no {dimensions[0]}")
        key = (metric, frozenset(said.items()))
        if key in self._seen:
            raise ValueError(f"{metric}: the series {said} comes twice")
        self._seen.add(key)
        data = one["data"]
        places = self._places(stamps_in(data), metric, answered)
        for aggregation, word in self._aggregations:
            self._flat.extend(self._spread(values_in(data, word), places))
            self._rows.append((metric, aggregation, said))

    def series(self) -> tuple[MetricSeries, ...]:
        if not self._rows:
            return ()
        values = self._numbers().reshape(len(self._rows), len(self._stamps))
        return tuple(
            MetricSeries(self._account, metric, aggregation, dimensions, row)
            for (metric, aggregation, dimensions), row in zip(self._rows, values, strict=True)
        )

    def _places(self, stamps: list[Any], metric: str, answered: Window) -> range | list[int | None]:
        """Where each point belongs. Nearly always they are a run of the window in order: that is seen at once."""
        expected = self._stamps.expected
        first = self._stamps.first(stamps)
        if first is not None and stamps == expected[first : first + len(stamps)]:
            return range(first, first + len(stamps))
        try:
            places = [self._stamps.index(stamp, answered) for stamp in stamps]
        except ValueError as error:
            raise ValueError(f"{metric}: {error}") from error
        inside = [place for place in places if place is not None]
        if len(set(inside)) != len(inside):
            raise ValueError(f"{metric}: two points at one instant")
        return places

    def _spread(self, values: list[Any], places: range | list[int | None]) -> list[Any]:
        length = len(self._stamps)
        if isinstance(places, range):
            if len(values) == length:
                return values
            return [_NO_VALUE] * places.start + values + [_NO_VALUE] * (length - places.stop)
        row: list[Any] = [_NO_VALUE] * length
        for place, value in zip(places, values, strict=True):
            if place is not None:
                row[place] = value
        return row

    def _numbers(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        kinds = set(map(type, self._flat))
        if type(None) in kinds:
            self._flat = [_NO_VALUE if value is None else value for value in self._flat]
            kinds.discard(type(None))
        if not kinds <= _NUMBERS:
            bad = next(place for place, value in enumerate(self._flat) if type(value) not in _NUMBERS)
            raise ValueError(self._told(bad, "which is no number"))
        values = np.array(self._flat, dtype=np.float64)
        for wrong, why in (
            (values < 0, "which is negative"),
            (values > LARGEST_VALUE, "which is too large to be true"),
        ):
            if wrong.any():
                raise ValueError(self._told(int(wrong.argmax()), why))
        return values

    def _told(self, place: int, why: str) -> str:
        row, column = divmod(place, len(self._stamps))
        metric, aggregation, dimensions = self._rows[row]
        named = next(iter(dimensions.values()), "all")
        value = str(self._flat[place])[:40]
        return f"{metric} {aggregation} of {named} at {self._stamps.expected[column]}: {value!r}, {why}"


def _by_name(said: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found = {str(metric["name"]["value"]).casefold(): metric for metric in said}
    if len(found) != len(said):
        raise ValueError("a metric is answered twice")
    return found


def _resource_id(value: Mapping[str, Any]) -> str:
    """The SDK's own model loses `resourceid`; where the service leaves it out, each metric's id still begins with it."""
    said = value.get("resourceid")
    if not said and value.get("value"):
        said = str(value["value"][0].get("id", "")).lower().partition(_SEPARATOR)[0]
    return str(said or "").lower()


def _shared_top_reached(values: Sequence[Mapping[str, Any]], top: int) -> str | None:
    """The metric of which the whole batch holds `top` series or more: `top` has been seen to be shared by a batch."""
    counts: dict[str, int] = {}
    for value in values:
        for metric in value.get("value") or ():
            name = str(metric["name"]["value"])
            counts[name] = counts.get(name, 0) + len(metric.get("timeseries") or ())
    return next((name for name, count in counts.items() if count >= top), None)


def _moment(said: Any) -> datetime:
    found = instant(said)
    if found is None:
        raise ValueError(f"the answer's span begins or ends at {said!r}")
    return found


def _span(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%M}Z to {end:%Y-%m-%dT%H:%M}Z"
