"""From the series of a metrics answer to the hours of deployments.

Counts that a covered minute does not mention are 0, percentages are unknown; a metric that the account does not
publish is unknown throughout. Pure, and vectorised over all deployments of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from collector.domain.families import AZURE_OPENAI, MODELS, REQUESTS, TOKENS, DeploymentDay, FamilyTotals
from collector.domain.minutes import MinuteBlock, pack_many
from collector.domain.periods import DAY, HOUR, Window, floor_hour, midnight
from collector.domain.types import MetricSeries, UsageHour

DeploymentKey = tuple[UUID, str]
_Floats = NDArray[np.float64]

_NAME: Final = "modeldeploymentname"
_THROTTLED: Final = "429"
_COUNTS: Final = (
    "requests",
    "throttled",
    "spilled",
    "client_errors",
    "server_errors",
    "prompt",
    "completion",
)
_PTU: Final = {"azureopenaiprovisionedmanagedutilizationv2": AZURE_OPENAI, "provisionedutilization": MODELS}
_HOURLY: Final = {
    "audioprompttokens": "audio_prompt_tokens",
    "audioinputtokens": "audio_prompt_tokens",
    "audiocompletiontokens": "audio_completion_tokens",
    "audiooutputtokens": "audio_completion_tokens",
    "generatedimages": "images",
    "realtimeusagetime": "realtime_seconds",
    "finetunedtraininghours": "training_hours",
    "activetokens": "active_tokens",
}
_DECIMAL: Final = frozenset({"realtime_seconds", "training_hours"})


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
    sheet = _Sheet.of(reading, known)
    totals: dict[DeploymentDay, FamilyTotals] = {}
    found: list[UsageHour] = []
    for day, columns in _day_slices(reading.window, reading.grain_minutes):
        chosen = _choose(sheet, day, columns, rest_of_day, totals)
        found.extend(_rows(sheet, reading, known, columns, chosen))
    return Usage(tuple(found), totals)


def request_totals(
    window: Window, grain_minutes: int, series: Iterable[MetricSeries]
) -> dict[DeploymentDay, FamilyTotals]:
    """Requests of each deployment and UTC day by family, from a requests answer alone."""
    found: dict[DeploymentDay, FamilyTotals] = {}
    slices = _day_slices(window, grain_minutes)
    for one in series:
        family, name = REQUESTS.get(one.metric.casefold()), one.dimensions.get(_NAME, "")
        if family is None or not name:
            continue
        for day, columns in slices:
            count = int(np.nansum(one.values[columns]))
            key = (one.account_key, name.casefold(), day)
            add = FamilyTotals(count, 0) if family == MODELS else FamilyTotals(0, count)
            found[key] = found.get(key, FamilyTotals()) + add
    return found


class _Sheet:
    """Every count as one array of (deployment, grain) for each family."""

    def __init__(self, keys: list[DeploymentKey], names: dict[DeploymentKey, str], columns: int) -> None:
        self.keys = keys
        self.names = names
        self.row = {key: index for index, key in enumerate(keys)}
        shape = (len(keys), columns)
        self.counts = {
            family: {name: np.zeros(shape) for name in _COUNTS} for family in (MODELS, AZURE_OPENAI)
        }
        self.ptu_max = np.full(shape, np.nan)
        self.ptu_mean = np.full(shape, np.nan)
        self.has_tokens: dict[str, set[int]] = {MODELS: set(), AZURE_OPENAI: set()}
        self.versions: dict[int, dict[tuple[str, str], dict[str, _Floats]]] = {}
        self.hourly: dict[int, dict[str, _Floats]] = {}

    @classmethod
    def of(cls, reading: Reading, known: Mapping[DeploymentKey, Existence]) -> _Sheet:
        names = {key: existence.name for key, existence in known.items()}
        for one in (*reading.series, *reading.hourly):
            if name := one.dimensions.get(_NAME, ""):
                names.setdefault((one.account_key, name.casefold()), name)
        columns = _columns(reading.window, reading.grain_minutes)
        sheet = cls(sorted(names), names, columns)
        for one in reading.series:
            sheet._add(one)
        for one in reading.hourly:
            sheet._add_hourly(one)
        return sheet

    def _add(self, one: MetricSeries) -> None:
        row = self.row.get((one.account_key, one.dimensions.get(_NAME, "").casefold()))
        metric = one.metric.casefold()
        if row is None:
            return
        if (family := REQUESTS.get(metric)) is not None:
            self._add_requests(row, family, one)
        elif (token := TOKENS.get(metric)) is not None:
            family, kind = token
            values = np.nan_to_num(one.values)
            self.counts[family][kind][row] += values
            self.has_tokens[family].add(row)
            self._add_version(row, ("", one.dimensions.get("modelversion", "")), f"{family} {kind}", values)
        elif metric in _PTU:
            target = self.ptu_max if one.aggregation.casefold().startswith("max") else self.ptu_mean
            target[row] = np.fmax(target[row], one.values)

    def _add_requests(self, row: int, family: str, one: MetricSeries) -> None:
        values = np.nan_to_num(one.values)
        status = one.dimensions.get("statuscode", "")
        counts = self.counts[family]
        counts["requests"][row] += values
        if status == _THROTTLED:
            counts["spilled" if _is_true(one.dimensions.get("isspillover", "")) else "throttled"][row] += (
                values
            )
        elif status.startswith("4"):
            counts["client_errors"][row] += values
        elif status.startswith("5"):
            counts["server_errors"][row] += values
        version = (one.dimensions.get("modelname", ""), one.dimensions.get("modelversion", ""))
        self._add_version(row, version, f"{family} requests", values)

    def _add_version(self, row: int, version: tuple[str, str], count: str, values: _Floats) -> None:
        if not version[1] and not version[0]:
            return
        parts = self.versions.setdefault(row, {}).setdefault(version, {})
        parts[count] = parts[count] + values if count in parts else values

    def _add_hourly(self, one: MetricSeries) -> None:
        row = self.row.get((one.account_key, one.dimensions.get(_NAME, "").casefold()))
        column = _HOURLY.get(one.metric.casefold())
        if row is None or column is None:
            return
        found = self.hourly.setdefault(row, {})
        # Both families publish some of these; like the requests, they describe the same traffic.
        key = f"{column} {one.metric.casefold()}"
        found[key] = found[key] + np.nan_to_num(one.values) if key in found else np.nan_to_num(one.values)


def _choose(
    sheet: _Sheet,
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
    sheet: _Sheet,
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
    day = _DaySheet(sheet, chosen, columns, hours, per_hour)
    hour_starts = [reading.window.start + (first_hour + index) * HOUR for index in range(hours)]
    covered = [_minutes_covered(hour, reading) for hour in hour_starts]
    packed: list[bytes] | None = _packed(day, covered) if reading.grain_minutes == 1 else None
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
                    reading,
                    None if packed is None else packed[row * hours + index],
                )
            )
    return found


class _DaySheet:
    """The chosen family's counts of one day, padded to whole hours, with their sums by the hour."""

    def __init__(
        self, sheet: _Sheet, chosen: Sequence[str], columns: slice, hours: int, per_hour: int
    ) -> None:
        self.sheet, self.chosen, self.columns, self.hours, self.per_hour = (
            sheet,
            chosen,
            columns,
            hours,
            per_hour,
        )
        self.pad = hours * per_hour - (columns.stop - columns.start)
        azure = np.array([family == AZURE_OPENAI for family in chosen])[:, None]
        token_family = [_token_family(sheet, row, family, columns) for row, family in enumerate(chosen)]
        self.token_family = token_family
        azure_tokens = np.array([family == AZURE_OPENAI for family in token_family])[:, None]
        self.grains: dict[str, NDArray[np.int64]] = {}
        for name in _COUNTS:
            pick = azure_tokens if name in ("prompt", "completion") else azure
            self.grains[name] = self._shaped(
                np.where(
                    pick, sheet.counts[AZURE_OPENAI][name][:, columns], sheet.counts[MODELS][name][:, columns]
                )
            ).astype(np.int64)
        other = np.where(
            azure,
            sheet.counts[MODELS]["requests"][:, columns],
            sheet.counts[AZURE_OPENAI]["requests"][:, columns],
        )
        self.sums = {name: grains.sum(axis=2).tolist() for name, grains in self.grains.items()}
        self.sums["other"] = self._shaped(other).sum(axis=2).astype(np.int64).tolist()
        self.ptu_max = self._shaped(sheet.ptu_max[:, columns], np.nan)
        self.ptu_mean = self._shaped(sheet.ptu_mean[:, columns], np.nan)
        self.tokens = self.grains["prompt"] + self.grains["completion"]
        self.peak_tpm = self.tokens.max(axis=2).tolist()
        self.peak_rpm = self.grains["requests"].max(axis=2).tolist()

    def _shaped(self, values: _Floats, fill: float = 0.0) -> _Floats:
        if self.pad:
            values = np.pad(values, ((0, 0), (0, self.pad)), constant_values=fill)
        return values.reshape(len(values), self.hours, self.per_hour)

    def used(self, row: int, index: int) -> bool:
        return any(self.sums[name][row][index] for name in ("requests", "prompt", "completion", "other"))

    def usage_hour(
        self,
        row: int,
        index: int,
        window_hour: int,
        hour: datetime,
        covered: int,
        reading: Reading,
        minutes: bytes | None,
    ) -> UsageHour:
        sheet, (account, deployment) = self.sheet, self.sheet.keys[row]
        sums = {name: values[row][index] for name, values in self.sums.items()}
        published = reading.published.get(account)
        by_minute = reading.grain_minutes == 1
        parts = _parts(sheet, row, self.chosen[row], self.token_family[row], self._hour_slice(index))
        main = max(parts, key=lambda part: (part.tokens, part.requests), default=None)
        return UsageHour(
            account_key=account,
            deployment=deployment,
            hour=hour,
            name=sheet.names[(account, deployment)],
            model=main.model if main else None,
            version=main.version if main else None,
            family=self.chosen[row],
            grain_minutes=reading.grain_minutes,
            minutes_covered=covered,
            requests=sums["requests"],
            other_family_requests=sums["other"],
            throttled=sums["throttled"],
            client_errors=sums["client_errors"],
            server_errors=sums["server_errors"],
            spilled=sums["spilled"],
            prompt_tokens=_known(sums["prompt"], published, self.token_family[row], "prompt"),
            completion_tokens=_known(sums["completion"], published, self.token_family[row], "completion"),
            ptu_mean=_mean(self.ptu_mean[row, index]),
            ptu_max=_max(self.ptu_max[row, index]),
            peak_tpm=self.peak_tpm[row][index] if by_minute else None,
            peak_rpm=self.peak_rpm[row][index] if by_minute else None,
            by_version=tuple(part.stored() for part in parts) if len(parts) > 1 else None,
            minutes=minutes,
            **_hourly(sheet, row, window_hour),  # pyright: ignore[reportArgumentType]  # names and types as in _HOURLY
        )

    def _hour_slice(self, index: int) -> slice:
        start = self.columns.start + index * self.per_hour
        return slice(start, min(start + self.per_hour, self.columns.stop))


@dataclass(frozen=True, slots=True)
class _Part:
    model: str | None
    version: str | None
    requests: int
    prompt: int
    completion: int

    @property
    def tokens(self) -> int:
        return self.prompt + self.completion

    def stored(self) -> dict[str, object]:
        return {
            "model": self.model,
            "version": self.version,
            "requests": self.requests,
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
        }


def _parts(sheet: _Sheet, row: int, family: str, token_family: str, columns: slice) -> list[_Part]:
    """What each model version did in an hour; token metrics name the version alone, requests the model too."""
    versions = sheet.versions.get(row)
    if not versions:
        return []
    model_of = {version: model for model, version in versions if model}
    sums: dict[tuple[str | None, str | None], list[int]] = {}
    for (model, version), counts in versions.items():
        key = (model or model_of.get(version) or None, version or None)
        part = sums.setdefault(key, [0, 0, 0])
        for at, name in enumerate(
            (f"{family} requests", f"{token_family} prompt", f"{token_family} completion")
        ):
            if name in counts:
                part[at] += int(counts[name][columns].sum())
    return [_Part(*key, *part) for key, part in sums.items() if any(part)]


def _token_family(sheet: _Sheet, row: int, family: str, columns: slice) -> str:
    """The family of the requests, unless only the other one has tokens."""
    if _token_sum(sheet, row, family, columns):
        return family
    other = MODELS if family == AZURE_OPENAI else AZURE_OPENAI
    return other if _token_sum(sheet, row, other, columns) else family


def _token_sum(sheet: _Sheet, row: int, family: str, columns: slice) -> float:
    if row not in sheet.has_tokens[family]:
        return 0.0
    counts = sheet.counts[family]
    return float(counts["prompt"][row, columns].sum() + counts["completion"][row, columns].sum())


def _packed(day: _DaySheet, covered: Sequence[int]) -> list[bytes]:
    rows = len(day.sheet.keys)
    shape = (rows * day.hours, 60)
    mask = np.arange(60)[None, :] < np.array(covered)[:, None]
    return pack_many(
        MinuteBlock(
            **{
                name: day.grains[name].reshape(shape)
                for name in ("prompt", "completion", "requests", "throttled", "spilled")
            },
            ptu_max=day.ptu_max.reshape(shape),
            covered=np.tile(mask, (rows, 1)),
        )
    )


def _hourly(sheet: _Sheet, row: int, hour: int) -> dict[str, int | Decimal | None]:
    found: dict[str, int | Decimal | None] = {}
    for key, values in sheet.hourly.get(row, {}).items():
        column = key.split(" ")[0]
        value = float(values[hour]) if hour < len(values) else 0.0
        exact = Decimal(repr(value)) if column in _DECIMAL else round(value)
        before = found.get(column)
        found[column] = exact if before is None or exact > before else before
    return found


def _known(value: int, published: frozenset[str] | None, family: str, kind: str) -> int | None:
    """A sum of 0 is only a 0 where the account publishes the metric."""
    if value or published is None:
        return value
    names = [
        metric for metric, (of_family, of_kind) in TOKENS.items() if of_family == family and of_kind == kind
    ]
    return value if any(name in published for name in names) else None


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


def _mean(values: _Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _max(values: _Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else None


def _is_true(text: str) -> bool:
    return text.strip().casefold() in {"true", "1", "yes", "spillover"}
