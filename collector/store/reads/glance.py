"""Room at a glance: how near every deployment came to its limit, without what only its own screen tells."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from collector.store import tables
from collector.store.expressions import count_known
from collector.store.reads.room import room_rows
from collector.store.reads.scope import EVERYTHING, Filters, within


@dataclass(frozen=True, slots=True)
class Glance:
    """`used_share` None: it is unknown how near it came; counts are None where nothing of the period is known."""

    deployment: str
    used_share: float | None
    requests: int | None
    throttled: int | None


def room_glances(connection: Connection, period: str, filters: Filters = EVERYTHING) -> list[Glance]:
    """The deployments of `room_rows` in the same order; revisions are asked only where a model is asked for."""
    if filters.models:
        rows = room_rows(connection, period, filters)
        return [Glance(row.deployment, row.used_share, row.requests, row.throttled) for row in rows]
    room, account, deployment = tables.room_period, tables.account, tables.deployment
    same = (
        deployment.c.account_key == room.c.account_key,
        deployment.c.deployment == room.c.deployment,
    )
    asked = (
        select(
            account.c.arm_id,
            room.c.deployment,
            deployment.c.name,
            room.c.used_share,
            count_known(room, "requests"),
            count_known(room, "throttled"),
        )
        .select_from(room)
        .join(account, account.c.account_key == room.c.account_key)
        .join(deployment, same[0] & same[1])
        .where(room.c.period == period, *within(connection, filters, room))
    )
    found = sorted(
        connection.execute(asked),
        key=lambda row: (-(-1 if row.used_share is None else row.used_share), row.arm_id, row.deployment),
    )
    return [Glance(*row[2:]) for row in found]
