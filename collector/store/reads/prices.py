"""Captured prices as the ladder takes them."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from collector.domain.pricing import PriceRow
from collector.store import tables

_FIELDS = tuple(PriceRow.__dataclass_fields__)


def price_rows(connection: Connection, regions: Collection[str] | None = None) -> list[PriceRow]:
    """Every capture of every price, of the named regions or of all."""
    table = tables.price
    asked = select(*(table.c[name] for name in _FIELDS))
    if regions is not None:
        asked = asked.where(table.c.region.in_(list(regions)))
    return [PriceRow(*row) for row in connection.execute(asked)]


def price_stamp(connection: Connection) -> tuple[int, object]:
    """Changes whenever a capture changed a price."""
    table = tables.price
    count, newest = connection.execute(select(func.count(), func.max(table.c.captured_at))).one()
    return int(count), newest
