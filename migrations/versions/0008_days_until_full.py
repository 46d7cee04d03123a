"""When deployments and quota lines reach their limits, worked out by the derivation. The next one fills it."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Json

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "until_full",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("found", Json, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_until_full"),
        sqlite_with_rowid=False,
    )
