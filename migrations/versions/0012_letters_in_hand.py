"""Letters that may have been taken already are known, and a letter that was not can be taken back with what it tells."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("alert_due", sa.Column("message_id", sa.Text()))
    op.create_index("ix_alert_due_message_id", "alert_due", ["message_id"])
    op.add_column("letter", sa.Column("in_hand_at", Instant()))
    # What waits now may have been handed over by a process that died: it stays as it is.
    op.execute("UPDATE letter SET in_hand_at = written_at WHERE status = 'waiting'")
