"""What the stored charges were worked out by, and what waits to be worked out again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from collector.domain.money.rule_changes import Reach, Rules
from collector.store import tables


@dataclass(frozen=True, slots=True)
class RuleTold:
    """When a part of the rules last changed, and how; without `why` it never did."""

    part: str
    changed_at: datetime
    why: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Days of accounts that wait to be worked out: whole, or their charges alone, and the first of them."""

    days: int
    charges_only: int
    first: date | None


def told_rules(connection: Connection) -> Rules:
    """By part, as marked: every charge is worked out by these, or waits to be."""
    table = tables.money_rule
    return {part: _reaches(told) for part, told in connection.execute(select(table.c.part, table.c.told))}


def rules_told(connection: Connection) -> list[RuleTold]:
    """Newest change first."""
    table = tables.money_rule
    asked = select(table.c.part, table.c.changed_at, table.c.why)
    return [
        RuleTold(*row) for row in connection.execute(asked.order_by(table.c.changed_at.desc(), table.c.part))
    ]


def waiting(connection: Connection) -> Waiting:
    day = tables.dirty_day.c
    asked = select(day.usage, func.count(), func.min(day.day)).group_by(day.usage)
    found = {usage: (int(count), first) for usage, count, first in connection.execute(asked)}
    return Waiting(
        sum(count for count, _ in found.values()),
        found.get(False, (0, None))[0],
        min((first for _, first in found.values()), default=None),
    )


def _reaches(told: Mapping[str, Any]) -> dict[str, Reach]:
    return {
        print_: Reach(*(date.fromisoformat(one) if one else None for one in days))
        for print_, days in told.items()
    }
