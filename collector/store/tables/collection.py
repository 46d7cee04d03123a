"""What the collector did, how far everything is known, and what waits to be worked out."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Text, Uuid

from collector.store.tables.layout import key, need, table
from collector.store.tables.types import Instant, Int

dirty_day = table(
    "dirty_day",
    "fact",
    key("account_key", Uuid),
    key("day", Date),
    need("mark", Int),
    # Whether the day's usage waits too, or its charges alone.
    need("usage", Boolean),
)

run = table(
    "run",
    "record",
    key("run_id", Text),
    need("job", Text),
    need("started_at", Instant),
    Column("finished_at", Instant),
    need("status", Text),
    need("calls", Int),
    need("throttles", Int),
    need("rows", Int),
    need("windows", Int),
    Column("error", Text),
    need("holder", Text),
    CheckConstraint("status in ('running', 'ok', 'partial', 'failed')", name="status"),
    Index("ix_run_started_at", "started_at"),
)

watermark = table(
    "watermark",
    "fact",
    key("job", Text),
    key("scope", Text),
    Column("through", Instant),
    need("status", Text),
    Column("error", Text),
    Column("remedy", Text),
    need("attempted_at", Instant),
    Column("succeeded_at", Instant),
)

gap = table(
    "gap",
    "record",
    key("job", Text),
    key("scope", Text),
    key("starts_at", Instant),
    need("ends_at", Instant),
    need("why", Text),
    need("seen_at", Instant),
)
