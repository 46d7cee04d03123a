"""What the bill teaches, and months that are closed: their charges as they stood, and what changed since."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant, Json, Money

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _billed_share()
    _month_close()
    _month_close_charge()
    _restatement()


def _billed_share() -> None:
    op.create_table(
        "billed_share",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("share", Money(), nullable=False),
        sa.Column("tokens", Money(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_key", "month", "family", "direction", "kind", name="pk_billed_share"
        ),
        sqlite_with_rowid=False,
    )


def _month_close() -> None:
    op.create_table(
        "month_close",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("summary", Json, nullable=False),
        sa.Column("letter_sent_at", Instant()),
        sa.PrimaryKeyConstraint("month", name="pk_month_close"),
        sqlite_with_rowid=False,
    )


def _month_close_charge() -> None:
    key = (
        "account_key",
        "deployment",
        "month",
        "part",
        "model",
        "version",
        "sku",
        "kind",
        "tier",
        "currency",
    )
    op.create_table(
        "month_close_charge",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in key[4:]),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("team", sa.Text()),
        sa.Column("quantity", Money(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", Money()),
        sa.Column("cost", Money()),
        sa.Column("low", Money()),
        sa.Column("high", Money()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("step", sa.Text()),
        sa.Column("meter_id", sa.Text()),
        sa.Column("meter_name", sa.Text()),
        sa.Column("price_effective_from", Instant()),
        sa.Column("price_captured_at", Instant()),
        sa.Column("why", sa.Text()),
        sa.Column("billed", Money()),
        sa.PrimaryKeyConstraint(*key, name="pk_month_close_charge"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_month_close_charge_month", "month_close_charge", ["month"])


def _restatement() -> None:
    op.create_table(
        "restatement",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("estimate_before", Money()),
        sa.Column("estimate_after", Money()),
        sa.Column("billed_before", Money()),
        sa.Column("billed_after", Money()),
        sa.PrimaryKeyConstraint(
            "account_key", "deployment", "month", "currency", "seen_at", name="pk_restatement"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_restatement_month", "restatement", ["month"])
