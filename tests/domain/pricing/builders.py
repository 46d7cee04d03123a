"""Builders of price rows, models and questions for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from collector.domain.pricing import PriceQuestion, PriceRow
from collector.domain.types import CatalogModel, CostEntry


def instant(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def a_row(name: str, price: str, **changes: Any) -> PriceRow:
    """A row of the feed; days may be given as text, and `end` is the last day in force."""
    days = {
        "effective_from": changes.pop("start", "2026-01-01"),
        "captured_at": changes.pop("captured", "2026-06-01"),
        "effective_until": changes.pop("end", None),
        "last_captured_at": changes.pop("seen", None),
    }
    row = PriceRow(
        meter_id=f"id-{name.lower()}",
        region="eastus2",
        currency="USD",
        type="Consumption",
        term="",
        tier_minimum_units=Decimal(0),
        effective_from=instant("2026-01-01"),
        captured_at=instant("2026-06-01"),
        unit_price=Decimal(price),
        unit_of_measure="1M" if "1M" in name else "1K",
        product="Azure OpenAI GPT5",
        meter_name=name,
    )
    return replace(row, **{key: instant(day) for key, day in days.items() if day}, **changes)


def asked(**changes: Any) -> PriceQuestion:
    question = PriceQuestion(
        model="gpt-5.4",
        version="2026-03-05",
        sku="GlobalStandard",
        location="eastus2",
        kind="input",
        on=date(2026, 7, 1),
    )
    if "on" in changes:
        changes["on"] = date.fromisoformat(changes["on"])
    return replace(question, **changes)


def a_model(costs: Sequence[tuple[str, str]], **changes: Any) -> CatalogModel:
    """An entry of the models list that names these (cost name, meter id) pairs."""
    model = CatalogModel(
        location="eastus2",
        format="OpenAI",
        model="gpt-5.4",
        version="2026-03-05",
        sku="GlobalStandard",
        fine_tuned=False,
        usage_name=None,
        kinds=frozenset({"OpenAI"}),
        lifecycle_status=None,
        deprecation_status=None,
        inference_retires_at=None,
        fine_tune_retires_at=None,
        sku_retires_at=None,
        costs=tuple(CostEntry(name, meter_id, "1K Tokens") for name, meter_id in costs),
    )
    return replace(model, **changes)
