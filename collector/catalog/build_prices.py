"""Builds the shipped price snapshot from captures of the Retail Prices API.

    python -m collector.catalog.build_prices [--out FILE] CAPTURE@DAY[:complete] ...

A capture is a page (`Items`), a list of rows, JSON lines, or a condensed list whose rows hold `regions` and no
meter ids. `:complete` says that the file holds every Azure OpenAI row of its regions on that day: a meter of an
older capture that it lacks is held up to the older capture's day only.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import orjson

from collector.catalog.price_notes import load_price_notes
from collector.catalog.prices import SNAPSHOT, PriceSnapshot, SnapshotSource, pack
from collector.domain.pricing.meters import MeterMeaning, parse_meter
from collector.domain.pricing.notes import LateChange
from collector.domain.pricing.rows import PriceRow, Rejected, parse_retail_rows

# serviceName read 'Cognitive Services' until about the turn of 2025/26, 'Foundry Models' since: a row under the
# old name in a later collection of rows was captured with the old ones.
_OLD_SERVICE = "Cognitive Services"
_OLD_SERVICE_CAPTURED_ON = date(2025, 8, 25)


@dataclass(frozen=True, slots=True)
class Capture:
    path: Path
    captured_on: date
    complete: bool


def parse_capture(text: str) -> Capture:
    """`FILE@2026-08-14` or `FILE@2026-07-31:complete`."""
    path, at, rest = text.rpartition("@")
    day, _, word = rest.partition(":")
    try:
        captured_on = date.fromisoformat(day)
    except ValueError:
        captured_on = None
    if not at or captured_on is None or word not in ("", "complete"):
        raise argparse.ArgumentTypeError(f"{text!r}: expected FILE@2026-08-14 or FILE@2026-08-14:complete")
    return Capture(Path(path), captured_on, word == "complete")


def read_items(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a capture in the feed's own shape."""
    raw = path.read_bytes()
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = [orjson.loads(line) for line in raw.splitlines() if line.strip()]
    pages = body if isinstance(body, list) else [body]
    for page in pages:
        items = page.get("Items", page.get("items")) if "meterName" not in page else [page]
        for item in items:
            yield from _expanded(item)


def _expanded(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "regions" not in item:
        yield item
        return
    condensed = {"currencyCode": "USD", "type": "Consumption", "meterId": "none", **item}
    for region in item["regions"]:
        yield {**condensed, "armRegionName": region}


def build(captures: Sequence[Capture]) -> tuple[PriceSnapshot, list[Rejected]]:
    """The snapshot of these captures, and every row that was not taken."""
    rows: list[PriceRow] = []
    rejected: list[Rejected] = []
    for capture in sorted(captures, key=lambda one: one.captured_on):
        taken, refused = _rows_of(capture)
        rejected.extend(refused)
        rows = [*(_closed(rows, taken) if capture.complete else rows), *taken]
    sources = tuple(
        SnapshotSource(one.path.name, one.captured_on, one.complete, "Azure Retail Prices API")
        for one in captures
    )
    changes = load_price_notes().late_changes
    return PriceSnapshot(tuple(_once(_cut_short(row, changes) for row in rows)), sources), rejected


def _rows_of(capture: Capture) -> tuple[list[PriceRow], list[Rejected]]:
    by_day: dict[date, list[dict[str, Any]]] = {}
    for item in read_items(capture.path):
        by_day.setdefault(_captured_on(item, capture), []).append(item)
    rows: list[PriceRow] = []
    rejected: list[Rejected] = []
    for day, items in by_day.items():
        # A condensed row has no id; its name stands in while its capture is checked for double keys.
        named = [
            {**item, "meterId": f"none:{item['meterName']}"} if item.get("meterId") == "none" else item
            for item in items
        ]
        taken, refused = parse_retail_rows(named, datetime.combine(day, time(), UTC))
        rejected.extend(refused)
        rows.extend(replace(row, meter_id="") if row.meter_id.startswith("none:") else row for row in taken)
    usable = [row for row in rows if row.currency == "USD" and isinstance(_reading(row), MeterMeaning)]
    return usable, rejected


def _captured_on(item: dict[str, Any], capture: Capture) -> date:
    """A row cannot have been captured under a name of before, nor long before its price was announced."""
    if item.get("serviceName") == _OLD_SERVICE:
        return min(capture.captured_on, _OLD_SERVICE_CAPTURED_ON)
    if capture.complete:
        return capture.captured_on
    return max(capture.captured_on, date.fromisoformat(str(item.get("effectiveStartDate"))[:10]))


def _reading(row: PriceRow) -> object:
    return parse_meter(row.product, row.meter_name, row.unit_of_measure, row.type)


def _closed(older: Iterable[PriceRow], newer: Sequence[PriceRow]) -> Iterator[PriceRow]:
    """Older rows; those whose meter the newer, complete capture lacks end with the day they were last seen."""
    regions = {row.region for row in newer}
    names = {(row.region, row.meter_name.casefold()) for row in newer}
    for row in older:
        gone = row.region in regions and (row.region, row.meter_name.casefold()) not in names
        if gone and row.type == "Consumption" and row.effective_until is None:
            last = datetime.combine(row.seen_until.date(), time(23, 59), UTC)
            yield replace(row, effective_until=max(last, row.effective_from))
        else:
            yield row


def _cut_short(row: PriceRow, changes: Sequence[LateChange]) -> PriceRow:
    """The row, ended where we know that its price changed after it was captured."""
    reading = _reading(row)
    if row.effective_until is not None or row.term or not isinstance(reading, MeterMeaning):
        return row
    ends = [one.held_until for one in changes if one.is_about(reading) and row.starts_on <= one.held_until]
    return replace(row, effective_until=datetime.combine(min(ends), time(23, 59), UTC)) if ends else row


def _once(rows: Iterable[PriceRow]) -> Iterator[PriceRow]:
    """Without the rows that a row with an id says as well."""
    rows = list(rows)
    with_id = {_said(row) for row in rows if row.meter_id}
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        key = (*_said(row), row.meter_id, row.captured_at, row.effective_until)
        if key in seen or (not row.meter_id and _said(row) in with_id):
            continue
        seen.add(key)
        yield row


def _said(row: PriceRow) -> tuple[object, ...]:
    return (
        row.region,
        row.meter_name,
        row.type,
        row.term,
        row.effective_from,
        row.unit_price,
        row.unit_of_measure,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m collector.catalog.build_prices", description=__doc__)
    parser.add_argument("captures", nargs="+", type=parse_capture, metavar="CAPTURE@DAY[:complete]")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / SNAPSHOT)
    options = parser.parse_args(arguments)
    snapshot, rejected = build(options.captures)
    packed = pack(snapshot)
    options.out.write_bytes(packed)
    refused = [one for one in rejected if not one.out_of_scope]
    sys.stdout.write(
        f"{options.out}: {len(snapshot.rows)} rows, {len(packed)} bytes, {len(refused)} rows refused\n"
    )
    for one in refused:
        sys.stdout.write(f"  {one.region} {one.meter_name}: {one.reason}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
