"""Billed lines: the window of a scope is replaced whole, since Azure restates past days."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from collector.domain.money.reconciliation_meters import key_of_nameless
from collector.domain.types import BillLine, account_key
from collector.store import tables
from collector.store.writes.bulk import delete_rows, upsert

_KEY = ("account_key", "day", "meter_id", "charge_type", "currency")


def record_bill(
    connection: Connection, scope: str, first: date, last: date, lines: Iterable[BillLine], *, at: datetime
) -> int:
    """Make the scope's lines of the days `first`..`last` exactly these; returns the lines sent.

    A line without an account belongs to its scope and is kept under the scope's own key, a line without a meter id
    under its meter's name. Lines of one key (Azure splits some by what we do not ask for) are added up.
    """
    by_key: dict[tuple[object, ...], BillLine] = {}
    for line in lines:
        if line.scope != scope or not first <= line.day <= last:
            raise ValueError(f"{line}: expected lines of {scope} between {first} and {last}")
        key = (
            account_key(line.account_arm_id or scope),
            line.day,
            line.meter_id or key_of_nameless(line.meter),
            line.charge_type,
            line.currency,
        )
        by_key[key] = _added(by_key[key], line) if key in by_key else line
    table = tables.bill_day
    stored = connection.execute(
        select(*(table.c[name] for name in _KEY)).where(
            table.c.scope == scope, table.c.day.between(first, last)
        )
    )
    stale = {tuple(row) for row in stored} - by_key.keys()
    delete_rows(connection, table, _KEY, stale)
    rows = [
        (*key, scope, line.account_arm_id, line.meter, line.quantity, line.actual, line.amortised, at)
        for key, line in by_key.items()
    ]
    return upsert(connection, table, rows, unless_changed=("read_at",))


def _added(one: BillLine, other: BillLine) -> BillLine:
    return BillLine(
        scope=one.scope,
        account_arm_id=one.account_arm_id,
        day=one.day,
        meter_id=one.meter_id,
        meter=one.meter if one.meter == other.meter else None,
        charge_type=one.charge_type,
        quantity=_sum(one.quantity, other.quantity),
        actual=_sum(one.actual, other.actual),
        amortised=_sum(one.amortised, other.amortised),
        currency=one.currency,
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other
