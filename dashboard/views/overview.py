"""The overview: the three answers side by side, each with the few names that matter most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.domain.periods import Window
from collector.store.reads.cost import CostTotal, DailyCost, UnpricedRow
from collector.store.reads.glance import Glance
from collector.store.reads.quotas import QuotaRow
from dashboard import formats
from dashboard.periods import Period
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.views.cost_sums import Stack, amount_in, cost_within, label, stack, sums_by_currency
from dashboard.views.endings import (
    SOON,
    EndingStory,
    TimelineRow,
    already_over,
    ending_within,
    timeline_of,
)
from dashboard.views.room import TIGHT
from dashboard.words import cost as cost_words
from dashboard.words import endings as endings_words
from dashboard.words import limits as limits_words
from dashboard.words import overview as overview_words

TOP, ON_OVERVIEW, NAME_WIDTH = 5, 8, 94


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the three questions: the headline, what to know beside it, and a short table."""

    tile: Tile
    lines: tuple[str, ...]
    top: Table


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The answers in the order of the questions, and what is drawn below them."""

    answers: tuple[Answer, Answer, Answer]
    stack: Stack | None
    timeline: tuple[TimelineRow, ...]


@dataclass(frozen=True, slots=True)
class CostInput:
    period: Period
    daily: Sequence[DailyCost]
    current: Window | None
    before: Sequence[CostTotal]
    unpriced: Sequence[UnpricedRow]


def overview_view(
    found: CostInput,
    forecast: MonthForecast | NoForecast | None,
    rows: Sequence[Glance],
    quotas: Sequence[QuotaRow],
    endings: Sequence[EndingStory],
    today: date,
) -> OverviewView:
    totals = sums_by_currency(found.daily)
    currency = max(totals, key=lambda one: totals[one][0], default=None)
    daily = [part for part in found.daily if part.currency == currency]
    return OverviewView(
        answers=(cost_answer(found, forecast), room_answer(rows, quotas), endings_answer(endings)),
        stack=stack(daily, found.period, currency, today, {}, "model") if currency else None,
        timeline=timeline_of(endings)[:ON_OVERVIEW],
    )


def cost_answer(found: CostInput, forecast: MonthForecast | NoForecast | None) -> Answer:
    totals = sums_by_currency(found.daily)
    ranked = sorted(totals, key=lambda one: -totals[one][0])
    currency = ranked[0] if ranked else "USD"
    cost = totals[currency][0] if ranked else None
    now, before = cost_within(found.daily, found.current, currency), amount_in(found.before, currency)
    tile = Tile(
        overview_words.cost_headline(found.period),
        formats.money(cost, currency),
        overview_words.COST_HEADLINE_HELP,
        change=formats.change(now, before) if now is not None and before is not None else None,
        change_note=cost_words.COMPARED,
    )
    others = tuple(overview_words.also_in(formats.money(totals[one][0], one)) for one in ranked[1:])
    unpriced = sum(1 for row in found.unpriced if not row.out_of_scope)
    lines = (
        *others,
        *_forecast_line(forecast, currency),
        overview_words.unpriced_line(unpriced, priced=bool(ranked)),
    )
    return Answer(tile, tuple(line for line in lines if line), _dearest(found.daily, currency))


def room_answer(rows: Sequence[Glance], quotas: Sequence[QuotaRow]) -> Answer:
    known = [row for row in rows if row.used_share is not None]
    tight = [row for row in known if (row.used_share or 0) >= TIGHT]
    in_use = [row for row in quotas if row.current]
    full_lines = sum(1 for row in in_use if not row.limit or row.current / row.limit >= Decimal("0.9"))
    throttled, requests = sum(row.throttled or 0 for row in rows), sum(row.requests or 0 for row in rows)
    tile = Tile(
        overview_words.ROOM_HEADLINE,
        f"{len(tight)} of {len(known)}" if known else formats.UNKNOWN,
        limits_words.tight_help(len(rows) - len(known)),
    )
    lines = (
        overview_words.throttle_line(throttled, requests),
        overview_words.quota_line(full_lines, len(in_use)),
    )
    top = table(
        "least-room",
        (
            Column("name", "Least room", width=NAME_WIDTH),
            Column("share", "Busiest minute", "share", limits_words.USED_SHARE_COLUMN),
        ),
        [{"name": row.deployment, "share": row.used_share} for row in known[:TOP]],
    )
    return Answer(
        tile,
        tuple(line for line in lines if line),
        top,
    )


def endings_answer(endings: Sequence[EndingStory]) -> Answer:
    soon, over = ending_within(endings, SOON), already_over(endings)
    coming = [one for one in endings if one.ending.days_left is not None]
    tile = Tile(
        overview_words.ENDINGS_HEADLINE,
        formats.count(len(soon)) if endings else formats.UNKNOWN,
        endings_words.ends_help(SOON),
    )
    stops = sum(1 for one in soon if one.ending.on_the_day == "stops")
    lines = (
        overview_words.over_line(len(over)),
        overview_words.stops_line(stops, len(soon)),
        overview_words.later_line(len(ending_within(endings, 180))),
    )
    top = table(
        "next-endings",
        (
            Column("name", "Ends next", width=124),
            Column("left", "When"),
            Column("on_the_day", "On the day"),
        ),
        [
            {
                "name": one.row.deployment,
                "left": formats.days_left(one.ending.days_left),
                "on_the_day": overview_words.ON_THE_DAY[one.ending.on_the_day],
            }
            for one in coming[:TOP]
        ],
    )
    return Answer(tile, tuple(line for line in lines if line), top)


def _forecast_line(forecast: MonthForecast | NoForecast | None, currency: str) -> tuple[str, ...]:
    if not isinstance(forecast, MonthForecast):
        return ()
    return (overview_words.forecast_line(forecast, currency),)


def _dearest(daily: Sequence[DailyCost], currency: str) -> Table:
    sums: dict[str | None, Decimal] = {}
    for part in daily:
        if part.currency == currency:
            sums[part.key] = sums.get(part.key, Decimal(0)) + part.cost
    whole = sum(sums.values(), Decimal(0))
    ranked = sorted(sums, key=lambda key: -sums[key])[:TOP]
    return table(
        "dearest-models",
        (
            Column("name", "Costs most", width=NAME_WIDTH),
            Column("cost", currency, "amount"),
            Column("share", "Share", "share", cost_words.SHARE_COLUMN),
        ),
        [
            {
                "name": label(key, {}, "model"),
                "cost": sums[key],
                "share": float(sums[key] / whole) if whole else None,
            }
            for key in ranked
        ],
    )
