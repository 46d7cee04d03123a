"""What charges are worked out by, told apart by fingerprint. Left empty: the next derivation works out every charge."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant, Json

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "money_rule",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("told", Json, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("part", name="pk_money_rule"),
        sqlite_with_rowid=False,
    )
