"""Retail prices by the feed, and bills by Cost Management."""

from datetime import timedelta
from typing import Any, Final

import structlog

from collector.domain.pricing import parse_retail_rows
from collector.domain.types import NeedsHuman, TryLater
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.store import writes
from collector.store.reads import inventory

log = structlog.get_logger(__name__)

PRICES: Final = "prices"
BILLS: Final = "bills"


def collect_prices(context: Context) -> RunResult:
    """The whole feed in each currency that a subscription is billed in; a page that fails discards its currency's read."""
    return run_job(context, PRICES, _prices)


def collect_bills(context: Context) -> RunResult:
    """The last days of every subscription's bill, read again and replaced."""
    return run_job(context, BILLS, _bills)


def _prices(tally: Tally) -> None:
    context = tally.context
    currencies = [context.limits.currency] if context.limits.currency else _billing_currencies(tally)
    context.progress.start("prices", len(currencies))
    for currency in currencies:
        with tally.scope(currency):
            rows: list[dict[str, Any]] = []
            for page in context.sources.prices.prices(currency):
                rows.extend(dict(row) for row in page)
            now = context.clock()
            prices, rejected = parse_retail_rows(rows, now)
            for one in rejected[:20]:
                log.warning("price row refused", why=str(one))
            writes.retrying(
                context.engine, lambda connection: writes.record_prices(connection, prices, at=now)
            )  # noqa: B023  # called before the next turn
            tally.succeed(currency, now, rows=len(prices))
        context.progress.advance(note=currency)


def _billing_currencies(tally: Tally) -> list[str]:
    """What the subscriptions are billed in, as far as rights allow to know; USD where nothing is known."""
    context = tally.context
    with context.engine.connect() as connection:
        stored = inventory.subscription_currencies(connection)
    learned: dict[str, str] = {}
    for subscription, currency in stored.items():
        if currency is None:
            try:
                found = context.sources.bills.billing_currency(subscription)
            except (TryLater, NeedsHuman) as error:
                log.info(
                    "billing currency unknown, list prices in USD", subscription=subscription, why=str(error)
                )
                continue
            if found:
                learned[subscription] = found
    if learned:
        with context.engine.begin() as connection:
            writes.record_currencies(connection, learned)
    return sorted({*learned.values(), *filter(None, stored.values())} or {"USD"})


def _bills(tally: Tally) -> None:
    context = tally.context
    today = context.clock().date()
    first = today - timedelta(days=context.limits.bill_days)
    with context.engine.connect() as connection:
        subscriptions = sorted(inventory.subscription_currencies(connection))
    context.progress.start("bills", len(subscriptions))
    for subscription in subscriptions:
        with tally.scope(subscription):
            lines = context.sources.bills.bill(subscription, first, today)
            now = context.clock()
            writes.retrying(
                context.engine,
                lambda connection: writes.record_bill(connection, subscription, first, today, lines, at=now),  # noqa: B023  # called before the next turn
            )
            tally.succeed(subscription, now, rows=len(lines))
        context.progress.advance(note=subscription)
