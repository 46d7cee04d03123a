"""Prices, charges, bills and closed months."""

from typing import Any

from sqlalchemy import Column, Date, Index, SmallInteger, Text, Uuid

from collector.store.tables.layout import key, need, table
from collector.store.tables.types import Instant, Int, Json, Money

price = table(
    "price",
    "fact",
    key("meter_id", Text),
    key("region", Text),
    key("currency", Text),
    key("type", Text),
    key("term", Text),
    key("tier_minimum_units", Money),
    key("effective_from", Instant),
    key("captured_at", Instant),
    Column("effective_until", Instant),
    need("last_captured_at", Instant),
    need("unit_price", Money),
    need("unit_of_measure", Text),
    need("product", Text),
    need("meter_name", Text),
    need("sku_name", Text),
    need("service", Text),
)


def _charge_columns() -> list[Column[Any]]:
    return [
        key("model", Text),
        key("version", Text),
        key("sku", Text),
        key("kind", Text),
        key("tier", Text),
        key("currency", Text),
        need("location", Text),
        Column("team", Text),
        need("quantity", Money),
        need("unit", Text),
        Column("unit_price", Money),
        Column("cost", Money),
        Column("low", Money),
        Column("high", Money),
        need("basis", Text),
        Column("step", Text),
        Column("meter_id", Text),
        Column("meter_name", Text),
        Column("price_effective_from", Instant),
        Column("price_captured_at", Instant),
        Column("why", Text),
    ]


charge_day = table(
    "charge_day",
    "finding",
    key("account_key", Uuid),
    key("deployment", Text),
    key("day", Date),
    *_charge_columns(),
    # Holds what the cost screens add up, so that a month of days is read without its rows.
    Index("ix_charge_day_day", "day", "currency", "model", "cost", "low", "high", "quantity", "team"),
)

charge_month = table(
    "charge_month",
    "finding",
    key("account_key", Uuid),
    key("deployment", Text),
    key("month", Date),
    # A month in which a price changed has a row for each price, so that quantity × unit price is the cost.
    key("part", SmallInteger),
    *_charge_columns(),
    Index("ix_charge_month_month", "month"),
)


def _cost_columns() -> list[Column[Any]]:
    """What screens group by, with '' for none of it, and what they add up. No account: an estate has many."""
    alike = ("currency", "subscription_id", "location", "model", "sku", "team", "kind", "tier", "unit")
    return [
        *(key(name, Text) for name in (*alike, "step", "basis")),
        need("quantity", Money),
        need("cost", Money),
        need("low", Money),
        need("high", Money),
        need("tokens", Int),
    ]


# Charges summed over all accounts, written with them; local on Citus, since what they sum lies on every node.
cost_day = table(
    "cost_day",
    "finding",
    key("day", Date),
    *_cost_columns(),
    # All that forecasts and totals of days ask for: read from it alone, weeks of days cost the same in any year.
    Index("ix_cost_day_totals", "day", "currency", "model", "cost", "tokens"),
)
cost_month = table("cost_month", "finding", key("month", Date), *_cost_columns())

bill_day = table(
    "bill_day",
    "fact",
    key("account_key", Uuid),
    key("day", Date),
    key("meter_id", Text),
    key("charge_type", Text),
    key("currency", Text),
    # '' where there is none yet, or the way in tells none: a key has no null.
    key("invoice", Text),
    key("commitment", Text),
    need("scope", Text),
    Column("account_arm_id", Text),
    Column("meter", Text),
    Column("quantity", Money),
    Column("actual", Money),
    Column("amortised", Money),
    need("read_at", Instant),
    # The export that the line came in by; null is Cost Management's query.
    Column("export", Text),
    Index("ix_bill_day_day", "day"),
)

# What of a bill was paid ahead: use that a reservation covered, and what of it stood unused. Keyed by its scope.
reservation_day = table(
    "reservation_day",
    "fact",
    key("account_key", Uuid),
    key("day", Date),
    key("reservation", Text),
    key("meter_id", Text),
    key("charge_type", Text),
    key("currency", Text),
    need("scope", Text),
    need("name", Text),
    Column("meter", Text),
    Column("quantity", Money),
    Column("actual", Money),
    Column("amortised", Money),
    need("read_at", Instant),
    Column("category", Text),
    Column("type", Text),
)

# To whom and by whom the lines of a scope's month are billed, by invoice; '' for those that have none yet.
biller = table(
    "biller",
    "fact",
    key("scope", Text),
    key("month", Date),
    key("invoice", Text),
    Column("account_id", Text),
    Column("account_name", Text),
    Column("account_type", Text),
    Column("issuer", Text),
)

# How an account's bill of the days before a month parted the tokens that metrics cannot tell apart.
billed_share = table(
    "billed_share",
    "finding",
    key("account_key", Uuid),
    key("month", Date),
    key("family", Text),
    key("direction", Text),
    key("kind", Text),
    need("share", Money),
    need("tokens", Money),
)

# What charges are worked out by, beside facts: a fingerprint of each rule with the days that it concerns. `why` says
# what the last change was; without, the store had no charges when the part was first told.
money_rule = table(
    "money_rule",
    "finding",
    key("part", Text),
    need("told", Json),
    need("changed_at", Instant),
    Column("why", Text),
)

month_close = table(
    "month_close",
    "record",
    key("month", Date),
    need("closed_at", Instant),
    need("closed_by", Text),
    # Totals and reconciliation as they stood; the charges lie in month_close_charge.
    need("summary", Json),
    Column("letter_sent_at", Instant),
)

month_close_charge = table(
    "month_close_charge",
    "record",
    key("account_key", Uuid),
    key("deployment", Text),
    key("month", Date),
    key("part", SmallInteger),
    *_charge_columns(),
    Column("billed", Money),
    # What the bill asks to be paid for it; null where it is not known, or was closed before it was kept.
    Column("actual", Money),
    # What of it stands on which invoice and was covered by which commitment; null where the bill told neither.
    Column("invoiced", Json),
    Index("ix_month_close_charge_month", "month"),
)

restatement = table(
    "restatement",
    "record",
    key("account_key", Uuid),
    key("deployment", Text),
    key("month", Date),
    key("currency", Text),
    key("seen_at", Instant),
    Column("estimate_before", Money),
    Column("estimate_after", Money),
    Column("billed_before", Money),
    Column("billed_after", Money),
    # What the bill asks to be paid; null where it was not known when the month was closed.
    Column("actual_before", Money),
    Column("actual_after", Money),
    Index("ix_restatement_month", "month"),
)
