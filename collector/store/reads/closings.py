"""Closed months: what they were closed at, and what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from collector.domain.money.charge_types import Charge
from collector.domain.money.closing import Amounts, ClosedCharge, DeploymentCurrency, Restatement, amounts_of
from collector.domain.money.invoices import as_kept
from collector.store import tables

_CHARGE = tuple(Charge.__dataclass_fields__)
_RESTATEMENT = tuple(Restatement.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class MonthClose:
    month: date
    closed_at: datetime
    closed_by: str
    summary: Mapping[str, Any]
    letter_sent_at: datetime | None


def closings(connection: Connection) -> dict[date, MonthClose]:
    """Every closed month, oldest first."""
    table = tables.month_close
    asked = select(*(table.c[name] for name in MonthClose.__dataclass_fields__)).order_by(table.c.month)
    return {row.month: MonthClose(*row) for row in connection.execute(asked)}


def closed_charges(connection: Connection, month: date) -> list[ClosedCharge]:
    """A month's charges as they stood at its closing, with what of the bill was theirs."""
    table = tables.month_close_charge
    columns = [table.c["month" if name == "day" else name] for name in _CHARGE]
    asked = select(*columns, table.c.billed, table.c.actual, table.c.invoiced).where(table.c.month == month)
    return [
        ClosedCharge(
            Charge(**dict(zip(_CHARGE, row, strict=False))), row.billed, row.actual, as_kept(row.invoiced)
        )
        for row in connection.execute(asked)
    ]


def closed_teams(connection: Connection) -> dict[tuple[UUID, str, date], str | None]:
    """The team of every deployment in every closed month."""
    table = tables.month_close_charge
    asked = select(table.c.account_key, table.c.deployment, table.c.month, table.c.team).distinct()
    return {
        (row[0], row[1], row[2]): row[3] for row in connection.execute(asked.where(table.c.deployment != ""))
    }


def restatements(connection: Connection, month: date | None = None) -> list[Restatement]:
    """What changed after the closing, in the order in which it was seen."""
    table = tables.restatement
    asked = select(*(table.c[name] for name in _RESTATEMENT)).order_by(
        table.c.month, table.c.seen_at, table.c.account_key, table.c.deployment
    )
    if month is not None:
        asked = asked.where(table.c.month == month)
    return [Restatement(*row) for row in connection.execute(asked)]


def last_known(connection: Connection, month: date) -> dict[DeploymentCurrency, Amounts]:
    """Amounts of each deployment and currency as last told: at the closing, or restated since."""
    known = amounts_of(closed_charges(connection, month))
    for one in restatements(connection, month):
        key = (one.account_key, one.deployment, one.currency)
        # Restated before the actual cost was: it is still what it was closed at.
        actual = known.get(key, Amounts()).actual if one.actual_after is None else one.actual_after
        known[key] = Amounts(one.estimate_after, one.billed_after, actual)
    return known
