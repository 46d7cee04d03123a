"""How deployments were used in a month, and what Azure names as their models' successors: what savings rest on."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from collector.domain.endings.models import ending_of
from collector.domain.endings.offers import BundledModel, OwnDeadline, model_catalog
from collector.domain.periods import Month
from collector.domain.usage.histogram import Histogram
from collector.reports.finance.otherwise import Habits, Key
from collector.store import tables
from collector.store.reads.endings import deployed_rows, model_readings, offers_for
from collector.store.reads.scope import places

_TENTH: Final = 0.1
_KNOWN_MINUTES: Final = 3 * 1_440


def month_habits(
    connection: Connection,
    month: Month,
    today: date,
    bundled: Iterable[BundledModel] = (),
    deadlines: Iterable[OwnDeadline] = (),
) -> dict[Key, Habits]:
    """Every deployment that was used in the month; a successor only of those that still exist."""
    table, known = tables.usage_month, places(connection)
    asked = select(
        table.c.account_key,
        table.c.deployment,
        table.c.requests,
        table.c.throttled,
        table.c.minutes_existed,
        table.c.ptu_mean,
        table.c.ptu_max,
        table.c.tpm_histogram,
    ).where(table.c.month == month.first_day)
    next_ones = _replacements(connection, today, bundled, deadlines)
    return {
        key: Habits(
            requests=row.requests - row.throttled,
            minutes=row.minutes_existed,
            ptu_mean=row.ptu_mean,
            ptu_max=row.ptu_max,
            busiest_tenth=_busiest(row.tpm_histogram),
            replacement=next_ones.get(key),
        )
        for row in connection.execute(asked)
        if row.account_key in known
        for key in [(known[row.account_key].arm_id.casefold(), row.deployment)]
    }


def _busiest(packed: bytes | None) -> float | None:
    """None where less than three days of minutes are known one by one."""
    if packed is None:
        return None
    found = Histogram.from_bytes(packed)
    return found.share_of_top(_TENTH) if found.count >= _KNOWN_MINUTES else None


def _replacements(
    connection: Connection, today: date, bundled: Iterable[BundledModel], deadlines: Iterable[OwnDeadline]
) -> dict[Key, tuple[str, str | None]]:
    rows = deployed_rows(connection, None)
    notes = tuple(bundled)
    catalog = model_catalog(offers_for(connection, rows, notes), model_readings(connection), notes, deadlines)
    found: dict[Key, tuple[str, str | None]] = {}
    for row in rows:
        ending = ending_of(row.what, catalog, today)
        # Where it cannot be deployed it is no replacement; where the list was never read nobody knows.
        if ending.replacement_model and ending.replacement_offered is not False and not row.what.fine_tuned:
            found[row.account.casefold(), row.key] = (ending.replacement_model, ending.replacement_version)
    return found
