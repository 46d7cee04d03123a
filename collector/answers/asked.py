"""What every question about room is asked with, and how a domain value becomes JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from collector.domain.advice.prices import RoomPrices
from collector.domain.pricing import PriceBook
from collector.jobs.charges import MoneyRules
from collector.store.engine import Connection
from collector.store.reads.prices import price_rows
from collector.store.reads.scope import EVERYTHING, Filters
from collector.store.reads.seats_lines import RoomEstate

Json = dict[str, Any]
JOBS: Final = ("metrics", "inventory", "quotas", "models")


@dataclass(frozen=True, slots=True)
class Asked:
    """What every question here is asked with."""

    connection: Connection
    now: datetime
    rules: MoneyRules
    filters: Filters = EVERYTHING


def prices_of(asked: Asked, estate: RoomEstate) -> RoomPrices:
    rules = asked.rules
    book = PriceBook(
        rows=price_rows(asked.connection),
        snapshot=rules.snapshot,
        models=estate.models,
        rates=rules.rates,
        notes=rules.notes,
    )
    return RoomPrices(book, asked.now.date(), rules.currency or "USD")


def plain(value: Any) -> Any:
    """A domain value as JSON: decimals as digits, instants with `Z`, dataclasses by their fields."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, UUID):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [plain(one) for one in value]
    return value
