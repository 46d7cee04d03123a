"""The cost screen: what the period cost in one currency, by a dimension, over time, and what has no price."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.domain.periods import Window
from collector.store.reads.cost import (
    CostSlice,
    CostTotal,
    DailyCost,
    Dimension,
    MonthlyCost,
    UnpricedRow,
)
from dashboard import formats
from dashboard.periods import Period
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.views.charges import unpriced_uses
from dashboard.views.cost_sums import (
    Names,
    Stack,
    amount_in,
    cost_within,
    currencies_of,
    day_totals,
    days_of,
    label,
    stack,
    sums_by_currency,
)
from dashboard.words import cost as words


@dataclass(frozen=True, slots=True)
class CostView:
    """Everything in one `currency`."""

    currency: str
    total: Decimal
    tiles: tuple[Tile, ...]
    stack: Stack
    slices: Table
    unpriced: Table
    out_of_scope: Table
    months: tuple[MonthlyCost, ...]


@dataclass(frozen=True, slots=True)
class CostFacts:
    """What the store was asked for the period."""

    period: Period
    slices: Sequence[CostSlice]
    daily: Sequence[DailyCost]
    unpriced: Sequence[UnpricedRow]
    before: Sequence[CostTotal]
    current: Window | None
    months: Sequence[MonthlyCost]
    today: date


def cost_view(
    facts: CostFacts,
    currency: str | None,
    dimension: Dimension,
    names: Names,
    forecast: MonthForecast | NoForecast | None,
) -> CostView | None:
    """None where the period bears neither a charge nor an unpriced use."""
    totals = sums_by_currency(facts.daily)
    if not totals and not facts.unpriced:
        return None
    currencies = currencies_of(facts.slices)
    chosen = currency if currency in totals else currencies[0] if currencies else ""
    daily = [part for part in facts.daily if part.currency == chosen]
    priced = [row for row in facts.unpriced if not row.out_of_scope]
    return CostView(
        currency=chosen,
        total=totals[chosen][0] if chosen else Decimal(0),
        tiles=_tiles(facts, chosen, daily, priced, forecast),
        stack=stack(daily, facts.period, chosen, facts.today, names, dimension),
        slices=_slices(
            [part for part in facts.slices if part.currency == chosen],
            daily,
            chosen,
            dimension,
            facts.period,
            names,
        ),
        unpriced=unpriced_uses("unpriced", priced),
        out_of_scope=unpriced_uses("out-of-scope", [row for row in facts.unpriced if row.out_of_scope]),
        months=tuple(month for month in facts.months if month.currency == chosen),
    )


def _tiles(
    facts: CostFacts,
    currency: str,
    daily: Sequence[DailyCost],
    unpriced: Sequence[UnpricedRow],
    forecast: MonthForecast | NoForecast | None,
) -> tuple[Tile, ...]:
    cost, low, high, _ = sums_by_currency(daily).get(currency, (Decimal(0), Decimal(0), Decimal(0), 0))
    by_day = day_totals(daily, currency)
    now, before = cost_within(daily, facts.current, currency), amount_in(facts.before, currency)
    changed = formats.change(now, before) if now is not None and before is not None else None
    tiles = [
        Tile(
            words.COST_OF_PERIOD,
            formats.money(cost, currency) if currency else formats.UNKNOWN,
            words.cost_help(facts.period, currency, cost),
            change=changed,
            change_note=words.COMPARED,
        ),
        _pace(by_day, currency, facts),
        Tile(words.RANGE, words.cost_range(low, high, currency), words.RANGE_HELP),
    ]
    if forecast is not None:
        tiles[1] = month_end_tile(forecast, currency)
    if unpriced:
        quantity = sum((row.quantity for row in unpriced if "token" in row.unit), Decimal(0))
        shown = formats.quantity(quantity, "tokens") if quantity else formats.plural(len(unpriced), "use")
        tiles.append(Tile(words.UNPRICED, shown, words.UNPRICED_HELP))
    return tuple(tiles)


def _pace(by_day: Mapping[date, Decimal], currency: str, facts: CostFacts) -> Tile:
    whole = [facts.today - timedelta(days=back) for back in range(1, 8)]
    whole = [day for day in whole if facts.period.first_day <= day <= facts.period.last_day]
    if not whole or not currency:
        days = [day for day in days_of(facts.period) if day != facts.today]
        mean = sum(by_day.values(), Decimal(0)) / len(days) if days else None
        return Tile(words.PER_DAY, formats.money(mean, currency), words.PER_DAY_HELP)
    mean = sum((by_day.get(day, Decimal(0)) for day in whole), Decimal(0)) / len(whole)
    return Tile(words.PER_DAY, formats.money(mean, currency), words.run_rate_help(len(whole)))


def month_end_tile(forecast: MonthForecast | NoForecast, currency: str) -> Tile:
    """The interval, with its past error on the face of the tile."""
    if isinstance(forecast, NoForecast):
        return Tile(words.MONTH_END, words.NO_FORECAST, words.no_forecast(forecast.reason))
    shown = formats.money_range(forecast.low, forecast.high, currency)
    error = f"± {formats.percent(forecast.error, 1)}"
    return Tile(words.MONTH_END, shown, words.month_end_help(forecast, currency), error, words.PAST_ERROR)


def _slices(
    slices: Sequence[CostSlice],
    daily: Sequence[DailyCost],
    currency: str,
    dimension: Dimension,
    period: Period,
    names: Names,
) -> Table:
    """One row a value of the dimension, with its share and, where it is told apart by day, its course."""
    days = days_of(period)
    course: dict[str | None, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for part in daily:
        course[part.key][part.day] += part.cost
    whole = sum((part.cost for part in slices), Decimal(0))
    rows = [
        {
            "name": label(part.key, names, dimension),
            "key": part.key,
            "cost": part.cost,
            "share": float(part.cost / whole) if whole else None,
            "trend": [float(course[part.key].get(day, Decimal(0))) for day in days]
            if len(days) > 1 and part.key in course
            else None,
            "tokens": part.tokens,
            "sure": words.sureness(part.cost, part.low, part.high),
            "low": part.low,
            "high": part.high,
            "currency": currency,
        }
        for part in slices
    ]
    money = words.in_currency
    return table(
        f"cost-by-{dimension}",
        (
            Column("name", words.DIMENSIONS[dimension], width="medium"),
            Column("key", "Key", screen=False),
            Column("cost", money("Cost", currency), "money", words.COST_COLUMN),
            Column("share", "Share", "share", words.SHARE_COLUMN),
            Column("trend", "Per day", "trend", words.TREND_COLUMN),
            Column("tokens", "Tokens", "tokens"),
            Column("sure", words.HOW_SURE, help=words.SURE_COLUMN),
            Column("priced", words.HOW_PRICED, help=words.STEP_COLUMN, width="large"),
            Column("low", money("Low", currency), "money", words.LOW_COLUMN, screen=False),
            Column("high", money("High", currency), "money", words.HIGH_COLUMN, screen=False),
            Column("currency", "Currency", screen=False),
        ),
        rows,
    )
