"""Time series of an account: atoms of the world grouped by the dimensions that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from collector.simulator import facts
from collector.simulator.asked import Asked
from collector.simulator.callers import PREFIX
from collector.simulator.estate import Account, Caller, Deployment, Revision
from collector.simulator.metric_names import Metric
from collector.simulator.readings import (
    EPOCH,
    MINUTE,
    Floats,
    Ints,
    Level,
    Readings,
    Span,
    bucketed,
    minute_index,
)
from collector.simulator.traffic import Traffic
from collector.simulator.world import World

REFUSED_HERE = ("at_limit", "burst", "max_tokens", "service_load")
_OUTCOMES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("200", "False", ("ok",)),
    ("400", "False", ("bad",)),
    ("500", "False", ("failed",)),
    ("429", "False", REFUSED_HERE),
    ("429", "True", ("spilled",)),
)
Bools = NDArray[np.bool_]
LOST_EVERY = 24
_CAME = ("spilled_in",)
_CALLER_DIMENSIONS = {"apiname", "operationname", "streamtype", "servicetierrequest", "servicetierresponse"}


@dataclass(slots=True)
class Series:
    """One time series: dimension values in the order of the filter, and either sums or levels."""

    values: tuple[str, ...]
    total: Ints | None = None
    level: Level | None = None
    calls: Ints | None = None

    def weight(self) -> float:
        if self.total is not None:
            return float(self.total.sum())
        return 0.0 if self.level is None else float(self.level.weight.sum())


class Metrics:
    def __init__(self, world: World, traffic: Traffic) -> None:
        self.world = world
        self.readings = Readings(traffic)

    def span(self, asked: Asked, now: datetime) -> Span | None:
        """Whole buckets from the start on; daily buckets begin where the timespan begins, even off midnight."""
        first = minute_index(asked.start)
        if asked.floored:
            first -= first % asked.grain
        last = minute_index(min(asked.end, now) - timedelta(microseconds=1)) + 1
        return Span(first, last - first, asked.grain) if last > first else None

    def series(
        self, account: Account, metric: Metric, asked: Asked, span: Span, now: datetime
    ) -> list[Series]:
        """At most `top` series; the rest is dropped in silence, as Azure does."""
        grouped: dict[tuple[str, ...], Series] = {}
        forced = False
        for values, atom, published in self._atoms(account, metric, asked, span, now):
            forced = forced or not published
            _merge(grouped, values, atom)
        kept = [s for s in grouped.values() if forced or s.weight() > 0]
        if not kept and not asked.filter and metric.counts and account.quiet == "zeros":
            kept = [Series((), total=np.zeros(span.buckets, dtype=np.int64))]
        if asked.descending is not None:
            kept.sort(key=Series.weight, reverse=asked.descending == "desc")
        return kept[: asked.top]

    def _atoms(
        self, account: Account, metric: Metric, asked: Asked, span: Span, now: datetime
    ) -> Iterator[tuple[tuple[str, ...], Series, bool]]:
        begin, end = EPOCH + span.first * MINUTE, EPOCH + (span.first + span.minutes) * MINUTE
        for deployment in self.world.deployments_of(account):
            if deployment.created_at >= end or (deployment.ended_at or end) <= begin:
                continue
            published = metric.family in ("common", *_families(deployment))
            if metric.family == "legacy" or (not published and account.unpublished == "empty"):
                continue
            for revision, cut in _versions(deployment, span):
                inside = self._inside(deployment, metric, span, cut)
                asked_for = span if inside is None else Span(span.first, span.minutes, 1)
                for dims, series in self._of_deployment(deployment, revision, metric, asked, asked_for, now):
                    values = _chosen(dims, asked)
                    if values is None:
                        continue
                    if inside is not None:
                        series = _within(series, inside, span)
                    if not published:
                        zeros = np.zeros(span.buckets, dtype=np.int64)
                        series = Series((), total=zeros) if metric.counts else Series(())
                    yield values, series, published

    def _inside(
        self, deployment: Deployment, metric: Metric, span: Span, cut: tuple[int, int] | None
    ) -> Bools | None:
        """The minutes that count: those of a model version; and all but some in a family that loses minutes."""
        loses = metric.family == "models" and deployment.account == self.world.disagreeing
        if cut is None and not loses:
            return None
        inside = np.zeros(span.minutes, dtype=bool)
        low, high = cut or (span.first, span.first + span.minutes)
        inside[max(0, low - span.first) : max(0, high - span.first)] = True
        if loses:
            inside[(np.arange(span.minutes) + span.first) % LOST_EVERY == 0] = False
        return inside

    def _of_deployment(
        self,
        deployment: Deployment,
        revision: Revision,
        metric: Metric,
        asked: Asked,
        span: Span,
        now: datetime,
    ) -> Iterator[tuple[Mapping[str, str], Series]]:
        base = _base_dimensions(deployment, revision, metric)
        if metric.kind == "requests":
            yield from self._requests(deployment, base, asked, span, now)
        elif metric.kind in ("rai", "rai_rejected"):
            columns = ("bad",) if metric.kind == "rai_rejected" else ("ok", "bad")
            more = {"texttype": "Prompt", "category": "Jailbreak"}
            yield {**base, **more}, Series((), total=self.readings.total(deployment, columns, span, now))
        elif metric.kind == "level":
            level = self.readings.level(deployment, metric.source[0], span, now)
            if level is not None:
                caller = deployment.callers[0]
                yield (
                    {**base, **_caller_dimensions(caller, deployment), "statuscode": "200"},
                    Series((), level=level),
                )
        elif metric.source and (metric.name != "ActiveTokens" or deployment.provisioned):
            yield base, Series((), total=self.readings.total(deployment, metric.source, span, now))

    def _requests(
        self, deployment: Deployment, base: Mapping[str, str], asked: Asked, span: Span, now: datetime
    ) -> Iterator[tuple[Mapping[str, str], Series]]:
        callers: Sequence[Caller | None] = (None,)
        if _CALLER_DIMENSIONS & asked.filter.keys():
            callers = deployment.callers
        split_spillover = "isspillover" in asked.filter and bool(self.world.spilling_into(deployment))
        came = self.readings.parts(deployment, _CAME, callers, span, now) if split_spillover else []
        for status, spilled, columns in _OUTCOMES:
            parts = self.readings.parts(deployment, columns, callers, span, now)
            for i, (caller, counted) in enumerate(zip(callers, parts, strict=True)):
                dims = {
                    **base,
                    **({} if caller is None else _caller_dimensions(caller, deployment)),
                    "statuscode": status,
                    "isspillover": spilled,
                }
                if split_spillover and status == "200":
                    from_elsewhere = np.minimum(counted, came[i])
                    yield {**dims, "isspillover": "True"}, Series((), total=from_elsewhere)
                    counted = counted - from_elsewhere
                if counted.any():
                    yield dims, Series((), total=counted)


def _within(series: Series, inside: Bools, span: Span) -> Series:
    """A series of minutes, of which only those inside count, in the buckets of the span."""
    if series.total is not None:
        return Series((), total=bucketed(np.where(inside, series.total, 0), span))
    return Series((), level=None if series.level is None else _regrouped(series.level, inside, span))


def _regrouped(level: Level, inside: Bools, span: Span) -> Level:
    def grid(values: Floats, empty: float) -> Floats:
        out = np.full(span.buckets * span.grain, empty)
        out[: span.minutes] = np.where(inside, values, empty)
        return out.reshape(span.buckets, span.grain)

    return Level(
        grid(level.weighted, 0.0).sum(axis=1),
        grid(level.weight, 0.0).sum(axis=1),
        grid(level.smallest, np.inf).min(axis=1),
        grid(level.largest, -np.inf).max(axis=1),
    )


def _merge(grouped: dict[tuple[str, ...], Series], values: tuple[str, ...], atom: Series) -> None:
    held = grouped.get(values)
    if held is None:
        grouped[values] = Series(values, atom.total, atom.level)
    elif held.total is not None and atom.total is not None:
        held.total = held.total + atom.total
    elif atom.level is not None:
        held.level = (
            atom.level
            if held.level is None
            else Level(
                held.level.weighted + atom.level.weighted,
                held.level.weight + atom.level.weight,
                np.minimum(held.level.smallest, atom.level.smallest),
                np.maximum(held.level.largest, atom.level.largest),
            )
        )


def _families(deployment: Deployment) -> tuple[str, ...]:
    return deployment.account.families if deployment.format == "OpenAI" else ("models",)


def _versions(deployment: Deployment, span: Span) -> list[tuple[Revision, tuple[int, int] | None]]:
    """Revisions by the model version that metrics name, with their minutes where there is more than one."""
    kept: list[Revision] = []
    for revision in deployment.revisions:
        if not kept or (kept[-1].model, kept[-1].version) != (revision.model, revision.version):
            kept.append(revision)
    if len(kept) == 1:
        return [(kept[0], None)]
    starts = [0, *(minute_index(r.from_at) + 1 for r in kept[1:]), 1 << 40]
    end = span.first + span.minutes
    parts = [
        (r, (a, b)) for r, a, b in zip(kept, starts, starts[1:], strict=False) if a < end and b > span.first
    ]
    if len(parts) == 1:
        return [(parts[0][0], None)]
    return [(r, cut) for r, cut in parts]


def _base_dimensions(deployment: Deployment, revision: Revision, metric: Metric) -> dict[str, str]:
    location = deployment.account.location
    spaced = metric.kind in ("requests", "level") and "OperationName" in metric.dimensions
    return {
        "modeldeploymentname": deployment.name,
        "modelname": revision.model,
        "featurename": revision.model,
        "modelversion": revision.version,
        "region": facts.SPACED_LOCATION[location] if spaced else location,
        "usagechannel": "Cloud",
        "apiname": "OpenAI" if deployment.format == "OpenAI" else "",
        "streamtype": "Streaming",
    }


def _caller_dimensions(caller: Caller, deployment: Deployment) -> dict[str, str]:
    unversioned = PREFIX + "v1" if deployment.account.index % 4 == 3 else ""
    return {
        "apiname": PREFIX + caller.api_version if caller.api_version else unversioned,
        "operationname": caller.operation,
        "streamtype": caller.stream,
        "servicetierrequest": caller.tier_request,
        "servicetierresponse": caller.tier_response,
    }


def _chosen(dims: Mapping[str, str], asked: Asked) -> tuple[str, ...] | None:
    """The values of the asked dimensions, or None where the filter leaves this atom out."""
    values: list[str] = []
    for name in asked.filter_order:
        value, wanted = dims.get(name, ""), asked.filter[name]
        if "*" not in wanted and value.casefold() not in wanted:
            return None
        if name not in asked.rolled_up:
            values.append(value)
    return tuple(values)
