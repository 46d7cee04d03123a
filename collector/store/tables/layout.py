"""What a table is made of, and where its rows lie when they no longer fit one machine.

What grows with time is keyed by `account_key` first, so that it can be distributed by it (docs/architecture.md).
"""

from typing import Any, Final, Literal

from sqlalchemy import Column, MetaData, Table

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_Kind = Literal["fact", "finding", "record"]

GROWING: Final = (
    "usage_hour",
    "usage_day",
    "usage_month",
    "quality_hour",
    "api_use_day",
    "charge_day",
    "charge_month",
    "bill_day",
    "reservation_day",
    "billed_share",
    "month_close_charge",
    "restatement",
    "dirty_day",
)
"""Distributed by `account_key` on Citus."""

PARTITIONED: Final = {"usage_hour": "hour", "quality_hour": "hour"}
"""Range-partitioned by month on PostgreSQL."""

REFERENCE: Final = (
    "subscription",
    "account",
    "deployment",
    "deployment_revision",
    "tag_revision",
    "price",
    "catalog_model",
)
"""Copied to every node on Citus; what is in neither list stays on the coordinator."""


def key(name: str, type_: Any) -> Column[Any]:
    return Column(name, type_, primary_key=True, nullable=False, autoincrement=False)


def need(name: str, type_: Any, default: Any = None) -> Column[Any]:
    return Column(name, type_, nullable=False, default=default)


def table(name: str, kind: _Kind, *parts: Any) -> Table:
    # WITHOUT ROWID keeps a row beside its key: half the bytes, and no second lookup (research in docs/performance.md).
    partition: dict[str, Any] = (
        {"postgresql_partition_by": f"RANGE ({PARTITIONED[name]})"} if name in PARTITIONED else {}
    )
    return Table(name, metadata, *parts, info={"kind": kind}, sqlite_with_rowid=False, **partition)
