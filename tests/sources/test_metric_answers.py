"""Points of an answer are small objects where it has its promised shape, and plain JSON, with the same numbers, where not."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from collector.sources.metrics.answer import Point, batch_answer, single_answer, stamps_in, values_in

EXAMPLES: dict[str, tuple[str, Callable[[bytes], Mapping[str, Any]]]] = {
    "batch": ("metrics-getbatch-storage.json", batch_answer),
    "single": ("metrics-list-single-resource-storage.json", single_answer),
    "clamped": ("metrics-list-empty-and-clamped-timespan.json", single_answer),
}


def data_of(answer: Mapping[str, Any]) -> list[list[Any]]:
    return [
        series["data"]
        for account in answer.get("values", [answer])
        for metric in account["value"]
        for series in metric["timeseries"]
    ]


@pytest.mark.parametrize("example", EXAMPLES)
def test_answers_that_azure_gave_have_the_shape_that_is_read_quickly(recorded: Path, example: str) -> None:
    name, read = EXAMPLES[example]
    said = json.loads((recorded / "azure" / "examples" / name).read_text())
    body = said["responses"]["200"]["body"] if "responses" in said else said
    plain, read_quickly = data_of(body), data_of(read(json.dumps(body).encode()))
    assert all(isinstance(point, Point) for data in read_quickly for point in data)
    assert [stamps_in(data) for data in plain] == [stamps_in(data) for data in read_quickly]
    for word in ("average", "minimum", "maximum", "total"):
        assert [values_in(data, word) for data in plain] == [values_in(data, word) for data in read_quickly]


def answer(*points: Any) -> bytes:
    return json.dumps({"values": [{"value": [{"timeseries": [{"data": points}]}]}]}).encode()


@pytest.mark.parametrize(
    "odd",
    [{"timeStamp": "x", "total": "7"}, {"timeStamp": "x", "total": True}, {"total": 7}, 7, None],
    ids=["text", "truth", "no-stamp", "no-object", "null"],
)
def test_a_point_of_another_shape_leaves_the_answer_as_it_came(odd: Any) -> None:
    usual = {"timeStamp": "2026-11-01T00:00:00Z", "total": 7.0}
    assert [[usual, odd]] == data_of(batch_answer(answer(usual, odd)))
    assert [[Point("2026-11-01T00:00:00Z", 7.0)]] == data_of(batch_answer(answer(usual)))
