"""The hours of one UTC day of an answer, in the metric family that was chosen for each deployment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.types import UsageHour
from collector.domain.usage.families import AZURE_OPENAI, MODELS, TOKENS
from collector.domain.usage.minutes import MinuteBlock, pack_many
from collector.domain.usage.sheet import COUNTS, Floats, Sheet

_DECIMAL: Final = frozenset({"realtime_seconds", "training_hours"})


class DaySheet:
    """The chosen family's counts of one day, padded to whole hours, with their sums by the hour."""

    def __init__(
        self, sheet: Sheet, chosen: Sequence[str], columns: slice, hours: int, per_hour: int
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
        token_family = [token_family_of(sheet, row, family, columns) for row, family in enumerate(chosen)]
        self.token_family = token_family
        azure_tokens = np.array([family == AZURE_OPENAI for family in token_family])[:, None]
        self.grains: dict[str, NDArray[np.int64]] = {}
        for name in COUNTS:
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

    def _shaped(self, values: Floats, fill: float = 0.0) -> Floats:
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
        grain_minutes: int,
        published: frozenset[str] | None,
        minutes: bytes | None,
    ) -> UsageHour:
        sheet, (account, deployment) = self.sheet, self.sheet.keys[row]
        sums = {name: values[row][index] for name, values in self.sums.items()}
        by_minute = grain_minutes == 1
        parts = parts_of(sheet, row, self.chosen[row], self.token_family[row], self._hour_slice(index))
        main = max(parts, key=lambda part: (part.tokens, part.requests), default=None)
        return UsageHour(
            account_key=account,
            deployment=deployment,
            hour=hour,
            name=sheet.names[(account, deployment)],
            model=main.model if main else None,
            version=main.version if main else None,
            family=self.chosen[row],
            grain_minutes=grain_minutes,
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


def packed_hours(day: DaySheet, covered: Sequence[int]) -> list[bytes]:
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


@dataclass(frozen=True, slots=True)
class Part:
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


def parts_of(sheet: Sheet, row: int, family: str, token_family: str, columns: slice) -> list[Part]:
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
    return [Part(*key, *part) for key, part in sums.items() if any(part)]


def token_family_of(sheet: Sheet, row: int, family: str, columns: slice) -> str:
    """The family of the requests, unless only the other one has tokens."""
    if _token_sum(sheet, row, family, columns):
        return family
    other = MODELS if family == AZURE_OPENAI else AZURE_OPENAI
    return other if _token_sum(sheet, row, other, columns) else family


def _token_sum(sheet: Sheet, row: int, family: str, columns: slice) -> float:
    if row not in sheet.has_tokens[family]:
        return 0.0
    counts = sheet.counts[family]
    return float(counts["prompt"][row, columns].sum() + counts["completion"][row, columns].sum())


def _hourly(sheet: Sheet, row: int, hour: int) -> dict[str, int | Decimal | None]:
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


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _max(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else None
