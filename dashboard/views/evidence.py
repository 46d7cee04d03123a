"""What stands behind a number: a quota line with its past and its holders, the days of a peak, a deployment in figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from collector.domain.advice.types import Line, Seat
from collector.domain.room.fullness import NoDate, UntilFull, in_words
from collector.domain.room.quotas import line_changes
from collector.store.reads.close_up import LimitStep
from collector.store.reads.quotas import QuotaRow
from collector.store.reads.room import RoomRow
from dashboard.tables import Column, Table, table
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """`unit` is what the amounts count; `history` its readings (at, limit, allocated), the last one repeated when it was last read."""

    sentence: str
    history: tuple[tuple[datetime, Decimal, Decimal], ...]
    unit: str
    holders: Table
    changes: Table
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Filling:
    """The busiest minute of each day as a share of its limit, and the days between which it is reached; None is open."""

    days: tuple[date, ...]
    shares: tuple[float | None, ...]
    sentence: str
    earliest: date | None
    latest: date | None


def line_key(subscription_id: str, location: str, usage_name: str) -> str:
    return f"{subscription_id}/{location}/{usage_name}"


def line_label(line: Line, names: Mapping[str, str]) -> str:
    return f"{line.usage_name} · {names.get(line.subscription_id, line.subscription_id)} · {line.location}"


def seat_key(seat: Seat) -> str:
    return f"{seat.account}/deployments/{seat.deployment.casefold()}"


def line_evidence(
    line: Line, reading: QuotaRow, seats: Iterable[Seat], full: UntilFull | NoDate | None, today: date
) -> LineEvidence:
    held = [seat for seat in seats if _holds(seat, line)]
    history = [(one.read_at, one.limit, one.current) for one in reading.history]
    if history and reading.last_read_at > history[-1][0]:
        history.append((reading.last_read_at, *history[-1][1:]))
    return LineEvidence(
        sentence=_sentence(line, full, today),
        history=tuple(history),
        unit=limits_words.unit(reading.unit, reading.per_unit),
        holders=_holders(held),
        changes=_changes(reading),
        links=tuple((seat.deployment, seat_key(seat)) for seat in sorted(held, key=_largest)[:6]),
    )


def filling(shares: Sequence[float | None], ends_on: date, full: UntilFull | NoDate, today: date) -> Filling:
    first = ends_on - timedelta(days=len(shares) - 1)
    low, high = (full.low, full.high) if isinstance(full, UntilFull) else (None, None)
    return Filling(
        days=tuple(first + timedelta(days=at) for at in range(len(shares))),
        shares=tuple(shares),
        sentence=_how_sure(full, today),
        earliest=None if low is None else ends_on + timedelta(days=low),
        latest=None if high is None else ends_on + timedelta(days=high),
    )


def figures(row: RoomRow) -> Table:
    """One deployment's minutes against each of its limits."""
    measured = [
        ("tokens", row.limit_tpm, row.peak_tpm, row.peak_tpm_at, row.p99_tpm, row.p95_tpm, row.p50_tpm, row.headroom_tpm),
        ("requests", row.limit_rpm, row.peak_rpm, row.peak_rpm_at, row.p99_rpm, row.p95_rpm, row.p50_rpm, row.headroom_rpm),
    ]  # fmt: skip
    return table(
        "figures",
        (
            Column("what", "A minute"),
            Column("limit", "Limit now", "count"),
            Column("peak", "Busiest", "count", limits_words.PEAK_COLUMN),
            Column("at", "Busiest at", "instant"),
            Column("p99", "p99", "count", limits_words.P99_COLUMN),
            Column("p95", "p95", "count", limits_words.P95_COLUMN),
            Column("median", "Median", "count", limits_words.MEDIAN_COLUMN),
            Column("burst", "Burst ratio", "number", limits_words.BURST_COLUMN),
            Column("left", "Left", "count", limits_words.HEADROOM_COLUMN),
        ),
        [
            {
                "what": what,
                "limit": limit,
                "peak": peak,
                "at": at,
                "p99": p99,
                "p95": p95,
                "median": median,
                "burst": round(peak / p95, 2) if peak and p95 else None,
                "left": left,
            }
            for what, limit, peak, at, p99, p95, median, left in measured
            if peak is not None and (peak or limit)
        ],
    )


_SHOWN: Final = ("capacity", "limit_tpm", "limit_rpm", "model", "version", "sku")


def revisions(steps: Sequence[LimitStep]) -> Table:
    """Every change of a deployment that was seen, newest first: what it ran on, and the limits that came of it.

    A revision that differs in nothing that is shown (an option of upgrades, a tag) is no row of its own.
    """
    moved = [
        step
        for before, step in zip((None, *steps), steps, strict=False)
        if before is None or any(getattr(before, name) != getattr(step, name) for name in _SHOWN)
    ]
    return table(
        "revisions",
        (
            Column("starts_at", "Since", "instant"),
            Column("capacity", "Units", "count"),
            Column("limit_tpm", "Limit TPM", "count"),
            Column("limit_rpm", "Limit RPM", "count"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
        ),
        [{name: getattr(step, name) for name in ("starts_at", *_SHOWN)} for step in reversed(moved)],
    )


def _holds(seat: Seat, line: Line) -> bool:
    return (
        seat.usage_name is not None
        and seat.subscription_id == line.subscription_id
        and seat.location == line.location
        and seat.usage_name.casefold() == line.usage_name.casefold()
    )


def _largest(seat: Seat) -> tuple[int, str]:
    return -(seat.units or 0), seat.deployment


def _sentence(line: Line, full: UntilFull | NoDate | None, today: date) -> str:
    use = line.use
    unit = (
        limits_words.unit(use.unit.name, Decimal(use.unit.per_unit))
        if use.unit
        else limits_words.unit(None, None)
    )
    free = f"{use.free:,} free" if use.free >= 0 else f"{-use.free:,} more than the limit"
    parts = [f"{use.allocated:,} of {use.limit:,} allocated, {free}, in units of {unit.removeprefix('× ')}."]
    if use.unexplained:
        parts.append(f"{use.unexplained:,} are held by no deployment that we see.")
    if use.over_allocated:
        parts.append(
            f"{use.over_allocated:,} are held beyond the busiest minute of 30 well-known days (over-allocated)."
        )
    if use.stranded:
        parts.append(f"{use.stranded:,} are free where nobody uses the line (stranded).")
    if use.scope.may_share_pool:
        parts.append(f"One pool ({use.scope.pool}) may stand behind the lines of several locations.")
    if full is not None:
        parts.append(f"Full: {in_words(full, today)}.")
    return " ".join(parts)


def _how_sure(full: UntilFull | NoDate, today: date) -> str:
    text = f"Reaches its limit: {in_words(full, today)}."
    if isinstance(full, NoDate) or full.error is None or full.last_value_error is None:
        return text
    return (
        f"{text} In trials on its own past the value two weeks ahead was {full.error:.0%} of the limit off, "
        f"supposing no change {full.last_value_error:.0%}."
    )


def _holders(seats: Sequence[Seat]) -> Table:
    return table(
        "holders",
        (
            Column("deployment", "Held by", width="medium"),
            Column("units", "Units", "count"),
            Column("used_share", "Busiest minute, 30 days", "share", limits_words.USED_SHARE_COLUMN),
            Column("throttled", "429, 30 days", "count"),
            Column("requests", "Requests, 30 days", "count"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("account", "Account"),
        ),
        [
            {
                **{
                    name: getattr(seat, name)
                    for name in ("deployment", "units", "used_share", "throttled", "requests", "model")
                },
                "version": seat.version,
                "account": seat.account.rsplit("/", 1)[-1],
            }
            for seat in sorted(seats, key=_largest)
        ],
    )


def _changes(reading: QuotaRow) -> Table:
    moves = line_changes([(one.read_at, one.limit, one.current) for one in reading.history])
    return table(
        "line-changes",
        (
            Column("at", "Seen at", "instant"),
            Column("what", "What moved", help=room_words.CHANGES_TEXT),
            Column("before", "From", "number"),
            Column("after", "To", "number"),
        ),
        [
            {"at": move.at, "what": move.what, "before": move.before, "after": move.after}
            for move in reversed(moves)
        ],
    )
