"""What charging reads beside hours: deployments with their revisions, teams' tags, tiers, and a month's charges."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.domain.money.charges import Charge
from collector.domain.periods import Window
from collector.store import tables

_CHARGE = tuple(Charge.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Payer:
    """Where an account lies and what its subscription is billed in."""

    arm_id: str
    subscription_id: str
    location: str
    currency: str | None


def payers(connection: Connection) -> dict[UUID, Payer]:
    account, subscription = tables.account, tables.subscription
    currencies = dict(
        connection.execute(select(subscription.c.subscription_id, subscription.c.currency)).all()
    )
    rows = connection.execute(
        select(account.c.account_key, account.c.arm_id, account.c.subscription_id, account.c.location)
    )
    return {
        row.account_key: Payer(
            row.arm_id, row.subscription_id, row.location, currencies.get(row.subscription_id)
        )
        for row in rows
    }


def tier_requests(
    connection: Connection, account_key: UUID, window: Window
) -> dict[tuple[str, date], Mapping[str, int]]:
    """Answered requests by service tier, per deployment and day."""
    table = tables.api_use_day
    asked = (
        select(
            table.c.deployment,
            table.c.day,
            table.c.tier,
            func.sum(table.c.requests) - func.sum(table.c.throttled),
        )
        .where(
            table.c.account_key == account_key,
            table.c.day >= window.start.date(),
            table.c.day < window.end.date(),
        )
        .group_by(table.c.deployment, table.c.day, table.c.tier)
    )
    found: dict[tuple[str, date], dict[str, int]] = {}
    for deployment, day, tier, requests in connection.execute(asked):
        found.setdefault((deployment, day), {})[tier] = int(requests)
    return dict(found)


def charges(
    connection: Connection, first: date, until: date, accounts: Collection[UUID] | None = None
) -> list[Charge]:
    """Charges of the days from `first` up to, not including, `until`."""
    table = tables.charge_day
    asked = select(*(table.c[name] for name in _CHARGE)).where(table.c.day >= first, table.c.day < until)
    if accounts is not None:
        asked = asked.where(table.c.account_key.in_(list(accounts)))
    return [Charge(*row) for row in connection.execute(asked)]


def charged_months(
    connection: Connection, accounts: Collection[UUID], months: Collection[date]
) -> set[tuple[UUID, date]]:
    """Account-months that have charges rolled up."""
    table = tables.charge_month
    asked = select(table.c.account_key, table.c.month).where(
        table.c.account_key.in_(list(accounts)), table.c.month.in_(list(months))
    )
    return {(row.account_key, row.month) for row in connection.execute(asked.distinct())}
