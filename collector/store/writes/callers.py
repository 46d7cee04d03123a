"""Who calls with which api-version: the newest reading of each workspace, and never more than may be kept."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, or_

from collector.domain.endings.callers import CallerDetail, LoggedUse
from collector.domain.types import account_key
from collector.store import tables
from collector.store.writes.bulk import column_names, upsert

_Key = tuple[UUID, str, str, str, str]


def keep_callers(connection: Connection, workspaces: Collection[str], detail: CallerDetail) -> None:
    """Drop what another workspace or another detail left."""
    table = tables.api_caller
    connection.execute(
        delete(table).where(or_(table.c.workspace.not_in(list(workspaces)), table.c.detail != detail))
    )


def record_callers(
    connection: Connection,
    workspace: str,
    detail: CallerDetail,
    uses: Iterable[LoggedUse],
    *,
    at: datetime,
) -> int:
    """Replace the workspace's reading. Two texts that name one api-version are one row."""
    table = tables.api_caller
    connection.execute(delete(table).where(table.c.workspace == workspace))
    rows: dict[_Key, tuple[int | None, int, datetime, datetime]] = {}
    for use in uses:
        key = (
            account_key(use.account_arm_id),
            use.deployment.casefold(),
            use.api_version,
            workspace,
            use.caller,
        )
        before = rows.get(key)
        counts = [one for one in (use.callers, before and before[0]) if one is not None]
        rows[key] = (
            max(counts, default=None),
            use.requests + (before[1] if before else 0),
            min(use.first_seen_at, before[2]) if before else use.first_seen_at,
            max(use.last_seen_at, before[3]) if before else use.last_seen_at,
        )
    return upsert(
        connection,
        table,
        [(*key, detail, *values, at) for key, values in rows.items()],
        column_names(table),
    )
