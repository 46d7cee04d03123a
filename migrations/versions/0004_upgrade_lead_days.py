"""How many days before its end Azure upgrades what waits for its end; read anew with the next models list."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("catalog_model", sa.Column("upgrade_lead_days", sa.BigInteger()))
