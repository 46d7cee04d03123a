"""An index that holds what forecasts add up, so that no day beside theirs is looked at."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_cost_day_totals", "cost_day", ["day", "currency", "model", "cost", "tokens"])
