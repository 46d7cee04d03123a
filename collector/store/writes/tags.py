"""Tags as dated history: who owned a thing in March is answered by March's tags."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from collector.domain.types import Tags
from collector.store import tables
from collector.store.writes.bulk import upsert


def subscription_subject(subscription_id: str) -> str:
    return f"/subscriptions/{subscription_id}".lower()


def group_subject(subscription_id: str, resource_group: str) -> str:
    return f"{subscription_subject(subscription_id)}/resourcegroups/{resource_group.lower()}"


def account_subject(arm_id: str) -> str:
    return arm_id.lower()


def deployment_subject(account_arm_id: str, deployment: str) -> str:
    return f"{account_arm_id.lower()}/deployments/{deployment.casefold()}"


def record_tags(connection: Connection, seen: Mapping[str, Tags], at: datetime) -> None:
    """A row per subject and change. Before a subject's oldest row, that row is the best that is known."""
    table = tables.tag_revision
    stored = select(table).where(table.c.subject.in_(list(seen)), table.c.ends_at.is_(None))
    in_force = {row.subject: row for row in connection.execute(stored.order_by(table.c.starts_at))}
    rows: list[tuple[object, ...]] = []
    for subject, tags in seen.items():
        before = in_force.get(subject)
        if before is None:
            rows.append((subject, at, None, dict(tags)))
        elif dict(before.tags) != dict(tags):
            if before.starts_at < at:
                rows.append((subject, before.starts_at, at, before.tags))
            rows.append((subject, max(at, before.starts_at), None, dict(tags)))
    upsert(connection, table, rows)
