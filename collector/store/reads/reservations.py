"""Provisioned units and what was paid ahead of them: as configured, and as billed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, select

from collector.domain.money.charge_types import Revision
from collector.domain.money.quantities import in_force
from collector.domain.money.reservations import (
    Holding,
    Reservation,
    ReservationUse,
    ReservedDay,
    billed_uses,
    uses,
)
from collector.domain.periods import DAY, Window, floor_minute, midnight
from collector.domain.pricing import sku_terms
from collector.domain.room.rollup import Lifetime
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads import inventory, rollup
from collector.store.reads.charges import Payer, payers

LIST_CURRENCY: Final = "USD"
_OPEN_END: Final = datetime(9998, 1, 1, tzinfo=UTC)
_USED: Final = "Usage"
_UNUSED: Final = "UnusedReservation"


def holdings(connection: Connection, currency: str | None = None) -> list[Holding]:
    """Provisioned units of every deployment over its revisions; those in force have no end yet.

    `currency` is what all is charged in, where it is configured.
    """
    known, lives = payers(connection), rollup.lifetimes(connection)
    found: list[Holding] = []
    for one in inventory.revisions(connection):
        revision = Revision(
            one.starts_at, one.ends_at, one.format, one.model, one.version, one.sku, one.capacity
        )
        payer = known.get(one.account_key)
        life = lives.get((one.account_key, one.deployment), Lifetime())
        span = in_force(revision, life.created_at, life.deleted_at, _OPEN_END)
        terms = sku_terms(one.sku)
        if payer and span and one.capacity and terms and terms.provisioned:
            found.append(_holding(one, payer, currency or payer.currency or LIST_CURRENCY, span))
    return found


def _holding(one: inventory.DeploymentRevision, payer: Payer, currency: str, span: Window) -> Holding:
    return Holding(
        one.account_key,
        one.deployment,
        payer.subscription_id,
        payer.location,
        currency,
        one.sku,
        one.capacity or 0,
        span,
    )


def reservation_uses(
    connection: Connection,
    period: Window,
    now: datetime,
    configured: Sequence[Reservation],
    currency: str | None = None,
) -> list[ReservationUse]:
    """Each reservation over the period as far as it is over: as billed where the bill tells it, else as configured."""
    billed = _billed(connection, period.start.date(), min(period.end, _end_of(now)).date())
    told = {one.name.casefold() for one in billed}
    asked = [one for one in configured if one.name.casefold() not in told]
    over = Window(period.start, floor_minute(now)) if period.start < floor_minute(now) else None
    inside = over.overlap(period) if over else None
    if not asked or inside is None:
        return billed
    return [*billed, *uses(asked, holdings(connection, currency), _days(inside))]


def _days(span: Window) -> list[Window]:
    found: list[Window] = []
    start = span.start
    while start < span.end:
        end = min(span.end, midnight(start.date()) + DAY)
        found.append(Window(start, end))
        start = end
    return found


def _end_of(now: datetime) -> datetime:
    return midnight(now.date()) + DAY


def _billed(connection: Connection, first: date, until: date) -> list[ReservationUse]:
    table, bill = tables.reservation_day, tables.bill_day
    asked = select(
        table.c.name,
        table.c.day,
        table.c.currency,
        table.c.charge_type,
        table.c.quantity,
        table.c.amortised,
        table.c.meter_id,
    ).where(table.c.day >= first, table.c.day < until, table.c.charge_type.in_((_USED, _UNUSED)))
    days: list[ReservedDay] = []
    of_name: dict[tuple[str, str], set[str]] = {}
    for name, day, currency, charge_type, quantity, cost, meter in connection.execute(asked):
        hours, none = quantity or Decimal(0), Decimal(0)
        used, unused = (hours, none) if charge_type == _USED else (none, hours)
        days.append(ReservedDay(name, day, currency, used, unused, cost or none))
        of_name.setdefault((name, currency), set()).add(meter)
    meters = {meter for ids in of_name.values() for meter in ids}
    needed = connection.execute(
        select(bill.c.meter_id, bill.c.currency, money_sum(bill.c.quantity))
        .where(
            bill.c.day >= first,
            bill.c.day < until,
            bill.c.charge_type == _USED,
            bill.c.meter_id.in_(sorted(meters)),
        )
        .group_by(bill.c.meter_id, bill.c.currency)
    ).all()
    by_meter = {(meter, currency): quantity or Decimal(0) for meter, currency, quantity in needed}
    return billed_uses(
        days,
        {
            (name, currency): sum((by_meter.get((one, currency), Decimal(0)) for one in ids), Decimal(0))
            for (name, currency), ids in of_name.items()
        },
    )
