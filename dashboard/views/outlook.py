"""The month to come: its course with a band, every part's forecast with its past error, budgets, and strange days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from collector.domain.money.burn import BudgetState, standing
from collector.domain.money.forecast import CourseDay, MonthForecast, NoForecast
from collector.domain.money.outlook import Outlook, StrangeDay
from collector.domain.periods import DAY, Month
from collector.store.reads.cost import OTHERS, Dimension
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.views.cost import month_end_tile
from dashboard.views.cost_sums import Names, label
from dashboard.words import cost as cost_words
from dashboard.words import outlook as outlook_words

DailySums = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Course:
    """The month summed up by day. `before` lies on this month's days; `billed` ends where the bill does."""

    currency: str
    first: date
    last: date
    known_days: tuple[date, ...]
    known: tuple[Decimal, ...]
    ahead: tuple[CourseDay, ...]
    before_days: tuple[date, ...]
    before: tuple[Decimal, ...]
    billed_days: tuple[date, ...]
    billed: tuple[Decimal, ...]
    budget: Decimal | None


@dataclass(frozen=True, slots=True)
class StrangeRow:
    """A strange day with what it was due to."""

    day: StrangeDay
    cause: str


@dataclass(frozen=True, slots=True)
class OutlookView:
    tiles: tuple[Tile, ...]
    parts: Table
    budgets: Table
    strange: Table

    @property
    def has_others(self) -> bool:
        return any(row["key"] == OTHERS for row in self.parts.rows)


def course(
    daily: DailySums,
    ahead: tuple[CourseDay, ...] | NoForecast,
    billed: DailySums,
    month: Month,
    through: date,
    currency: str,
    budget: Decimal | None,
) -> Course:
    last = month.shifted(1).first_day - DAY
    known = [day for day in month.days if day <= through]
    before = month.shifted(-1).days[: len(month.days)]
    told = [day for day in month.days if billed and day <= max(billed)]
    return Course(
        currency=currency,
        first=month.first_day,
        last=last,
        known_days=tuple(known),
        known=_summed(daily, known),
        ahead=() if isinstance(ahead, NoForecast) else ahead,
        before_days=month.days[: len(before)] if any(day in daily for day in before) else (),
        before=_summed(daily, before) if any(day in daily for day in before) else (),
        billed_days=tuple(told),
        billed=_summed(billed, told),
        budget=budget,
    )


def _summed(daily: DailySums, days: Iterable[date]) -> tuple[Decimal, ...]:
    return tuple(accumulate(daily.get(day, Decimal(0)) for day in days))


def outlook_view(
    whole: Outlook | None,
    parts: Sequence[Outlook],
    dimension: Dimension,
    budgets: Sequence[BudgetState],
    strange: Sequence[StrangeRow],
    names: Names,
    today: date,
) -> OutlookView:
    return OutlookView(
        tiles=tuple(_tiles(whole, budgets, strange, dimension)),
        parts=_parts(parts, dimension, names),
        budgets=budget_table(budgets, today),
        strange=strange_table(strange, dimension, names),
    )


def _tiles(
    whole: Outlook | None,
    budgets: Sequence[BudgetState],
    strange: Sequence[StrangeRow],
    dimension: Dimension,
) -> Iterable[Tile]:
    if whole is not None:
        yield month_end_tile(whole.forecast, whole.currency)
        yield Tile(
            outlook_words.MONTH_BEFORE,
            formats.money(whole.before, whole.currency),
            outlook_words.MONTH_BEFORE_HELP,
        )
    if budgets:
        yield budgets_tile(budgets)
    yield Tile(outlook_words.strange_tile(dimension), str(len(strange)), outlook_words.STRANGE_HELP)


def budgets_tile(budgets: Sequence[BudgetState]) -> Tile:
    over = sum(standing(one) in outlook_words.BAD for one in budgets)
    if len(budgets) == 1:
        only = budgets[0]
        return Tile(
            outlook_words.BUDGET_USED,
            formats.percent(only.share),
            outlook_words.budget_help(only),
            standing(only),
            "",
        )
    return Tile(
        outlook_words.BUDGETS_WITHIN, f"{len(budgets) - over} of {len(budgets)}", outlook_words.BUDGETS_HELP
    )


def top_budgets(budgets: Sequence[BudgetState], most: int = 4) -> Table:
    """The most pressing ones, for a place where there is little room."""
    whole = budget_table(budgets, date.min)
    columns = [column for column in whole.columns if column.key in {"name", "standing", "used"}]
    return table("top-budgets", columns, whole.rows[:most])


def _parts(parts: Sequence[Outlook], dimension: Dimension, names: Names) -> Table:
    return table(
        f"forecast-by-{dimension}",
        (
            Column("name", cost_words.DIMENSIONS[dimension], width="medium"),
            Column("key", "Key", screen=False),
            Column("spent", "So far", "money", outlook_words.SPENT_COLUMN),
            Column("low", "Month end, low", "money", outlook_words.LOW_COLUMN),
            Column("forecast", "Forecast", "money", outlook_words.FORECAST_COLUMN),
            Column("high", "Month end, high", "money", outlook_words.HIGH_COLUMN),
            Column("error", "Past error", "percent", outlook_words.ERROR_COLUMN),
            Column("last_week_error", "Last week's", "percent", outlook_words.WEEK_COLUMN),
            Column("last_day_error", "Last day's", "percent", outlook_words.DAY_COLUMN, screen=False),
            Column("before", "Month before", "money"),
            Column("change", "Change", "percent", outlook_words.CHANGE_COLUMN),
            Column("currency", "Currency"),
            Column("why", "Why no forecast", width="large"),
        ),
        [_part(one, dimension, names) for one in parts],
    )


def _part(one: Outlook, dimension: Dimension, names: Names) -> dict[str, Any]:
    found = one.forecast if isinstance(one.forecast, MonthForecast) else None
    return {
        "name": cost_words.OTHERS_TOGETHER if one.key == OTHERS else label(one.key, names, dimension),
        "key": one.key,
        "spent": one.spent,
        "low": found.low if found else None,
        "forecast": found.total if found else None,
        "high": found.high if found else None,
        "error": found.error if found else None,
        "last_week_error": found.seasonal_error if found else None,
        "last_day_error": found.last_value_error if found else None,
        "before": one.before or None,
        "change": (found.total - one.before) / one.before if found and one.before else None,
        "currency": one.currency,
        "why": one.forecast.reason if isinstance(one.forecast, NoForecast) else None,
    }


def budget_table(budgets: Sequence[BudgetState], today: date) -> Table:
    """The most pressing first."""
    ranked = sorted(budgets, key=lambda one: (one.spent_on or date.max, -one.share, one.name))
    return table(
        "budgets",
        (
            Column("name", "Budget", width=150),
            Column("standing", "Standing", help=outlook_words.STANDING_COLUMN),
            Column("used", "Used", "share", outlook_words.USED_COLUMN),
            Column("amount", "Amount", "money"),
            Column("spent", "Spent", "money", outlook_words.SPENT_COLUMN),
            Column("forecast", "Forecast", "money", outlook_words.FORECAST_COLUMN),
            Column("left", "Left", "money"),
            Column("spent_on", "Spent on", "day", outlook_words.SPENT_ON_COLUMN),
            Column("days_left", "Days until spent", "count"),
            Column("low", "Month end, low", "money", outlook_words.LOW_COLUMN),
            Column("high", "Month end, high", "money", outlook_words.HIGH_COLUMN),
            Column("error", "Past error", "percent", outlook_words.ERROR_COLUMN),
            Column("currency", "Currency"),
            Column("why", "Why no forecast"),
        ),
        [
            {
                "name": one.name,
                "standing": standing(one),
                "used": one.share,
                "amount": one.amount,
                "spent": one.spent,
                "left": one.amount - one.spent,
                "spent_on": one.spent_on,
                "days_left": None if one.spent_on is None else max(0, (one.spent_on - today).days),
                "low": one.forecast_low,
                "forecast": one.forecast,
                "high": one.forecast_high,
                "error": one.error,
                "currency": one.currency,
                "why": one.why_no_forecast,
            }
            for one in ranked
        ],
    )


def strange_table(strange: Sequence[StrangeRow], dimension: Dimension, names: Names) -> Table:
    return table(
        "strange-days",
        (
            Column("day", "Day", "day"),
            Column("name", cost_words.DIMENSIONS[dimension], width="medium"),
            Column("key", "Key", screen=False),
            Column("cost", "Cost", "money"),
            Column("expected", "Expected", "money", outlook_words.EXPECTED_COLUMN),
            Column("low", "Usual, low", "money", screen=False),
            Column("high", "Usual, high", "money", screen=False),
            Column("above", "Difference", "money"),
            Column("currency", "Currency"),
            Column("cause", "Due to", help=outlook_words.CAUSE_COLUMN, width="large"),
        ),
        [
            {
                "day": row.day.anomaly.day,
                "name": label(row.day.key, names, dimension),
                "key": row.day.key,
                "cost": row.day.anomaly.cost,
                "expected": row.day.anomaly.expected,
                "low": row.day.anomaly.low,
                "high": row.day.anomaly.high,
                "above": row.day.anomaly.cost - row.day.anomaly.expected,
                "currency": row.day.currency,
                "cause": row.cause,
            }
            for row in strange
        ],
    )
