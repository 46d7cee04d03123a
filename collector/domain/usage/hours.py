"""From the series of a metrics answer to the hours of deployments.

Counts that a covered minute does not mention are 0, percentages are unknown; a metric that the account does not
publish is unknown throughout. Pure, and vectorised over all deployments of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np

from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from collector.domain.types import MetricSeries, UsageHour
from collector.domain.usage.families import AZURE_OPENAI, MODELS, REQUESTS, DeploymentDay, FamilyTotals
from collector.domain.usage.rows import DaySheet, packed_hours
from collector.domain.usage.sheet import NAME, DeploymentKey, Sheet


@dataclass(frozen=True, slots=True)
class Existence:
    """When a known deployment existed; None is not known."""

    name: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read whole over one window: minutes or hours in `series`, hours in `hourly`.

    The window starts on the first minute of an hour. `published` names the metrics of each account, casefolded.
    """

    window: Window
    grain_minutes: int
    series: Sequence[MetricSeries]
    hourly: Sequence[MetricSeries]
    published: Mapping[UUID, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Usage:
    """Hours to store, and the request totals by which each day's family was chosen."""

    hours: tuple[UsageHour, ...]
    totals: Mapping[DeploymentDay, FamilyTotals]


def usage_hours(
    reading: Reading,
    known: Mapping[DeploymentKey, Existence],
    rest_of_day: Mapping[DeploymentDay, FamilyTotals],
) -> Usage:
    """One row for every hour in which a deployment existed or was used.

    `rest_of_day` holds what is stored for those hours of the window's days that lie outside the window.
    """
    names = {key: existence.name for key, existence in known.items()}
    columns = _columns(reading.window, reading.grain_minutes)
    sheet = Sheet.of(reading.series, reading.hourly, names, columns)
    totals: dict[DeploymentDay, FamilyTotals] = {}
    found: list[UsageHour] = []
    for day, part in _day_slices(reading.window, reading.grain_minutes):
        chosen = _choose(sheet, day, part, rest_of_day, totals)
        found.extend(_rows(sheet, reading, known, part, chosen))
    return Usage(tuple(found), totals)


def request_totals(
    window: Window, grain_minutes: int, series: Iterable[MetricSeries]
) -> dict[DeploymentDay, FamilyTotals]:
    """Requests of each deployment and UTC day by family, from a requests answer alone."""
    found: dict[DeploymentDay, FamilyTotals] = {}
    slices = _day_slices(window, grain_minutes)
    for one in series:
        family, name = REQUESTS.get(one.metric.casefold()), one.dimensions.get(NAME, "")
        if family is None or not name:
            continue
        for day, columns in slices:
            count = int(np.nansum(one.values[columns]))
            key = (one.account_key, name.casefold(), day)
            add = FamilyTotals(count, 0) if family == MODELS else FamilyTotals(0, count)
            found[key] = found.get(key, FamilyTotals()) + add
    return found


def _choose(
    sheet: Sheet,
    day: date,
    columns: slice,
    rest_of_day: Mapping[DeploymentDay, FamilyTotals],
    totals: dict[DeploymentDay, FamilyTotals],
) -> list[str]:
    models = sheet.counts[MODELS]["requests"][:, columns].sum(axis=1).astype(np.int64)
    azure = sheet.counts[AZURE_OPENAI]["requests"][:, columns].sum(axis=1).astype(np.int64)
    chosen: list[str] = []
    for row, (account, deployment) in enumerate(sheet.keys):
        key = (account, deployment, day)
        total = FamilyTotals(int(models[row]), int(azure[row])) + rest_of_day.get(key, FamilyTotals())
        totals[key] = total
        chosen.append(total.filled)
    return chosen


def _rows(
    sheet: Sheet,
    reading: Reading,
    known: Mapping[DeploymentKey, Existence],
    columns: slice,
    chosen: Sequence[str],
) -> list[UsageHour]:
    """The hours of one UTC day of the window."""
    per_hour = 60 // reading.grain_minutes
    start, stop = int(columns.start), int(columns.stop)
    first_hour = start // per_hour
    hours = -(-(stop - start) // per_hour)
    if not hours or not sheet.keys:
        return []
    day = DaySheet(sheet, chosen, columns, hours, per_hour)
    hour_starts = [reading.window.start + (first_hour + index) * HOUR for index in range(hours)]
    covered = [_minutes_covered(hour, reading) for hour in hour_starts]
    packed: list[bytes] | None = packed_hours(day, covered) if reading.grain_minutes == 1 else None
    found: list[UsageHour] = []
    for row, key in enumerate(sheet.keys):
        existence = known.get(key)
        for index, hour in enumerate(hour_starts):
            used = day.used(row, index)
            if not used and not _existed(existence, hour):
                continue
            found.append(
                day.usage_hour(
                    row,
                    index,
                    first_hour + index,
                    hour,
                    covered[index],
                    reading.grain_minutes,
                    reading.published.get(key[0]),
                    None if packed is None else packed[row * hours + index],
                )
            )
    return found


def _minutes_covered(hour: datetime, reading: Reading) -> int:
    if reading.grain_minutes != 1:
        return 0
    return max(0, min(60, int((min(reading.window.end, hour + HOUR) - hour) / timedelta(minutes=1))))


def _existed(existence: Existence | None, hour: datetime) -> bool:
    if existence is None or existence.since is None:
        return False
    return existence.since < hour + HOUR and (existence.until is None or existence.until > hour)


def _columns(window: Window, grain_minutes: int) -> int:
    return -int(-(window.length / timedelta(minutes=grain_minutes)) // 1)


def _day_slices(window: Window, grain_minutes: int) -> list[tuple[date, slice]]:
    if window.start != floor_hour(window.start):
        raise ValueError(f"window from {window.start.isoformat()}: expected the first minute of an hour")
    found: list[tuple[date, slice]] = []
    total, at = _columns(window, grain_minutes), 0
    while at < total:
        start = window.start + timedelta(minutes=at * grain_minutes)
        until = midnight(start.date()) + DAY
        stop = min(total, at + int((until - start) / timedelta(minutes=grain_minutes)))
        found.append((start.date(), slice(at, stop)))
        at = stop
    return found
