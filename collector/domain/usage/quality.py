"""How well deployments answered, from the hourly means and maxima of both metric families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from collector.domain.periods import HOUR, Window
from collector.domain.types import MetricSeries, QualityHour

# Names of the same meaning in the two families (research: supported metrics of Microsoft.CognitiveServices/accounts).
_COLUMNS: Final = {
    "azureopenainormalizedttftinms": "first_token_ms",
    "normalizedtimetofirsttoken": "first_token_ms",
    "azureopenainormalizedtbtinms": "between_tokens_ms",
    "normalizedtimebetweentokens": "between_tokens_ms",
    "azureopenaittltinms": "last_byte_ms",
    "timetolastbyte": "last_byte_ms",
    "azureopenaiavailabilityrate": "availability",
    "modelavailabilityrate": "availability",
    "raitotalrequests": "filtered_requests",
    "rairejectedrequests": "filter_rejections",
}
_Key = tuple[UUID, str, datetime, str]

_TOTALS: Final = frozenset({"filtered_requests", "filter_rejections"})


def quality_hours(window: Window, series: Sequence[MetricSeries]) -> list[QualityHour]:
    """A row for every deployment, hour and streaming mode of which anything is published.

    Where both families publish a figure, the Azure OpenAI one is kept: it came first and tells streaming apart.
    """
    found: dict[_Key, dict[str, float]] = {}
    for one in sorted(series, key=lambda one: not one.metric.casefold().startswith("azureopenai")):
        column = _COLUMNS.get(one.metric.casefold())
        name = one.dimensions.get("modeldeploymentname", "")
        if column is None or not name:
            continue
        field = column if column in _TOTALS else f"{column}_{_ending(one.aggregation)}"
        stream = one.dimensions.get("streamtype", "").casefold()
        for index, value in enumerate(one.values.tolist()):
            if value == value:  # NaN is no value
                key = (one.account_key, name.casefold(), window.start + index * HOUR, stream)
                row = found.setdefault(key, {})
                if field in _TOTALS:
                    row[field] = row.get(field, 0) + value
                else:
                    row.setdefault(field, value)
    return [_hour(key, row) for key, row in found.items()]


def _hour(key: _Key, row: Mapping[str, float]) -> QualityHour:
    totals = {name: round(row[name]) for name in _TOTALS if name in row}
    rest: dict[str, float] = {name: value for name, value in row.items() if name not in _TOTALS}
    return replace(QualityHour(*key, **rest), **totals)  # pyright: ignore[reportArgumentType]  # the names are those of _COLUMNS


def _ending(aggregation: str) -> str:
    return {"maximum": "max", "minimum": "min"}.get(aggregation.casefold(), "mean")
