"""The answer of a deeper screen stands above its tables, and is the sum of what they show."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from collector.domain.money.unit_costs import UsedAmount, unit_costs
from collector.store.engine import open_engine
from collector.store.reads.room import room_rows
from dashboard import formats
from dashboard.views import headlines
from dashboard.words import limits as limits_words
from tests.dashboard.conftest import Opened


def test_a_million_tokens_cost_what_tokens_cost_and_a_request_what_everything_did() -> None:
    amounts = [
        UsedAmount("USD", "USD", "input", Decimal(3_000_000), Decimal(6)),
        UsedAmount("USD", "USD", "output", Decimal(1_000_000), Decimal(10)),
        UsedAmount("USD", "USD", "image", Decimal(5), Decimal(4)),
    ]

    tiles = headlines.of_unit_costs(unit_costs(amounts, {"USD": 8_000})[0], ())

    assert ["$4.00", "$2.00", "$10.00", "$2.50"] == [tile.value for tile in tiles]


def test_unknown_requests_are_unknown_and_not_free() -> None:
    amounts = [UsedAmount("USD", "USD", "input", Decimal(1), Decimal(1))]

    tiles = headlines.of_unit_costs(unit_costs(amounts, {})[0], ())

    assert [formats.UNKNOWN, formats.UNKNOWN] == [tiles[at].value for at in (2, 3)]


def unit_row(units: int, mean: float | None, idle: int | None, cost: str | None, currency: str = "USD") -> dict[str, Any]:  # fmt: skip
    return {
        "units": units,
        "mean": mean,
        "idle": idle,
        "cost": None if cost is None else Decimal(cost),
        "currency": currency,
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [unit_row(50, 0.2, 5, "100"), unit_row(150, 0.6, None, "300.5")],
            ["200", "50 %", "5", "$400.50"],
            id="weighed by units",
        ),
        pytest.param(
            [unit_row(50, None, None, None)], ["50", formats.UNKNOWN, formats.UNKNOWN], id="nothing known"
        ),
        pytest.param(
            [unit_row(10, 0.5, 0, "1"), unit_row(10, 0.5, 0, "2", "EUR")],
            ["20", "50 %", "0", "€2.00", "$1.00"],
            id="two currencies",
        ),
    ],
)
def test_units_together(rows: list[dict[str, Any]], expected: list[str]) -> None:
    assert expected == [tile.value for tile in headlines.of_units(rows)]


def test_throttling_begins_with_what_was_refused(opened: Opened, world: Callable[[str], str]) -> None:
    app = opened("throttling", "demo")

    with open_engine(world("demo"), read_only=True).connect() as connection:
        rows = room_rows(connection, "2026-11")
    refused, requests = sum(row.throttled or 0 for row in rows), sum(row.requests or 0 for row in rows)
    hit = sum(1 for row in rows if row.throttled)
    assert [f"{refused:,}", f"{hit} of {len(rows)}"] == [metric.value for metric in app.metric[:2]]
    assert limits_words.rate(refused, requests) == app.metric[0].delta


def test_where_nothing_was_read_nothing_is_claimed() -> None:
    tiles = headlines.of_throttling((), ())

    assert [formats.UNKNOWN] * 3 == [tile.value for tile in tiles[:3]]
    assert tiles[0].change is None


def test_unit_costs_begin_with_a_million_tokens(opened: Opened) -> None:
    app = opened("unit_costs", "demo")

    assert 4 <= len(app.metric)
    assert formats.UNKNOWN != app.metric[0].value
