"""The estate as it is known: who is there, since when, and what each deployment was when."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, type_coerce

from collector.domain.periods import Window
from collector.domain.types import PROVISIONED_SKUS, Account, Subscription, Tags
from collector.domain.usage.hours import Existence
from collector.store import tables
from collector.store.revision import Revision
from collector.store.tables import Instant


@dataclass(frozen=True, slots=True)
class KnownSubscription:
    subscription: Subscription
    currency: str | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """`published_metrics` None: its definitions were never read. `deployments_read_at` None: never looked into."""

    account: Account
    published_metrics: frozenset[str] | None
    definitions_read_at: datetime | None
    deployments_read_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    deleted_at: datetime | None

    @property
    def key(self) -> UUID:
        return self.account.key


@dataclass(frozen=True, slots=True)
class KnownDeployment:
    account_key: UUID
    deployment: str
    name: str
    tags: Tags
    created_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    deleted_at: datetime | None
    known_by_metrics_only: bool


@dataclass(frozen=True, slots=True)
class DeploymentRevision(Revision):
    account_key: UUID
    deployment: str


_REVISION: Final = tuple(DeploymentRevision.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class TagPeriod:
    """The tags of a subject (see `writes.tags`) from an instant on; before the oldest, the oldest is best."""

    subject: str
    starts_at: datetime
    ends_at: datetime | None
    tags: Tags


def subscriptions(connection: Connection) -> tuple[KnownSubscription, ...]:
    table = tables.subscription
    return tuple(
        KnownSubscription(
            Subscription(row.subscription_id, row.name, row.tenant_id, row.state, row.tags),
            row.currency,
            row.first_seen_at,
            row.last_seen_at,
        )
        for row in connection.execute(select(table).order_by(table.c.subscription_id))
    )


def accounts(connection: Connection, *, alive: bool = True) -> tuple[KnownAccount, ...]:
    """The accounts that are there now; with `alive=False` deleted ones too."""
    table = tables.account
    asked = select(table).order_by(table.c.subscription_id, table.c.location, table.c.arm_id)
    if alive:
        asked = asked.where(table.c.deleted_at.is_(None))
    return tuple(_account(row) for row in connection.execute(asked))


def deployments(
    connection: Connection, *, alive: bool = True, account_keys: Iterable[UUID] | None = None
) -> tuple[KnownDeployment, ...]:
    """The deployments that ARM lists now; with `alive=False` deleted ones and those only metrics know too."""
    table = tables.deployment
    asked = _of_accounts(select(table), table.c.account_key, account_keys)
    if alive:
        asked = asked.where(table.c.deleted_at.is_(None), table.c.known_by_metrics_only.is_(False))
    asked = asked.order_by(table.c.account_key, table.c.deployment)
    return tuple(KnownDeployment(*row) for row in connection.execute(asked))


def revisions(
    connection: Connection, window: Window | None = None, account_keys: Iterable[UUID] | None = None
) -> tuple[DeploymentRevision, ...]:
    """The revisions in force at any time of the window (all of them without one), oldest first per deployment."""
    table = tables.deployment_revision
    columns = (table.c[name] for name in _REVISION)
    asked = _of_accounts(select(*columns), table.c.account_key, account_keys)
    if window is not None:
        asked = asked.where(*_in_force(table.c.starts_at, table.c.ends_at, window))
    asked = asked.order_by(table.c.account_key, table.c.deployment, table.c.starts_at)
    return tuple(DeploymentRevision(*row) for row in connection.execute(asked))


def tag_history(connection: Connection) -> dict[str, tuple[TagPeriod, ...]]:
    """Every subject's tags over time, oldest first."""
    table = tables.tag_revision
    history: dict[str, list[TagPeriod]] = {}
    for row in connection.execute(select(table).order_by(table.c.subject, table.c.starts_at)):
        history.setdefault(row.subject, []).append(TagPeriod(*row))
    return {subject: tuple(periods) for subject, periods in history.items()}


def living_accounts(connection: Connection, subscriptions: Collection[str] = ()) -> list[Account]:
    """The accounts that are there, of these subscriptions or of all."""
    known = (one.account for one in accounts(connection))
    return [account for account in known if not subscriptions or account.subscription_id in subscriptions]


def places(connection: Connection, subscriptions: Collection[str] = ()) -> list[tuple[str, str]]:
    """Each subscription and location that holds an account."""
    living = living_accounts(connection, subscriptions)
    return sorted({(account.subscription_id, account.location) for account in living})


def existences(connection: Connection, *narrowing: ColumnElement[bool]) -> dict[tuple[UUID, str], Existence]:
    """When each deployment was there, those included that are gone or that only metrics know."""
    table, revision = tables.deployment, tables.deployment_revision
    oldest = (
        select(revision.c.account_key, revision.c.deployment, func.min(revision.c.starts_at).label("since"))
        .group_by(revision.c.account_key, revision.c.deployment)
        .subquery()
    )
    same = and_(table.c.account_key == oldest.c.account_key, table.c.deployment == oldest.c.deployment)
    asked = select(
        table.c.account_key,
        table.c.deployment,
        table.c.name,
        table.c.created_at,
        type_coerce(oldest.c.since, Instant()).label("since"),
        table.c.deleted_at,
    ).select_from(table.outerjoin(oldest, same))
    return {
        (row.account_key, row.deployment): Existence(
            row.name,
            None if row.created_at is None else min(row.created_at, row.since or row.created_at),
            row.deleted_at,
        )
        for row in connection.execute(asked.where(*narrowing))
    }


def provisioned_accounts(connection: Connection) -> frozenset[UUID]:
    """Accounts that hold, or ever held, provisioned throughput."""
    table = tables.deployment_revision
    asked = select(table.c.account_key).where(table.c.sku.in_(sorted(PROVISIONED_SKUS))).distinct()
    return frozenset(connection.scalars(asked))


def published_metrics(connection: Connection) -> dict[UUID, tuple[frozenset[str], datetime]]:
    """The metric names of each account's definitions and when they were read."""
    table = tables.account
    asked = select(table.c.account_key, table.c.published_metrics, table.c.definitions_read_at).where(
        table.c.definitions_read_at.is_not(None)
    )
    return {key: (frozenset(names or ()), read_at) for key, names, read_at in connection.execute(asked)}


def subscription_currencies(connection: Connection) -> dict[str, str | None]:
    """The billing currency of each subscription; None where it is not known yet."""
    table = tables.subscription
    return dict(connection.execute(select(table.c.subscription_id, table.c.currency)).all())


def _account(row: Row[Any]) -> KnownAccount:
    told = row._mapping
    account = Account(**{name: told[name] for name in Account.__dataclass_fields__})
    metrics: Sequence[str] | None = row.published_metrics
    return KnownAccount(
        account,
        None if metrics is None else frozenset(metrics),
        row.definitions_read_at,
        row.deployments_read_at,
        row.first_seen_at,
        row.last_seen_at,
        row.deleted_at,
    )


def _of_accounts(asked: Select[Any], column: ColumnElement[Any], keys: Iterable[UUID] | None) -> Select[Any]:
    return asked if keys is None else asked.where(column.in_(list(keys)))


def _in_force(
    starts_at: ColumnElement[Any], ends_at: ColumnElement[Any], window: Window
) -> Sequence[ColumnElement[Any]]:
    return (starts_at < window.end, or_(ends_at.is_(None), ends_at > window.start))
