"""The series of an answer as one array of (deployment, grain) for each count and metric family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from collector.domain.types import MetricSeries
from collector.domain.usage.families import AZURE_OPENAI, MODELS, REQUESTS, TOKENS

DeploymentKey = tuple[UUID, str]
Floats = NDArray[np.float64]

NAME: Final = "modeldeploymentname"
COUNTS: Final = ("requests", "throttled", "spilled", "client_errors", "server_errors", "prompt", "completion")
_THROTTLED: Final = "429"
_PTU: Final = frozenset({"azureopenaiprovisionedmanagedutilizationv2", "provisionedutilization"})
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


class Sheet:
    """Every count as one array of (deployment, grain) for each family."""

    def __init__(self, keys: list[DeploymentKey], names: dict[DeploymentKey, str], columns: int) -> None:
        self.keys = keys
        self.names = names
        self.row = {key: index for index, key in enumerate(keys)}
        shape = (len(keys), columns)
        self.counts = {
            family: {name: np.zeros(shape) for name in COUNTS} for family in (MODELS, AZURE_OPENAI)
        }
        self.ptu_max = np.full(shape, np.nan)
        self.ptu_mean = np.full(shape, np.nan)
        self.has_tokens: dict[str, set[int]] = {MODELS: set(), AZURE_OPENAI: set()}
        self.versions: dict[int, dict[tuple[str, str], dict[str, Floats]]] = {}
        self.hourly: dict[int, dict[str, Floats]] = {}

    @classmethod
    def of(
        cls,
        series: Sequence[MetricSeries],
        hourly: Sequence[MetricSeries],
        known: Mapping[DeploymentKey, str],
        columns: int,
    ) -> Sheet:
        """`known` names the deployments that are there whether used or not; what a series names is added."""
        names = dict(known)
        for one in (*series, *hourly):
            if name := one.dimensions.get(NAME, ""):
                names.setdefault((one.account_key, name.casefold()), name)
        sheet = cls(sorted(names), names, columns)
        for one in series:
            sheet._add(one)
        for one in hourly:
            sheet._add_hourly(one)
        return sheet

    def _add(self, one: MetricSeries) -> None:
        row = self.row.get((one.account_key, one.dimensions.get(NAME, "").casefold()))
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

    def _add_version(self, row: int, version: tuple[str, str], count: str, values: Floats) -> None:
        if not version[1] and not version[0]:
            return
        parts = self.versions.setdefault(row, {}).setdefault(version, {})
        parts[count] = parts[count] + values if count in parts else values

    def _add_hourly(self, one: MetricSeries) -> None:
        row = self.row.get((one.account_key, one.dimensions.get(NAME, "").casefold()))
        column = _HOURLY.get(one.metric.casefold())
        if row is None or column is None:
            return
        found = self.hourly.setdefault(row, {})
        # Both families publish some of these; like the requests, they describe the same traffic.
        key = f"{column} {one.metric.casefold()}"
        found[key] = found[key] + np.nan_to_num(one.values) if key in found else np.nan_to_num(one.values)


def _is_true(text: str) -> bool:
    return text.strip().casefold() in {"true", "1", "yes", "spillover"}
