"""Retail prices by the feed, and bills by Cost Management."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog

from collector.domain.bills import BY_QUERY, BillRead
from collector.domain.periods import DAY, midnight
from collector.domain.pricing.rows import PriceRow, parse_retail_rows
from collector.domain.types import NeedsHuman, TryLater
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
    firsts = {one: _first_billed_day(context, today, read.get(one)) for one in subscriptions}
    # The longest span first: what exports hold of it answers the shorter ones too.
    for subscription, first in sorted(firsts.items(), key=lambda one: one[1]):
        with tally.scope(subscription):
            spans = context.sources.bills.read(subscription, first, today)
            _store_bill(context, subscription, spans)
            _tell_billed(tally, subscription, spans)
        context.progress.advance(note=subscription)
    _tell_exports(tally, min(firsts.values(), default=today), today)


def _tell_billed(tally: Tally, subscription: str, spans: Sequence[BillRead]) -> None:
    """An export is known through the last day that a run of it holds, a query through now."""
    rows = sum(len(span.lines) for span in spans)
    last = max((span.last for span in spans), default=None)
    if last is None:
        raise TryLater(f"bill of subscription {subscription}: no run of its export holds the days asked for")
    now = tally.context.clock()
    tally.known_through({subscription: min(now, midnight(last) + DAY)})
    tally.rows += rows
    tally.windows += len(spans)


def _tell_exports(tally: Tally, first: date, last: date) -> None:
    """Runs that could not be read, each under the name of its export; older ones stand for them."""
    try:
        exports = tally.context.sources.bills.exports(first, last)
    except (TryLater, NeedsHuman) as error:
        tally.fail("exports", error)
        return
    for export, fault in exports.items():
        with tally.scope(export):
            if fault is not None:
                raise fault


def _first_billed_day(context: Context, today: date, through: datetime | None) -> date:
    """The last days again, since Azure restates them; after a stop or at first, everything since then in whole months."""
    again = today - timedelta(days=context.limits.bill_days)
    if through is not None and through.date() >= again:
        return again
    return min(again, (today - timedelta(days=context.limits.backfill_days)).replace(day=1))


def _store_bill(context: Context, subscription: str, spans: Sequence[BillRead]) -> None:
    """Each span of known days replaced whole; what is not known stays as it was."""
    now, scope = context.clock(), f"/subscriptions/{subscription}"

    def store(connection: Connection) -> None:
        for span in spans:
            export = None if span.source == BY_QUERY else span.source
            writes.record_bill(connection, scope, span.first, span.last, span.lines, at=now, export=export)
            writes.record_reserved(connection, scope, span.first, span.last, span.reserved, at=now)
        # The newest span last: of a month that two runs tell, the newer one has the word.
        writes.record_billers(connection, scope, [one for span in spans for one in span.billers])

    writes.retrying(context.engine, store)
