"""The schema. Facts are replaced by a later reading, findings are rebuilt from facts, records are never discarded.

What grows with time is keyed by `account_key` first, so that it can be distributed by it (docs/architecture.md).
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant of whole seconds: `timestamptz` on PostgreSQL, seconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(cast(TypeEngine[Any], BigInteger()))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else to_database(value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromtimestamp(value, UTC)
        return value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC on PostgreSQL, its own digits as text on SQLite (summed by `money_sum`).

    SQLite compares these texts as texts: order and compare amounts in Python, or with `money_rank`.
    """

    impl = Numeric()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(cast(TypeEngine[Any], Text()))
        return dialect.type_descriptor(Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return None if value is None else to_database(value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def to_database(value: Any, dialect: str) -> Any:
    """A Python value as the raw driver takes it, for bulk writes that bypass SQLAlchemy's types."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(
                f"{value!r}: expected an aware instant, for example datetime(2026, 10, 1, tzinfo=UTC)"
            )
        return int(value.timestamp()) if dialect == "sqlite" else value.astimezone(UTC).replace(microsecond=0)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value!r}: expected a finite amount")
        return _digits(value) if dialect == "sqlite" else value
    if isinstance(value, date) and dialect == "sqlite":
        return value.isoformat()
    if isinstance(value, UUID) and dialect == "sqlite":
        return value.hex
    return value


def _digits(value: Decimal) -> str:
    """One text per amount, so that 1.50 and 1.5 are one key and no change."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Int = BigInteger()
_Kind = Literal["fact", "finding", "record"]

GROWING: Final = (
    "usage_hour",
    "usage_day",
    "usage_month",
    "quality_hour",
    "api_use_day",
    "charge_day",
    "charge_month",
    "bill_day",
    "billed_share",
    "month_close_charge",
    "restatement",
    "dirty_day",
)
"""Distributed by `account_key` on Citus."""

PARTITIONED: Final = {"usage_hour": "hour", "quality_hour": "hour"}
"""Range-partitioned by month on PostgreSQL."""

REFERENCE: Final = (
    "subscription",
    "account",
    "deployment",
    "deployment_revision",
    "tag_revision",
    "price",
    "catalog_model",
)
"""Copied to every node on Citus; what is in neither list stays on the coordinator."""


def _key(name: str, type_: Any) -> Column[Any]:
    return Column(name, type_, primary_key=True, nullable=False, autoincrement=False)


def _need(name: str, type_: Any, default: Any = None) -> Column[Any]:
    return Column(name, type_, nullable=False, default=default)


def _table(name: str, kind: _Kind, *parts: Any) -> Table:
    # WITHOUT ROWID keeps a row beside its key: half the bytes, and no second lookup (research in docs/performance.md).
    partition: dict[str, Any] = (
        {"postgresql_partition_by": f"RANGE ({PARTITIONED[name]})"} if name in PARTITIONED else {}
    )
    return Table(name, metadata, *parts, info={"kind": kind}, sqlite_with_rowid=False, **partition)


subscription = _table(
    "subscription",
    "fact",
    _key("subscription_id", Text),
    _need("name", Text),
    Column("tenant_id", Text),
    Column("state", Text),
    Column("currency", Text),
    _need("tags", Json),
    _need("first_seen_at", Instant),
    _need("last_seen_at", Instant),
)

account = _table(
    "account",
    "fact",
    _key("account_key", Uuid),
    _need("arm_id", Text),
    _need("subscription_id", Text),
    _need("resource_group", Text),
    _need("name", Text),
    _need("location", Text),
    _need("kind", Text),
    Column("sku", Text),
    _need("tags", Json),
    Column("public_network_access", Boolean),
    Column("local_auth_disabled", Boolean),
    Column("customer_managed_key", Boolean),
    Column("private_endpoints", Integer),
    Column("identity", Text),
    Column("published_metrics", Json),
    Column("definitions_read_at", Instant),
    Column("deployments_read_at", Instant),
    Column("created_at", Instant),
    _need("first_seen_at", Instant),
    _need("last_seen_at", Instant),
    Column("deleted_at", Instant),
)

deployment = _table(
    "deployment",
    "fact",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _need("name", Text),
    _need("tags", Json),
    Column("created_at", Instant),
    _need("first_seen_at", Instant),
    _need("last_seen_at", Instant),
    Column("deleted_at", Instant),
    _need("known_by_metrics_only", Boolean),
)

deployment_revision = _table(
    "deployment_revision",
    "fact",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("starts_at", Instant),
    Column("ends_at", Instant),
    _need("format", Text),
    _need("model", Text),
    Column("version", Text),
    _need("sku", Text),
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
    _need("assumed", Boolean),
)

tag_revision = _table(
    "tag_revision",
    "fact",
    _key("subject", Text),
    _key("starts_at", Instant),
    Column("ends_at", Instant),
    _need("tags", Json),
)

usage_hour = _table(
    "usage_hour",
    "fact",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("hour", Instant),
    _need("name", Text),
    Column("model", Text),
    Column("version", Text),
    _need("family", Text),
    _need("grain_minutes", SmallInteger),
    _need("minutes_covered", SmallInteger),
    _need("requests", Int),
    _need("other_family_requests", Int),
    _need("throttled", Int),
    _need("client_errors", Int),
    _need("server_errors", Int),
    _need("spilled", Int),
    Column("prompt_tokens", Int),
    Column("completion_tokens", Int),
    Column("audio_prompt_tokens", Int),
    Column("audio_completion_tokens", Int),
    Column("images", Int),
    Column("realtime_seconds", Money),
    Column("training_hours", Money),
    Column("active_tokens", Int),
    Column("ptu_mean", Float),
    Column("ptu_max", Float),
    Column("peak_tpm", Int),
    Column("peak_rpm", Int),
    Column("by_version", Json),
    Column("minutes", LargeBinary),
    Index("ix_usage_hour_hour", "hour"),
)


def _usage_sums() -> list[Column[Any]]:
    return [
        _need("minutes_known", Integer),
        _need("minutes_covered", Integer),
        _need("minutes_existed", Integer),
        _need("requests", Int),
        _need("other_family_requests", Int),
        _need("throttled", Int),
        _need("throttled_at_limit", Int),
        _need("throttled_below_limit", Int),
        _need("throttled_unclassified", Int),
        _need("throttled_minutes", Integer),
        _need("client_errors", Int),
        _need("server_errors", Int),
        _need("spilled", Int),
        Column("prompt_tokens", Int),
        Column("completion_tokens", Int),
        Column("peak_tpm", Int),
        Column("peak_rpm", Int),
        Column("peak_tpm_at", Instant),
        Column("peak_rpm_at", Instant),
        Column("ptu_mean", Float),
        Column("ptu_max", Float),
        Column("minutes_over_80", Integer),
        Column("minutes_over_90", Integer),
        Column("minutes_over_100", Integer),
        Column("tpm_histogram", LargeBinary),
        Column("rpm_histogram", LargeBinary),
        Column("ptu_histogram", LargeBinary),
    ]


usage_day = _table(
    "usage_day",
    "finding",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("day", Date),
    Column("model", Text),
    Column("version", Text),
    _need("family", Text),
    *_usage_sums(),
    Index("ix_usage_day_day", "day"),
)

usage_month = _table(
    "usage_month",
    "finding",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("month", Date),
    *_usage_sums(),
    Index("ix_usage_month_month", "month"),
)

room_period = _table(
    "room_period",
    "finding",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("period", Text),
    _need("starts_at", Instant),
    _need("ends_at", Instant),
    Column("limit_tpm", Int),
    Column("limit_rpm", Int),
    Column("peak_tpm", Int),
    Column("peak_tpm_at", Instant),
    Column("p99_tpm", Int),
    Column("p95_tpm", Int),
    Column("p50_tpm", Int),
    Column("peak_rpm", Int),
    Column("peak_rpm_at", Instant),
    Column("p99_rpm", Int),
    Column("p95_rpm", Int),
    Column("p50_rpm", Int),
    Column("peak_at_least", Boolean),
    Column("headroom_tpm", Int),
    Column("headroom_rpm", Int),
    Column("binding", Text),
    Column("used_share", Float),
    Column("minutes_over_80", Integer),
    Column("minutes_over_90", Integer),
    Column("minutes_over_100", Integer),
    _need("requests", Int),
    _need("throttled", Int),
    _need("throttled_at_limit", Int),
    _need("throttled_below_limit", Int),
    _need("throttled_unclassified", Int),
    _need("throttled_minutes", Integer),
    _need("spilled", Int),
    Column("prompt_tokens", Int),
    Column("completion_tokens", Int),
    Column("ptu_mean", Float),
    Column("ptu_p95", Float),
    Column("ptu_max", Float),
    Column("coverage", Float),
    Column("minute_coverage", Float),
    Column("trend", Json),
    Column("computed_at", Instant, nullable=False),
    Index("ix_room_period_period", "period"),
)

api_use_day = _table(
    "api_use_day",
    "fact",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("day", Date),
    _key("api_version", Text),
    _key("operation", Text),
    _key("tier", Text),
    _key("stream", Text),
    _need("requests", Int),
    _need("throttled", Int),
    Index("ix_api_use_day_day", "day", "requests"),
)

quality_hour = _table(
    "quality_hour",
    "fact",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("hour", Instant),
    _key("stream", Text),
    Column("first_token_ms_mean", Float),
    Column("first_token_ms_max", Float),
    Column("between_tokens_ms_mean", Float),
    Column("between_tokens_ms_max", Float),
    Column("last_byte_ms_mean", Float),
    Column("last_byte_ms_max", Float),
    Column("availability_mean", Float),
    Column("availability_min", Float),
    Column("filtered_requests", Int),
    Column("filter_rejections", Int),
    Index("ix_quality_hour_hour", "hour"),
)

quota_reading = _table(
    "quota_reading",
    "fact",
    _key("subscription_id", Text),
    _key("location", Text),
    _key("usage_name", Text),
    _key("read_at", Instant),
    _need("label", Text),
    _need("limit", Money),
    _need("current", Money),
    Column("unit", Text),
    Column("per_unit", Money),
    _need("last_read_at", Instant),
    Column("gone_at", Instant),
)

catalog_model = _table(
    "catalog_model",
    "fact",
    _key("location", Text),
    _key("format", Text),
    _key("model", Text),
    _key("version", Text),
    _key("sku", Text),
    _key("fine_tuned", Boolean),
    Column("usage_name", Text),
    _need("kinds", Json),
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
    _need("costs", Json),
    _need("capabilities", Json),
    _need("first_seen_at", Instant),
    _need("last_seen_at", Instant),
    Column("gone_at", Instant),
)

catalog_event = _table(
    "catalog_event",
    "fact",
    _key("location", Text),
    _key("format", Text),
    _key("model", Text),
    _key("version", Text),
    _key("sku", Text),
    _key("fine_tuned", Boolean),
    _key("seen_at", Instant),
    _key("change", Text),
    Column("before", Text),
    Column("after", Text),
)

model_capacity = _table(
    "model_capacity",
    "fact",
    _key("subscription_id", Text),
    _key("location", Text),
    _key("format", Text),
    _key("model", Text),
    _key("version", Text),
    _key("sku", Text),
    _need("available", Money),
    _need("read_at", Instant),
)

price = _table(
    "price",
    "fact",
    _key("meter_id", Text),
    _key("region", Text),
    _key("currency", Text),
    _key("type", Text),
    _key("term", Text),
    _key("tier_minimum_units", Money),
    _key("effective_from", Instant),
    _key("captured_at", Instant),
    Column("effective_until", Instant),
    _need("last_captured_at", Instant),
    _need("unit_price", Money),
    _need("unit_of_measure", Text),
    _need("product", Text),
    _need("meter_name", Text),
    _need("sku_name", Text),
    _need("service", Text),
)


def _charge_columns() -> list[Column[Any]]:
    return [
        _key("model", Text),
        _key("version", Text),
        _key("sku", Text),
        _key("kind", Text),
        _key("tier", Text),
        _key("currency", Text),
        _need("location", Text),
        Column("team", Text),
        _need("quantity", Money),
        _need("unit", Text),
        Column("unit_price", Money),
        Column("cost", Money),
        Column("low", Money),
        Column("high", Money),
        _need("basis", Text),
        Column("step", Text),
        Column("meter_id", Text),
        Column("meter_name", Text),
        Column("price_effective_from", Instant),
        Column("price_captured_at", Instant),
        Column("why", Text),
    ]


charge_day = _table(
    "charge_day",
    "finding",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("day", Date),
    *_charge_columns(),
    # Holds what the cost screens add up, so that a month of days is read without its rows.
    Index("ix_charge_day_day", "day", "currency", "model", "cost", "low", "high", "quantity", "team"),
)

charge_month = _table(
    "charge_month",
    "finding",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("month", Date),
    # A month in which a price changed has a row for each price, so that quantity × unit price is the cost.
    _key("part", SmallInteger),
    *_charge_columns(),
    Index("ix_charge_month_month", "month"),
)

bill_day = _table(
    "bill_day",
    "fact",
    _key("account_key", Uuid),
    _key("day", Date),
    _key("meter_id", Text),
    _key("charge_type", Text),
    _key("currency", Text),
    _need("scope", Text),
    Column("account_arm_id", Text),
    Column("meter", Text),
    Column("quantity", Money),
    Column("actual", Money),
    Column("amortised", Money),
    _need("read_at", Instant),
    Index("ix_bill_day_day", "day"),
)

# How an account's bill of the days before a month parted the tokens that metrics cannot tell apart.
billed_share = _table(
    "billed_share",
    "finding",
    _key("account_key", Uuid),
    _key("month", Date),
    _key("family", Text),
    _key("direction", Text),
    _key("kind", Text),
    _need("share", Money),
    _need("tokens", Money),
)

month_close = _table(
    "month_close",
    "record",
    _key("month", Date),
    _need("closed_at", Instant),
    _need("closed_by", Text),
    # Totals and reconciliation as they stood; the charges lie in month_close_charge.
    _need("summary", Json),
    Column("letter_sent_at", Instant),
)

month_close_charge = _table(
    "month_close_charge",
    "record",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("month", Date),
    _key("part", SmallInteger),
    *_charge_columns(),
    Column("billed", Money),
    Index("ix_month_close_charge_month", "month"),
)

restatement = _table(
    "restatement",
    "record",
    _key("account_key", Uuid),
    _key("deployment", Text),
    _key("month", Date),
    _key("currency", Text),
    _key("seen_at", Instant),
    Column("estimate_before", Money),
    Column("estimate_after", Money),
    Column("billed_before", Money),
    Column("billed_after", Money),
    Index("ix_restatement_month", "month"),
)

dirty_day = _table(
    "dirty_day",
    "fact",
    _key("account_key", Uuid),
    _key("day", Date),
    _need("mark", Int),
)

run = _table(
    "run",
    "record",
    _key("run_id", Text),
    _need("job", Text),
    _need("started_at", Instant),
    Column("finished_at", Instant),
    _need("status", Text),
    _need("calls", Int),
    _need("throttles", Int),
    _need("rows", Int),
    _need("windows", Int),
    Column("error", Text),
    _need("holder", Text),
    CheckConstraint("status in ('running', 'ok', 'partial', 'failed')", name="status"),
    Index("ix_run_started_at", "started_at"),
)

watermark = _table(
    "watermark",
    "fact",
    _key("job", Text),
    _key("scope", Text),
    Column("through", Instant),
    _need("status", Text),
    Column("error", Text),
    Column("remedy", Text),
    _need("attempted_at", Instant),
    Column("succeeded_at", Instant),
)

gap = _table(
    "gap",
    "record",
    _key("job", Text),
    _key("scope", Text),
    _key("starts_at", Instant),
    _need("ends_at", Instant),
    _need("why", Text),
    _need("seen_at", Instant),
)

alert = _table(
    "alert",
    "record",
    _key("alert_key", Text),
    _need("rule", Text),
    _need("subject", Text),
    _need("status", Text),
    _need("severity", Text),
    _need("level", Integer),
    _need("title", Text),
    Column("subscription_id", Text),
    Column("account", Text),
    Column("owner", Text),
    Column("due_on", Date),
    _need("opened_at", Instant),
    _need("changed_at", Instant),
    Column("closed_at", Instant),
    # The whole state as the domain has it; what stands beside it is for lists.
    _need("state", Json),
    Index("ix_alert_status", "status"),
)

alert_event = _table(
    "alert_event",
    "record",
    _key("event_id", Text),
    _need("alert_key", Text),
    _need("kind", Text),
    _need("at", Instant),
    _need("detail", Text),
    Column("who", Text),
    Index("ix_alert_event_alert_key", "alert_key"),
    Index("ix_alert_event_at", "at"),
)

alert_action = _table(
    "alert_action",
    "record",
    _key("action_id", Text),
    _need("alert_key", Text),
    _need("kind", Text),
    _need("at", Instant),
    _need("who", Text),
    _need("why", Text),
    Column("until", Instant),
    Column("applied_at", Instant),
    Column("refused", Text),
    Index("ix_alert_action_applied_at", "applied_at"),
)

alert_due = _table(
    "alert_due",
    "record",
    _key("due_id", Text),
    _need("alert_key", Text),
    _need("not_before", Instant),
    _need("due", Json),
)

letter = _table(
    "letter",
    "record",
    _key("message_id", Text),
    _need("kind", Text),
    _need("recipient", Text),
    _need("subject", Text),
    _need("written_at", Instant),
    _need("status", Text),
    _need("attempts", Integer),
    Column("first_tried_at", Instant),
    Column("next_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("error", Text),
    _need("content", Json),
    Index("ix_letter_status", "status", "next_attempt_at"),
    Index("ix_letter_written_at", "written_at"),
)
