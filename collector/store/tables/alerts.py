"""Records: alerts, what people did with them, and letters."""

from sqlalchemy import Column, Date, Index, Integer, Text

from collector.store.tables.layout import key, need, table
from collector.store.tables.types import Instant, Json

alert = table(
    "alert",
    "record",
    key("alert_key", Text),
    need("rule", Text),
    need("subject", Text),
    need("status", Text),
    need("severity", Text),
    need("level", Integer),
    need("title", Text),
    Column("subscription_id", Text),
    Column("account", Text),
    Column("owner", Text),
    Column("due_on", Date),
    need("opened_at", Instant),
    need("changed_at", Instant),
    Column("closed_at", Instant),
    # The whole state as the domain has it; what stands beside it is for lists.
    need("state", Json),
    Index("ix_alert_status", "status"),
)

alert_event = table(
    "alert_event",
    "record",
    key("event_id", Text),
    need("alert_key", Text),
    need("kind", Text),
    need("at", Instant),
    need("detail", Text),
    Column("who", Text),
    Index("ix_alert_event_alert_key", "alert_key"),
    Index("ix_alert_event_at", "at"),
)

alert_action = table(
    "alert_action",
    "record",
    key("action_id", Text),
    need("alert_key", Text),
    need("kind", Text),
    need("at", Instant),
    need("who", Text),
    need("why", Text),
    Column("until", Instant),
    Column("applied_at", Instant),
    Column("refused", Text),
    Index("ix_alert_action_applied_at", "applied_at"),
)

alert_due = table(
    "alert_due",
    "record",
    key("due_id", Text),
    need("alert_key", Text),
    need("not_before", Instant),
    need("due", Json),
    Column("message_id", Text),
    Index("ix_alert_due_message_id", "message_id"),
)

letter = table(
    "letter",
    "record",
    key("message_id", Text),
    need("kind", Text),
    need("recipient", Text),
    need("subject", Text),
    need("written_at", Instant),
    need("status", Text),
    need("attempts", Integer),
    Column("first_tried_at", Instant),
    Column("next_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("error", Text),
    need("content", Json),
    Column("in_hand_at", Instant),
    Index("ix_letter_status", "status", "next_attempt_at"),
    Index("ix_letter_written_at", "written_at"),
)
