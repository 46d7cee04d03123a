"""Facts of what Azure offers: quotas, models, capacities."""

from sqlalchemy import Boolean, Column, Text

from collector.store.tables.layout import key, need, table
from collector.store.tables.types import Instant, Int, Json, Money

quota_reading = table(
    "quota_reading",
    "fact",
    key("subscription_id", Text),
    key("location", Text),
    key("usage_name", Text),
    key("read_at", Instant),
    need("label", Text),
    need("limit", Money),
    need("current", Money),
    Column("unit", Text),
    Column("per_unit", Money),
    need("last_read_at", Instant),
    Column("gone_at", Instant),
)

catalog_model = table(
    "catalog_model",
    "fact",
    key("location", Text),
    key("format", Text),
    key("model", Text),
    key("version", Text),
    key("sku", Text),
    key("fine_tuned", Boolean),
    Column("usage_name", Text),
    need("kinds", Json),
    Column("lifecycle_status", Text),
    Column("deprecation_status", Text),
    Column("inference_retires_at", Instant),
    Column("fine_tune_retires_at", Instant),
    Column("sku_retires_at", Instant),
    Column("replacement_model", Text),
    Column("replacement_version", Text),
    Column("auto_upgrade_at", Instant),
    Column("is_default", Boolean),
    Column("publisher", Text),
    Column("capacity_minimum", Int),
    Column("capacity_maximum", Int),
    Column("capacity_step", Int),
    Column("capacity_default", Int),
    Column("tpm_per_unit", Money),
    Column("rpm_per_unit", Money),
    need("costs", Json),
    need("capabilities", Json),
    need("first_seen_at", Instant),
    need("last_seen_at", Instant),
    Column("gone_at", Instant),
    Column("upgrade_lead_days", Int),
)

catalog_event = table(
    "catalog_event",
    "fact",
    key("location", Text),
    key("format", Text),
    key("model", Text),
    key("version", Text),
    key("sku", Text),
    key("fine_tuned", Boolean),
    key("seen_at", Instant),
    key("change", Text),
    Column("before", Text),
    Column("after", Text),
)

model_capacity = table(
    "model_capacity",
    "fact",
    key("subscription_id", Text),
    key("location", Text),
    key("format", Text),
    key("model", Text),
    key("version", Text),
    key("sku", Text),
    need("available", Money),
    need("read_at", Instant),
)
