"""Who calls with which api-version, where request logs are configured to be asked."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "api_caller",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("callers", sa.BigInteger()),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_key", "deployment", "api_version", "workspace", "caller", name="pk_api_caller"
        ),
        sqlite_with_rowid=False,
    )
