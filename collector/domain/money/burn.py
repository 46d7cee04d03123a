"""How a budget stands within its month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from collector.domain.money.budgets import Budget
from collector.domain.money.forecast import MonthForecast, NoForecast
from collector.domain.periods import Month


@dataclass(frozen=True, slots=True)
class BudgetState:
    """`spent_on` is the day on which the budget is used up at the mean of the last seven days; None: not this month."""

    name: str
    currency: str
    amount: Decimal
    spent: Decimal
    share: Decimal
    forecast: Decimal | None
    forecast_low: Decimal | None
    forecast_high: Decimal | None
    spent_on: date | None
    why_no_forecast: str | None = None
    error: float | None = None
    """How far such forecasts were off on the budget's own past."""


def budget_state(
    budget: Budget,
    month: Month,
    daily: Mapping[date, Decimal],
    through: date,
    forecast: MonthForecast | NoForecast | None,
) -> BudgetState:
    """The budget against the month's known days up to and including `through`."""
    inside = {day: cost for day, cost in daily.items() if day in month.days and day <= through}
    spent = sum(inside.values(), Decimal(0))
    known = forecast if isinstance(forecast, MonthForecast) else None
    return BudgetState(
        budget.name,
        budget.currency,
        budget.amount,
        spent,
        spent / budget.amount,
        known.total if known else None,
        known.low if known else None,
        known.high if known else None,
        _spent_on(budget.amount, inside, month, through),
        forecast.reason if isinstance(forecast, NoForecast) else None,
        known.error if known else None,
    )


def _spent_on(amount: Decimal, daily: Mapping[date, Decimal], month: Month, through: date) -> date | None:
    total = Decimal(0)
    for day in sorted(daily):
        total += daily[day]
        if total >= amount:
            return day
    recent = [daily[day] for day in sorted(daily)[-7:]]
    pace = sum(recent, Decimal(0)) / len(recent) if recent else Decimal(0)
    coming = [day for day in month.days if day > through]
    if pace <= 0:
        return None
    needed = int((amount - total) / pace)
    return coming[needed] if needed < len(coming) else None


def standing(one: BudgetState) -> str:
    """Where a budget stands, in words: what is certain before what is likely."""
    if one.spent >= one.amount:
        return "spent"
    if one.forecast_low is None or one.forecast_high is None:
        return "may be spent" if one.spent_on else "no forecast"
    if one.forecast_low > one.amount:
        return "will be spent"
    return "may be spent" if one.forecast_high > one.amount else "within plan"
