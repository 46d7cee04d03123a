"""Whose a deployment is: owner and team by the first of its own tags, its account's, its resource group's, its
subscription's, as they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection, select

from collector.domain.alerts.routing import OWNER_KEYS, TEAM_KEYS, where_of
from collector.domain.alerts.rules import Where
from collector.domain.types import Account, Tags
from collector.store import tables
from collector.store.reads import inventory
from collector.store.reads.inventory import KnownAccount, KnownDeployment
from collector.store.reads.scope import Pair
from collector.store.writes.tags import group_subject, subscription_subject


def whereabouts(
    connection: Connection,
    owner_keys: Sequence[str] = OWNER_KEYS,
    team_keys: Sequence[str] = TEAM_KEYS,
) -> dict[Pair, Where]:
    """The place of every deployment of a living account, and of each account under the deployment ""."""
    return places_of(
        connection,
        inventory.accounts(connection),
        inventory.deployments(connection, alive=False),
        owner_keys,
        team_keys,
    )


def places_of(
    connection: Connection,
    accounts: Sequence[KnownAccount],
    deployments: Sequence[KnownDeployment],
    owner_keys: Sequence[str],
    team_keys: Sequence[str],
) -> dict[Pair, Where]:
    tags, names = _upper_tags(connection), _subscription_names(connection)

    def where(account: Account, own: Tags) -> Where:
        levels = (
            own,
            account.tags,
            tags.get(group_subject(account.subscription_id, account.resource_group), {}),
            tags.get(subscription_subject(account.subscription_id), {}),
        )
        return where_of(
            levels,
            owner_keys,
            team_keys,
            subscription_id=account.subscription_id,
            subscription=names.get(account.subscription_id),
            resource_group=account.resource_group,
            account=account.name,
            location=account.location,
        )

    known = {one.key: one.account for one in accounts}
    places: dict[tuple[UUID, str], Where] = {(key, ""): where(account, {}) for key, account in known.items()}
    for one in deployments:
        account = known.get(one.account_key)
        if account is not None and one.deleted_at is None:
            of_account = places[one.account_key, ""]
            whole = where(account, one.tags) if one.tags else of_account
            places[one.account_key, one.deployment] = replace(whole, deployment=one.name)
    return places


def _upper_tags(connection: Connection) -> Mapping[str, Tags]:
    """The tags in force of subscriptions and their resource groups; accounts and deployments bear their own."""
    table = tables.tag_revision
    asked = select(table.c.subject, table.c.tags).where(
        table.c.ends_at.is_(None), table.c.subject.not_like("%/providers/%")
    )
    return {row.subject: row.tags for row in connection.execute(asked)}


def _subscription_names(connection: Connection) -> Mapping[str, str]:
    table = tables.subscription
    return {row[0]: row[1] for row in connection.execute(select(table.c.subscription_id, table.c.name))}
