"""Retail prices by the feed, and bills by Cost Management."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog

from collector.domain.pricing.rows import PriceRow, parse_retail_rows
from collector.domain.types import BillLine, NeedsHuman, TryLater
from collector.jobs.collecting.reprice import mark_locations, mark_subscriptions
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.store import writes
from collector.store.engine import Connection
from collector.store.reads import inventory
from collector.store.reads.usage import watermarks

log = structlog.get_logger(__name__)

PRICES: Final = "prices"
BILLS: Final = "bills"
LIST_CURRENCY: Final = "USD"


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
            tally.succeed(currency, rows=_store_prices(context, rows))
        context.progress.advance(note=currency)


def _store_prices(context: Context, rows: Sequence[dict[str, Any]]) -> int:
    """A price that arrives late or changed has its days worked out again, marked where it is stored."""
    now = context.clock()
    prices, rejected = parse_retail_rows(rows, now)

    def store(connection: Connection) -> int:
        changed = writes.record_prices(connection, prices, at=now)
        mark_locations(connection, _since(changed))
        return len(changed)

    changed = writes.retrying(context.engine, store)
    log.info("prices read", rows=len(prices), changed=changed, refused=len(rejected))
    return len(prices)


def _since(changed: Sequence[PriceRow]) -> dict[str, datetime | None]:
    """How far back changed prices reach, by location."""
    since: dict[str, datetime] = {}
    for price in changed:
        since[price.region] = min(price.effective_from, since.get(price.region, price.effective_from))
    return dict(since)


def _billing_currencies(tally: Tally) -> list[str]:
    """What the subscriptions are billed in, as far as rights allow to know; USD where nothing is known."""
    context = tally.context
    with context.engine.connect() as connection:
        known = inventory.subscription_currencies(connection)
    learned: dict[str, str] = {}
    for subscription in [name for name, currency in known.items() if currency is None]:
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

        def store(connection: Connection) -> None:
            writes.record_currencies(connection, learned)
            mark_subscriptions(connection, learned)

        writes.retrying(context.engine, store)
    return sorted({*learned.values(), *filter(None, known.values())} or {LIST_CURRENCY})


def _bills(tally: Tally) -> None:
    context = tally.context
    today = context.clock().date()
    with context.engine.connect() as connection:
        known = sorted(inventory.subscription_currencies(connection))
        read = watermarks(connection, BILLS)
    wanted = context.limits.subscriptions
    subscriptions = [name for name in known if not wanted or name in wanted]
    context.progress.start("bills", len(subscriptions))
    for subscription in subscriptions:
        with tally.scope(subscription):
            first = _first_billed_day(context, today, read.get(subscription))
            lines = context.sources.bills.bill(subscription, first, today)
            _store_bill(context, subscription, first, today, lines)
            tally.succeed(subscription, rows=len(lines))
        context.progress.advance(note=subscription)


def _first_billed_day(context: Context, today: date, through: datetime | None) -> date:
    """The last days again, since Azure restates them; after a stop or at first, everything since then in whole months."""
    again = today - timedelta(days=context.limits.bill_days)
    if through is not None and through.date() >= again:
        return again
    return min(again, (today - timedelta(days=context.limits.backfill_days)).replace(day=1))


def _store_bill(
    context: Context, subscription: str, first: date, last: date, lines: Sequence[BillLine]
) -> None:
    now, scope = context.clock(), f"/subscriptions/{subscription}"
    writes.retrying(
        context.engine, lambda connection: writes.record_bill(connection, scope, first, last, lines, at=now)
    )
