"""Restatements tell what the bill asks to be paid, too. Those of before know the amortised bill alone."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Money

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for name in ("actual_before", "actual_after"):
        op.add_column("restatement", sa.Column(name, Money()))
