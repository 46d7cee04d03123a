"""How an instant, an amount of money and a JSON value are kept, on SQLite and on PostgreSQL."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Numeric, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant of whole seconds: `timestamptz` on PostgreSQL, seconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(cast(TypeEngine[Any], BigInteger()))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else to_database(value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromtimestamp(value, UTC)
        return value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC on PostgreSQL, its own digits as text on SQLite (summed by `money_sum`).

    SQLite compares these texts as texts: order and compare amounts in Python, or with `money_rank`.
    """

    impl = Numeric()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(cast(TypeEngine[Any], Text()))
        return dialect.type_descriptor(Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return None if value is None else to_database(value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def to_database(value: Any, dialect: str) -> Any:
    """A Python value as the raw driver takes it, for bulk writes that bypass SQLAlchemy's types."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(
                f"{value!r}: expected an aware instant, for example datetime(2026, 10, 1, tzinfo=UTC)"
            )
        return int(value.timestamp()) if dialect == "sqlite" else value.astimezone(UTC).replace(microsecond=0)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value!r}: expected a finite amount")
        return _digits(value) if dialect == "sqlite" else value
    if isinstance(value, date) and dialect == "sqlite":
        return value.isoformat()
    if isinstance(value, UUID) and dialect == "sqlite":
        return value.hex
    return value


def _digits(value: Decimal) -> str:
    """One text per amount, so that 1.50 and 1.5 are one key and no change."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Int = BigInteger()
