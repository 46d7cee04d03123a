"""Who calls with which api-version, of the newest reading of the request logs."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from collector.domain.endings.callers import Callers
from collector.store import tables

CallKey = tuple[UUID, str, str]
"""Account, deployment and api-version."""


def callers(connection: Connection) -> dict[CallKey, Callers]:
    """Empty where no workspace is configured."""
    table = tables.api_caller
    counts: dict[CallKey, int] = defaultdict(int)
    named: dict[CallKey, dict[str, int]] = defaultdict(dict)
    read: dict[CallKey, datetime] = {}
    for row in connection.execute(select(table)):
        key = (row.account_key, row.deployment, row.api_version)
        read[key] = min(read.get(key, row.read_at), row.read_at)
        if row.detail == "count":
            counts[key] = max(counts[key], row.callers or 0)
        else:
            named[key][row.caller] = named[key].get(row.caller, 0) + row.requests
    return {
        key: Callers(
            len(named[key]) if key in named else counts[key],
            tuple(sorted(named.get(key, {}).items(), key=lambda one: (-one[1], one[0]))),
            read_at,
        )
        for key, read_at in read.items()
    }
