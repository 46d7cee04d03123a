"""Free, over-allocated and stranded quota: a map of model by location, the lines behind it, and what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from collector.domain.advice.types import Line, Seat
from collector.domain.room.quotas import line_changes
from collector.store.reads.quotas import QuotaRow
from dashboard.tables import Column, Table, table
from dashboard.views.evidence import line_key, line_label
from dashboard.words import limits as limits_words
from dashboard.words import room as room_words

MOST_MODELS, MOST_CHANGES = 24, 200


@dataclass(frozen=True, slots=True)
class FreeMap:
    """`share` is free ÷ limit and `text` the free amount, by model (rows) and location (columns); None is no line.

    `nothing` marks lines with a limit of 0, where no quota was given and nothing can be full; `lines` are their keys.
    """

    models: tuple[str, ...]
    locations: tuple[str, ...]
    share: tuple[tuple[float | None, ...], ...]
    text: tuple[tuple[str, ...], ...]
    nothing: tuple[tuple[bool, ...], ...]
    lines: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class QuotaView:
    map: FreeMap
    lines: Table
    changes: Table
    choices: tuple[tuple[str, str], ...]


def quota_view(
    lines: Sequence[Line], seats: Iterable[Seat], readings: Sequence[QuotaRow], names: Mapping[str, str]
) -> QuotaView:
    holders: dict[tuple[str, str, str], list[str]] = {}
    for seat in seats:
        if seat.usage_name is not None:
            key = (seat.subscription_id, seat.location, seat.usage_name.casefold())
            holders.setdefault(key, []).append(seat.deployment)
    held = {line.usage_name.casefold() for line in lines if line.use.visible}
    used = [line for line in lines if line.usage_name.casefold() in held]
    told = [
        line
        for line in lines
        if _has_to_say(line) or (line.use.stranded and line.usage_name.casefold() in held)
    ]
    shown = _by_use({_key(line): line for line in (*told, *used)}.values())
    return QuotaView(
        map=_map(used),
        lines=_lines(told, holders, names),
        changes=_changes(readings, names),
        choices=tuple((_key(line), line_label(line, names)) for line in shown),
    )


def _map(lines: Sequence[Line]) -> FreeMap:
    best: dict[tuple[str, str], Line] = {}
    for line in lines:
        key = (_model(line.usage_name), line.location)
        if key not in best or line.use.free > best[key].use.free:
            best[key] = line
    held: dict[str, Decimal] = {}
    for line in lines:
        held[_model(line.usage_name)] = held.get(_model(line.usage_name), Decimal(0)) + line.use.visible
    models = sorted(held, key=lambda name: (-held[name], name))[:MOST_MODELS]
    locations = sorted({location for model, location in best if model in models})
    cells = [[best.get((model, location)) for location in locations] for model in models]
    return FreeMap(
        models=tuple(models),
        locations=tuple(locations),
        share=tuple(
            tuple(_free_share(one) for one in row)
            for row in cells
        ),
        text=tuple(tuple("" if one is None else _free_text(one) for one in row) for row in cells),
        nothing=tuple(tuple(one is not None and not one.use.limit and one.use.free >= 0 for one in row) for row in cells),
        lines=tuple(tuple(None if one is None else _key(one) for one in row) for row in cells),
    )  # fmt: skip


def _model(usage_name: str) -> str:
    """`OpenAI.GlobalStandard.gpt-4o` reads as `gpt-4o · GlobalStandard`; what is spelled otherwise stays as it is."""
    parts = usage_name.split(".", 2)
    return f"{parts[2]} · {parts[1]}" if len(parts) == 3 else usage_name


def _free_share(line: Line | None) -> float | None:
    if line is None:
        return None
    if not line.use.limit:
        return 0.0 if line.use.free < 0 else None
    return max(-0.2, min(1.0, float(line.use.free / line.use.limit)))


def _free_text(line: Line) -> str:
    """The amount; a ring marks quota that lies stranded, since nobody uses the line there."""
    unit = line.use.unit
    name, per_unit = (None, None) if unit is None else (unit.name, Decimal(unit.per_unit))
    free = limits_words.in_unit(line.use.free, name, per_unit).replace("enqueued tokens", "queued")
    return free + (" °" if line.use.stranded > 0 else "")


def _has_to_say(line: Line) -> bool:
    return bool(line.use.visible or line.use.unexplained or line.use.free < 0)


def _key(line: Line) -> str:
    return line_key(line.subscription_id, line.location, line.usage_name)


def _by_use(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (-(line.use.used_share or 0), line.usage_name))


def _lines(
    lines: Sequence[Line], holders: Mapping[tuple[str, str, str], Sequence[str]], names: Mapping[str, str]
) -> Table:
    return table(
        "quota-held",
        (
            Column("usage_name", "Quota line", width="medium"),
            Column("subscription", "Subscription"),
            Column("subscription_id", "Subscription id", screen=False),
            Column("location", "Location"),
            Column("share", "Allocated", "share"),
            Column("limit", "Limit", "number"),
            Column("free", "Free", "number"),
            Column("over", "Over-allocated", "number", room_words.OVER_COLUMN),
            Column("stranded", "Stranded", "number", room_words.STRANDED_COLUMN),
            Column("unexplained", "Unexplained", "number", room_words.UNEXPLAINED_COLUMN),
            Column("deleted", "Held by deleted", help=room_words.DELETED_COLUMN),
            Column("unit", "Unit"),
            Column("reach", "Reach"),
            Column("holders", "Held by", width="large"),
        ),
        [
            {
                "key": _key(line),
                "usage_name": line.usage_name,
                "subscription": names.get(line.subscription_id, line.subscription_id),
                "subscription_id": line.subscription_id,
                "location": line.location,
                "share": line.use.used_share,
                "limit": line.use.limit,
                "free": line.use.free,
                "over": line.use.over_allocated,
                "stranded": line.use.stranded,
                "unexplained": line.use.unexplained or None,
                "deleted": ", ".join(f"{one.account}: {one.units:,}" for one in line.use.held_by_deleted)
                or None,
                "unit": _unit(line),
                "reach": limits_words.REACHES[line.use.scope.reach],
                "holders": ", ".join(
                    sorted(holders.get((line.subscription_id, line.location, line.usage_name.casefold()), ()))
                )
                or None,
            }
            for line in _by_use(lines)
        ],
    )


def _unit(line: Line) -> str:
    unit = line.use.unit
    return (
        limits_words.unit(None, None)
        if unit is None
        else limits_words.unit(unit.name, Decimal(unit.per_unit))
    )


def _changes(readings: Sequence[QuotaRow], names: Mapping[str, str]) -> Table:
    found: list[dict[str, Any]] = [
        {
            "key": line_key(row.subscription_id, row.location, row.usage_name),
            "at": change.at,
            "usage_name": row.usage_name,
            "subscription": names.get(row.subscription_id, row.subscription_id),
            "location": row.location,
            "what": change.what,
            "before": change.before,
            "after": change.after,
        }
        for row in readings
        for change in line_changes([(one.read_at, one.limit, one.current) for one in row.history])
    ]
    return table(
        "quota-changes",
        (
            Column("at", "Seen at", "instant"),
            Column("usage_name", "Quota line", width="medium"),
            Column("what", "What moved"),
            Column("before", "From", "number"),
            Column("after", "To", "number"),
            Column("subscription", "Subscription"),
            Column("location", "Location"),
        ),
        sorted(found, key=lambda one: one["at"], reverse=True)[:MOST_CHANGES],
    )
