"""Billed lines: the window of a scope is replaced whole, since Azure restates past days."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Table, select

from collector.domain.bills import Biller, BillLine, ReservedLine
from collector.domain.money.reconciliation_meters import key_of_nameless
from collector.domain.periods import month_of
from collector.domain.types import account_key
from collector.store import tables
from collector.store.writes.bulk import delete_rows, upsert

_KEY = ("account_key", "day", "meter_id", "charge_type", "currency", "invoice", "commitment")
_RESERVED_KEY = ("account_key", "day", "reservation", "meter_id", "charge_type", "currency")


def record_bill(
    connection: Connection,
    scope: str,
    first: date,
    last: date,
    lines: Iterable[BillLine],
    *,
    at: datetime,
    export: str | None = None,
) -> int:
    """Make the scope's lines of the days `first`..`last` exactly these; returns the lines sent.

    A line without an account belongs to its scope and is kept under the scope's own key, a line without a meter id
    under its meter's name. Lines of one key (Azure splits some by what we do not ask for) are added up. A line that
    got its invoice since it was last read takes the place of the one without.
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
            line.invoice,
            line.commitment,
        )
        by_key[key] = _added(by_key[key], line) if key in by_key else line
    _drop_stale(connection, tables.bill_day, _KEY, (scope, first, last), by_key)
    rows = [
        (*key, scope, line.account_arm_id, line.meter, line.quantity, line.actual, line.amortised, at, export)
        for key, line in by_key.items()
    ]
    return upsert(connection, tables.bill_day, rows, unless_changed=("read_at",))


def record_reserved(
    connection: Connection,
    scope: str,
    first: date,
    last: date,
    lines: Iterable[ReservedLine],
    *,
    at: datetime,
) -> int:
    """Make what the scope's reservations covered and left on the days `first`..`last` exactly this."""
    by_key: dict[tuple[object, ...], ReservedLine] = {}
    for line in lines:
        meter = line.meter_id or key_of_nameless(line.meter)
        by_key[account_key(scope), line.day, line.reservation, meter, line.charge_type, line.currency] = line
    _drop_stale(connection, tables.reservation_day, _RESERVED_KEY, (scope, first, last), by_key)
    rows = [
        (
            *key,
            scope,
            line.name,
            line.meter,
            line.quantity,
            line.actual,
            line.amortised,
            at,
            line.category,
            line.type,
        )
        for key, line in by_key.items()
    ]
    return upsert(connection, tables.reservation_day, rows, unless_changed=("read_at",))


def record_billers(connection: Connection, scope: str, billers: Iterable[Biller]) -> None:
    """Who bills the scope's lines of each month; what no exported line stands on any more is forgotten."""
    table, bill = tables.biller, tables.bill_day
    told = {(scope, one.month, one.invoice): one for one in billers}
    upsert(
        connection,
        table,
        [(*key, one.account_id, one.account_name, one.account_type, one.issuer) for key, one in told.items()],
    )
    known = connection.execute(select(table.c.month, table.c.invoice).where(table.c.scope == scope)).all()
    for month in {one.month for one in known}:
        days = bill.c.day.between(month, month_of(month).days[-1])
        exported = (bill.c.scope == scope, days, bill.c.export.is_not(None))
        standing = set(connection.scalars(select(bill.c.invoice).where(*exported).distinct()))
        gone = {one.invoice for one in known if one.month == month} - standing
        delete_rows(connection, table, ("scope", "month", "invoice"), [(scope, month, one) for one in gone])


def _drop_stale(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    where: tuple[str, date, date],
    kept: Collection[tuple[object, ...]],
) -> None:
    scope, first, last = where
    stored = connection.execute(
        select(*(table.c[name] for name in key)).where(
            table.c.scope == scope, table.c.day.between(first, last)
        )
    )
    delete_rows(connection, table, key, {tuple(row) for row in stored} - set(kept))


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
        invoice=one.invoice,
        commitment=one.commitment,
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other
