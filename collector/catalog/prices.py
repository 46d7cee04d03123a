"""The shipped price snapshot: what the feed said on the days it was captured, for when it cannot be reached."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import orjson

from collector.catalog.price_notes import load_price_notes
from collector.domain.pricing.rows import PriceRow

__all__ = ["PriceSnapshot", "SnapshotSource", "load_price_notes", "load_snapshot", "pack", "unpack"]

SNAPSHOT = "data/prices.json.gz"


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """One capture in the snapshot. A complete one held every row of its regions."""

    name: str
    captured_on: date
    complete: bool
    origin: str


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """USD list prices. `captured_on` is the newest complete capture; single rows may be newer."""

    rows: tuple[PriceRow, ...]
    sources: tuple[SnapshotSource, ...]

    @property
    def captured_on(self) -> date:
        days = [one.captured_on for one in self.sources if one.complete] or [
            one.captured_on for one in self.sources
        ]
        return max(days)


@cache
def load_snapshot() -> PriceSnapshot:
    """The snapshot of this release, read once."""
    return unpack(resources.files("collector.catalog").joinpath(SNAPSHOT).read_bytes())


def pack(snapshot: PriceSnapshot) -> bytes:
    """The compact file: meters once, prices once, and the regions of each with their meter ids.

    The same snapshot packs to the same bytes.
    """
    regions = sorted({row.region for row in snapshot.rows})
    meters = sorted({_meter(row) for row in snapshot.rows})
    region_at, meter_at = _positions(regions), _positions(meters)
    prices: dict[tuple[Any, ...], list[list[Any]]] = {}
    for row in sorted(snapshot.rows, key=lambda row: (row.region, row.meter_id)):
        price = (
            meter_at[_meter(row)],
            format(row.unit_price, "f"),
            row.effective_from.isoformat(),
            row.effective_until.isoformat() if row.effective_until else "",
            row.captured_at.date().isoformat(),
        )
        prices.setdefault(price, []).append([region_at[row.region], row.meter_id])
    body = {
        "sources": [
            {"name": one.name, "captured_on": one.captured_on, "complete": one.complete, "origin": one.origin}
            for one in snapshot.sources
        ],
        "regions": regions,
        "meters": meters,
        "prices": [[*price, places] for price, places in sorted(prices.items())],
    }
    return gzip.compress(orjson.dumps(body), compresslevel=9, mtime=0)


def unpack(packed: bytes) -> PriceSnapshot:
    body: Mapping[str, Any] = orjson.loads(gzip.decompress(packed))
    sources = tuple(
        SnapshotSource(one["name"], date.fromisoformat(one["captured_on"]), one["complete"], one["origin"])
        for one in body["sources"]
    )
    regions: Sequence[str] = body["regions"]
    instants: dict[str, datetime] = {}
    rows: list[PriceRow] = []
    for meter, price, starts, ends, captured, places in body["prices"]:
        product, name, unit, type_, term = body["meters"][meter]
        captured_at = _instant(captured, instants)
        for place, meter_id in places:
            rows.append(
                PriceRow(
                    meter_id=meter_id,
                    region=regions[int(place)],
                    currency="USD",
                    type=type_,
                    term=term,
                    tier_minimum_units=Decimal(0),
                    effective_from=_instant(starts, instants),
                    effective_until=_instant(ends, instants) if ends else None,
                    captured_at=captured_at,
                    last_captured_at=captured_at,
                    unit_price=Decimal(price),
                    unit_of_measure=unit,
                    product=product,
                    meter_name=name,
                )
            )
    return PriceSnapshot(tuple(rows), sources)


def _meter(row: PriceRow) -> tuple[str, str, str, str, str]:
    return row.product, row.meter_name, row.unit_of_measure, row.type, row.term


def _positions(words: Sequence[Any]) -> dict[Any, int]:
    return {word: position for position, word in enumerate(words)}


def _instant(text: str, known: dict[str, datetime]) -> datetime:
    if text not in known:
        instant = datetime.fromisoformat(text)
        known[text] = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return known[text]
