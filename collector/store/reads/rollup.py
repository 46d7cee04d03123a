"""What deriving reads: changed days, their hours, lifetimes with limits, and days that are rolled up already."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, case, func, select

from collector.domain.periods import Window
from collector.domain.room.headroom import LimitRevision, RoomSpan
from collector.domain.room.rollup import Lifetime, StoredHour, UsageDay, UsageSums
from collector.store import tables
from collector.store.expressions import epoch
from collector.store.writes.dirty import DirtyDay

DeploymentKey = tuple[UUID, str]
_HOUR = tuple(StoredHour.__dataclass_fields__)
_COUNTS = tuple(name for name in UsageSums.__dataclass_fields__ if name != "room")
_ROOM = tuple(RoomSpan.__dataclass_fields__)


def dirty_days(connection: Connection) -> list[DirtyDay]:
    rows = connection.execute(select(tables.dirty_day).order_by(tables.dirty_day.c.day))
    return [DirtyDay(row.account_key, row.day, row.mark, row.usage) for row in rows]


def all_days(connection: Connection) -> list[tuple[UUID, date]]:
    """Every account-day that has hours, or charges: what is paid by the hour needs no use."""
    hour, charge = tables.usage_hour, tables.charge_day
    charged = connection.execute(select(charge.c.account_key, charge.c.day).distinct())
    found: set[tuple[UUID, date]] = {(row.account_key, row.day) for row in charged}
    for account, instant in connection.execute(select(hour.c.account_key, hour.c.hour).distinct()):
        found.add((account, instant.date()))
    return sorted(found)


def hours(
    connection: Connection, account_key: UUID, deployments: Collection[str], window: Window
) -> Iterator[tuple[str, list[StoredHour]]]:
    """The hours of each of these deployments of an account, in order of time."""
    table = tables.usage_hour
    names = [name for name in _HOUR if name not in {"account_key", "deployment", "hour"}]
    asked = (
        select(table.c.deployment, epoch(table.c.hour), *(table.c[name] for name in names))
        .where(*of_deployments(account_key, deployments, window))
        .order_by(table.c.deployment, table.c.hour)
    )
    # A key and an instant made once for all rows that bear them: they would cost more than the rows.
    instants: dict[int, datetime] = {}
    for deployment, rows in groupby(connection.execute(asked), key=itemgetter(0)):
        members: list[StoredHour] = []
        for _, seconds, *values in rows:
            instant = instants.get(seconds)
            if instant is None:
                instant = instants[seconds] = datetime.fromtimestamp(seconds, UTC)
            members.append(StoredHour(account_key, deployment, instant, *values))
        yield deployment, members


def of_deployments(
    account_key: UUID, deployments: Collection[str], window: Window
) -> tuple[ColumnElement[bool], ...]:
    """Hours by the whole of their key: with the account alone, a year of its hours is looked through for one day."""
    table = tables.usage_hour
    return (
        table.c.account_key == account_key,
        table.c.deployment.in_(sorted(deployments)),
        table.c.hour >= window.start,
        table.c.hour < window.end,
    )


def lifetimes(connection: Connection) -> dict[DeploymentKey, Lifetime]:
    deployment, account, revision = tables.deployment, tables.account, tables.deployment_revision
    limits: dict[DeploymentKey, list[LimitRevision]] = {}
    asked = select(
        revision.c.account_key,
        revision.c.deployment,
        revision.c.starts_at,
        revision.c.limit_tpm,
        revision.c.limit_rpm,
    ).order_by(revision.c.starts_at)
    for key, name, starts_at, tpm, rpm in connection.execute(asked):
        limits.setdefault((key, name), []).append(LimitRevision(starts_at, tpm, rpm))
    gone = dict(connection.execute(select(account.c.account_key, account.c.deleted_at)).all())
    rows = connection.execute(
        select(
            deployment.c.account_key,
            deployment.c.deployment,
            deployment.c.created_at,
            deployment.c.first_seen_at,
            deployment.c.deleted_at,
        )
    )
    return {
        (row.account_key, row.deployment): Lifetime(
            row.created_at or row.first_seen_at,
            _earliest(row.deleted_at, gone.get(row.account_key)),
            tuple(limits.get((row.account_key, row.deployment), ())),
        )
        for row in rows
    }


def usage_days(
    connection: Connection,
    first: date,
    until: date,
    accounts: Collection[UUID] | None = None,
    *,
    with_histograms: Collection[date] | None = None,
) -> list[UsageDay]:
    """Days from `first` up to, not including, `until`; with histograms on the named days alone, or on all.

    Histograms are most of a day's bytes.
    """
    table = tables.usage_day
    head = ("account_key", "deployment", "day", "model", "version", "family")
    columns = [table.c[name] for name in (*head, *_COUNTS, *_ROOM)]
    if with_histograms is not None:
        wanted = table.c.day.in_(sorted(with_histograms))
        columns = [
            case((wanted, column)).label(column.name) if column.name.endswith("_histogram") else column
            for column in columns
        ]
    asked = select(*columns).where(table.c.day >= first, table.c.day < until)
    if accounts is not None:
        asked = asked.where(table.c.account_key.in_(list(accounts)))
    return [UsageDay(*row[: len(head)], sums=_sums(row[len(head) :])) for row in connection.execute(asked)]


def usage_months(
    connection: Connection, months: Iterable[date], accounts: Collection[UUID]
) -> dict[date, dict[DeploymentKey, UsageSums]]:
    """Rolled-up months by their first day."""
    table = tables.usage_month
    found: dict[date, dict[DeploymentKey, UsageSums]] = {}
    asked = select(
        *(table.c[name] for name in ("account_key", "deployment", "month", *_COUNTS, *_ROOM))
    ).where(table.c.month.in_(list(months)), table.c.account_key.in_(list(accounts)))
    for row in connection.execute(asked):
        key, name, month, *values = tuple(row)
        found.setdefault(month, {})[(key, name)] = _sums(values)
    return found


def computed_at(connection: Connection, period: str) -> datetime | None:
    """When a rolling period was last worked out."""
    room = tables.room_period
    return connection.scalar(select(func.max(room.c.computed_at)).where(room.c.period == period))


def _sums(values: Any) -> UsageSums:
    return UsageSums(*values[: len(_COUNTS)], room=RoomSpan(*values[len(_COUNTS) :]))


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)
