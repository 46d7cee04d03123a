"""Where a fact belongs: the account, its tags and its owner, and how far its metrics are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from collector.domain.alerts.rules import Where
from collector.domain.alerts.settings import AlertRules
from collector.domain.types import Account
from collector.store.engine import Connection
from collector.store.reads import inventory
from collector.store.reads.usage import watermarks
from collector.store.reads.whose import places_of

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
    known = inventory.accounts(connection)
    deployments = [one for one in inventory.deployments(connection, alive=False) if one.deleted_at is None]
    accounts = {one.key: one.account for one in known}
    there = [one for one in deployments if one.account_key in accounts]
    through = watermarks(connection, "metrics")
    read = {key: through.get(account.arm_id.lower()) for key, account in accounts.items()}
    return Estate(
        accounts,
        {(one.account_key, one.deployment): one.name for one in there},
        places_of(connection, known, there, rules.owner_keys, rules.team_keys),
        {key: instant for key, instant in read.items() if instant is not None},
        {(one.account_key, one.deployment): one.created_at or one.first_seen_at for one in there},
    )


def subject_of(account_key: UUID, deployment: str) -> str:
    return f"{account_key}/{deployment}"
