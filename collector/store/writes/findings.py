"""What was worked out. Findings of a day, a month or a period are replaced whole."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Connection, delete

from collector.domain.money.charge_types import Charge
from collector.domain.periods import Window
from collector.domain.room.headroom import RoomSpan
from collector.domain.room.rollup import RoomPeriod, UsageDay, UsageSums, whole_number
from collector.store import tables
from collector.store.reads.until_full import Course
from collector.store.writes.bulk import replace_rows, upsert
from collector.store.writes.cost_sums import roll_up

_COUNTS = tuple(name for name in UsageSums.__dataclass_fields__ if name != "room")
_ROOM = tuple(RoomSpan.__dataclass_fields__)


def record_usage_days(connection: Connection, found: Iterable[UsageDay]) -> int:
    columns = ("account_key", "deployment", "day", "model", "version", "family", *_COUNTS, *_ROOM)
    rows = (
        (one.account_key, one.deployment, one.day, one.model, one.version, one.family, *_flat(one.sums))
        for one in found
    )
    return upsert(connection, tables.usage_day, rows, columns)


def record_usage_months(
    connection: Connection, month: date, found: Mapping[tuple[UUID, str], UsageSums]
) -> int:
    columns = ("account_key", "deployment", "month", *_COUNTS, *_ROOM)
    return upsert(
        connection, tables.usage_month, ((*key, month, *_flat(sums)) for key, sums in found.items()), columns
    )


def record_room_periods(connection: Connection, found: Iterable[RoomPeriod], at: datetime) -> int:
    table = tables.room_period
    names = tuple(table.c.keys())
    rows = (_room_row(one, names, at) for one in found)
    return upsert(connection, table, ([row[name] for name in names] for row in rows))


def drop_stale_periods(connection: Connection, periods: Iterable[str], at: datetime) -> None:
    """Take away what a working out at `at` of these periods did not find any more."""
    table = tables.room_period
    connection.execute(delete(table).where(table.c.period.in_(sorted(periods)), table.c.computed_at < at))


def record_until_full(connection: Connection, found: Iterable[tuple[Course, Mapping[str, object]]]) -> int:
    """Make these all there is: what has no limit any more has no date."""
    rows = ((course.kind, course.subject, course.digest, told) for course, told in found)
    return replace_rows(connection, tables.until_full, rows)


def _room_row(one: RoomPeriod, names: Iterable[str], at: datetime) -> dict[str, object]:
    sums, room, span = one.sums, one.room, one.sums.room
    row: dict[str, object] = {name: getattr(sums, name) for name in _COUNTS}
    row |= {name: getattr(room, name) for name in names if hasattr(room, name)}
    row |= {
        "account_key": one.account_key,
        "deployment": one.deployment,
        "period": one.period,
        "starts_at": one.window.start,
        "ends_at": one.window.end,
        "peak_tpm": whole_number(room.tpm.peak),
        "peak_tpm_at": span.peak_tpm_at,
        "p99_tpm": whole_number(room.tpm.p99),
        "p95_tpm": whole_number(room.tpm.p95),
        "p50_tpm": whole_number(room.tpm.median),
        "peak_rpm": whole_number(room.rpm.peak),
        "peak_rpm_at": span.peak_rpm_at,
        "p99_rpm": whole_number(room.rpm.p99),
        "p95_rpm": whole_number(room.rpm.p95),
        "p50_rpm": whole_number(room.rpm.median),
        "peak_at_least": room.at_least,
        "ptu_p95": room.ptu.p95,
        "ptu_max": room.ptu.peak,
        "trend": list(one.trend),
        "computed_at": at,
    }
    return row


def _flat(sums: UsageSums) -> tuple[object, ...]:
    return (*(getattr(sums, name) for name in _COUNTS), *(getattr(sums.room, name) for name in _ROOM))


def replace_charges(
    connection: Connection, accounts: Collection[UUID], window: Window, found: Iterable[Charge]
) -> int:
    """Make these accounts' charges of the window's days exactly these, and the sums of those days with them."""
    table = tables.charge_day
    first, until = window.start.date(), window.end.date()
    inside = (table.c.account_key.in_(list(accounts)), table.c.day >= first, table.c.day < until)
    count = replace_rows(connection, table, map(attrgetter(*table.c.keys()), found), *inside)
    roll_up(connection, first, until)
    return count


def replace_charge_months(
    connection: Connection, accounts: Collection[UUID], month: date, parts: Iterable[tuple[int, Charge]]
) -> int:
    """Make these accounts' charges of a month exactly these, a row for each price."""
    table = tables.charge_month
    names = list(table.c.keys())
    told = attrgetter(*(name for name in names if name not in {"month", "part"}))
    at = names.index("month")
    rows = ((*row[:at], month, part, *row[at:]) for part, charge in parts for row in (told(charge),))
    return replace_rows(
        connection, table, rows, table.c.account_key.in_(list(accounts)), table.c.month == month
    )
