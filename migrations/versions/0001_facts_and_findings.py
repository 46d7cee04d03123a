"""The facts that Azure states, and the findings worked out from them."""

import sqlalchemy as sa
from alembic import op

from collector.store.tables import Instant, Json, Money

revision = "0001"
down_revision = None


def upgrade() -> None:
    _subscription()
    _account()
    _deployment()
    _deployment_revision()
    _tag_revision()
    _usage_hour()
    _usage_day()
    _usage_month()
    _room_period()
    _api_use_day()
    _quality_hour()
    _quota_reading()
    _catalog_model()
    _catalog_event()
    _model_capacity()
    _price()
    _charge_day()
    _charge_month()
    _bill_day()
    _dirty_day()
    _run()
    _watermark()
    _gap()


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("currency", sa.Text()),
        sa.Column("tags", Json, nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", name="pk_subscription"),
        sqlite_with_rowid=False,
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("arm_id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("resource_group", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text()),
        sa.Column("tags", Json, nullable=False),
        sa.Column("public_network_access", sa.Boolean()),
        sa.Column("local_auth_disabled", sa.Boolean()),
        sa.Column("customer_managed_key", sa.Boolean()),
        sa.Column("private_endpoints", sa.Integer()),
        sa.Column("identity", sa.Text()),
        sa.Column("published_metrics", Json),
        sa.Column("definitions_read_at", Instant()),
        sa.Column("deployments_read_at", Instant()),
        sa.Column("created_at", Instant()),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant()),
        sa.PrimaryKeyConstraint("account_key", name="pk_account"),
        sqlite_with_rowid=False,
    )


def _deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tags", Json, nullable=False),
        sa.Column("created_at", Instant()),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant()),
        sa.Column("known_by_metrics_only", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_key", "deployment", name="pk_deployment"),
        sqlite_with_rowid=False,
    )


def _deployment_revision() -> None:
    op.create_table(
        "deployment_revision",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant()),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text()),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("capacity", sa.BigInteger()),
        sa.Column("limit_tpm", sa.BigInteger()),
        sa.Column("limit_rpm", sa.BigInteger()),
        sa.Column("upgrade_option", sa.Text()),
        sa.Column("spillover_to", sa.Text()),
        sa.Column("content_filter", sa.Text()),
        sa.Column("service_tier", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("base_model", sa.Text()),
        sa.Column("base_version", sa.Text()),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_key", "deployment", "starts_at", name="pk_deployment_revision"),
        sqlite_with_rowid=False,
    )


def _tag_revision() -> None:
    op.create_table(
        "tag_revision",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant()),
        sa.Column("tags", Json, nullable=False),
        sa.PrimaryKeyConstraint("subject", "starts_at", name="pk_tag_revision"),
        sqlite_with_rowid=False,
    )


def _usage_hour() -> None:
    op.create_table(
        "usage_hour",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("grain_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("minutes_covered", sa.SmallInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("other_family_requests", sa.BigInteger(), nullable=False),
        sa.Column("throttled", sa.BigInteger(), nullable=False),
        sa.Column("client_errors", sa.BigInteger(), nullable=False),
        sa.Column("server_errors", sa.BigInteger(), nullable=False),
        sa.Column("spilled", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("audio_prompt_tokens", sa.BigInteger()),
        sa.Column("audio_completion_tokens", sa.BigInteger()),
        sa.Column("images", sa.BigInteger()),
        sa.Column("realtime_seconds", Money()),
        sa.Column("training_hours", Money()),
        sa.Column("active_tokens", sa.BigInteger()),
        sa.Column("ptu_mean", sa.Float()),
        sa.Column("ptu_max", sa.Float()),
        sa.Column("peak_tpm", sa.BigInteger()),
        sa.Column("peak_rpm", sa.BigInteger()),
        sa.Column("by_version", Json),
        sa.Column("minutes", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("account_key", "deployment", "hour", name="pk_usage_hour"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (hour)",
    )
    op.create_index("ix_usage_hour_hour", "usage_hour", ["hour"])


def _usage_day() -> None:
    op.create_table(
        "usage_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("minutes_known", sa.Integer(), nullable=False),
        sa.Column("minutes_covered", sa.Integer(), nullable=False),
        sa.Column("minutes_existed", sa.Integer(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("other_family_requests", sa.BigInteger(), nullable=False),
        sa.Column("throttled", sa.BigInteger(), nullable=False),
        sa.Column("throttled_at_limit", sa.BigInteger(), nullable=False),
        sa.Column("throttled_below_limit", sa.BigInteger(), nullable=False),
        sa.Column("throttled_unclassified", sa.BigInteger(), nullable=False),
        sa.Column("throttled_minutes", sa.Integer(), nullable=False),
        sa.Column("client_errors", sa.BigInteger(), nullable=False),
        sa.Column("server_errors", sa.BigInteger(), nullable=False),
        sa.Column("spilled", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("peak_tpm", sa.BigInteger()),
        sa.Column("peak_rpm", sa.BigInteger()),
        sa.Column("peak_tpm_at", Instant()),
        sa.Column("peak_rpm_at", Instant()),
        sa.Column("ptu_mean", sa.Float()),
        sa.Column("ptu_max", sa.Float()),
        sa.Column("minutes_over_80", sa.Integer()),
        sa.Column("minutes_over_90", sa.Integer()),
        sa.Column("minutes_over_100", sa.Integer()),
        sa.Column("tpm_histogram", sa.LargeBinary()),
        sa.Column("rpm_histogram", sa.LargeBinary()),
        sa.Column("ptu_histogram", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("account_key", "deployment", "day", name="pk_usage_day"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_day_day", "usage_day", ["day"])


def _usage_month() -> None:
    op.create_table(
        "usage_month",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("minutes_known", sa.Integer(), nullable=False),
        sa.Column("minutes_covered", sa.Integer(), nullable=False),
        sa.Column("minutes_existed", sa.Integer(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("other_family_requests", sa.BigInteger(), nullable=False),
        sa.Column("throttled", sa.BigInteger(), nullable=False),
        sa.Column("throttled_at_limit", sa.BigInteger(), nullable=False),
        sa.Column("throttled_below_limit", sa.BigInteger(), nullable=False),
        sa.Column("throttled_unclassified", sa.BigInteger(), nullable=False),
        sa.Column("throttled_minutes", sa.Integer(), nullable=False),
        sa.Column("client_errors", sa.BigInteger(), nullable=False),
        sa.Column("server_errors", sa.BigInteger(), nullable=False),
        sa.Column("spilled", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("peak_tpm", sa.BigInteger()),
        sa.Column("peak_rpm", sa.BigInteger()),
        sa.Column("peak_tpm_at", Instant()),
        sa.Column("peak_rpm_at", Instant()),
        sa.Column("ptu_mean", sa.Float()),
        sa.Column("ptu_max", sa.Float()),
        sa.Column("minutes_over_80", sa.Integer()),
        sa.Column("minutes_over_90", sa.Integer()),
        sa.Column("minutes_over_100", sa.Integer()),
        sa.Column("tpm_histogram", sa.LargeBinary()),
        sa.Column("rpm_histogram", sa.LargeBinary()),
        sa.Column("ptu_histogram", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("account_key", "deployment", "month", name="pk_usage_month"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_month_month", "usage_month", ["month"])


def _room_period() -> None:
    op.create_table(
        "room_period",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("limit_tpm", sa.BigInteger()),
        sa.Column("limit_rpm", sa.BigInteger()),
        sa.Column("peak_tpm", sa.BigInteger()),
        sa.Column("peak_tpm_at", Instant()),
        sa.Column("p99_tpm", sa.BigInteger()),
        sa.Column("p95_tpm", sa.BigInteger()),
        sa.Column("p50_tpm", sa.BigInteger()),
        sa.Column("peak_rpm", sa.BigInteger()),
        sa.Column("peak_rpm_at", Instant()),
        sa.Column("p99_rpm", sa.BigInteger()),
        sa.Column("p95_rpm", sa.BigInteger()),
        sa.Column("p50_rpm", sa.BigInteger()),
        sa.Column("peak_at_least", sa.Boolean()),
        sa.Column("headroom_tpm", sa.BigInteger()),
        sa.Column("headroom_rpm", sa.BigInteger()),
        sa.Column("binding", sa.Text()),
        sa.Column("used_share", sa.Float()),
        sa.Column("minutes_over_80", sa.Integer()),
        sa.Column("minutes_over_90", sa.Integer()),
        sa.Column("minutes_over_100", sa.Integer()),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("throttled", sa.BigInteger(), nullable=False),
        sa.Column("throttled_at_limit", sa.BigInteger(), nullable=False),
        sa.Column("throttled_below_limit", sa.BigInteger(), nullable=False),
        sa.Column("throttled_unclassified", sa.BigInteger(), nullable=False),
        sa.Column("throttled_minutes", sa.Integer(), nullable=False),
        sa.Column("spilled", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("ptu_mean", sa.Float()),
        sa.Column("ptu_p95", sa.Float()),
        sa.Column("ptu_max", sa.Float()),
        sa.Column("coverage", sa.Float()),
        sa.Column("minute_coverage", sa.Float()),
        sa.Column("trend", Json),
        sa.Column("computed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_key", "deployment", "period", name="pk_room_period"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_room_period_period", "room_period", ["period"])


def _api_use_day() -> None:
    op.create_table(
        "api_use_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("throttled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_key",
            "deployment",
            "day",
            "api_version",
            "operation",
            "tier",
            "stream",
            name="pk_api_use_day",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_api_use_day_day", "api_use_day", ["day", "requests"])


def _quality_hour() -> None:
    op.create_table(
        "quality_hour",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("first_token_ms_mean", sa.Float()),
        sa.Column("first_token_ms_max", sa.Float()),
        sa.Column("between_tokens_ms_mean", sa.Float()),
        sa.Column("between_tokens_ms_max", sa.Float()),
        sa.Column("last_byte_ms_mean", sa.Float()),
        sa.Column("last_byte_ms_max", sa.Float()),
        sa.Column("availability_mean", sa.Float()),
        sa.Column("availability_min", sa.Float()),
        sa.Column("filtered_requests", sa.BigInteger()),
        sa.Column("filter_rejections", sa.BigInteger()),
        sa.PrimaryKeyConstraint("account_key", "deployment", "hour", "stream", name="pk_quality_hour"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (hour)",
    )
    op.create_index("ix_quality_hour_hour", "quality_hour", ["hour"])


def _quota_reading() -> None:
    op.create_table(
        "quota_reading",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("usage_name", sa.Text(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("limit", Money(), nullable=False),
        sa.Column("current", Money(), nullable=False),
        sa.Column("unit", sa.Text()),
        sa.Column("per_unit", Money()),
        sa.Column("last_read_at", Instant(), nullable=False),
        sa.Column("gone_at", Instant()),
        sa.PrimaryKeyConstraint(
            "subscription_id", "location", "usage_name", "read_at", name="pk_quota_reading"
        ),
        sqlite_with_rowid=False,
    )


def _catalog_model() -> None:
    op.create_table(
        "catalog_model",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("fine_tuned", sa.Boolean(), nullable=False),
        sa.Column("usage_name", sa.Text()),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("lifecycle_status", sa.Text()),
        sa.Column("deprecation_status", sa.Text()),
        sa.Column("inference_retires_at", Instant()),
        sa.Column("fine_tune_retires_at", Instant()),
        sa.Column("sku_retires_at", Instant()),
        sa.Column("replacement_model", sa.Text()),
        sa.Column("replacement_version", sa.Text()),
        sa.Column("auto_upgrade_at", Instant()),
        sa.Column("is_default", sa.Boolean()),
        sa.Column("publisher", sa.Text()),
        sa.Column("capacity_minimum", sa.BigInteger()),
        sa.Column("capacity_maximum", sa.BigInteger()),
        sa.Column("capacity_step", sa.BigInteger()),
        sa.Column("capacity_default", sa.BigInteger()),
        sa.Column("tpm_per_unit", Money()),
        sa.Column("rpm_per_unit", Money()),
        sa.Column("costs", Json, nullable=False),
        sa.Column("capabilities", Json, nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("gone_at", Instant()),
        sa.PrimaryKeyConstraint(
            "location", "format", "model", "version", "sku", "fine_tuned", name="pk_catalog_model"
        ),
        sqlite_with_rowid=False,
    )


def _catalog_event() -> None:
    op.create_table(
        "catalog_event",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("fine_tuned", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.PrimaryKeyConstraint(
            "location",
            "format",
            "model",
            "version",
            "sku",
            "fine_tuned",
            "seen_at",
            "change",
            name="pk_catalog_event",
        ),
        sqlite_with_rowid=False,
    )


def _model_capacity() -> None:
    op.create_table(
        "model_capacity",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("available", Money(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "subscription_id", "location", "format", "model", "version", "sku", name="pk_model_capacity"
        ),
        sqlite_with_rowid=False,
    )


def _price() -> None:
    op.create_table(
        "price",
        sa.Column("meter_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("tier_minimum_units", Money(), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("captured_at", Instant(), nullable=False),
        sa.Column("effective_until", Instant()),
        sa.Column("last_captured_at", Instant(), nullable=False),
        sa.Column("unit_price", Money(), nullable=False),
        sa.Column("unit_of_measure", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("meter_name", sa.Text(), nullable=False),
        sa.Column("sku_name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "meter_id",
            "region",
            "currency",
            "type",
            "term",
            "tier_minimum_units",
            "effective_from",
            "captured_at",
            name="pk_price",
        ),
        sqlite_with_rowid=False,
    )


def _charge_day() -> None:
    op.create_table(
        "charge_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("team", sa.Text()),
        sa.Column("quantity", Money(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", Money()),
        sa.Column("cost", Money()),
        sa.Column("low", Money()),
        sa.Column("high", Money()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("step", sa.Text()),
        sa.Column("meter_id", sa.Text()),
        sa.Column("meter_name", sa.Text()),
        sa.Column("price_effective_from", Instant()),
        sa.Column("price_captured_at", Instant()),
        sa.Column("why", sa.Text()),
        sa.PrimaryKeyConstraint(
            "account_key",
            "deployment",
            "day",
            "model",
            "version",
            "sku",
            "kind",
            "tier",
            "currency",
            name="pk_charge_day",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_charge_day_day",
        "charge_day",
        ["day", "currency", "model", "cost", "low", "high", "quantity", "team"],
    )


def _charge_month() -> None:
    op.create_table(
        "charge_month",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("team", sa.Text()),
        sa.Column("quantity", Money(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", Money()),
        sa.Column("cost", Money()),
        sa.Column("low", Money()),
        sa.Column("high", Money()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("step", sa.Text()),
        sa.Column("meter_id", sa.Text()),
        sa.Column("meter_name", sa.Text()),
        sa.Column("price_effective_from", Instant()),
        sa.Column("price_captured_at", Instant()),
        sa.Column("why", sa.Text()),
        sa.PrimaryKeyConstraint(
            "account_key",
            "deployment",
            "month",
            "part",
            "model",
            "version",
            "sku",
            "kind",
            "tier",
            "currency",
            name="pk_charge_month",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_charge_month_month", "charge_month", ["month"])


def _bill_day() -> None:
    op.create_table(
        "bill_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("meter_id", sa.Text(), nullable=False),
        sa.Column("charge_type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("account_arm_id", sa.Text()),
        sa.Column("meter", sa.Text()),
        sa.Column("quantity", Money()),
        sa.Column("actual", Money()),
        sa.Column("amortised", Money()),
        sa.Column("read_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_key", "day", "meter_id", "charge_type", "currency", name="pk_bill_day"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bill_day_day", "bill_day", ["day"])


def _dirty_day() -> None:
    op.create_table(
        "dirty_day",
        sa.Column("account_key", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_key", "day", name="pk_dirty_day"),
        sqlite_with_rowid=False,
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("throttles", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("windows", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_run"),
        sa.CheckConstraint("status in ('running', 'ok', 'partial', 'failed')", name=op.f("ck_run_status")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_started_at", "run", ["started_at"])


def _watermark() -> None:
    op.create_table(
        "watermark",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("through", Instant()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("remedy", sa.Text()),
        sa.Column("attempted_at", Instant(), nullable=False),
        sa.Column("succeeded_at", Instant()),
        sa.PrimaryKeyConstraint("job", "scope", name="pk_watermark"),
        sqlite_with_rowid=False,
    )


def _gap() -> None:
    op.create_table(
        "gap",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("job", "scope", "starts_at", name="pk_gap"),
        sqlite_with_rowid=False,
    )
