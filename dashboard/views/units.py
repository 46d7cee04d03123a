"""Provisioned units: how well they are used, what spills and what that costs, and the cost of every size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.domain.advice.latency import AnswerTimes, latency_beside
from collector.domain.room.ptu import NotCalibrated, UnitCurve
from collector.domain.room.quotas import scope_of
from collector.domain.types import PROVISIONED_SKUS
from collector.store.reads.evidence_units import UnitStory
from collector.store.reads.quality import QualityRow, answer_times, told_apart
from collector.store.reads.quotas import QuotaRow
from dashboard.tables import Column, Table, table
from dashboard.views import Tile, headlines
from dashboard.views.evidence import line_key, seat_key
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words


@dataclass(frozen=True, slots=True)
class Curve:
    """One deployment's cost by size, for each way to buy units; money over the days that were looked at."""

    key: str
    name: str
    currency: str
    units_now: int
    days: float
    terms: Mapping[str, UnitCurve]
    source: str


@dataclass(frozen=True, slots=True)
class UnitsView:
    tiles: tuple[Tile, ...]
    use: Table
    sizes: Table
    curves: tuple[Curve, ...]
    missing: tuple[tuple[str, str], ...]
    beside: Table
    lines: Table


def units_view(
    stories: Sequence[UnitStory],
    quality: Sequence[QualityRow],
    lines: Sequence[QuotaRow],
    names: Mapping[str, str],
) -> UnitsView:
    use = _use(stories, names, answer_times(quality))
    return UnitsView(
        tiles=headlines.of_units(use.rows),
        use=use,
        sizes=_sizes(stories),
        curves=tuple(
            Curve(
                seat_key(story.seat),
                story.seat.deployment,
                next(iter(story.curves.values())).currency,
                story.use.units,
                next(iter(story.curves.values())).hours / 24,
                story.curves,
                "" if isinstance(story.rate, NotCalibrated) else story.rate.source,
            )
            for story in stories
            if story.curves
        ),
        missing=tuple(
            (story.seat.deployment, story.why_no_curve) for story in stories if story.why_no_curve is not None
        ),
        beside=_beside(stories, told_apart(quality)),
        lines=_lines(lines, names),
    )


def _use(stories: Sequence[UnitStory], names: Mapping[str, str], times: Sequence[AnswerTimes]) -> Table:
    return table(
        "units",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("units", "Units", "count"),
            Column("mean", "Mean use", "share"),
            Column("p95", "p95 use", "share"),
            Column("peak", "Highest use", "share"),
            Column("minutes_full", "Minutes full", "count"),
            Column("idle", "Idle units", "count", room_words.IDLE_COLUMN),
            Column("spilled", "Spilled", "count", room_words.SPILL_COLUMN),
            Column("spill_share", "Spilled share", "percent"),
            Column("spilled_tokens", "Spilled tokens", "tokens"),
            Column("spilled_cost", "Spilled cost", "money"),
            Column("throttled", "429", "count"),
            Column("latency", "Time to first token", help=room_words.LATENCY_COLUMN, width="large"),
            Column("cost", "Cost, 30 days", "money"),
            Column("currency", "Currency"),
            Column("rate", "Tokens a unit carries a minute", "count"),
            Column("weight", "Weight of an answer token", "number"),
            Column("known_by", "Known by", width="large"),
            Column("model", "Model"),
            Column("sku", "SKU"),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
        ),
        [{**_story(story, names), "latency": _latency(story, times)} for story in stories],
    )


def _latency(story: UnitStory, times: Sequence[AnswerTimes]) -> str | None:
    found = latency_beside(seat_key(story.seat), times)
    return None if found is None else found.in_words()


def _story(story: UnitStory, names: Mapping[str, str]) -> dict[str, Any]:
    seat, use, rate = story.seat, story.use, story.rate
    known = None if isinstance(rate, NotCalibrated) else rate
    cost = seat.cost_per_month
    prices = story.token_prices
    return {
        "key": seat_key(seat),
        "deployment": seat.deployment,
        "units": use.units,
        "mean": None if use.mean is None else use.mean / 100,
        "p95": None if use.p95 is None else use.p95 / 100,
        "peak": None if use.peak is None else use.peak / 100,
        "minutes_full": use.minutes_full,
        "idle": use.idle_units,
        "spilled": use.spilled,
        "spill_share": use.spillover_share,
        "spilled_tokens": story.spilled_tokens,
        "spilled_cost": story.spilled_cost,
        "throttled": seat.throttled,
        "cost": None if cost is None else cost.amount,
        "currency": cost.currency if cost else prices.currency if prices else None,
        "rate": None if known is None else round(known.input_tpm),
        "weight": None if known is None else round(known.output_weight, 1),
        "known_by": known.source if known else f"not known: {getattr(rate, 'reason', '')}",
        "model": seat.model,
        "sku": seat.sku,
        "subscription": names.get(seat.subscription_id, seat.subscription_id),
        "location": seat.location,
    }


def _sizes(stories: Sequence[UnitStory]) -> Table:
    return table(
        "unit-sizes",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("term", "Bought"),
            Column("hourly", "A unit, an hour", "number"),
            Column("token_cost", "All by the token", "money"),
            Column("cheapest", "Cheapest size", "count"),
            Column("cost", "Its cost", "money"),
            Column("spilled_share", "Would not fit", "percent"),
            Column("never", "Never full with", "count"),
            Column("break_even", "Break-even use", "percent", room_words.BREAK_EVEN_COLUMN),
            Column("currency", "Currency"),
        ),
        [
            {
                "key": seat_key(story.seat),
                "deployment": story.seat.deployment,
                "term": term,
                "hourly": curve.hourly,
                "token_cost": curve.token_cost,
                "cheapest": curve.cheapest.units,
                "cost": curve.cheapest.cost,
                "spilled_share": curve.cheapest.spilled_share,
                "never": curve.never_throttles.units,
                "break_even": curve.break_even_utilisation,
                "currency": curve.currency,
            }
            for story in stories
            for term, curve in story.curves.items()
        ],
    )


def _lines(rows: Sequence[QuotaRow], names: Mapping[str, str]) -> Table:
    return table(
        "unit-quota",
        (
            Column("usage_name", "Quota line", width="medium"),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
            Column("limit", "Units given", "count"),
            Column("current", "Allocated", "count"),
            Column("free", "Not allocated", "count"),
            Column("reach", "Reach", help=limits_words.POOL_COLUMN),
        ),
        [
            {
                "key": line_key(row.subscription_id, row.location, row.usage_name),
                "usage_name": row.usage_name,
                "subscription": names.get(row.subscription_id, row.subscription_id),
                "location": row.location,
                "limit": row.limit,
                "current": row.current,
                "free": row.free,
                "reach": limits_words.REACHES[scope_of(row.usage_name, row.location).reach],
            }
            for row in rows
        ],
    )


def _beside(stories: Sequence[UnitStory], quality: Sequence[QualityRow]) -> Table:
    """Latency of the models that run on units, under every SKU they are deployed with."""
    models = {story.seat.model.casefold() for story in stories}
    rows = [
        {
            "model": row.model,
            "paid": "units" if row.sku in PROVISIONED_SKUS else "tokens",
            **{
                name: getattr(row, name)
                for name in (
                    "deployment",
                    "sku",
                    "location",
                    "stream",
                    "first_token_ms",
                    "first_token_ms_worst",
                )
            },
            **{name: getattr(row, name) for name in ("between_tokens_ms", "last_byte_ms")},
        }
        for row in quality
        if row.model is not None and row.model.casefold() in models and row.first_token_ms is not None
    ]
    return table(
        "units-beside-tokens",
        (
            Column("model", "Model"),
            Column("paid", "Paid by"),
            Column("deployment", "Deployment"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("stream", "Streaming"),
            Column("first_token_ms", "First token, ms", "count"),
            Column("first_token_ms_worst", "Worst hour, ms", "count"),
            Column("between_tokens_ms", "Between tokens, ms", "count"),
            Column("last_byte_ms", "Last byte, ms", "count"),
        ),
        sorted(rows, key=lambda row: (str(row["model"]), str(row["paid"]), row["first_token_ms"] or 0)),
    )
