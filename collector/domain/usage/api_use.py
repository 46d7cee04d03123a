"""Which api-version a request named: read from the requests metric, the only one that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from collector.domain.periods import DAY, Window
from collector.domain.types import ApiUse, MetricSeries
from collector.domain.usage.families import AZURE_OPENAI, MODELS, REQUESTS

UNVERSIONED: Final = "unversioned"
_PREFIX: Final = "azure openai api version "


def api_version_of(api_name: str) -> str:
    """The version inside an ApiName; what names none is `unversioned` (v1 calls send no api-version)."""
    text = api_name.strip()
    return text[len(_PREFIX) :].strip().casefold() if text.casefold().startswith(_PREFIX) else UNVERSIONED


def api_use(window: Window, series: Sequence[MetricSeries]) -> list[ApiUse]:
    """A row for every deployment, day, version, operation, tier and streaming mode with requests.

    Api-version and operation come from AzureOpenAIRequests wherever a deployment-day has any there.
    """
    sums: dict[str, dict[tuple[object, ...], list[int]]] = {MODELS: {}, AZURE_OPENAI: {}}
    for one in series:
        family = REQUESTS.get(one.metric.casefold())
        name = one.dimensions.get("modeldeploymentname", "")
        if family is None or not name:
            continue
        throttled = one.dimensions.get("statuscode", "") == "429"
        for index in np.flatnonzero(np.nan_to_num(one.values) > 0).tolist():
            day = (window.start + index * DAY).date()
            key = (
                one.account_key,
                name.casefold(),
                day,
                api_version_of(one.dimensions.get("apiname", "")),
                one.dimensions.get("operationname", "") or "unknown",
                one.dimensions.get("servicetierresponse", "").casefold() or "unknown",
                one.dimensions.get("streamtype", "").casefold() or "unknown",
            )
            row = sums[family].setdefault(key, [0, 0])
            count = round(float(one.values[index]))
            row[0] += count
            row[1] += count if throttled else 0
    told = {key[:3] for key in sums[AZURE_OPENAI]}
    rows = [
        *sums[AZURE_OPENAI].items(),
        *((key, row) for key, row in sums[MODELS].items() if key[:3] not in told),
    ]
    return [ApiUse(*key, requests=row[0], throttled=row[1]) for key, row in rows]  # pyright: ignore[reportArgumentType]  # the key is built above in this order
