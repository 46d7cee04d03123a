"""What goes into the store. Every write is idempotent: done again, it changes nothing."""

from collector.store.engine import retrying, writing
from collector.store.writes.bills import record_bill, record_billers, record_reserved
from collector.store.writes.callers import keep_callers, record_callers
from collector.store.writes.catalog import record_capacities, record_catalog, record_catalog_events
from collector.store.writes.collection import (
    advance_watermarks,
    close_abandoned_runs,
    close_gap,
    fail_watermark,
    finish_run,
    forget_scope,
    record_gap,
    start_run,
)
from collector.store.writes.dirty import DirtyDay, clear_days, mark_days, mark_window
from collector.store.writes.inventory import (
    record_currencies,
    record_inventory,
    record_metric_only_deployments,
    record_published_metrics,
)
from collector.store.writes.prices import record_prices
from collector.store.writes.quotas import record_quotas
from collector.store.writes.usage import drop_hours, record_api_use, record_quality, record_usage_hours

__all__ = [
    "DirtyDay",
    "advance_watermarks",
    "clear_days",
    "close_abandoned_runs",
    "close_gap",
    "drop_hours",
    "fail_watermark",
    "finish_run",
    "forget_scope",
    "keep_callers",
    "mark_days",
    "mark_window",
    "record_api_use",
    "record_bill",
    "record_billers",
    "record_callers",
    "record_capacities",
    "record_catalog",
    "record_catalog_events",
    "record_currencies",
    "record_gap",
    "record_inventory",
    "record_metric_only_deployments",
    "record_prices",
    "record_published_metrics",
    "record_quality",
    "record_quotas",
    "record_reserved",
    "record_usage_hours",
    "retrying",
    "start_run",
    "writing",
]
