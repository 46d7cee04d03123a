"""Where a fact belongs: the account, its tags and its owner, and how far its metrics are known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from collector.domain.alerts.routing import where_of
from collector.domain.alerts.rules import Where
from collector.domain.alerts.settings import AlertRules
from collector.domain.types import Account, Tags
from collector.store.engine import Connection
from collector.store.reads import inventory
from collector.store.reads.usage import watermarks

TOO_OLD: Final = timedelta(hours=6)
"""A figure of the last day says nothing of today once its account was not read for so long."""


@dataclass(frozen=True, slots=True)
class Estate:
    """The accounts and deployments that exist, with their tags; built once a pass."""

    accounts: Mapping[UUID, Account]
    names: Mapping[tuple[UUID, str], str]
    places: Mapping[tuple[UUID, str], Where]
    metrics_through: Mapping[UUID, datetime]
    created_at: Mapping[tuple[UUID, str], datetime]

    def where(self, account_key: UUID, deployment: str) -> Where:
        return self.places.get((account_key, deployment), Where())

    def where_account(self, account_key: UUID) -> Where:
        return self.places.get((account_key, ""), Where())

    def is_there(self, account_key: UUID, deployment: str) -> bool:
        """Whether it still exists, be it that only metrics know of it."""
        return (account_key, deployment) in self.names

    def name(self, account_key: UUID, deployment: str) -> str:
        return self.names.get((account_key, deployment), deployment)

    def created(self, account_key: UUID, deployment: str, now: datetime) -> datetime:
        """Since when it is there; of one that nobody knows, since now."""
        return self.created_at.get((account_key, deployment), now)

    def metrics_known(self, account_key: UUID, now: datetime) -> bool:
        through = self.metrics_through.get(account_key)
        return through is not None and now - through <= TOO_OLD


def estate(connection: Connection, rules: AlertRules) -> Estate:
    tags_of = {
        one.subscription.subscription_id: one.subscription.tags for one in inventory.subscriptions(connection)
    }
    accounts = {one.key: one.account for one in inventory.accounts(connection)}
    places: dict[tuple[UUID, str], Where] = {}
    for key, account in accounts.items():
        places[key, ""] = _where(account, {}, tags_of, rules)
    names: dict[tuple[UUID, str], str] = {}
    created: dict[tuple[UUID, str], datetime] = {}
    for one in inventory.deployments(connection, alive=False):
        account = accounts.get(one.account_key)
        if account is None or one.deleted_at is not None:
            continue
        names[one.account_key, one.deployment] = one.name
        created[one.account_key, one.deployment] = one.created_at or one.first_seen_at
        places[one.account_key, one.deployment] = (
            replace(_where(account, one.tags, tags_of, rules), deployment=one.name)
            if one.tags
            else replace(places[one.account_key, ""], deployment=one.name)
        )
    through = watermarks(connection, "metrics")
    known = {key: through.get(account.arm_id.lower()) for key, account in accounts.items()}
    metrics = {key: instant for key, instant in known.items() if instant is not None}
    return Estate(accounts, names, places, metrics, created)


def subject_of(account_key: UUID, deployment: str) -> str:
    return f"{account_key}/{deployment}"


def _where(account: Account, own: Tags, of_subscription: Mapping[str, Tags], rules: AlertRules) -> Where:
    # Tags of resource groups are not read: none of our questions asks for the groups themselves.
    levels = (own, account.tags, of_subscription.get(account.subscription_id, {}))
    return where_of(
        levels,
        rules.owner_keys,
        rules.team_keys,
        subscription_id=account.subscription_id,
        resource_group=account.resource_group,
        account=account.name,
        location=account.location,
    )
