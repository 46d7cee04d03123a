"""When deployments and quota lines are full, as the derivation found it, and the days that it is worked out of."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from collector.domain.room.fullness import NoDate, UntilFull
from collector.reports.fullness import LOOKS_BACK_DAYS, TREND, daily_allocated, daily_shares
from collector.store import tables
from collector.store.reads.quotas import quota_rows

DEPLOYMENT: Final = "deployment"
LINE: Final = "line"

LineKey = tuple[str, str, str]
DeploymentKey = tuple[UUID, str]
Full = UntilFull | NoDate


@dataclass(frozen=True, slots=True)
class Course:
    """The days of one deployment's busiest minute as shares of its limit, or of what is allocated of one line."""

    kind: str
    subject: str
    daily: tuple[float | None, ...]
    limit: float | None

    @property
    def digest(self) -> str:
        """What tells these days from others."""
        return hashlib.blake2b(repr((self.daily, self.limit)).encode(), digest_size=8).hexdigest()


def courses(connection: Connection, now: datetime) -> list[Course]:
    """Of everything that has a limit, as known now."""
    room = tables.room_period
    asked = select(
        *(room.c[name] for name in ("account_key", "deployment", "trend", "ends_at")),
        *(room.c[name] for name in ("limit_tpm", "limit_rpm", "ptu_max")),
    )
    found = [
        Course(
            DEPLOYMENT,
            f"{row.account_key}/{row.deployment}",
            daily_shares(row.trend, row.ends_at, now),
            _share_of((row.limit_tpm, row.limit_rpm, None if row.ptu_max is None else 100)),
        )
        for row in connection.execute(asked.where(room.c.period == TREND))
    ]
    for line in quota_rows(connection, since=now - timedelta(days=LOOKS_BACK_DAYS)):
        subject = f"{line.subscription_id}/{line.location}/{line.usage_name}"
        daily = tuple(daily_allocated(line.history, now.date()))
        found.append(Course(LINE, subject, daily, float(line.limit)))
    return found


def _share_of(limits: Sequence[int | None]) -> float | None:
    """Days are told as shares of a limit; without a limit there is nothing to share, and of 0 no share either."""
    known = [limit for limit in limits if limit is not None]
    return None if not known else 1.0 if any(known) else 0.0


def stored_courses(connection: Connection) -> dict[tuple[str, str], tuple[str, Mapping[str, Any]]]:
    """By kind and subject: of which days it was worked out, and what was found."""
    table = tables.until_full
    rows = connection.execute(select(table.c.kind, table.c.subject, table.c.course, table.c.found))
    return {(row.kind, row.subject): (row.course, row.found) for row in rows}


def lines_until_full(connection: Connection) -> dict[LineKey, Full]:
    """By subscription, location and usage name."""
    found: dict[LineKey, Full] = {}
    for subject, told in _told(connection, LINE):
        subscription, location, usage_name = subject.split("/", 2)
        found[subscription, location, usage_name] = told
    return found


def deployments_until_full(connection: Connection) -> dict[DeploymentKey, Full]:
    parted = ((subject.partition("/"), told) for subject, told in _told(connection, DEPLOYMENT))
    return {(UUID(account), name): told for (account, _, name), told in parted}


def _told(connection: Connection, kind: str) -> list[tuple[str, Full]]:
    table = tables.until_full
    rows = connection.execute(select(table.c.subject, table.c.found).where(table.c.kind == kind))
    return [
        (subject, NoDate(told["reason"]) if "reason" in told else UntilFull(**told)) for subject, told in rows
    ]
