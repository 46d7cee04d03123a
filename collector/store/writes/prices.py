"""Captured prices: a row per changed capture, so that a price can be read as it was known on any day."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from collector.domain.pricing.rows import PriceRow
from collector.store import tables
from collector.store.writes.bulk import column_names, upsert

_KEY = ("meter_id", "region", "currency", "type", "term", "tier_minimum_units", "effective_from")
_MEANING = (
    "effective_until",
    "unit_price",
    "unit_of_measure",
    "product",
    "meter_name",
    "sku_name",
    "service",
)


def record_prices(connection: Connection, captured: Iterable[PriceRow], *, at: datetime) -> list[PriceRow]:
    """Store a capture; returns the prices that are new or changed, whose days must be priced again.

    The same price with the same meaning only gets its `last_captured_at`.
    """
    prices = list(captured)
    newest = _newest(connection, {price.currency for price in prices})
    rows: list[list[Any]] = []
    changed: list[PriceRow] = []
    for price in prices:
        key = tuple(getattr(price, name) for name in _KEY)
        meaning = tuple(getattr(price, name) for name in _MEANING)
        captured_at, before = newest.get(key, (at, None))
        if before != meaning:
            captured_at = at
            changed.append(price)
        values = dict(zip((*_KEY, *_MEANING), (*key, *meaning), strict=True))
        values |= {"captured_at": captured_at, "last_captured_at": at}
        rows.append([values[name] for name in column_names(tables.price)])
    upsert(connection, tables.price, rows)
    return changed


def _newest(
    connection: Connection, currencies: set[str]
) -> dict[tuple[Any, ...], tuple[datetime, tuple[Any, ...]]]:
    """The latest capture of each price: when, and its meaning."""
    table = tables.price
    stored = (
        select(*(table.c[name] for name in (*_KEY, "captured_at", *_MEANING)))
        .where(table.c.currency.in_(sorted(currencies)))
        .order_by(table.c.captured_at)
    )
    split = len(_KEY)
    return {tuple(row[:split]): (row[split], tuple(row[split + 1 :])) for row in connection.execute(stored)}
