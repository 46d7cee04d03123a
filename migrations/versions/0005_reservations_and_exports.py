"""What of a bill was paid ahead, and which export a billed line came in by."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant, Money

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("bill_day", sa.Column("export", sa.Text()))
    op.create_table(
        "reservation_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reservation", sa.Text(), nullable=False),
        sa.Column("meter_id", sa.Text(), nullable=False),
        sa.Column("charge_type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text()),
        sa.Column("quantity", Money()),
        sa.Column("actual", Money()),
        sa.Column("amortised", Money()),
        sa.Column("read_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_key",
            "day",
            "reservation",
            "meter_id",
            "charge_type",
            "currency",
            name="pk_reservation_day",
        ),
        sqlite_with_rowid=False,
    )
