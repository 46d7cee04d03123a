"""Costs summed by day and month over everything alike, and marks that say what of a day waits.

The sums are filled here from the charges that are there: no screen may show less until the next derivation.
"""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Money

revision = "0006"
down_revision = "0005"

ALIKE = (
    "currency",
    "subscription_id",
    "location",
    "model",
    "sku",
    "team",
    "kind",
    "tier",
    "unit",
    "step",
    "basis",
)
TOKENS = (
    "input",
    "cached_input",
    "cache_write",
    "output",
    "audio_input",
    "audio_output",
    "cached_audio_input",
    "image_input",
    "image_output",
    "cached_image_input",
)


def upgrade() -> None:
    op.add_column("dirty_day", sa.Column("usage", sa.Boolean(), nullable=False, server_default=sa.true()))
    for table, when in (("cost_day", "day"), ("cost_month", "month")):
        op.create_table(
            table,
            sa.Column(when, sa.Date(), nullable=False),
            *(sa.Column(name, sa.Text(), nullable=False) for name in ALIKE),
            sa.Column("quantity", Money(), nullable=False),
            sa.Column("cost", Money(), nullable=False),
            sa.Column("low", Money(), nullable=False),
            sa.Column("high", Money(), nullable=False),
            sa.Column("tokens", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(when, *ALIKE, name=f"pk_{table}"),
            sqlite_with_rowid=False,
        )
    _fill()


def _fill() -> None:
    # The store's own connections know money_total, which adds SQLite's amounts without losing a digit.
    total = "sum({})" if op.get_bind().dialect.name == "postgresql" else "money_total(group_concat({}))"
    kinds = ", ".join(f"'{kind}'" for kind in TOKENS)
    op.execute(
        f"""
        insert into cost_day
        select c.day, c.currency, coalesce(a.subscription_id, ''), c.location, c.model, c.sku, coalesce(c.team, ''),
               c.kind, c.tier, c.unit, coalesce(c.step, ''), c.basis,
               {total.format("c.quantity")}, {total.format("c.cost")}, {total.format("coalesce(c.low, c.cost)")},
               {total.format("coalesce(c.high, c.cost)")},
               sum(case when c.kind in ({kinds}) then cast(c.quantity as bigint) else 0 end)
        from charge_day c left join account a on a.account_key = c.account_key
        where c.cost is not null
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        """  # noqa: S608  # our own names and words
    )
    month = (
        "cast(date_trunc('month', day) as date)"
        if op.get_bind().dialect.name == "postgresql"
        else "date(day, 'start of month')"
    )
    op.execute(
        f"""
        insert into cost_month
        select {month}, {", ".join(ALIKE)}, {total.format("quantity")}, {total.format("cost")},
               {total.format("low")}, {total.format("high")}, sum(tokens)
        from cost_day
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        """  # noqa: S608  # our own names and words
    )
