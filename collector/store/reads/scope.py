"""Which part of the estate a question is about.

Filters name things as people do; they become conditions on the account and deployment that every growing table
carries, so a question never joins a growing table with the inventory to narrow itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, FromClause, false, func, or_, select, tuple_

from collector.domain.types import account_key, location_key
from collector.store import tables

Pair = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Filters:
    """Any of the values of one kind, and all of the kinds; a tag is written `key=value`.

    Tags are those of today: of an account for all it holds, or of a deployment. A deployment is named alone, or by its
    ARM id where only one account's is meant. Teams, SKUs and kinds narrow charges only, which carry them; no team is "".
    """

    subscriptions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


EVERYTHING = Filters()

_NARROWS: Final = {
    "subscription": "subscriptions",
    "account": "accounts",
    "deployment": "deployments",
    "model": "models",
    "location": "locations",
    "team": "teams",
    "sku": "skus",
    "kind": "kinds",
}
NARROWING: Final = tuple(_NARROWS)
"""Dimensions of which one value can be looked into."""


def narrowed(filters: Filters, dimension: str, key: str | None) -> Filters:
    """The filters and one value of a dimension more, as `cost_by` keys it; what bears no such name is ""."""
    return replace(filters, **{_NARROWS[dimension]: (key or "",)})


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
    for column, wanted in (("model", filters.models), ("sku", filters.skus), ("kind", filters.kinds)):
        if wanted and column in table.c:
            conditions.append(table.c[column].in_(wanted))
    if filters.teams and "team" in table.c:
        conditions.append(func.coalesce(table.c.team, "").in_(filters.teams))
    if filters.deployments:
        conditions.append(_deployed(filters.deployments, table))
    if not (filters.subscriptions or filters.accounts or filters.locations or filters.tags):
        return conditions
    found = places(connection, filters)
    if not filters.tags:
        return [*conditions, _among(table.c.account_key, found)]
    whole, pairs = _tagged(connection, filters.tags, found)
    tagged = tuple_(table.c.account_key, table.c.deployment).in_(sorted(pairs)) if pairs else false()
    return [*conditions, or_(_among(table.c.account_key, whole), tagged)]


def _deployed(named: tuple[str, ...], table: FromClause) -> ColumnElement[bool]:
    alone = [name.casefold() for name in named if "/" not in name]
    parted = (name.partition("/deployments/") for name in named if "/" in name)
    pairs = [(account_key(account), name.casefold()) for account, _, name in parted]
    found: list[ColumnElement[bool]] = []
    if alone:
        found.append(table.c.deployment.in_(alone))
    if pairs:
        found.append(tuple_(table.c.account_key, table.c.deployment).in_(pairs))
    return or_(*found)


def carries(wanted: Iterable[str], tags: Mapping[str, str]) -> bool:
    """Whether tags hold any wanted value of every wanted key; Azure's tag names know no case."""
    by_key: dict[str, set[str]] = defaultdict(set)
    for text in wanted:
        key, _, value = text.partition("=")
        by_key[key.casefold()].add(value)
    held = {key.casefold(): value for key, value in tags.items()}
    return all(held.get(key) in values for key, values in by_key.items())


def _tagged(
    connection: Connection, wanted: tuple[str, ...], found: Mapping[UUID, Place]
) -> tuple[set[UUID], set[Pair]]:
    """Accounts of which every deployment carries the tags, and the single deployments of the others that do.

    A deployment's own value of a tag stands before its account's.
    """
    deployment = tables.deployment
    rows = connection.execute(select(deployment.c.account_key, deployment.c.deployment, deployment.c.tags))
    carrying: dict[UUID, set[str]] = defaultdict(set)
    others: set[UUID] = set()
    for row in rows:
        place = found.get(row.account_key)
        if place is None:
            continue
        if carries(wanted, _effective(place.tags, row.tags)):
            carrying[row.account_key].add(row.deployment)
        else:
            others.add(row.account_key)
    whole = {key for key in carrying if key not in others}
    return whole, {(key, name) for key in carrying.keys() - whole for name in carrying[key]}


def _effective(of_account: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Azure's tag names know no case."""
    return {key.casefold(): value for tags in (of_account, own) for key, value in tags.items()}


def _among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    known = list(values)
    return column.in_(known) if known else false()
