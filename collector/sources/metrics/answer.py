"""The JSON of a metrics answer with its points as small fixed objects: a dict for each point costs more than all the rest.

What does not have the promised shape is read as plain JSON instead, so that the decoder can say which account's
which point is wrong, and the others of its batch stand.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, TypedDict

import msgspec

from collector.sources.connection import json_object

_STAMP: Final = attrgetter("timeStamp")


class Point(msgspec.Struct, gc=False):
    """One instant of a series; an aggregation that was not asked for, or has no value, is None."""

    timeStamp: str  # noqa: N815  # Azure's word
    total: float | None = None
    average: float | None = None
    maximum: float | None = None
    minimum: float | None = None
    count: float | None = None


class _Series(TypedDict, total=False):
    metadatavalues: Any
    data: list[Point]


class _Metric(TypedDict, total=False):
    id: Any
    name: Any
    timeseries: list[_Series] | None
    errorCode: Any
    errorMessage: Any


class _Account(TypedDict, total=False):
    """Of a batch it says its span as `starttime` and `endtime`, alone as `timespan`."""

    starttime: Any
    endtime: Any
    timespan: Any
    interval: Any
    resourceid: Any
    value: list[_Metric]


class _Batch(TypedDict):
    values: list[_Account]


_BATCH: Final = msgspec.json.Decoder(_Batch)
_SINGLE: Final = msgspec.json.Decoder(_Account)


def batch_answer(content: bytes) -> Mapping[str, Any]:
    return _read(_BATCH, content)


def single_answer(content: bytes) -> Mapping[str, Any]:
    return _read(_SINGLE, content)


def _read(decoder: "msgspec.json.Decoder[Any]", content: bytes) -> Mapping[str, Any]:
    try:
        return decoder.decode(content)
    except (ValueError, RecursionError):
        return json_object(content)


def stamps_in(data: Sequence[Any]) -> list[Any]:
    if _is_typed(data):
        return list(map(_STAMP, data))
    return [point["timeStamp"] for point in data]


def values_in(data: Sequence[Any], word: str) -> list[Any]:
    """One aggregation of every point; a point may carry its instant alone."""
    if _is_typed(data):
        return list(map(attrgetter(word), data))
    return [point.get(word) for point in data]


def _is_typed(data: Sequence[Any]) -> bool:
    return bool(data) and isinstance(data[0], Point)
