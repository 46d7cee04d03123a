"""Captured prices by what they mean: meters of a region, the days on which a meter held a meaning and a price."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from collector.domain.pricing.meters import MeterMeaning, Reading, parse_meter
from collector.domain.pricing.rows import PriceRow
from collector.domain.pricing.stems import Stem

Place = tuple[str, str]  # region, currency
NamedVersion = tuple[Stem, str, str]  # stem, family of tuning, version


def tuning_family(tuning: str | None) -> str:
    """Base, fine-tuned and developer-tier meters of one model name their versions apart."""
    if tuning is None:
        return ""
    return "developer" if tuning == "developer" else "tuned"


@dataclass(frozen=True, slots=True)
class Offer:
    """One meter id under one meaning: its price rows and the days for which the meaning stands.

    Ids get recycled, so a meaning stands up to the last capture that bore it, if a later capture bore another
    one; and a price that is older than the meaning belongs to the meaning before (`inherited`).
    """

    meaning: MeterMeaning | None
    unread: str
    rows: tuple[PriceRow, ...]
    stands_from: date | None = None
    stands_until: date | None = None
    former_name: str | None = None
    disputed: frozenset[date] = frozenset()

    @property
    def name(self) -> str:
        return max(self.rows, key=lambda row: row.seen_until).meter_name

    def row_on(self, day: date) -> PriceRow | None:
        """The row in force: of the newest start not after the day, as the newest capture stated it."""
        if (self.stands_from and day <= self.stands_from) or (self.stands_until and day > self.stands_until):
            return None
        started = [row for row in self.rows if row.starts_on <= day]
        if not started:
            return None
        newest = max(row.starts_on for row in started)
        row = max(
            (row for row in started if row.starts_on == newest),
            key=lambda row: (row.seen_until, row.captured_at),
        )
        return None if row.ends_on is not None and day > row.ends_on else row

    def trouble_on(self, day: date) -> str | None:
        """Why the row in force is not to be trusted."""
        row = self.row_on(day)
        if row is None:
            return None
        same = {
            one.unit_price
            for one in self.rows
            if (one.starts_on, one.seen_until) == (row.starts_on, row.seen_until)
        }
        if len(same) > 1 or row.starts_on in self.disputed:
            return f"two prices from {row.starts_on}"
        if (
            self.former_name is not None
            and self.stands_from is not None
            and row.starts_on <= self.stands_from
        ):
            return f"recycled: this price is from {row.starts_on}, when the meter was {self.former_name!r}"
        return None

    def turning_days(self) -> set[date]:
        """Days on which the answer may change."""
        days = {row.starts_on for row in self.rows}
        days |= {row.ends_on + timedelta(days=1) for row in self.rows if row.ends_on}
        days |= {day + timedelta(days=1) for day in (self.stands_from, self.stands_until) if day}
        return days


def _meaning_of(row: PriceRow) -> Reading:
    return parse_meter(row.product, row.meter_name, row.unit_of_measure, row.type)


class Market:
    """The rows of one origin (the feed's captures, or the shipped snapshot), indexed when first asked."""

    def __init__(
        self, rows: Iterable[PriceRow], disputed: Iterable[PriceRow] = (), history: Iterable[PriceRow] = ()
    ) -> None:
        self._by_place: defaultdict[Place, list[PriceRow]] = defaultdict(list)
        for row in rows:
            self._by_place[row.region, row.currency].append(row)
        self._disputed: defaultdict[tuple[str, str, str], set[date]] = defaultdict(set)
        disputed = list(disputed)
        for row in disputed:
            self._by_place[row.region, row.currency].append(row)
            self._disputed[row.region, row.meter_id, row.term].add(row.starts_on)
        # What another origin knows of the same ids: it dates meanings, it prices nothing here.
        self._history: defaultdict[tuple[str, str], list[PriceRow]] = defaultdict(list)
        for row in history:
            if row.meter_id:
                self._history[row.region, row.meter_id].append(row)
        self._offers: dict[Place, tuple[Offer, ...]] = {}
        self._by_stem: dict[Place, dict[Stem, list[Offer]]] = {}
        self._by_id: dict[Place, dict[str, list[Offer]]] = {}

    def by_stem(self, place: Place, stem: Stem) -> Sequence[Offer]:
        self._index(place)
        return self._by_stem[place].get(stem, ())

    def by_id(self, place: Place, meter_id: str) -> Sequence[Offer]:
        self._index(place)
        return self._by_id[place].get(meter_id, ())

    def knows(self, place: Place) -> bool:
        return place in self._by_place

    def rows(self) -> Iterable[PriceRow]:
        for rows in self._by_place.values():
            yield from rows

    @cached_property
    def named_versions(self) -> frozenset[NamedVersion]:
        """Every meter that names a version, in any region: its stem, how it is tuned, and the version."""
        names = {(row.product, row.meter_name, row.unit_of_measure, row.type) for row in self.rows()}
        readings = (parse_meter(*name) for name in names)
        return frozenset(
            (one.stem, tuning_family(one.tuning), one.version)
            for one in readings
            if isinstance(one, MeterMeaning) and one.version is not None
        )

    def _index(self, place: Place) -> None:
        if place in self._offers:
            return
        groups = _by_meter([row for row in self._by_place.get(place, ()) if row.tier_minimum_units == 0])
        offers = tuple(
            offer for (_, _, term), rows in groups.items() for offer in self._meanings(place[0], term, rows)
        )
        self._offers[place] = offers
        stems: dict[Stem, list[Offer]] = {}
        ids: dict[str, list[Offer]] = {}
        for offer in offers:
            if offer.meaning is not None:
                stems.setdefault(offer.meaning.stem, []).append(offer)
            for meter_id in {row.meter_id for row in offer.rows if row.meter_id}:
                ids.setdefault(meter_id, []).append(offer)
        self._by_stem[place], self._by_id[place] = stems, ids

    def _meanings(self, region: str, term: str, rows: list[PriceRow]) -> Iterable[Offer]:
        """One offer per meaning that the meter had."""
        meter_id = next((row.meter_id for row in rows if row.meter_id), "")
        eras: list[_Era] = []
        for row in sorted(
            [*rows, *self._history.get((region, meter_id), ())], key=lambda row: row.captured_at
        ):
            era = next((one for one in eras if one.is_borne_by(row)), None)
            if era is None:
                eras.append(era := _Era(_meaning_of(row), row))
            era.rows.append(row)
        own = {id(row) for row in rows}
        disputed = frozenset(self._disputed.get((region, meter_id, term), ()))
        for era in eras:
            kept = tuple(row for row in era.rows if id(row) in own)
            if not kept:
                continue
            before = [one for one in eras if one.first_seen < era.first_seen]
            after = [one for one in eras if one.first_seen > era.first_seen]
            former = max(before, key=lambda one: one.last_seen, default=None)
            reading = era.reading
            yield Offer(
                meaning=reading if isinstance(reading, MeterMeaning) else None,
                unread="" if isinstance(reading, MeterMeaning) else reading.reason,
                rows=kept,
                stands_from=former.last_seen if former else None,
                stands_until=era.last_seen if after else None,
                former_name=former.name if former else None,
                disputed=disputed,
            )


def _by_meter(rows: Sequence[PriceRow]) -> dict[tuple[str, str, str], list[PriceRow]]:
    """Rows of one meter together. A row without an id joins the one meter that bears its name."""
    ids: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.meter_id:
            ids[row.meter_name.casefold(), row.type, row.term].add(row.meter_id)
    groups: defaultdict[tuple[str, str, str], list[PriceRow]] = defaultdict(list)
    for row in rows:
        name = row.meter_name.casefold()
        bearers = ids.get((name, row.type, row.term), set())
        key = row.meter_id or (next(iter(bearers)) if len(bearers) == 1 else f"name:{row.product}/{name}")
        groups[key, row.type, row.term].append(row)
    return groups


class _Era:
    """The captures in which a meter id bore one meaning."""

    def __init__(self, reading: Reading, first: PriceRow) -> None:
        self.reading = reading
        self.name = first.meter_name
        self.rows: list[PriceRow] = []

    def is_borne_by(self, row: PriceRow) -> bool:
        reading = _meaning_of(row)
        if isinstance(reading, MeterMeaning) and isinstance(self.reading, MeterMeaning):
            return not reading.contradicts(self.reading)
        return row.meter_name == self.name

    @property
    def first_seen(self) -> date:
        return min(row.captured_at for row in self.rows).date()

    @property
    def last_seen(self) -> date:
        return max(row.seen_until for row in self.rows).date()
