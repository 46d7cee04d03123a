"""Billed lines know their invoice and the commitment that covered them; both are parts of their key."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant, Json, Money

revision = "0013"
down_revision = "0012"

_KEY = ["account_key", "day", "meter_id", "charge_type", "currency", "invoice", "commitment"]
_BEFORE = (
    "account_key, day, meter_id, charge_type, currency, scope, account_arm_id, meter, quantity, actual, amortised, "
    "read_at, export"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _bill_day_anew()
    else:
        for name in ("invoice", "commitment"):
            op.add_column("bill_day", sa.Column(name, sa.Text(), nullable=False, server_default=""))
            op.alter_column("bill_day", name, server_default=None)
        op.drop_constraint("pk_bill_day", "bill_day", type_="primary")
        op.create_primary_key("pk_bill_day", "bill_day", _KEY)
    for name in ("category", "type"):
        op.add_column("reservation_day", sa.Column(name, sa.Text()))
    op.add_column("month_close_charge", sa.Column("invoiced", Json))
    op.create_table(
        "biller",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("account_name", sa.Text()),
        sa.Column("account_type", sa.Text()),
        sa.Column("issuer", sa.Text()),
        sa.PrimaryKeyConstraint("scope", "month", "invoice", name="pk_biller"),
        sqlite_with_rowid=False,
    )


def _bill_day_anew() -> None:
    """SQLite changes no key of a table that stands: its rows move to one with the new key."""
    op.rename_table("bill_day", "bill_day_before")
    op.drop_index("ix_bill_day_day", "bill_day_before")
    op.create_table(
        "bill_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("meter_id", sa.Text(), nullable=False),
        sa.Column("charge_type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("account_arm_id", sa.Text()),
        sa.Column("meter", sa.Text()),
        sa.Column("quantity", Money()),
        sa.Column("actual", Money()),
        sa.Column("amortised", Money()),
        sa.Column("read_at", Instant(), nullable=False),
        sa.Column("export", sa.Text()),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_bill_day"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO bill_day ({_BEFORE}, invoice, commitment) SELECT {_BEFORE}, '', '' FROM bill_day_before"  # noqa: S608  # names of our own columns
    )
    op.drop_table("bill_day_before")
    op.create_index("ix_bill_day_day", "bill_day", ["day"])
