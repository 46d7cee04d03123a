"""How people call subscriptions, accounts and deployments, deleted and only billed ones too."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, select

from collector.store import tables
from collector.store.reads.scope import Place, places


@dataclass(frozen=True, slots=True)
class Names:
    places: Mapping[UUID, Place]
    subscriptions: Mapping[str, str]
    deployments: Mapping[tuple[UUID, str], str]
    scopes: Mapping[UUID, str]

    def subscription_of(self, account: UUID) -> tuple[str, str]:
        place = self.places.get(account)
        found = place.subscription_id if place else self.scopes.get(account, "").split("/")[2:3]
        named = found if isinstance(found, str) else (found[0] if found else "")
        return named, self.subscriptions.get(named, named)

    def account(self, account: UUID) -> tuple[str, str]:
        """ARM id and name; of an account that was never seen, what the bill called it."""
        place = self.places.get(account)
        if place:
            return place.arm_id, place.name
        told = self.scopes.get(account, "")
        return told, told.rpartition("/")[2] if "/accounts/" in told else ""

    def scope(self, account: UUID) -> str:
        return f"/subscriptions/{self.subscription_of(account)[0]}"


def names(connection: Connection) -> Names:
    deployment, subscription, bill = tables.deployment, tables.subscription, tables.bill_day
    scopes = select(bill.c.account_key, func.max(bill.c.scope), func.max(bill.c.account_arm_id))
    return Names(
        places(connection),
        dict(connection.execute(select(subscription.c.subscription_id, subscription.c.name)).all()),
        {
            (row[0], row[1]): row[2]
            for row in connection.execute(
                select(deployment.c.account_key, deployment.c.deployment, deployment.c.name)
            )
        },
        {row[0]: row[2] or row[1] for row in connection.execute(scopes.group_by(bill.c.account_key))},
    )
