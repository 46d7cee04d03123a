"""What charging reads beside hours: deployments with their revisions, teams' tags, tiers, and a month's charges."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, not_, or_, select

from collector.domain.money.charge_types import Charge
from collector.domain.periods import Window
from collector.domain.room.rollup import StoredHour
from collector.store import tables
from collector.store.expressions import epoch, epoch_day
from collector.store.reads.rollup import of_deployments

_CHARGE = tuple(Charge.__dataclass_fields__)
_QUANTITIES = (
    "model",
    "version",
    "prompt_tokens",
    "completion_tokens",
    "audio_prompt_tokens",
    "audio_completion_tokens",
    "images",
    "training_hours",
    "by_version",
)


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


def charged_hours(
    connection: Connection,
    account_key: UUID,
    deployments: Collection[str],
    window: Window,
    apart: Collection[str] = (),
) -> dict[str, dict[date, list[StoredHour]]]:
    """What is charged of each deployment and day: hours that are charged alike as one row, at the first of them.

    Hours stay apart where a day's quantities do not simply add up: audio is told from its text hour by hour, an hour
    may hold two versions, and the deployments named in `apart` changed within the window.
    """
    table = tables.usage_hour
    alone = or_(
        table.c.deployment.in_(sorted(apart)),
        table.c.by_version.is_not(None),
        table.c.training_hours.is_not(None),
        func.coalesce(table.c.audio_prompt_tokens, 0) + func.coalesce(table.c.audio_completion_tokens, 0) > 0,
    )
    inside = of_deployments(account_key, deployments, window)
    day = epoch_day(table.c.hour)
    sums = [func.sum(table.c[name]) for name in ("prompt_tokens", "completion_tokens", "images")]
    alike = (table.c.deployment, day, table.c.model, table.c.version)
    summed = select(*alike, func.min(epoch(table.c.hour)), *sums).where(*inside, not_(alone)).group_by(*alike)
    found: dict[str, dict[date, list[StoredHour]]] = {}
    for deployment, _, model, version, first, *amounts in map(tuple, connection.execute(summed)):
        told = dict(zip(("prompt_tokens", "completion_tokens", "images"), map(_whole, amounts), strict=True))
        _keep(found, _charged(account_key, deployment, first, model=model, version=version, **told))
    single = select(table.c.deployment, epoch(table.c.hour), *(table.c[name] for name in _QUANTITIES))
    rows = connection.execute(single.where(*inside, alone).order_by(table.c.hour))
    for deployment, hour, *values in map(tuple, rows):
        told = dict(zip(_QUANTITIES, values, strict=True))
        _keep(found, _charged(account_key, deployment, hour, **told))
    return found


def charges(
    connection: Connection, first: date, until: date, accounts: Collection[UUID] | None = None
) -> list[Charge]:
    """Charges of the days from `first` up to, not including, `until`."""
    table = tables.charge_day
    asked = select(*(table.c[name] for name in _CHARGE)).where(table.c.day >= first, table.c.day < until)
    if accounts is not None:
        asked = asked.where(table.c.account_key.in_(list(accounts)))
    return [Charge(*row) for row in connection.execute(asked)]


def charged_days(connection: Connection) -> tuple[date, date] | None:
    """The first and last day that bears a charge."""
    day = tables.charge_day.c.day
    first, last = connection.scalar(select(func.min(day))), connection.scalar(select(func.max(day)))
    return None if first is None or last is None else (first, last)


def _charged(account_key: UUID, deployment: str, seconds: int, **told: Any) -> StoredHour:
    """What charges are worked out of, without what they do not look at."""
    nothing: dict[str, Any] = {
        **dict.fromkeys(("prompt_tokens", "completion_tokens", "ptu_mean", "ptu_max", "minutes")),
        **dict.fromkeys(("grain_minutes", "minutes_covered", "requests", "other_family_requests"), 0),
        **dict.fromkeys(("throttled", "client_errors", "server_errors", "spilled"), 0),
    }
    hour = datetime.fromtimestamp(int(seconds), UTC)
    return StoredHour(account_key, deployment, hour, **{"family": "", **nothing, **told})


def _keep(found: dict[str, dict[date, list[StoredHour]]], hour: StoredHour) -> None:
    found.setdefault(hour.deployment, {}).setdefault(hour.hour.date(), []).append(hour)


def _whole(amount: Any) -> int | None:
    """PostgreSQL sums whole numbers to a decimal."""
    return None if amount is None else int(amount)
