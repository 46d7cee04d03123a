"""Hours of a deployment summed up to days, days to months and to the periods that screens read.

Every sum merges: a month is the merge of its days and a period the merge of months and edge days, so no period is
read from minutes twice. What a day does not know stays unknown in what is made of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from collector.domain.periods import Window
from collector.domain.room.coverage import minutes_existed, minutes_there
from collector.domain.room.headroom import (
    Headroom,
    LimitRevision,
    RoomSpan,
    headroom,
    limits_by_minute,
    merged,
)
from collector.domain.room.spans import room_spans
from collector.domain.room.throttling import ThrottleSummary, classify, summaries
from collector.domain.usage.hours import Existence
from collector.domain.usage.minutes import MinuteBlock, unpack_many


@dataclass(frozen=True, slots=True)
class StoredHour:
    """What a roll-up needs of a stored hour."""

    account_key: UUID
    deployment: str
    hour: datetime
    model: str | None
    version: str | None
    family: str
    grain_minutes: int
    minutes_covered: int
    requests: int
    other_family_requests: int
    throttled: int
    client_errors: int
    server_errors: int
    spilled: int
    prompt_tokens: int | None
    completion_tokens: int | None
    ptu_mean: float | None
    ptu_max: float | None
    minutes: bytes | None
    audio_prompt_tokens: int | None = None
    audio_completion_tokens: int | None = None
    images: int | None = None
    training_hours: Decimal | None = None
    by_version: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a deployment existed, and its limits over time, oldest first."""

    created_at: datetime | None = None
    deleted_at: datetime | None = None
    limits: tuple[LimitRevision, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageSums:
    """What a deployment did in a span, in a form that merges with other spans. `room` holds peaks and histograms."""

    requests: int = 0
    other_family_requests: int = 0
    throttled: int = 0
    throttled_at_limit: int = 0
    throttled_below_limit: int = 0
    throttled_unclassified: int = 0
    throttled_minutes: int = 0
    client_errors: int = 0
    server_errors: int = 0
    spilled: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    room: RoomSpan = field(default_factory=RoomSpan)


_COUNTS = tuple(
    one.name for one in fields(UsageSums) if one.name not in {"prompt_tokens", "completion_tokens", "room"}
)


@dataclass(frozen=True, slots=True)
class UsageDay:
    """One deployment-day; model and version are those of its busiest hour that names them."""

    account_key: UUID
    deployment: str
    day: date
    model: str | None
    version: str | None
    family: str
    sums: UsageSums


@dataclass(frozen=True, slots=True)
class RoomPeriod:
    """A deployment's room over a named period; `trend` is its peak ÷ limit by day, oldest first."""

    account_key: UUID
    deployment: str
    period: str
    window: Window
    sums: UsageSums
    room: Headroom
    trend: tuple[float | None, ...]


def usage_days(
    hours: Sequence[StoredHour], lifetime: Lifetime, wanted: Iterable[Window], now: datetime
) -> list[UsageDay]:
    """The wanted days of one deployment that have hours; `hours` are in order of time.

    All minutes are unpacked and judged at once, which costs a tenth of doing it day by day. The hour before a day,
    where it is given, judges that day's first minute: a limiter looks back over midnight.
    """
    starts = [hour.hour for hour in hours]
    spans = [(day, slice(bisect_left(starts, day.start), bisect_left(starts, day.end))) for day in wanted]
    spans = [(day, rows) for day, rows in spans if rows.start < rows.stop]
    if not spans:
        return []
    block, limits = _block(hours), limits_by_minute(lifetime.limits, starts)
    days, requests = [rows for _, rows in spans], [hour.requests for hour in hours]
    throttled = summaries(
        starts,
        block,
        classify(starts, block, limits),
        days,
        hour_throttled=[hour.throttled for hour in hours],
        hour_requests=requests,
        hour_spilled=[hour.spilled for hour in hours],
    )
    rooms = room_spans(
        starts,
        block,
        limits,
        days,
        minutes_existed=[
            minutes_existed(day, lifetime.created_at, lifetime.deleted_at, now) for day, _ in spans
        ],
        hour_tokens=[_tokens(hour) for hour in hours],
        hour_requests=requests,
        ptu_means=[hour.ptu_mean for hour in hours],
    )
    return [
        _usage_day(hours[rows], day.start.date(), summary, room)
        for (day, rows), summary, room in zip(spans, throttled, rooms, strict=True)
    ]


def _usage_day(hours: Sequence[StoredHour], day: date, summary: ThrottleSummary, room: RoomSpan) -> UsageDay:
    first = hours[0]
    named = max((hour for hour in hours if hour.model), key=lambda hour: hour.requests, default=first)
    return UsageDay(
        account_key=first.account_key,
        deployment=first.deployment,
        day=day,
        model=named.model,
        version=named.version,
        family=max(hours, key=lambda hour: hour.requests).family,
        sums=UsageSums(
            requests=summary.requests,
            other_family_requests=sum([hour.other_family_requests for hour in hours]),
            throttled=summary.throttled,
            throttled_at_limit=summary.at_limit,
            throttled_below_limit=summary.below_limit,
            throttled_unclassified=summary.unclassified,
            throttled_minutes=summary.minutes_touched,
            client_errors=sum([hour.client_errors for hour in hours]),
            server_errors=sum([hour.server_errors for hour in hours]),
            spilled=summary.spilled,
            prompt_tokens=_sum_known(hour.prompt_tokens for hour in hours),
            completion_tokens=_sum_known(hour.completion_tokens for hour in hours),
            room=room,
        ),
    )


def added(parts: Iterable[UsageSums]) -> UsageSums:
    """Spans that do not overlap, as one."""
    spans = list(parts)
    if len(spans) == 1:
        return spans[0]
    counts = {name: sum([getattr(span, name) for span in spans]) for name in _COUNTS}
    return UsageSums(
        **counts,
        prompt_tokens=_sum_known(span.prompt_tokens for span in spans),
        completion_tokens=_sum_known(span.completion_tokens for span in spans),
        room=merged(span.room for span in spans),
    )


def room_period(
    key: tuple[UUID, str],
    period: str,
    window: Window,
    parts: Iterable[UsageSums],
    limit_now: LimitRevision | None,
    trend: Sequence[float | None],
    there: Existence | None,
    now: datetime,
) -> RoomPeriod:
    """Minutes of days that nobody read are no part of any sum, and a gap all the same."""
    sums = added(parts)
    existed = minutes_there(window, there, now, sums.room.minutes_known)
    sums = replace(sums, room=replace(sums.room, minutes_existed=existed))
    return RoomPeriod(*key, period, window, sums, headroom(sums.room, limit_now), tuple(trend))


def peak_share(sums: UsageSums, limit: LimitRevision | None) -> float | None:
    """The day's busiest minute ÷ the limit now, of whichever limit it came nearest to; None where unknown."""
    room = sums.room
    shares = [
        peak / cap
        for peak, cap in (
            (room.peak_tpm, limit.tpm if limit else None),
            (room.peak_rpm, limit.rpm if limit else None),
            (room.ptu_max, 100),
        )
        if peak is not None and cap and room.minutes_covered
    ]
    return max(shares, default=None)


def _block(hours: Sequence[StoredHour]) -> MinuteBlock:
    """Packed hours by the minute; an hour known only as a whole is an uncovered row."""
    known = [index for index, hour in enumerate(hours) if hour.minutes is not None]
    block = MinuteBlock.empty(len(hours))
    if known:
        packed = unpack_many([hour.minutes for hour in hours if hour.minutes is not None])
        if len(known) == len(hours):
            return packed
        rows = np.array(known)
        for one in fields(MinuteBlock):
            getattr(block, one.name)[rows] = getattr(packed, one.name)
    return block


def _tokens(hour: StoredHour) -> int | None:
    if hour.prompt_tokens is None and hour.completion_tokens is None:
        return None
    return (hour.prompt_tokens or 0) + (hour.completion_tokens or 0)


def _sum_known(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def whole_number(value: float | Decimal | None) -> int | None:
    """A percentile as it is stored: tokens and requests are counted whole."""
    return None if value is None else round(value)
