"""Which part of the estate a question is about.

Filters name things as people do; they become conditions on the account and deployment that every growing table
carries, so a question never joins a growing table with the inventory to narrow itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, FromClause, false, or_, select, tuple_

from collector.domain.types import account_key, location_key
from collector.store import tables

Pair = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Filters:
    """Any of the values of one kind, and all of the kinds; a tag is written `key=value`.

    Tags are those of today: of an account for all it holds, or of a deployment.
    """

    subscriptions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Place:
    """An account as people know it; `tags` are today's."""

    account_key: UUID
    arm_id: str
    subscription_id: str
    name: str
    location: str
    tags: Mapping[str, str]


def places(connection: Connection, filters: Filters = EVERYTHING) -> dict[UUID, Place]:
    """The accounts that the filters leave, tags aside; deleted ones too, since their past still counts."""
    account = tables.account
    wanted = select(
        account.c.account_key,
        account.c.arm_id,
        account.c.subscription_id,
        account.c.name,
        account.c.location,
        account.c.tags,
    )
    if filters.subscriptions:
        wanted = wanted.where(account.c.subscription_id.in_(filters.subscriptions))
    if filters.accounts:
        wanted = wanted.where(account.c.account_key.in_([account_key(arm_id) for arm_id in filters.accounts]))
    if filters.locations:
        wanted = wanted.where(account.c.location.in_([location_key(name) for name in filters.locations]))
    return {row.account_key: Place(*row) for row in connection.execute(wanted)}


def within(connection: Connection, filters: Filters, table: FromClause) -> list[ColumnElement[bool]]:
    """The conditions that narrow `table` (keyed by account and deployment) to what the filters leave."""
    conditions: list[ColumnElement[bool]] = []
    if filters.models and "model" in table.c:
        conditions.append(table.c.model.in_(filters.models))
    if not (filters.subscriptions or filters.accounts or filters.locations or filters.tags):
        return conditions
    found = places(connection, filters)
    if not filters.tags:
        return [*conditions, _among(table.c.account_key, found)]
    whole = {key for key, place in found.items() if carries(filters.tags, place.tags)}
    pairs = _tagged_deployments(connection, filters.tags, found, whole)
    tagged = tuple_(table.c.account_key, table.c.deployment).in_(sorted(pairs)) if pairs else false()
    return [*conditions, or_(_among(table.c.account_key, whole), tagged)]


def carries(wanted: Iterable[str], tags: Mapping[str, str]) -> bool:
    """Whether tags hold any wanted value of every wanted key; Azure's tag names know no case."""
    by_key: dict[str, set[str]] = defaultdict(set)
    for text in wanted:
        key, _, value = text.partition("=")
        by_key[key.casefold()].add(value)
    held = {key.casefold(): value for key, value in tags.items()}
    return all(held.get(key) in values for key, values in by_key.items())


def _tagged_deployments(
    connection: Connection, wanted: tuple[str, ...], found: Mapping[UUID, Place], whole: Collection[UUID]
) -> set[Pair]:
    """Deployments that carry the tags by themselves, or together with those of their account."""
    deployment = tables.deployment
    rows = connection.execute(select(deployment.c.account_key, deployment.c.deployment, deployment.c.tags))
    return {
        (row.account_key, row.deployment)
        for row in rows
        if row.account_key in found
        and row.account_key not in whole
        and carries(wanted, {**found[row.account_key].tags, **row.tags})
    }


def _among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    known = list(values)
    return column.in_(known) if known else false()
