"""Our Global list prices beside those of genai-prices, a list that others keep: every difference is explained.

Others' figures are OpenAI's list in USD per million, without Azure's versions, tiers and regions.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from genai_prices.data import providers

from collector.catalog.models import load_models
from collector.catalog.prices import load_price_notes, load_snapshot
from collector.domain.pricing import PriceBook, Priced
from tests.domain.pricing.builders import asked

DAY = date(2026, 7, 25)
MILLION = 1_000_000
FIELDS = {
    "input": "input_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "output": "output_mtok",
}

# (model, version or None for all, kind or None for all) -> why the two lists differ
EXPLAINED: dict[tuple[str, str | None, str | None], str] = {
    ("gpt-4o", "2024-05-13", None): "they list the newest version's price for every version",
}


def their_price(model: str, field: str) -> Decimal | None:
    for provider in providers:
        if provider.id in ("azure", "openai"):
            found = provider.find_model(model)
            if found is not None:
                price = getattr(found.get_prices(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)), field)
                return getattr(price, "base", price)
    return None


def pairs() -> Iterator[tuple[str, str, str, Decimal, Decimal]]:
    book = PriceBook(snapshot=load_snapshot().rows, notes=load_price_notes())
    for one in load_models().models:
        if one.version is None:
            continue
        for kind, field in FIELDS.items():
            answer = book.price_at(asked(model=one.model, version=one.version, kind=kind, on=str(DAY)))
            theirs = their_price(one.model, field)
            if isinstance(answer, Priced) and answer.billed_as is None and theirs is not None:
                yield one.model, one.version, kind, answer.unit_price * MILLION, theirs


def explained(model: str, version: str, kind: str) -> str | None:
    keys: list[Any] = [(model, v, k) for v in (version, None) for k in (kind, None)]
    return next((EXPLAINED[key] for key in keys if key in EXPLAINED), None)


def test_every_difference_from_another_list_is_explained() -> None:
    compared = list(pairs())
    equal = [one for one in compared if one[3] == one[4]]
    print(f"{len(equal)} of {len(compared)} Global prices equal genai-prices")

    unexplained = [one for one in compared if one[3] != one[4] and explained(one[0], one[1], one[2]) is None]
    assert [] == unexplained
    used = {
        (model, v, k)
        for model, version, kind, ours, theirs in compared
        if ours != theirs
        for v in (version, None)
        for k in (kind, None)
    }
    assert set(EXPLAINED) <= used
    assert 90 <= len(equal)
