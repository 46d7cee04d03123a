"""How each account is secured and where its deployments process what they are sent: facts of the inventory, no scores."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from collector.store import tables
from collector.store.reads.scope import EVERYTHING, Filters, within


@dataclass(frozen=True, slots=True)
class PostureDeployment:
    name: str
    sku: str
    content_filter: str | None


@dataclass(frozen=True, slots=True)
class PostureRow:
    """An account that is there; None is what ARM did not say."""

    account_key: UUID
    subscription_id: str
    account: str
    name: str
    location: str
    kind: str
    public_network_access: bool | None
    local_auth_disabled: bool | None
    customer_managed_key: bool | None
    private_endpoints: int | None
    identity: str | None
    deployments: tuple[PostureDeployment, ...]


def posture_rows(connection: Connection, filters: Filters = EVERYTHING) -> list[PostureRow]:
    account, deployment, revision = tables.account, tables.deployment, tables.deployment_revision
    inside: dict[UUID, list[PostureDeployment]] = defaultdict(list)
    same = (deployment.c.account_key == revision.c.account_key) & (
        deployment.c.deployment == revision.c.deployment
    )
    asked = (
        select(revision.c.account_key, deployment.c.name, revision.c.sku, revision.c.content_filter)
        .join_from(revision, deployment, same)
        .where(revision.c.ends_at.is_(None), deployment.c.deleted_at.is_(None))
        .order_by(revision.c.account_key, revision.c.deployment)
    )
    for row in connection.execute(asked):
        inside[row.account_key].append(PostureDeployment(row.name, row.sku, row.content_filter))
    wanted = (
        select(
            account.c.account_key,
            account.c.subscription_id,
            account.c.arm_id,
            account.c.name,
            account.c.location,
            account.c.kind,
            account.c.public_network_access,
            account.c.local_auth_disabled,
            account.c.customer_managed_key,
            account.c.private_endpoints,
            account.c.identity,
        )
        .where(account.c.deleted_at.is_(None), *_accounts(connection, filters))
        .order_by(account.c.subscription_id, account.c.name)
    )
    return [
        PostureRow(*row, deployments=tuple(inside.get(row.account_key, ())))
        for row in connection.execute(wanted)
    ]


def _accounts(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """The accounts that hold anything the filters leave."""
    if filters == EVERYTHING:
        return []
    deployment = tables.deployment
    held = select(deployment.c.account_key).where(*within(connection, filters, deployment))
    return [tables.account.c.account_key.in_(held)]
