"""When deployments and quota lines reach their limits: played out when their days change, not whenever somebody looks."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from collector.domain.room.fullness import time_until_full
from collector.store.engine import Engine, retrying
from collector.store.reads.until_full import Course, courses, stored_courses
from collector.store.writes.findings import record_until_full


def derive_until_full(engine: Engine, now: datetime) -> int:
    """Bring every date up to the days it rests on; gives back how many had to be played out."""
    with engine.connect() as connection:
        wanted = courses(connection, now)
        stored = stored_courses(connection)
    found: list[tuple[Course, Any]] = []
    for course in wanted:
        before = stored.get((course.kind, course.subject))
        same = before is not None and before[0] == course.digest
        told = (
            before[1] if before is not None and same else asdict(time_until_full(course.daily, course.limit))
        )
        found.append((course, told))
    retrying(engine, lambda connection: record_until_full(connection, found))
    return sum(stored.get((one.kind, one.subject), ("",))[0] != one.digest for one in wanted)
