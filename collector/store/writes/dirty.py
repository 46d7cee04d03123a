"""Account-days whose facts changed since they were last worked out, and what of them waits.

They are marked in the transaction that changes the facts and cleared by the one that stores the findings, so
a kill between the two leaves them marked. A mark is new each time: a day that changes again while it is being
worked out keeps its newer mark and is worked out once more.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from collector.domain.periods import Window, days
from collector.store import tables
from collector.store.writes.bulk import delete_rows, upsert


@dataclass(frozen=True, slots=True, order=True)
class DirtyDay:
    """`usage` says that the day's usage waits and its charges with it; without, its charges alone."""

    account_key: UUID
    day: date
    mark: int
    usage: bool = True


def mark_days(
    connection: Connection, account_days: Iterable[tuple[UUID, date]], *, charges_only: bool = False
) -> int:
    """Mark days to be worked out again; a price changes charges only, and what waits for more goes on waiting for it."""
    mark = secrets.randbits(62)
    rows = ((key, day, mark, not charges_only) for key, day in set(account_days))
    return upsert(connection, tables.dirty_day, rows, keep=("usage",) if charges_only else ())


def mark_window(
    connection: Connection, account_keys: Iterable[UUID], window: Window, *, charges_only: bool = False
) -> int:
    """Every day of the window for each account: for a price, a rate or a revision that reaches back."""
    touched = list(days(window))
    account_days = ((key, day) for key in account_keys for day in touched)
    return mark_days(connection, account_days, charges_only=charges_only)


def clear_days(connection: Connection, worked_out: Iterable[DirtyDay]) -> int:
    """Forget the marks that were worked out; a day marked anew since then stays."""
    rows = ((day.account_key, day.day, day.mark) for day in worked_out)
    return delete_rows(connection, tables.dirty_day, ("account_key", "day", "mark"), rows)
