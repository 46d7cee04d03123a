"""Alerts with their history, what people did with them, and the letters about them."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant, Json

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _alert()
    _alert_event()
    _alert_action()
    _alert_due()
    _letter()


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text()),
        sa.Column("account", sa.Text()),
        sa.Column("owner", sa.Text()),
        sa.Column("due_on", sa.Date()),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant()),
        sa.Column("state", Json, nullable=False),
        sa.PrimaryKeyConstraint("alert_key", name="pk_alert"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alert_status", "alert", ["status"])


def _alert_event() -> None:
    op.create_table(
        "alert_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("who", sa.Text()),
        sa.PrimaryKeyConstraint("event_id", name="pk_alert_event"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alert_event_alert_key", "alert_event", ["alert_key"])
    op.create_index("ix_alert_event_at", "alert_event", ["at"])


def _alert_action() -> None:
    op.create_table(
        "alert_action",
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", Instant()),
        sa.Column("applied_at", Instant()),
        sa.Column("refused", sa.Text()),
        sa.PrimaryKeyConstraint("action_id", name="pk_alert_action"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alert_action_applied_at", "alert_action", ["applied_at"])


def _alert_due() -> None:
    op.create_table(
        "alert_due",
        sa.Column("due_id", sa.Text(), nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("not_before", Instant(), nullable=False),
        sa.Column("due", Json, nullable=False),
        sa.PrimaryKeyConstraint("due_id", name="pk_alert_due"),
        sqlite_with_rowid=False,
    )


def _letter() -> None:
    op.create_table(
        "letter",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_tried_at", Instant()),
        sa.Column("next_attempt_at", Instant()),
        sa.Column("sent_at", Instant()),
        sa.Column("error", sa.Text()),
        sa.Column("content", Json, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_letter"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_letter_status", "letter", ["status", "next_attempt_at"])
    op.create_index("ix_letter_written_at", "letter", ["written_at"])
