"""What a clicked number or map cell leads to, asked of the store and remembered as `state` remembers."""

from datetime import date, timedelta
from uuid import UUID

from collector.domain.advice.types import Line
from collector.domain.periods import Window
from collector.domain.room.fullness import NoDate
from collector.store.reads.close_up import LimitStep, limit_steps
from collector.store.reads.quotas import QuotaRow
from collector.store.reads.room import RoomRow
from collector.store.reads.seats import peak_course
from dashboard import state
from dashboard.state import SLOW_SECONDS, Chosen, database, remembered
from dashboard.state import room as room_state
from dashboard.tables import Table
from dashboard.views import evidence as views
from dashboard.views.room import choice_key, measure_of
from dashboard.views.throttling import MinuteDay, minute_day


def line(chosen: Chosen, picked: str) -> views.LineEvidence | None:
    """A quota line by its key: its past, who holds it, and when it is full; None where it is not there."""
    estate = room_state.estate(state.today())
    found = next((one for one in estate.lines if _key(one) == picked), None)
    reading = next((one for one in room_state.readings(chosen.filters) if _key(one) == picked), None)
    if found is None or reading is None:
        return None
    key = (reading.subscription_id, reading.location, reading.usage_name)
    full = state.lines_full().get(key, NoDate("it was not worked out yet"))
    return views.line_evidence(found, reading, estate.seats, full, state.today())


def filling(chosen: Chosen, picked: str) -> views.Filling | None:
    """Up to 90 days of busiest minutes, and the days between which the limit is reached."""
    row = _row(chosen, picked)
    until = None if row is None else room_state.until_full(chosen.filters).get((row.account_key, row.key))
    if row is None or until is None:
        return None
    ends_on, shares = _course(database(), row.account_key, row.key, state.today())
    return views.filling(shares, ends_on, until, state.today()) if shares else None


def figures(chosen: Chosen, picked: str) -> Table | None:
    row = _row(chosen, picked)
    return None if row is None else views.figures(row)


def revisions(chosen: Chosen, picked: str) -> Table | None:
    """How a deployment changed; None where it never did."""
    row = _row(chosen, picked)
    steps = [] if row is None else _steps(database(), row.account_key, row.key)
    found = views.revisions(steps)
    return found if len(found) > 1 else None


def days(chosen: Chosen, picked: str) -> list[date]:
    """The days of the period of which minutes are known, the busiest one first, then the newest."""
    row = _row(chosen, picked)
    if row is None:
        return []
    evidence = room_state.minutes(row.account_key, row.key, Window(row.starts_at, row.ends_at))
    covered = evidence.block.covered
    known = {hour.date() for at, hour in enumerate(evidence.hours) if covered[at].any()}
    busiest = row.peak_rpm_at if row.binding == "rpm" else row.peak_tpm_at
    first = busiest.date() if busiest is not None else None
    return sorted(known, key=lambda day: (day != first, -day.toordinal()))


def day(chosen: Chosen, picked: str, on: date) -> MinuteDay | None:
    """One day's minutes in the measure that binds, with the limits of their time and the 429s."""
    row = _row(chosen, picked)
    if row is None:
        return None
    evidence = room_state.minutes(row.account_key, row.key, Window(row.starts_at, row.ends_at))
    return minute_day(evidence, on, measure_of(row))


def _row(chosen: Chosen, picked: str) -> RoomRow | None:
    return next((row for row in state.room_rows(chosen) if choice_key(row) == picked), None)


def _key(one: Line | QuotaRow) -> str:
    return views.line_key(one.subscription_id, one.location, one.usage_name)


@remembered()
def _steps(url: str, account: UUID, deployment: str) -> list[LimitStep]:
    with state.reading(url) as connection:
        return limit_steps(connection, account, deployment)


@remembered(SLOW_SECONDS)
def _course(url: str, account: UUID, deployment: str, today: date) -> tuple[date, tuple[float | None, ...]]:
    with state.reading(url) as connection:
        shares, ends_at = peak_course(connection, account, deployment, state.now())
    return (ends_at or state.now()).date() - timedelta(days=1), shares
