"""What bills taught, what charges are worked out by, and the closing of months. A closing is a record: it is written once and never changed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete

from collector.domain.money.calibration import Lesson
from collector.domain.money.closing import ClosedCharge, Restatement
from collector.domain.money.invoices import kept
from collector.domain.money.rule_changes import Reach
from collector.store import tables
from collector.store.writes.bulk import upsert


def replace_lessons(
    connection: Connection, changed: Iterable[tuple[UUID, date]], lessons: Iterable[Lesson]
) -> None:
    """Make what is known of the changed account-months exactly these lessons."""
    table = tables.billed_share
    changed = set(changed)
    for account, month in sorted(changed):
        connection.execute(delete(table).where(table.c.account_key == account, table.c.month == month))
    upsert(
        connection,
        table,
        (
            (one.account_key, one.month, one.family, one.group, one.kind, one.share, one.tokens)
            for one in lessons
            if (one.account_key, one.month) in changed
        ),
    )


def record_rules(
    connection: Connection,
    found: Iterable[tuple[str, Mapping[str, Reach], str | None]],
    at: datetime,
) -> None:
    """Parts with their rules and why they differ; to be written in the transaction that marks what they concern."""
    upsert(
        connection,
        tables.money_rule,
        (
            (part, {one: [_day(days.starts_on), _day(days.ends_on)] for one, days in rules.items()}, at, why)
            for part, rules, why in found
        ),
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def record_closing(
    connection: Connection, month: date, closed_at: datetime, closed_by: str, summary: Mapping[str, Any]
) -> None:
    upsert(connection, tables.month_close, [(month, closed_at, closed_by, dict(summary), None)])


def record_closed_charges(
    connection: Connection, month: date, found: Iterable[tuple[int, ClosedCharge]]
) -> int:
    table = tables.month_close_charge
    rows: list[tuple[object, ...]] = []
    for part, one in found:
        known = {"month": month, "part": part, "billed": one.billed, "actual": one.actual}
        known["invoiced"] = kept(one.invoiced)
        rows.append(
            tuple(known[name] if name in known else getattr(one.charge, name) for name in table.c.keys())  # noqa: SIM118  # columns, not a mapping
        )
    return upsert(connection, table, rows)


def record_restatements(connection: Connection, found: Iterable[Restatement]) -> int:
    table = tables.restatement
    return upsert(
        connection,
        table,
        (tuple(getattr(one, name) for name in table.c.keys()) for one in found),  # noqa: SIM118  # columns, not a mapping
    )
