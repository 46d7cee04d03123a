"""What changed between two readings of one location's models list.

Dates move both ways and stages move back, so every change is an event with what stood before and after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from collector.domain.endings.ending_types import Deployed, base_of
from collector.domain.endings.offers import Offer, lifecycle_of, offer_key, one_per_offer, real_date

EventKind = Literal[
    "date_moved_earlier",
    "date_moved_later",
    "date_named",
    "date_withdrawn",
    "status_changed",
    "firmness_changed",
    "replacement_named",
    "replacement_changed",
    "replacement_withdrawn",
    "sku_added",
    "sku_removed",
    "location_added",
    "location_removed",
]
Field = Literal["sku", "inference", "fine_tune", "status", "firmness", "replacement", "offer"]


@dataclass(frozen=True, slots=True)
class CatalogEvent:
    """`sku` is None where the change is the model version's own, for every SKU of the location."""

    kind: EventKind
    field: Field
    format: str
    model: str
    version: str
    location: str
    sku: str | None
    fine_tuned: bool
    before: str | None
    after: str | None

    @property
    def change(self) -> str:
        """One word for the record, distinct for each thing that can change on one day."""
        return f"{self.field}:{self.kind}"


def catalog_events(before: Iterable[Offer] | None, after: Iterable[Offer] | None) -> tuple[CatalogEvent, ...]:
    """Changes between two whole, successful readings; None (never read, read failed) gives no event.

    An empty list in place of a failed read would announce that every model was withdrawn.
    """
    if before is None or after is None:
        return ()
    old, new = _by_version(before), _by_version(after)
    events: list[CatalogEvent] = []
    for key in sorted(old.keys() | new.keys()):
        events += _version_events(old.get(key, []), new.get(key, []))
    return tuple(events)


def own_move(deployed: Deployed, events: Iterable[CatalogEvent]) -> CatalogEvent | None:
    """The event that moved this deployment's own date: its SKU's, else (not for fine-tuned) the model's."""
    model, version = base_of(deployed)
    mine = [
        event
        for event in events
        if event.kind.startswith("date_")
        and event.model.casefold() == model.casefold()
        and event.version.casefold() == (version or "").casefold()
        and event.location == deployed.location
    ]
    sku = (deployed.sku or "").casefold()
    for event in mine:
        own = event.field == "sku" and (event.sku or "").casefold() == sku
        if own and event.fine_tuned == deployed.fine_tuned:
            return event
    return next((event for event in mine if event.field == "inference" and not deployed.fine_tuned), None)


_VersionKey = tuple[str, str, str, str]


def _by_version(offers: Iterable[Offer]) -> dict[_VersionKey, list[Offer]]:
    grouped: dict[_VersionKey, list[Offer]] = {}
    for offer in one_per_offer(offers):
        grouped.setdefault(
            (offer.format.casefold(), offer.model.casefold(), offer.version.casefold(), offer.location), []
        ).append(offer)
    return grouped


def _version_events(old: list[Offer], new: list[Offer]) -> list[CatalogEvent]:
    if not old:
        return [_event("location_added", "offer", new[0], None, _skus(new), of_version=True)]
    if not new:
        return [_event("location_removed", "offer", old[0], _skus(old), None, of_version=True)]
    events = _of_version(old[0], new[0])
    old_rows = {offer_key(offer): offer for offer in old}
    new_rows = {offer_key(offer): offer for offer in new}
    for key in sorted(old_rows.keys() | new_rows.keys()):
        was, now = old_rows.get(key), new_rows.get(key)
        if was is None and now is not None:
            events.append(_event("sku_added", "offer", now, None, _day(now.sku_deprecation_on)))
        elif was is not None and now is None:
            events.append(_event("sku_removed", "offer", was, _day(was.sku_deprecation_on), None))
        elif was is not None and now is not None:
            events += _moved("sku", now, was.sku_deprecation_on, now.sku_deprecation_on, of_version=False)
    return events


def _of_version(was: Offer, now: Offer) -> list[CatalogEvent]:
    events = _moved("inference", now, was.inference_retires_on, now.inference_retires_on, of_version=True)
    events += _moved("fine_tune", now, was.fine_tune_retires_on, now.fine_tune_retires_on, of_version=True)
    if (was.lifecycle_status or "").casefold() != (now.lifecycle_status or "").casefold():
        words = (lifecycle_of(was.lifecycle_status), lifecycle_of(now.lifecycle_status))
        if words[0] != words[1]:
            events.append(_event("status_changed", "status", now, words[0], words[1], of_version=True))
    if (was.deprecation_status or "").casefold() != (now.deprecation_status or "").casefold():
        firmness = (was.deprecation_status or None, now.deprecation_status or None)
        events.append(_event("firmness_changed", "firmness", now, *firmness, of_version=True))
    target_was, target_now = _target(was), _target(now)
    if target_was != target_now:
        kind: EventKind = (
            "replacement_named"
            if target_was is None
            else "replacement_withdrawn"
            if target_now is None
            else "replacement_changed"
        )
        events.append(_event(kind, "replacement", now, target_was, target_now, of_version=True))
    return events


def _moved(
    field: Field, offer: Offer, was: date | None, now: date | None, *, of_version: bool
) -> list[CatalogEvent]:
    was, now = real_date(was), real_date(now)
    if was == now:
        return []
    if was is None:
        kind: EventKind = "date_named"
    elif now is None:
        kind = "date_withdrawn"
    else:
        kind = "date_moved_earlier" if now < was else "date_moved_later"
    return [_event(kind, field, offer, _day(was), _day(now), of_version=of_version)]


def _event(
    kind: EventKind,
    field: Field,
    offer: Offer,
    before: str | None,
    after: str | None,
    *,
    of_version: bool = False,
) -> CatalogEvent:
    return CatalogEvent(
        kind,
        field,
        offer.format,
        offer.model,
        offer.version,
        offer.location,
        None if of_version else offer.sku,
        False if of_version else offer.fine_tuned,
        before,
        after,
    )


def _target(offer: Offer) -> str | None:
    return " ".join(part for part in (offer.replacement_model, offer.replacement_version) if part) or None


def _skus(offers: list[Offer]) -> str:
    return ", ".join(sorted({offer.sku for offer in offers}))


def _day(day: date | None) -> str | None:
    shown = real_date(day)
    return shown.isoformat() if shown else None
