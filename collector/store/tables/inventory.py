"""Facts of ARM: subscriptions, accounts, deployments, and what they were when."""

from sqlalchemy import Boolean, Column, Integer, Text, Uuid

from collector.store.tables.layout import key, need, table
from collector.store.tables.types import Instant, Int, Json

subscription = table(
    "subscription",
    "fact",
    key("subscription_id", Text),
    need("name", Text),
    Column("tenant_id", Text),
    Column("state", Text),
    Column("currency", Text),
    need("tags", Json),
    need("first_seen_at", Instant),
    need("last_seen_at", Instant),
)

account = table(
    "account",
    "fact",
    key("account_key", Uuid),
    need("arm_id", Text),
    need("subscription_id", Text),
    need("resource_group", Text),
    need("name", Text),
    need("location", Text),
    need("kind", Text),
    Column("sku", Text),
    need("tags", Json),
    Column("public_network_access", Boolean),
    Column("local_auth_disabled", Boolean),
    Column("customer_managed_key", Boolean),
    Column("private_endpoints", Integer),
    Column("identity", Text),
    Column("published_metrics", Json),
    Column("definitions_read_at", Instant),
    Column("deployments_read_at", Instant),
    Column("created_at", Instant),
    need("first_seen_at", Instant),
    need("last_seen_at", Instant),
    Column("deleted_at", Instant),
)

deployment = table(
    "deployment",
    "fact",
    key("account_key", Uuid),
    key("deployment", Text),
    need("name", Text),
    need("tags", Json),
    Column("created_at", Instant),
    need("first_seen_at", Instant),
    need("last_seen_at", Instant),
    Column("deleted_at", Instant),
    need("known_by_metrics_only", Boolean),
)

deployment_revision = table(
    "deployment_revision",
    "fact",
    key("account_key", Uuid),
    key("deployment", Text),
    key("starts_at", Instant),
    Column("ends_at", Instant),
    need("format", Text),
    need("model", Text),
    Column("version", Text),
    need("sku", Text),
    Column("capacity", Int),
    Column("limit_tpm", Int),
    Column("limit_rpm", Int),
    Column("upgrade_option", Text),
    Column("spillover_to", Text),
    Column("content_filter", Text),
    Column("service_tier", Text),
    Column("state", Text),
    Column("base_model", Text),
    Column("base_version", Text),
    need("assumed", Boolean),
)

tag_revision = table(
    "tag_revision",
    "fact",
    key("subject", Text),
    key("starts_at", Instant),
    Column("ends_at", Instant),
    need("tags", Json),
)
