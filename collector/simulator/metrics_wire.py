"""Metrics answers as bytes. Points are written as text by hand: an SDK-sized answer holds hundreds of thousands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from collector.simulator.asked import Asked
from collector.simulator.estate import Account
from collector.simulator.metric_names import METRICS, NAMESPACE, Metric
from collector.simulator.metrics import Metrics, Series
from collector.simulator.readings import Level


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_millis(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


@lru_cache(maxsize=64)
def _heads(first: int, buckets: int, grain: int) -> list[str]:
    """The opening of each point, up to and with its time."""
    starts = np.datetime64(0, "m") + (first + np.arange(buckets) * grain)
    return [f'{{"timeStamp":"{text}:00Z"' for text in np.datetime_as_string(starts, unit="m").tolist()]


def _totals(series: Series, heads: list[str], aggregations: Sequence[str], quiet: str, floats: bool) -> str:
    values = [] if series.total is None else series.total.tolist()
    tail = ".0}" if floats else "}"
    bare = quiet == "bare"
    if tuple(aggregations) in ((), ("Total",)):
        return ",".join(
            [
                f'{head},"total":{value}{tail}' if value or not bare else head + "}"
                for head, value in zip(heads, values, strict=True)
            ]
        )
    return ",".join(
        [
            head
            + _numbers(
                {"Total": v, "Count": int(v > 0), "Average": v, "Minimum": v, "Maximum": v}, aggregations
            )
            if v or not bare
            else head + "}"
            for head, v in zip(heads, values, strict=True)
        ]
    )


def _levels(level: Level | None, heads: list[str], aggregations: Sequence[str]) -> str:
    if level is None:
        return ",".join([head + "}" for head in heads])
    wanted = aggregations or ("Average",)
    rows = zip(
        heads,
        level.weighted.tolist(),
        level.weight.tolist(),
        level.smallest.tolist(),
        level.largest.tolist(),
        strict=True,
    )
    return ",".join(
        [
            head
            + (
                _numbers(
                    {"Average": total / weight, "Minimum": low, "Maximum": high, "Count": int(weight)}, wanted
                )
                if weight > 0
                else "}"
            )
            for head, total, weight, low, high in rows
        ]
    )


def _numbers(values: dict[str, float], wanted: Sequence[str]) -> str:
    return "".join(f',"{name.lower()}":{values[name]!r}' for name in wanted if name in values) + "}"


def metric_json(
    metrics: Metrics,
    account: Account,
    resource_id: str,
    metric: Metric,
    asked: Asked,
    now: datetime,
    error_code: str = "Success",
) -> str:
    span = metrics.span(asked, now)
    texts: list[str] = []
    if span is not None and error_code == "Success":
        heads = _heads(span.first, span.buckets, span.grain)
        names = [name for name in asked.filter_order if name not in asked.rolled_up]
        if account.index % 2:
            names.reverse()
        for series in metrics.series(account, metric, asked, span, now):
            values = series.values[::-1] if account.index % 2 else series.values
            meta = [
                {"name": {"value": n, "localizedValue": n}, "value": v}
                for n, v in zip(names, values, strict=False)
            ]
            points = (
                _totals(series, heads, asked.aggregations, account.quiet, account.floats)
                if series.total is not None
                else _levels(series.level, heads, asked.aggregations)
            )
            texts.append(f'{{"metadatavalues":{orjson.dumps(meta).decode()},"data":[{points}]}}')
    head = orjson.dumps(
        {
            "id": f"{resource_id}/providers/Microsoft.Insights/metrics/{metric.name}",
            "type": "Microsoft.Insights/metrics",
            "name": {"value": metric.name, "localizedValue": metric.display},
            "displayDescription": metric.description,
            "unit": metric.unit,
        }
    ).decode()[:-1]
    tail = f'"errorCode":"{error_code}"'
    if error_code != "Success":
        tail += ',"errorMessage":"The request was throttled by the metrics back end."'
    return f'{head},"timeseries":[{",".join(texts)}],{tail}}}'


def _namespace(account: Account) -> str:
    return NAMESPACE if account.index % 2 else NAMESPACE.lower()


def batch_body(
    metrics: Metrics,
    accounts: Sequence[tuple[str, Account]],
    asked: Asked,
    now: datetime,
    throttled: frozenset[str],
) -> bytes:
    """One value per resource, in the order asked."""
    values: list[str] = []
    for resource_id, account in accounts:
        inner = ",".join(
            metric_json(metrics, account, resource_id, m, asked, now, _code(m, throttled))
            for m in asked.metrics
        )
        head = orjson.dumps(
            {
                "starttime": stamp_millis(asked.start),
                "endtime": stamp_millis(asked.end),
                "interval": asked.interval,
            }
        ).decode()[:-1]
        tail = orjson.dumps(
            {
                "namespace": _namespace(account),
                "resourceregion": account.location,
                "resourceid": resource_id,
            }
        ).decode()[1:]
        values.append(f'{head},"value":[{inner}],{tail}')
    return f'{{"values":[{",".join(values)}]}}'.encode()


def single_body(
    metrics: Metrics,
    account: Account,
    asked: Asked,
    now: datetime,
    throttled: frozenset[str],
) -> bytes:
    inner = ",".join(
        metric_json(metrics, account, account.id, m, asked, now, _code(m, throttled)) for m in asked.metrics
    )
    minutes = int((asked.end - asked.start).total_seconds()) // 60
    head = orjson.dumps(
        {
            "cost": max(0, minutes - 1) * len(asked.metrics),
            "timespan": f"{stamp(asked.start)}/{stamp(asked.end)}",
            "interval": asked.interval,
        }
    ).decode()[:-1]
    tail = orjson.dumps({"namespace": _namespace(account), "resourceregion": account.location}).decode()[1:]
    return f'{head},"value":[{inner}],{tail}'.encode()


def _code(metric: Metric, throttled: frozenset[str]) -> str:
    return "Throttled" if throttled and (metric.name in throttled or "*" in throttled) else "Success"


def definitions(resource_id: str) -> list[dict[str, Any]]:
    """Every metric of both families, whichever of them the account fills."""
    grains = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
    return [
        {
            "id": f"{resource_id}/providers/microsoft.insights/metricdefinitions/{m.name}",
            "resourceId": resource_id,
            "namespace": NAMESPACE,
            "name": {"value": m.name, "localizedValue": m.display},
            "displayDescription": m.description,
            "isDimensionRequired": False,
            "unit": m.unit,
            "primaryAggregationType": m.aggregations[0],
            "supportedAggregationTypes": ["None", "Average", "Minimum", "Maximum", "Total", "Count"],
            "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in grains],
            "dimensions": [{"value": d, "localizedValue": d} for d in m.dimensions],
        }
        for m in METRICS
    ]
