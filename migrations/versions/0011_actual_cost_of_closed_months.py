"""What the bill asks to be paid for a closed month's charges, beside its amortised cost. Months closed before know none."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Money

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("month_close_charge", sa.Column("actual", Money()))
