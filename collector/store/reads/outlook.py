"""What forecasts, budgets and strange days are read from: each part's days, a budget's days, and a strange day's cause."""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, select

from collector.domain.money.anomalies import Anomaly, CostPart, usual_parts, variance
from collector.domain.money.budgets import Budget
from collector.domain.money.forecast import LOOKS_BACK
from collector.domain.money.outlook import Part, parts_of, told_apart
from collector.domain.periods import DAY, Window, last_days, midnight
from collector.store import tables
from collector.store.reads.cost import OTHERS, Dimension, cost_daily
from collector.store.reads.cost_parts import cost_parts
from collector.store.reads.scope import EVERYTHING, Filters, places

HISTORY: Final = LOOKS_BACK
_USUAL_WEEKS: Final = 4


def daily_parts(
    connection: Connection,
    dimension: Dimension | None,
    through: date,
    filters: Filters = EVERYTHING,
    *,
    most: int | None = None,
    days: int = HISTORY,
) -> list[Part]:
    """The last days of every value of a dimension (of the whole where none is named), dearest first.

    Beyond the `most` dearest of each currency the others are one, keyed `OTHERS`.
    """
    span = Window(midnight(through - timedelta(days=days - 1)), midnight(through + DAY))
    rows = cost_daily(connection, span, filters, dimension, bounds=False)
    known = {row.day for row in cost_daily(connection, span, bounds=False)} if filters != EVERYTHING else None
    parts = parts_of(
        ((row.key, row.currency, row.day, row.cost) for row in rows),
        known if known is not None else (row.day for row in rows),
        through,
    )
    return parts if most is None or len(parts) <= most + 1 else told_apart(parts, most, OTHERS)


def budget_part(connection: Connection, budget: Budget, through: date, days: int = HISTORY) -> Part:
    """The days of what a budget is for, in its currency."""
    parts = daily_parts(connection, None, through, budget_filters(connection, budget), days=days)
    found = next((part for part in parts if part.currency == budget.currency), None)
    return found or Part(None, budget.currency, {})


def budget_filters(connection: Connection, budget: Budget) -> Filters:
    """A budget names subscriptions and accounts by their ids or as people call them."""
    table = tables.subscription
    subscriptions = connection.execute(select(table.c.subscription_id, table.c.name))
    return Filters(
        subscriptions=_named(budget.subscription, {row[0]: row[1] for row in subscriptions}),
        accounts=_named(budget.account, {one.arm_id: one.name for one in places(connection).values()}),
        tags=(budget.tag,) if budget.tag else (),
        models=(budget.model,) if budget.model else (),
        deployments=(budget.deployment,) if budget.deployment else (),
        teams=(budget.team,) if budget.team else (),
    )


def _named(wanted: str | None, names: dict[str, str]) -> tuple[str, ...]:
    """Every id that the word means; one that means none stays as it is and fits nothing."""
    if wanted is None:
        return ()
    word = wanted.casefold()
    found = tuple(key for key, name in names.items() if word in (key.casefold(), name.casefold()))
    return found or (wanted,)


def cause_of(connection: Connection, odd: Anomaly, currency: str, filters: Filters = EVERYTHING) -> str:
    """Volume, price or mix against the same weekday of four weeks before, and the part that moved most."""
    usual = [
        _parts(connection, odd.day - timedelta(weeks=week), currency, filters)
        for week in range(1, _USUAL_WEEKS + 1)
    ]
    change = variance(
        usual_parts([parts for parts in usual if parts]), _parts(connection, odd.day, currency, filters)
    )
    main = change.changes[0] if change.changes else None
    return f"{change.main_cause or 'unknown'}{f', most by {main.key}' if main else ''}"


def _parts(connection: Connection, day: date, currency: str, filters: Filters) -> list[CostPart]:
    return cost_parts(connection, last_days(day, 1), filters).get(currency, [])
