"""The schema. Facts are replaced by a later reading, findings are rebuilt from facts, records are never discarded."""

from collector.store.tables.alerts import alert, alert_action, alert_due, alert_event, letter
from collector.store.tables.collection import dirty_day, gap, run, watermark
from collector.store.tables.inventory import (
    account,
    deployment,
    deployment_revision,
    subscription,
    tag_revision,
)
from collector.store.tables.layout import GROWING, PARTITIONED, REFERENCE, metadata
from collector.store.tables.money import (
    bill_day,
    billed_share,
    charge_day,
    charge_month,
    cost_day,
    cost_month,
    month_close,
    month_close_charge,
    price,
    reservation_day,
    restatement,
)
from collector.store.tables.offers import catalog_event, catalog_model, model_capacity, quota_reading
from collector.store.tables.types import Instant, Int, Json, Money, to_database
from collector.store.tables.usage import (
    api_caller,
    api_use_day,
    quality_hour,
    room_period,
    usage_day,
    usage_hour,
    usage_month,
)

__all__ = [
    "GROWING",
    "PARTITIONED",
    "REFERENCE",
    "Instant",
    "Int",
    "Json",
    "Money",
    "account",
    "alert",
    "alert_action",
    "alert_due",
    "alert_event",
    "api_caller",
    "api_use_day",
    "bill_day",
    "billed_share",
    "catalog_event",
    "catalog_model",
    "charge_day",
    "charge_month",
    "cost_day",
    "cost_month",
    "deployment",
    "deployment_revision",
    "dirty_day",
    "gap",
    "letter",
    "metadata",
    "model_capacity",
    "month_close",
    "month_close_charge",
    "price",
    "quality_hour",
    "quota_reading",
    "reservation_day",
    "restatement",
    "room_period",
    "run",
    "subscription",
    "tag_revision",
    "to_database",
    "usage_day",
    "usage_hour",
    "usage_month",
    "watermark",
]
