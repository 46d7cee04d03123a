"""Captured prices as the ladder takes them."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Connection, func, select

from collector.domain.endings.replacement import PricesOn
from collector.domain.pricing import PriceBook, PriceNotes, PriceRow, Rate
from collector.store import tables
from collector.store.reads.catalog import models_of

_FIELDS = tuple(PriceRow.__dataclass_fields__)


def price_rows(connection: Connection, regions: Collection[str] | None = None) -> list[PriceRow]:
    """Every capture of every price, of the named regions or of all."""
    table = tables.price
    asked = select(*(table.c[name] for name in _FIELDS))
    if regions is not None:
        asked = asked.where(table.c.region.in_(list(regions)))
    return [PriceRow(*row) for row in connection.execute(asked)]


def prices_on(
    connection: Connection,
    regions: Collection[str],
    on: date,
    *,
    snapshot: Sequence[PriceRow] = (),
    rates: Sequence[Rate] = (),
    notes: PriceNotes | None = None,
    currency: str = "USD",
) -> PricesOn:
    """The ladder over what is known of some locations, for one day."""
    models = [one for region in sorted(regions) for one in models_of(connection, region)]
    rows = price_rows(connection, regions)
    book = PriceBook(rows=rows, snapshot=snapshot, models=models, rates=rates, notes=notes or PriceNotes())
    return PricesOn(book, on, currency)


def price_stamp(connection: Connection) -> tuple[int, object]:
    """Changes whenever a capture changed a price."""
    table = tables.price
    count, newest = connection.execute(select(func.count(), func.max(table.c.captured_at))).one()
    return int(count), newest
