"""Which files of an exports folder are one run of an export, of which days, and whether all of it is there.

Cost Management writes a run as parts beside a `manifest.json`, month by month, and writes the month again every day;
twice a day on the first five days of a month. Other files are runs by themselves, dated by when they were written:
https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-improved-exports
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import orjson

from collector.domain.periods import DAY
from collector.domain.types import NeedsHuman, TryLater
from collector.folders import TROUBLE, Folder, StoredFile
from collector.sources.said import instant

MANIFEST: Final = "manifest.json"
SUFFIXES: Final = (".csv", ".csv.gz", ".parquet")
_DATASET: Final = "focuscost"
_PART: Final = re.compile(r"^part[-_]?\d", re.IGNORECASE)
_SCOPE: Final = re.compile(r"^/?(.+?)/providers/microsoft\.costmanagement/exports/", re.IGNORECASE)
_SUBSCRIPTION: Final = re.compile(r"^/?subscriptions/([0-9a-f-]{36})(/.+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """`rows` as the manifest says, None where none does."""

    file: StoredFile
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One writing of an export. Days are None where only its rows tell them; so is a subscription.

    `fault` is why it cannot be read: half-written, or not of a kind that is a whole bill.
    """

    export: str
    folder: str
    written_at: datetime
    parts: tuple[Part, ...] = ()
    first: date | None = None
    last: date | None = None
    subscription: str | None = None
    fault: TryLater | NeedsHuman | None = None

    def touches(self, first: date, last: date) -> bool:
        return self.first is None or self.last is None or (self.first <= last and first <= self.last)


def find_runs(folder: Folder, files: Sequence[StoredFile]) -> list[Run]:
    """Every run of a FOCUS export below the folder, newest first."""
    by_place: dict[str, dict[str, StoredFile]] = {}
    for file in files:
        place, _, name = file.path.rpartition("/")
        by_place.setdefault(place, {})[name] = file
    runs: list[Run] = []
    for place, inside in by_place.items():
        manifest = inside.get(MANIFEST)
        if manifest is None:
            runs += _loose(place, inside)
        elif (run := _described(folder, place, inside, manifest)) is not None:
            runs.append(run)
    return sorted(runs, key=lambda run: (run.written_at, run.folder), reverse=True)


def _described(
    folder: Folder, place: str, inside: Mapping[str, StoredFile], manifest: StoredFile
) -> Run | None:
    """A run as its manifest describes it; None for another dataset than cost and usage in FOCUS."""
    try:
        said = orjson.loads(folder.content(manifest.path))
        config, info = said["exportConfig"], said["runInfo"]
        kind, resource = str(config["type"]), str(config.get("resourceId") or "")
        run = Run(
            export=f"{config.get('exportName') or _last(place)} of {resource or place}",
            folder=place,
            written_at=instant(info.get("submittedTime")) or manifest.changed_at,
            first=_day(info["startDate"]),
            last=_last_day(_day(info["startDate"]), _day(info["endDate"])),
        )
        blobs = [(_last(str(blob["blobName"]).strip()), blob) for blob in said["blobs"]]
    except (*TROUBLE, KeyError, TypeError, AttributeError) as error:
        why = f"{manifest.path}: no manifest of an export ({type(error).__name__}: {error}); is it half-written?"
        return Run(place, place, manifest.changed_at, fault=TryLater(why))
    if kind.casefold() != _DATASET:
        return None
    scope = _SCOPE.match(resource)
    within = _SUBSCRIPTION.match(scope[1]) if scope else None
    if scope and within and within[2]:
        why = f"{manifest.path}: an export of {scope[1]}, which is a part of a subscription"
        return replace(
            run, fault=NeedsHuman(f"{why}; expected one of a subscription, billing account or profile")
        )
    run = replace(run, subscription=within[1].lower() if within else None)
    try:
        return replace(run, parts=tuple(_part(place, inside, name, blob) for name, blob in blobs))
    except TryLater as error:
        return replace(run, fault=error)


def _part(place: str, inside: Mapping[str, StoredFile], name: str, blob: Mapping[str, Any]) -> Part:
    file = inside.get(name)
    if file is None:
        raise TryLater(f"{place}: {name} is in the manifest and not in the folder: half-written")
    size = blob.get("byteCount")
    if isinstance(size, int) and size != file.size:
        raise TryLater(f"{file.path}: {file.size:,} bytes where the manifest says {size:,}: half-written")
    rows = blob.get("dataRowCount")
    return Part(file, rows if isinstance(rows, int) else None)


def _loose(place: str, inside: Mapping[str, StoredFile]) -> list[Run]:
    """Files without a manifest: parts of one name are one run, every other file is its own."""
    data = {name: file for name, file in inside.items() if name.lower().endswith(SUFFIXES)}
    parts = [file for name, file in sorted(data.items()) if _PART.match(name)]
    groups = [parts] if parts else []
    groups += [[file] for name, file in sorted(data.items()) if not _PART.match(name)]
    return [
        Run(_export_of(place), group[0].path, max(file.changed_at for file in group), tuple(map(Part, group)))
        for group in groups
    ]


def _export_of(place: str) -> str:
    """Partitions of one data set (`BillingPeriod=2026-10`) lie beside each other and are one export."""
    while "=" in _last(place):
        place = place.rpartition("/")[0]
    return place


def _last(place: str) -> str:
    return place.rpartition("/")[2]


def _last_day(first: date, end: date) -> date:
    """The end of a run is its last day; one that is the first of the next month is where it stops."""
    return end - DAY if end.day == 1 and end > first else end


def _day(said: Any) -> date:
    found = instant(said)
    if found is None:
        raise ValueError(f"{said!r} is no date")
    return found.date()
