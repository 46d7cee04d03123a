"""The estate as ARM states it: what is there, since when, and every period in which it stayed the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, update

from collector.domain.periods import Window, days
from collector.domain.types import Account, DeletedAccount, Deployment, Subscription, Tags, account_key
from collector.store import tables
from collector.store.revision import Revision
from collector.store.writes.bulk import upsert
from collector.store.writes.dirty import mark_days
from collector.store.writes.revisions import ASKABLE, Change, Known, ended, first_look, next_look
from collector.store.writes.tags import (
    account_subject,
    deployment_subject,
    group_subject,
    record_tags,
    subscription_subject,
)

_REVISION = tuple(field.name for field in fields(Revision))


def record_inventory(
    connection: Connection,
    subscription: Subscription,
    accounts: Sequence[Account],
    deployments: Mapping[UUID, Sequence[Deployment]],
    deleted: Sequence[DeletedAccount] = (),
    *,
    at: datetime,
    group_tags: Mapping[str, Tags] | None = None,
) -> None:
    """Store a look at one subscription whose accounts were listed whole.

    `deployments` holds, by account key, the lists that were read whole; an account that is not a key there
    failed: nothing of it is changed and nothing in it is deleted. Looking again and finding the same changes
    `last_seen_at` alone. `group_tags` are those of resource groups by name; None: they were not read.
    """
    deleted_before = _deleted_accounts(connection)
    _record_subscription(connection, subscription, at)
    _record_accounts(connection, subscription.subscription_id, accounts, deleted, at)
    _record_deployments(connection, deployments, deleted_before, at)
    groups = {one.resource_group.lower() for one in accounts}
    told = {
        group_subject(subscription.subscription_id, name): tags
        for name, tags in (group_tags or {}).items()
        if name.lower() in groups
    }
    record_tags(connection, told, at)


def record_metric_only_deployments(
    connection: Connection, seen: Iterable[tuple[UUID, str]], *, at: datetime
) -> int:
    """Deployments (account and name) that metrics speak of; one that no inventory holds is kept by name alone.

    Its model and version come from the metrics; its SKU stays unknown, so it is unpriced.
    """
    rows = [(key, name.casefold(), name, {}, None, at, at, None, True) for key, name in seen]
    table = tables.deployment
    return upsert(connection, table, rows, keep=[column.name for column in table.c if not column.primary_key])


def record_currencies(connection: Connection, currencies: Mapping[str, str]) -> None:
    """The currency that each subscription is billed in."""
    table = tables.subscription
    for subscription_id, currency in currencies.items():
        connection.execute(
            update(table).where(table.c.subscription_id == subscription_id).values(currency=currency)
        )


def record_published_metrics(
    connection: Connection, published: Mapping[UUID, Iterable[str]], *, at: datetime
) -> None:
    """The metrics that each account's definitions list, which is not yet what it publishes."""
    table = tables.account
    for key, names in published.items():
        connection.execute(
            update(table)
            .where(table.c.account_key == key)
            .values(published_metrics=sorted(names), definitions_read_at=at)
        )


def _record_subscription(connection: Connection, seen: Subscription, at: datetime) -> None:
    columns = ("subscription_id", "name", "tenant_id", "state", "tags", "first_seen_at", "last_seen_at")
    row = (seen.subscription_id, seen.name, seen.tenant_id, seen.state, dict(seen.tags), at, at)
    upsert(connection, tables.subscription, [row], columns, keep=("first_seen_at",))
    record_tags(connection, {subscription_subject(seen.subscription_id): seen.tags}, at)


def _record_accounts(
    connection: Connection,
    subscription_id: str,
    seen: Sequence[Account],
    deleted: Sequence[DeletedAccount],
    at: datetime,
) -> None:
    table = tables.account
    of_look = {"first_seen_at": at, "last_seen_at": at, "deleted_at": None}
    columns = ("account_key", *Account.__dataclass_fields__, *of_look)
    rows = [
        (one.key, *(getattr(one, name) for name in Account.__dataclass_fields__), *of_look.values())
        for one in seen
    ]
    upsert(connection, table, rows, columns, keep=("first_seen_at",))
    record_tags(connection, {account_subject(account.arm_id): account.tags for account in seen}, at)
    listed = {account.key for account in seen}
    told = {account_key(one.arm_id): one.deleted_at for one in deleted}
    there = connection.scalars(
        select(table.c.account_key).where(
            table.c.subscription_id == subscription_id, table.c.deleted_at.is_(None)
        )
    )
    for key in there.all():
        if key not in listed:
            _delete_account(connection, key, min(told.get(key) or at, at))


def _delete_account(connection: Connection, key: UUID, gone_at: datetime) -> None:
    """An account goes with all that it holds."""
    table = tables.account
    connection.execute(update(table).where(table.c.account_key == key).values(deleted_at=gone_at))
    _record_deployments(connection, {key: ()}, set(), gone_at, a_look=False)


def _deleted_accounts(connection: Connection) -> set[UUID]:
    table = tables.account
    return set(connection.scalars(select(table.c.account_key).where(table.c.deleted_at.is_not(None))))


def _record_deployments(
    connection: Connection,
    read: Mapping[UUID, Sequence[Deployment]],
    deleted_before: set[UUID],
    at: datetime,
    *,
    a_look: bool = True,
) -> None:
    looked_at = _looked_at(connection, read.keys())
    stored, newest = _stored(connection, read.keys()), _newest_revisions(connection, read.keys())
    rows: list[tuple[Any, ...]] = []
    changes: list[tuple[UUID, str, Change]] = []
    for key, deployments in read.items():
        listed = {deployment.key for deployment in deployments}
        for seen in deployments:
            before, last = stored.get((key, seen.key)), newest.get((key, seen.key))
            if before is None or last is None:
                change = first_look(seen, looked_at.get(key), at)
            else:
                known = Known(
                    before.last_seen_at, before.created_at, before.deleted_at, key in deleted_before, last
                )
                change = next_look(known, seen, at)
            changes.append((key, seen.key, change))
            first_seen_at = at if before is None else before.first_seen_at
            rows.append(
                (key, seen.key, seen.name, dict(seen.tags), seen.created_at, first_seen_at, at, None, False)
            )
        for (account, name), before in stored.items():
            if (
                account == key
                and name not in listed
                and before.deleted_at is None
                and not before.known_by_metrics_only
            ):
                changes.append((key, name, ended(newest.get((key, name)), at)))
                rows.append((*before[:-2], at, False))
    upsert(connection, tables.deployment, rows)
    _write_changes(connection, changes, at)
    _record_deployment_tags(connection, read, at)
    if a_look and read:
        table = tables.account
        connection.execute(update(table).where(table.c.account_key.in_(read)).values(deployments_read_at=at))


def _write_changes(connection: Connection, changes: Sequence[tuple[UUID, str, Change]], at: datetime) -> None:
    """The new and changed revisions, and the days whose figures they move."""
    rows = [
        (key, name, *(getattr(revision, column) for column in _REVISION))
        for key, name, change in changes
        for revision in change.revisions
    ]
    upsert(connection, tables.deployment_revision, rows, ("account_key", "deployment", *_REVISION))
    end = at + timedelta(seconds=1)
    reaches = {
        key: Window(max(min(since, at), at - ASKABLE), end) for key, since in _earliest(changes).items()
    }
    # All at once, and so in the order of their keys: other writers mark the same days.
    mark_days(connection, ((key, day) for key, window in reaches.items() for day in days(window)))


def _earliest(changes: Sequence[tuple[UUID, str, Change]]) -> dict[UUID, datetime]:
    earliest: dict[UUID, datetime] = {}
    for key, _, change in changes:
        if change.since is not None:
            earliest[key] = min(change.since, earliest.get(key, change.since))
    return earliest


def _record_deployment_tags(
    connection: Connection, read: Mapping[UUID, Sequence[Deployment]], at: datetime
) -> None:
    account = tables.account
    arm_ids = dict(
        connection.execute(
            select(account.c.account_key, account.c.arm_id).where(account.c.account_key.in_(read))
        ).all()
    )
    seen = {
        deployment_subject(arm_ids[key], deployment.key): deployment.tags
        for key, deployments in read.items()
        for deployment in deployments
        if key in arm_ids
    }
    record_tags(connection, seen, at)


def _looked_at(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, datetime | None]:
    table = tables.account
    asked = select(table.c.account_key, table.c.deployments_read_at).where(
        table.c.account_key.in_(list(keys))
    )
    return dict(connection.execute(asked).all())


def _stored(connection: Connection, keys: Iterable[UUID]) -> dict[tuple[UUID, str], Row[Any]]:
    table = tables.deployment
    rows = connection.execute(select(table).where(table.c.account_key.in_(list(keys))))
    return {(row.account_key, row.deployment): row for row in rows}


def _newest_revisions(connection: Connection, keys: Iterable[UUID]) -> dict[tuple[UUID, str], Revision]:
    table = tables.deployment_revision
    asked = select(table).where(table.c.account_key.in_(list(keys))).order_by(table.c.starts_at)
    return {(row.account_key, row.deployment): Revision(*row[2:]) for row in connection.execute(asked)}
