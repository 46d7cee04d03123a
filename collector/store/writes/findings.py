"""What was worked out. Findings of a day, a month or a period are replaced whole."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from collector.domain.money.charges import Charge
from collector.domain.periods import Window
from collector.domain.room.headroom import RoomSpan
from collector.domain.room.rollup import RoomPeriod, UsageDay, UsageSums, whole_number
from collector.store import tables
from collector.store.writes.bulk import delete_rows, upsert

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
    names = table.c.keys()
    return upsert(connection, table, ([_room_row(one, at)[name] for name in names] for one in found))


def drop_stale_periods(connection: Connection, periods: Iterable[str], at: datetime) -> None:
    """Take away what a working out at `at` of these periods did not find any more."""
    table = tables.room_period
    connection.execute(delete(table).where(table.c.period.in_(sorted(periods)), table.c.computed_at < at))


def _room_row(one: RoomPeriod, at: datetime) -> dict[str, object]:
    sums, room, span = one.sums, one.room, one.sums.room
    row: dict[str, object] = {name: getattr(sums, name) for name in _COUNTS}
    row |= {name: getattr(room, name) for name in tables.room_period.c.keys() if hasattr(room, name)}  # noqa: SIM118  # columns, not a mapping
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
    connection: Connection, account_key: UUID, window: Window, found: Iterable[Charge]
) -> int:
    """Make the account's charges of the window's days exactly these."""
    table = tables.charge_day
    names = table.c.keys()
    rows = [tuple(getattr(charge, name) for name in names) for charge in found]
    _drop_others(
        connection,
        table,
        rows,
        table.c.account_key == account_key,
        table.c.day >= window.start.date(),
        table.c.day < window.end.date(),
    )
    return upsert(connection, table, rows)


def replace_charge_months(
    connection: Connection, account_key: UUID, month: date, parts: Iterable[tuple[int, Charge]]
) -> int:
    """Make the account's charges of a month exactly these, a row for each price."""
    table = tables.charge_month
    rows: list[tuple[object, ...]] = []
    for part, charge in parts:
        known = {"month": month, "part": part}
        rows.append(tuple(known[name] if name in known else getattr(charge, name) for name in table.c.keys()))  # noqa: SIM118  # columns, not a mapping
    _drop_others(connection, table, rows, table.c.account_key == account_key, table.c.month == month)
    return upsert(connection, table, rows)


def _drop_others(
    connection: Connection, table: Table, rows: Iterable[Sequence[object]], *inside: ColumnElement[bool]
) -> None:
    """Delete what lies inside and is not among the rows; the others are left to be replaced in place."""
    key = [column.name for column in table.primary_key]
    positions = [list(table.c.keys()).index(name) for name in key]
    fresh = {tuple(row[position] for position in positions) for row in rows}
    stored = connection.execute(select(*(table.c[name] for name in key)).where(*inside))
    delete_rows(connection, table, key, {tuple(row) for row in stored} - fresh)
