"""The cost screen: what the period cost in one currency, by a dimension, over time, and what has no price."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.domain.periods import Window
from collector.store.reads.cost import (
    OTHERS,
    CostRow,
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
from dashboard.words import cost as words

LARGEST = 8
"""Series that a stacked chart can tell apart; the rest becomes one."""

Names = Mapping[str, str]
"""What a key is called: subscription ids and ARM ids have a name."""


@dataclass(frozen=True, slots=True)
class Series:
    """One layer of a stacked chart; `rest` is what is left when the largest are named."""

    name: str
    values: tuple[Decimal, ...]
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    currency: str
    days: tuple[date, ...]
    series: tuple[Series, ...]
    partial: date | None

    @property
    def total(self) -> Decimal:
        return sum((value for one in self.series for value in one.values), Decimal(0))


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
        unpriced=_unpriced("unpriced", priced),
        out_of_scope=_unpriced("out-of-scope", [row for row in facts.unpriced if row.out_of_scope]),
        months=tuple(month for month in facts.months if month.currency == chosen),
    )


def currencies_of(slices: Iterable[CostSlice]) -> tuple[str, ...]:
    """Those that bear charges, the largest amount first (amounts of different currencies are only ranked)."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for part in slices:
        sums[part.currency] += part.cost
    return tuple(sorted(sums, key=lambda currency: -sums[currency]))


def largest_keys(slices: Iterable[CostSlice]) -> list[str]:
    """What a stacked chart tells apart, of each currency."""
    found: dict[str, list[str]] = defaultdict(list)
    for part in slices:
        if part.key is not None and len(found[part.currency]) < LARGEST:
            found[part.currency].append(part.key)
    return [key for keys in found.values() for key in keys]


def slices_of(daily: Iterable[DailyCost]) -> list[CostSlice]:
    """The same sums over the whole period, largest first, without asking again."""
    found: dict[tuple[str | None, str], list[Any]] = defaultdict(
        lambda: [Decimal(0), Decimal(0), Decimal(0), 0]
    )
    for part in daily:
        sums = found[part.key, part.currency]
        for place, value in enumerate((part.cost, part.low, part.high, part.tokens)):
            sums[place] += value
    slices = [CostSlice(key, currency, *sums) for (key, currency), sums in found.items()]
    return sorted(slices, key=lambda part: (part.currency, -part.cost, part.key or ""))


def cost_within(daily: Iterable[DailyCost], window: Window | None, currency: str) -> Decimal | None:
    """The sum of the window's days; None without a window."""
    if window is None:
        return None
    days = (part for part in daily if part.currency == currency)
    return sum(
        (part.cost for part in days if window.start.date() <= part.day < window.end.date()), Decimal(0)
    )


def sums_by_currency(daily: Iterable[DailyCost]) -> dict[str, tuple[Decimal, Decimal, Decimal, int]]:
    """Cost, low, high and tokens of each currency; different currencies are never added."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for part in daily:
        sums = found[part.currency]
        for place, value in enumerate((part.cost, part.low, part.high, Decimal(part.tokens))):
            sums[place] += value
    return {currency: (cost, low, high, int(tokens)) for currency, (cost, low, high, tokens) in found.items()}


def day_totals(daily: Iterable[DailyCost], currency: str) -> dict[date, Decimal]:
    found: dict[date, Decimal] = defaultdict(Decimal)
    for part in daily:
        if part.currency == currency:
            found[part.day] += part.cost
    return dict(found)


def days_of(period: Period) -> tuple[date, ...]:
    return tuple(period.first_day + timedelta(days=step) for step in range(period.days))


def stack(
    daily: Iterable[DailyCost], period: Period, currency: str, today: date, names: Names, dimension: Dimension
) -> Stack:
    """The largest keys over the period as layers of their own, the others together; a day without charge is 0."""
    days = days_of(period)
    by_key: dict[str | None, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for part in daily:
        by_key[part.key][part.day] += part.cost
    ranked = sorted(
        (key for key in by_key if key != OTHERS), key=lambda key: (-sum(by_key[key].values()), key or "")
    )
    shown = ranked if len(ranked) <= LARGEST + 1 else ranked[:LARGEST]
    rest = [*ranked[len(shown) :], *([OTHERS] if OTHERS in by_key else [])]
    series = [
        Series(label(key, names, dimension), tuple(by_key[key].get(day, Decimal(0)) for day in days))
        for key in shown
    ]
    if rest:
        left = tuple(sum((by_key[key].get(day, Decimal(0)) for key in rest), Decimal(0)) for day in days)
        series.append(Series(words.OTHERS_TOGETHER, left, rest=True))
    return Stack(currency, days, tuple(series), today if today in days else None)


def label(key: str | None, names: Names, dimension: Dimension) -> str:
    """A key as people call it; what has no key says so."""
    if key is None or key == "":
        return words.NO_KEY.get(dimension, words.UNNAMED)
    if dimension == "deployment" and "/deployments/" in key:
        account, _, name = key.partition("/deployments/")
        return f"{names.get(account, account.rpartition('/')[2])} / {name}"
    return names.get(key, words.KINDS.get(key, key) if dimension == "kind" else key)


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


def amount_in(totals: Iterable[CostTotal], currency: str) -> Decimal | None:
    return next((total.cost for total in totals if total.currency == currency), None)


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


def charges(rows: Iterable[CostRow], currency: str) -> Table:
    """Every charge with the price it came from: a figure that explains itself."""
    return table(
        "charges",
        (
            Column("deployment", "Deployment"),
            Column("kind_name", "Kind", download=False),
            Column("kind", "Kind", screen=False),
            Column("tier", "Tier"),
            Column("quantity", "Quantity", "number"),
            Column("unit", "Unit"),
            Column("unit_price", "Unit price", "number", words.UNIT_PRICE_COLUMN, screen=False),
            Column("price", "Price", download=False, help=words.UNIT_PRICE_COLUMN),
            Column("cost", words.in_currency("Cost", currency), "money"),
            Column("low", words.in_currency("Low", currency), "money", words.LOW_COLUMN),
            Column("high", words.in_currency("High", currency), "money", words.HIGH_COLUMN),
            Column("how", "How matched", download=False, help=words.STEP_COLUMN),
            Column("step", "Step", screen=False),
            Column("meter_name", "Meter"),
            Column("basis", "Basis", help=words.BASIS_COLUMN),
            Column("meter_id", "Meter id", screen=False),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
            Column("subscription_id", "Subscription", screen=False),
            Column("team", "Team"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("currency", "Currency", screen=False),
        ),
        [
            {
                **{name: getattr(row, name) for name in _CHARGE_FIELDS},
                "account_name": row.account.rpartition("/")[2],
                "kind_name": words.KINDS.get(row.kind, row.kind),
                "price": formats.unit_price(row.unit_price, row.currency, row.unit),
                "how": words.STEPS.get(row.step or "", row.step),
            }
            for row in sorted(rows, key=lambda row: -row.cost)
            if row.currency == currency
        ],
    )


_CHARGE_FIELDS = (
    *(
        "deployment",
        "account",
        "subscription_id",
        "team",
        "model",
        "version",
        "sku",
        "location",
        "kind",
        "tier",
    ),
    *(
        "quantity",
        "unit",
        "unit_price",
        "cost",
        "low",
        "high",
        "basis",
        "step",
        "meter_name",
        "meter_id",
        "currency",
    ),
)


def _unpriced(name: str, rows: Sequence[UnpricedRow]) -> Table:
    fields = (
        "deployment",
        "account",
        "subscription_id",
        "model",
        "version",
        "sku",
        "location",
        "quantity",
        "unit",
        "why",
    )
    return table(
        name,
        (
            Column("deployment", "Deployment"),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
            Column("subscription_id", "Subscription", screen=False),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("kind", "Kind"),
            Column("quantity", "Quantity", "number"),
            Column("unit", "Unit"),
            Column("why", "Why", width="large"),
        ),
        [
            {
                **{field: getattr(row, field) for field in fields},
                "account_name": row.account.rpartition("/")[2],
                "kind": words.KINDS.get(row.kind, row.kind),
            }
            for row in rows
        ],
    )
