"""What was billed: quantities and money by account and meter, and how far a bill is known."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, func, or_, select

from collector.domain.money.calibration import BilledQuantity, Lesson
from collector.domain.money.invoices import BilledTo, Commitment, Invoicing
from collector.domain.periods import month_of
from collector.domain.pricing import PriceRow
from collector.store import tables
from collector.store.expressions import money_rank, money_sum
from collector.store.reads.scope import EVERYTHING, Filters, within

_PRICE = tuple(PriceRow.__dataclass_fields__)
_LESSON = tuple(Lesson.__dataclass_fields__)
_SUBSCRIPTION_ROLE = "bills"


@dataclass(frozen=True, slots=True)
class BillLine:
    """A meter of an account over the asked days. `account_arm_id` None: it belongs to the whole `scope`."""

    account_key: UUID
    scope: str
    account_arm_id: str | None
    meter_id: str
    meter: str | None
    charge_type: str
    currency: str
    quantity: Decimal | None
    actual: Decimal | None
    amortised: Decimal | None
    invoice: str = ""
    commitment: str = ""

    @property
    def cost(self) -> Decimal:
        """What its use cost: reserved units at their part of the reservation's price, the rest as billed."""
        return self.amortised if self.amortised is not None else self.actual or Decimal(0)


@dataclass(frozen=True, slots=True)
class BillState:
    """How far a scope's bill is known: its first and last day, the last change to a month, and why it may be missing.

    `export` is the one that the month came in by, None for Cost Management's query.
    """

    scope: str
    first_day: date | None
    last_day: date | None
    changed_at: datetime | None
    succeeded_at: datetime | None
    error: str | None
    remedy: str | None
    export: str | None = None
    through: datetime | None = None

    @property
    def is_read(self) -> bool:
        return self.succeeded_at is not None and self.error is None


def bill_lines(
    connection: Connection, first: date, until: date, accounts: Collection[UUID] | None = None
) -> list[BillLine]:
    """Sums of the days from `first` up to, not including, `until`."""
    table = tables.bill_day
    alike = (
        table.c.account_key,
        table.c.scope,
        table.c.account_arm_id,
        table.c.meter_id,
        func.max(table.c.meter).label("meter"),
        table.c.charge_type,
        table.c.currency,
    )
    asked = select(
        *alike,
        money_sum(table.c.quantity),
        money_sum(table.c.actual),
        money_sum(table.c.amortised),
        table.c.invoice,
        table.c.commitment,
    ).where(table.c.day >= first, table.c.day < until)
    if accounts is not None:
        asked = asked.where(table.c.account_key.in_(list(accounts)))
    apart = (*(column for column in alike if column.name != "meter"), table.c.invoice, table.c.commitment)
    grouped = asked.group_by(*apart)
    return [BillLine(*row) for row in connection.execute(grouped)]


def billed_daily(
    connection: Connection, first: date, until: date, filters: Filters = EVERYTHING
) -> dict[str, dict[date, Decimal]]:
    """Billed use of accounts by currency and day, reserved units at their part of the reservation's price.

    A bill knows no deployment: filters below an account cannot narrow it, and whoever asks has to leave them out.
    """
    table = tables.bill_day
    cost = money_sum(func.coalesce(table.c.amortised, table.c.actual))
    asked = (
        select(table.c.currency, table.c.day, cost)
        .where(
            table.c.day >= first,
            table.c.day < until,
            table.c.charge_type == "Usage",
            table.c.account_arm_id.is_not(None),
            *within(connection, filters, table),
        )
        .group_by(table.c.currency, table.c.day)
    )
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for currency, day, amount in connection.execute(asked):
        found[currency][day] = amount
    return dict(found)


def billed_subscriptions(connection: Connection, first: date, until: date) -> set[str]:
    """Whose bill of these days holds any line."""
    table = tables.bill_day
    asked = select(table.c.scope).where(table.c.day >= first, table.c.day < until).distinct()
    return {scope.rpartition("/")[2] for scope in connection.scalars(asked)}


def billed_quantities(connection: Connection, first: date, until: date) -> list[BilledQuantity]:
    """Quantities of use, without purchases, credits and refunds."""
    return [
        BilledQuantity(line.account_key, line.meter_id, line.meter, line.quantity)
        for line in bill_lines(connection, first, until)
        if line.charge_type == "Usage" and line.account_arm_id is not None and line.quantity is not None
    ]


def bill_span(connection: Connection) -> tuple[date, date] | None:
    table = tables.bill_day
    first, last = connection.execute(select(func.min(table.c.day), func.max(table.c.day))).one()
    return (first, last) if first is not None else None


def bill_states(connection: Connection, first: date, until: date) -> dict[str, BillState]:
    """Every subscription's bill, with the last change to the days from `first` until before `until`."""
    table, mark = tables.bill_day, tables.watermark
    spans = {
        row.scope: row
        for row in connection.execute(
            select(
                table.c.scope, func.min(table.c.day).label("a"), func.max(table.c.day).label("b")
            ).group_by(table.c.scope)
        )
    }
    changes = {
        row.scope: row
        for row in connection.execute(
            select(
                table.c.scope, func.max(table.c.read_at).label("at"), func.max(table.c.export).label("export")
            )
            .where(table.c.day >= first, table.c.day < until)
            .group_by(table.c.scope)
        )
    }
    marks = {
        f"/subscriptions/{row.scope}": row
        for row in connection.execute(select(mark).where(mark.c.job == _SUBSCRIPTION_ROLE))
    }
    known = connection.execute(select(tables.subscription.c.subscription_id)).scalars()
    scopes = {f"/subscriptions/{one}" for one in known} | spans.keys()
    return {
        scope: BillState(
            scope,
            spans[scope].a if scope in spans else None,
            spans[scope].b if scope in spans else None,
            changes[scope].at if scope in changes else None,
            marks[scope].succeeded_at if scope in marks else None,
            marks[scope].error if scope in marks else None,
            marks[scope].remedy if scope in marks else None,
            changes[scope].export if scope in changes else None,
            marks[scope].through if scope in marks else None,
        )
        for scope in sorted(scopes)
    }


def days_not_billed(connection: Connection, first: date, until: date) -> dict[str, list[date]]:
    """Days on which a subscription was charged and its bill, which knows others of these days, holds nothing."""
    bill, cost = tables.bill_day, tables.cost_day
    known: dict[str, set[date]] = defaultdict(set)
    asked = select(bill.c.scope, bill.c.day).where(bill.c.day >= first, bill.c.day < until).distinct()
    for scope, day in connection.execute(asked):
        known[scope].add(day)
    charged = (
        select(cost.c.subscription_id, cost.c.day)
        .where(cost.c.day >= first, cost.c.day < until, money_rank(cost.c.cost) > 0)
        .distinct()
        .order_by(cost.c.day)
    )
    found: dict[str, list[date]] = defaultdict(list)
    for subscription, day in connection.execute(charged):
        scope = f"/subscriptions/{subscription}"
        if scope in known and day not in known[scope]:
            found[scope].append(day)
    return dict(found)


def hole_words(days: Sequence[date]) -> str:
    """Such as "holds nothing of 11 days of use from 2026-10-21 to 2026-10-31"."""
    if len(days) == 1:
        return f"holds nothing of {days[0]}, a day of use"
    return f"holds nothing of {len(days)} days of use from {days[0]} to {days[-1]}"


def meter_rows(connection: Connection) -> list[PriceRow]:
    """Captured prices of the meters that were billed, by id or by name."""
    bill, price = tables.bill_day, tables.price
    ids = select(bill.c.meter_id).distinct()
    names = select(bill.c.meter).where(bill.c.meter.is_not(None)).distinct()
    asked = select(*(price.c[name] for name in _PRICE)).where(
        or_(price.c.meter_id.in_(ids), price.c.meter_name.in_(names))
    )
    return [PriceRow(*row) for row in connection.execute(asked)]


def invoicing(connection: Connection, month: date) -> Invoicing:
    """Who bills the month's lines, and what its commitments are called."""
    table, paid = tables.biller, tables.reservation_day
    told = ("account_id", "account_name", "account_type", "issuer")
    billers = connection.execute(
        select(table.c.scope, table.c.invoice, *(table.c[name] for name in told)).where(
            table.c.month == month
        )
    )
    commitments = connection.execute(
        select(paid.c.reservation, func.max(paid.c.name), func.max(paid.c.category), func.max(paid.c.type))
        .where(paid.c.day.between(month, month_of(month).days[-1]))
        .group_by(paid.c.reservation)
    )
    return Invoicing(
        {(row.scope.rpartition("/")[2], row.invoice): BilledTo(*row[2:]) for row in billers},
        {row.reservation: Commitment(*row[1:]) for row in commitments},
    )


def late_invoices(connection: Connection, month: date) -> dict[tuple[UUID, str], str]:
    """The invoice on which every line of an account stands, by account and currency; none where there are two, or not all have one."""
    table = tables.bill_day
    asked = select(table.c.account_key, table.c.currency, table.c.invoice).distinct()
    found: dict[tuple[UUID, str], set[str]] = defaultdict(set)
    for account, currency, invoice in connection.execute(
        asked.where(table.c.day.between(month, month_of(month).days[-1]))
    ):
        found[account, currency].add(invoice)
    return {key: one for key, all_of_it in found.items() if len(all_of_it) == 1 for one in all_of_it if one}


def stored_lessons(connection: Connection) -> list[Lesson]:
    table = tables.billed_share
    columns = [table.c["direction" if name == "group" else name] for name in _LESSON]
    return [Lesson(*row) for row in connection.execute(select(*columns))]
