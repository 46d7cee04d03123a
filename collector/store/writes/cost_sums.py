"""Costs of a day and of a month, summed over everything alike: what screens add up instead of single charges.

They are worked out from the charges in the transaction that writes those, so the two never disagree.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, cast, func, select

from collector.domain.periods import Month
from collector.store import tables
from collector.store.expressions import money_sum, tokens_sum
from collector.store.writes.bulk import replace_rows

_ALIKE: Final = (
    "currency",
    "subscription_id",
    "location",
    "model",
    "sku",
    "team",
    "kind",
    "tier",
    "unit",
    "step",
    "basis",
)


def roll_up(connection: Connection, first: date, until: date) -> None:
    """Bring the sums of the days from `first` up to, not including, `until`, and of their months, up to the charges."""
    day, month = tables.cost_day, tables.cost_month
    of_days = connection.execute(_of_charges(first, until)).all()
    replace_rows(connection, day, of_days, day.c.day >= first, day.c.day < until)
    for one in _months(first, until):
        start = one.first_day
        of_month = connection.execute(_of_days(start, one.shifted(1).first_day))
        replace_rows(connection, month, [(start, *row) for row in of_month], month.c.month == start)


def _of_charges(first: date, until: date) -> Select[*tuple[Any, ...]]:
    """No team, step or subscription is the empty text: all of them are part of a key."""
    charge, account = tables.charge_day, tables.account
    told = {
        "subscription_id": func.coalesce(account.c.subscription_id, ""),
        "team": func.coalesce(charge.c.team, ""),
        "step": func.coalesce(charge.c.step, ""),
    }
    alike = [charge.c.day, *(told[name] if name in told else charge.c[name] for name in _ALIKE)]
    return (
        select(
            *alike,
            money_sum(charge.c.quantity),
            money_sum(charge.c.cost),
            money_sum(func.coalesce(charge.c.low, charge.c.cost)),
            money_sum(func.coalesce(charge.c.high, charge.c.cost)),
            tokens_sum(charge),
        )
        .join_from(charge, account, account.c.account_key == charge.c.account_key, isouter=True)
        .where(charge.c.day >= first, charge.c.day < until, charge.c.cost.is_not(None))
        .group_by(*alike)
    )


def _of_days(first: date, until: date) -> Select[*tuple[Any, ...]]:
    day = tables.cost_day
    alike = [day.c[name] for name in _ALIKE]
    tokens = cast(func.sum(day.c.tokens), BigInteger)
    sums = (money_sum(day.c[name]) for name in ("quantity", "cost", "low", "high"))
    return select(*alike, *sums, tokens).where(day.c.day >= first, day.c.day < until).group_by(*alike)


def _months(first: date, until: date) -> Iterator[Month]:
    month = Month(first.year, first.month)
    while month.first_day < until:
        yield month
        month = month.shifted(1)
