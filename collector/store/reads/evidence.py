"""One deployment's minutes with the limits of their time: what a diagnosis, a curve of units and a drawing are made from."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, select

from collector.domain.periods import Window, floor_hour
from collector.domain.room.diagnosis import Diagnosis, diagnose
from collector.domain.room.headroom import LimitRevision, MinuteLimits, limits_by_minute
from collector.domain.room.throttling import ThrottleClasses, classify, summarise
from collector.domain.usage.minutes import MinuteBlock, unpack_many
from collector.store import tables


@dataclass(frozen=True, slots=True, eq=False)
class DeploymentMinutes:
    """The stored hours of one deployment, oldest first; an hour known only as a whole is an uncovered row.

    The totals are those of the hours, which may hold more than their covered minutes.
    """

    hours: tuple[datetime, ...]
    block: MinuteBlock
    limits: MinuteLimits
    requests: tuple[int, ...]
    throttled: tuple[int, ...]
    spilled: tuple[int, ...]

    @property
    def covered(self) -> int:
        return int(self.block.covered.sum())

    def classes(self) -> ThrottleClasses:
        return classify(self.hours, self.block, self.limits)

    def diagnosis(self) -> Diagnosis | None:
        """Why its requests were refused; None where none was refused or spilled."""
        classes = self.classes()
        summary = summarise(
            self.hours,
            self.block,
            classes,
            hour_throttled=self.throttled,
            hour_requests=self.requests,
            hour_spilled=self.spilled,
        )
        return diagnose(summary, self.block, classes)


def deployment_evidence(
    connection: Connection, account_key: UUID, deployment: str, window: Window
) -> DeploymentMinutes:
    """The minutes of one deployment in a window, with the limits that were in force."""
    usage = tables.usage_hour
    asked = (
        select(usage.c.hour, usage.c.requests, usage.c.throttled, usage.c.spilled, usage.c.minutes)
        .where(
            usage.c.account_key == account_key,
            usage.c.deployment == deployment,
            usage.c.hour >= floor_hour(window.start),
            usage.c.hour < window.end,
        )
        .order_by(usage.c.hour)
    )
    rows = connection.execute(asked).all()
    hours = tuple(row.hour for row in rows)
    return DeploymentMinutes(
        hours=hours,
        block=_block([row.minutes for row in rows]),
        limits=limits_by_minute(_limits(connection, account_key, deployment), hours),
        requests=tuple(row.requests for row in rows),
        throttled=tuple(row.throttled for row in rows),
        spilled=tuple(row.spilled for row in rows),
    )


def load_shapes(connection: Connection, period: str) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Medians, p95, p99 and how far the busiest minute stands above p95, of every deployment in a period; and whether
    that minute may have been busier, since some are unknown."""
    room = tables.room_period
    asked = select(
        room.c.account_key,
        room.c.deployment,
        room.c.p50_tpm,
        room.c.p95_tpm,
        room.c.p50_rpm,
        room.c.p95_rpm,
        room.c.p99_rpm,
        room.c.peak_tpm,
        room.c.peak_tpm_at,
        room.c.peak_rpm_at,
        room.c.peak_at_least,
        room.c.used_share,
        room.c.ptu_p95,
    ).where(room.c.period == period)
    return {
        (row.account_key, row.deployment): {
            "p50_tpm": row.p50_tpm,
            "p95_tpm": row.p95_tpm,
            "p50_rpm": row.p50_rpm,
            "p95_rpm": row.p95_rpm,
            "p99_rpm": row.p99_rpm,
            "peak_tpm_at": row.peak_tpm_at,
            "peak_rpm_at": row.peak_rpm_at,
            "peak_at_least": row.peak_at_least,
            "used_share": row.used_share,
            "ptu_p95": row.ptu_p95,
            "burst_ratio": round(row.peak_tpm / row.p95_tpm, 2) if row.peak_tpm and row.p95_tpm else None,
        }
        for row in connection.execute(asked)
    }


def _limits(connection: Connection, account_key: UUID, deployment: str) -> list[LimitRevision]:
    revision = tables.deployment_revision
    asked = (
        select(revision.c.starts_at, revision.c.limit_tpm, revision.c.limit_rpm)
        .where(revision.c.account_key == account_key, revision.c.deployment == deployment)
        .order_by(revision.c.starts_at)
    )
    return [LimitRevision(*row) for row in connection.execute(asked)]


def _block(packed: list[bytes | None]) -> MinuteBlock:
    block = MinuteBlock.empty(len(packed))
    known = [index for index, one in enumerate(packed) if one is not None]
    if known:
        opened = unpack_many([one for one in packed if one is not None])
        rows = np.array(known)
        for one in fields(MinuteBlock):
            getattr(block, one.name)[rows] = getattr(opened, one.name)
    return block
